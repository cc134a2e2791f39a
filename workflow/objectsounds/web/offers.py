"""The models that the page offers: the starter, and those of runs and files that were named."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from objectsounds.core.cores import cores
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.synthesis.instruments import INSTRUMENTS
from objectsounds.video.model_file import Model, model_of_run, read_model
from objectsounds.video.separation import Tools
from objectsounds.video.starter import starter_model

Progress = Callable[[int, int], None]


class Offer:
    """One model to choose.

    Attributes
    ----------
    title : str
        What it is called on the page.
    objects : list of str
        That it can separate.
    """

    title: str
    objects: list[str]

    def looking(self) -> Tools:
        """Return the tools that see what is in a video."""
        raise NotImplementedError

    def separating(self, objects: list[str], progress: Progress) -> Tools:
        """Return the tools that separate objects; ``progress`` gets (done, total) of what is made first."""
        raise NotImplementedError

    def check_sight(self) -> None:
        """Refuse to look where that would need a download.

        Raises
        ------
        ObjectsoundsError
            With the remedy.
        """
        tools = self.looking()
        options = tools.model.settings["labeller"]
        if options["kind"] == "pictures" or tools.weights or options.get("weights"):
            return
        from objectsounds.networks.classifiers import imagenet_file

        if imagenet_file(options["architecture"]) is None:
            raise ObjectsoundsError(
                "Objects cannot be seen here, since ImageNet's weights are not on this machine: "
                "tick what sounds. `objectsounds separate VIDEO` downloads them once (240 MB), "
                "and `objectsounds serve --weights FILE` takes a file of them."
            )


class StarterOffer(Offer):
    """The starter: each instrument is played when it is first wanted."""

    def __init__(
        self, weights: str | None = None, fonts: list[Path] | None = None, architecture: str | None = None
    ):
        self.weights, self.fonts = weights, fonts or []
        self.labeller = {"architecture": architecture} if architecture else {}
        self.objects = list(INSTRUMENTS)
        self.title = f"Starter: {len(self.objects)} instruments"

    @cached_property
    def _seeing(self) -> Tools:
        return Tools(starter_model(labeller=self.labeller), self.weights)

    def looking(self) -> Tools:
        """Return the tools that see Gao's fifteen instruments."""
        return self._seeing

    def separating(self, objects: list[str], progress: Progress) -> Tools:
        """Return the tools that separate objects, which are played first if they never were."""
        return Tools(starter_model(objects, self.fonts, progress=progress, workers=cores()))


class LearntOffer(Offer):
    """The model of a run or of a file that ``export`` made."""

    def __init__(self, name: str, model: Model, weights: str | None = None):
        self.tools = Tools(model, weights)
        self.objects = [item for item in model.objects if model.dictionary.of(item).shape[1]]
        self.title = f"{name}: {len(self.objects)} objects, {model.method}"

    def looking(self) -> Tools:
        """Return the tools that see the model's objects."""
        return self.tools

    def separating(self, objects: list[str], progress: Progress) -> Tools:
        """Return the same."""
        return self.tools


def offers_of(
    runs: list[str],
    files: list[str],
    weights: str | None = None,
    fonts: list[Path] | None = None,
    architecture: str | None = None,
) -> list[Offer]:
    """Return the models to choose from, those that were named first.

    Parameters
    ----------
    runs : list of path
        Folders of finished runs.
    files : list of path
        That ``export`` made.
    weights : path, optional
        Of ImageNet's classifier.
    fonts : list of Path, optional
        SoundFonts for the starter.
    architecture : str, optional
        Of the weights, for the starter; by default ResNet-152.

    Raises
    ------
    ObjectsoundsError
        If a model or file is missing or cannot be read.
    """
    for path in [*([weights] if weights else []), *(fonts or [])]:
        if not Path(path).is_file():
            raise ObjectsoundsError(f"{path} is no file: name one that is there.")
    named = [(Path(run).name or str(run), model_of_run(run)) for run in runs]
    named += [(Path(file).name, Path(file)) for file in files]
    learnt = [LearntOffer(name, read_model(path), weights) for name, path in named]
    found: list[Offer] = [*learnt, StarterOffer(weights, fonts, architecture)]
    titles = [offer.title for offer in found]
    for offer, (_, path) in zip(learnt, named, strict=True):
        if titles.count(offer.title) > 1:
            offer.title = f"{offer.title} ({path})"
    return found
