"""Reading the model file that the stage ``export`` writes: what separates a new video."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from objectsounds.config.classes import ObjectClass
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.dictionaries.file import Dictionary, dictionary_in

FORMAT = "objectsounds model 2"


@dataclass
class Model:
    """What separates a new video.

    Attributes
    ----------
    path : Path
        The file, from which the labeller's weights are read when they are wanted.
    method : str
    settings : dict
        The keys of stage ``export``.
    classes : list of ObjectClass
    dictionary : Dictionary
    labeller : str
        The classifier that it looks with.
    """

    path: Path
    method: str
    settings: dict
    classes: list[ObjectClass]
    dictionary: Dictionary
    labeller: str

    @property
    def objects(self) -> list[str]:
        """The names of the objects."""
        return [item.name for item in self.classes]

    def load_labeller(self, weights: str | Path | None = None):
        """Return the classifier, a ``networks.Labeller``.

        Parameters
        ----------
        weights : path, optional
            A file of weights in place of the one that the run named; for ImageNet's classifiers alone.

        Raises
        ------
        ObjectsoundsError
            If the weights cannot be had.
        """
        options = dict(self.settings["labeller"])
        if options["device"] == "cuda":
            options["device"] = "auto"  # this may be another machine
        settings, named = {"labeller": options}, weights or options["weights"]
        trained = options["kind"] == "pictures"
        if named and not trained and not Path(named).is_file():
            raise ObjectsoundsError(
                f"{self.path}: its labeller is {self.labeller} with the weights {named}, which are not here; "
                "name the file with --weights."
            )
        from objectsounds.networks import classifiers as networks

        if not trained:
            try:
                return networks.load_labeller(settings, Path(named) if named else None)
            except ObjectsoundsError as error:
                raise ObjectsoundsError(f"{error} Or name what to separate with --objects.") from error
        networks.use_threads(settings)
        return networks.ready(networks.trained_labeller(settings, *_labeller_in(self.path)))


@dataclass(frozen=True)
class Origin:
    """What a model file says of how it came to be.

    Attributes
    ----------
    version, commit : str
        Of the program that put the model together; the commit may be unknown, and is then empty.
    about : dict
        What the file's person and run told of the data and of the scores, as `run_facts.About` holds it;
        empty in a file that is older than that.
    card : str
        The model card, Markdown; empty in an older file.
    """

    version: str
    commit: str
    about: dict
    card: str


def origin_in(file: h5py.File) -> Origin:
    """Read where the model in an open file comes from."""
    about = json.loads(file.attrs.get("about", "{}"))
    told = [str(file.attrs[name]) for name in ("version", "commit")]
    return Origin(*told, about, str(file.attrs.get("card", "")))


def read_origin(path: str | Path) -> Origin:
    """Read where a model file comes from.

    Raises
    ------
    ObjectsoundsError
        As `read_model`.
    """
    return _read(Path(path), origin_in)


def _labeller_in(path: Path) -> tuple[dict, str]:
    """Return a model's trained labeller as its stage saved it, and the SHA-256 of that file."""
    import torch

    def read(file: h5py.File) -> tuple[dict, str]:
        group = file["labeller"]
        state = {name: torch.from_numpy(np.asarray(item[()])) for name, item in group.items()}
        saved = {"state_dict": state, "objects": json.loads(group.attrs["objects"])}
        saved |= {name: group.attrs[name] for name in ("architecture", "image_size")}
        return saved, str(group.attrs["sha256"])

    return _read(path, read)


def _read(path: Path, read: Callable):
    """Read a person's model file; unlike a run's own files it is never moved aside."""
    if not path.is_file():
        raise ObjectsoundsError(f"{path} is no file; `objectsounds export` makes a model file.")
    try:
        with h5py.File(path) as file:
            if file.attrs.get("format") != FORMAT:
                raise ObjectsoundsError(
                    f"{path} is no model file of this version (format {file.attrs.get('format')!r}, not "
                    f"{FORMAT!r}); `objectsounds export` makes one."
                )
            return read(file)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise ObjectsoundsError(
            f"{path} cannot be read as a model file ({type(error).__name__}); export it again."
        ) from error


def read_model(path: str | Path) -> Model:
    """Read a model file.

    Raises
    ------
    ObjectsoundsError
        If it is missing, cut, or something else.
    """
    path = Path(path)
    return _read(path, lambda file: model_in(file, path))


def model_in(file: h5py.File, path: Path) -> Model:
    """Read the model in an open file, which lies at ``path``."""
    table = json.loads(file.attrs["classes"])
    lists = {field.name for field in dataclasses.fields(ObjectClass)} - {"name", "group"}
    classes = [
        ObjectClass(**{key: tuple(v) if key in lists else v for key, v in row.items()}) for row in table
    ]
    settings = json.loads(file.attrs["settings"])
    about = [str(file.attrs[name]) for name in ("method", "labeller")]
    return Model(path, about[0], settings, classes, dictionary_in(file), about[1])


def model_of_run(results: str | Path, method: str | None = None) -> Path:
    """Return the model file in a run's folder; without a method ``miml``'s, or the first there is.

    Raises
    ------
    ObjectsoundsError
        If there is none, with the command that makes it.
    """
    folder = Path(results) / "export"
    found = [folder / f"{method or 'miml'}.h5"]
    if method is None:
        found += sorted(folder.glob("*.h5"))
    path = next((path for path in found if path.is_file()), None)
    if path is None:
        if not Path(results).is_dir():
            raise ObjectsoundsError(f"{results} is no folder of a finished run: there is no such folder.")
        wanted = f" --method {method}" if method else ""
        raise ObjectsoundsError(
            f"{found[0]} does not exist; the end of a run makes it, "
            f"or `objectsounds export --run {results}{wanted}` from a finished one."
        )
    return path
