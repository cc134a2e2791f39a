"""The starter: a model that knows instruments from a SoundFont's performances, before anything was learnt."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from objectsounds.config.classes import chosen_classes
from objectsounds.config.settings import load_settings, merge, stage_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import sha256_of, written_whole
from objectsounds.core.places import cache_folder
from objectsounds.dictionaries.file import Dictionary
from objectsounds.dictionaries.performed import SECONDS, clip_name, is_performance, performed, playable
from objectsounds.dictionaries.transposition import with_transpositions
from objectsounds.signal.transforms import frequencies_of
from objectsounds.synthesis.instruments import INSTRUMENTS
from objectsounds.synthesis.music import soundfont
from objectsounds.video.model_file import Model

NAME = "starter"
PERFORMANCES = 12  # of each instrument
# Gao et al.'s fifteen, which ImageNet's classifiers know as far as its thousand classes go.
OBJECTS = (
    *("accordion", "acoustic_guitar", "banjo", "cello", "drum", "electric_guitar", "flute", "french_horn"),
    *("harmonica", "harp", "marimba", "piano", "saxophone", "trombone", "violin"),
)
MADE_BY = 1  # raised when a change makes other bases: they are kept between runs

Progress = Callable[[int, int], None]


class PlayedDictionary(Dictionary):
    """The bases of instruments that a SoundFont plays, beside those of a run if there is one.

    An instrument is played when its bases are first asked for, or made `ready`, and kept in the person's
    cache folder.

    Parameters
    ----------
    played : list of str
        The instruments to play.
    settings : dict
        All of the settings.
    fonts : list of Path
    progress : callable or None
    own : Dictionary, optional
        A run's.
    workers : int
        Processes that play.
    """

    def __init__(
        self,
        played: list[str],
        settings: dict,
        fonts: list[Path],
        progress: Progress | None,
        own: Dictionary | None = None,
        workers: int = 1,
    ) -> None:
        for font in fonts:
            if not font.is_file():
                raise ObjectsoundsError(f"{font} is no file; name a SoundFont (.sf2).")
        rate = settings["clips"]["sample_rate"]
        self.played, self.settings, self.fonts, self.progress = played, settings, fonts, progress
        self.frequencies, self.made, self.workers = frequencies_of(settings, rate), {}, workers
        none = np.zeros((0, len(self.frequencies)), np.float32)
        self.own = own or Dictionary([], np.zeros(0, np.int32), none, [], {})
        objects = list(dict.fromkeys([*self.own.objects, *played]))
        empty = {name: why for name, why in self.own.empty.items() if name not in played}
        super().__init__(objects, self.own.owners, self.own.bases, self.own.clip_ids, empty)

    def ready(self, names: list[str]) -> None:
        """Play those of some objects that were not played before."""
        names = [name for name in names if name in self.played and name not in self.made]
        for name, bases in _kept(names, self.settings, self.fonts, self.progress, self.workers).items():
            count, _, each = bases.shape
            columns = bases.transpose(0, 2, 1).reshape(count * each, -1)
            semitones = self.settings["dictionary"]["transpose"]
            moved = with_transpositions(columns, [0] * len(columns), self.frequencies, semitones)
            self.made[name] = moved.bases.T, [clip_name(row // each) for row in moved.rows]

    def _made(self, name: str) -> tuple[np.ndarray, list[str]]:
        self.ready([name])
        return self.made.get(name, (self.own.bases[:0].T, []))

    def of(self, name: str) -> np.ndarray:
        """Return an object's bases as columns, the run's first, shape=(F, m); m may be 0."""
        return np.concatenate([self.own.of(name), self._made(name)[0]], axis=1)

    def clips_of(self, name: str) -> list[str]:
        """Return the clip or performance that each of an object's bases is from, in the order of ``of``."""
        return [*self.own.clips_of(name), *self._made(name)[1]]


def starter_model(
    objects: list[str] | None = None,
    fonts: list[Path] | None = None,
    labeller: dict | None = None,
    progress: Progress | None = None,
    workers: int = 1,
) -> Model:
    """Return the starter's model.

    Parameters
    ----------
    objects : list of str, optional
        Of ``synthesis.instruments.INSTRUMENTS``; by default Gao's fifteen instruments.
    fonts : list of Path, optional
        SoundFonts that take turns; by default the small one that is carried.
    labeller : dict, optional
        Keys of section ``labeller`` that differ from the defaults.
    progress : callable, optional
        Called with (done, total) instruments when some have to be played.
    workers : int
        Processes that play. More than one start Python anew, which a script must be made for
        (``if __name__ == "__main__"``); the commands are.

    Raises
    ------
    ObjectsoundsError
        If an object is none that a SoundFont plays, or a SoundFont is missing.
    """
    names = list(objects or OBJECTS)
    _check(names)
    user = {"labeller": labeller or {}, "separate": {"bands": True}}
    settings = merge(load_settings(user), {"classes": names})
    dictionary = PlayedDictionary(names, settings, fonts or [], progress, workers=workers)
    about = f"{settings['labeller']['architecture']} of ImageNet"
    own = stage_settings(settings, "export")
    return Model(cache_folder() / NAME, NAME, own, chosen_classes(names), dictionary, about)


def with_starter(
    model: Model,
    objects: list[str] | None = None,
    fonts: list[Path] | None = None,
    progress: Progress | None = None,
    workers: int = 1,
) -> Model:
    """Return a model whose objects that are instruments have the starter's bases beside their own.

    Parameters
    ----------
    model : Model
    objects : list of str, optional
        Of which some may be the starter's alone; by default all of both.
    fonts, progress, workers
        As in `starter_model`.

    Raises
    ------
    ObjectsoundsError
        As in `starter_model`.
    """
    own = model.dictionary
    added = [name for name in objects or OBJECTS if name not in model.objects]
    _check(added)
    shared = [name for name in playable(model.objects) if not any(map(is_performance, own.clips_of(name)))]
    settings = merge(load_settings({}), model.settings)
    dictionary = PlayedDictionary([*shared, *added], settings, fonts or [], progress, own, workers)
    classes = [*model.classes, *chosen_classes(added)]
    return dataclasses.replace(model, dictionary=dictionary, classes=classes)


def _check(names: list[str]) -> None:
    for name in names:
        if name not in INSTRUMENTS:
            raise ObjectsoundsError(
                f"{name!r} is none of the starter's instruments; it knows {', '.join(INSTRUMENTS)}."
            )


def _key(settings: dict, fonts: list[Path]) -> str:
    """Return a short name of all that an instrument's bases depend on."""
    about = {"seed": settings["seed"], "bases": settings["bases"], "rate": settings["clips"]["sample_rate"]}
    played = [sha256_of(font) for font in fonts or [soundfont()]]
    text = json.dumps([MADE_BY, SECONDS, PERFORMANCES, about, played], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _kept(
    names: list[str], settings: dict, fonts: list[Path], progress: Progress | None, workers: int
) -> dict[str, np.ndarray]:
    """Return each instrument's bases, shape=(P, F, M), from the cache folder, where they are put once."""
    if not names:
        return {}
    folder = cache_folder() / NAME / _key(settings, fonts)
    missing = [name for name in names if not (folder / f"{name}.npy").is_file()]
    for name, bases in performed(missing, PERFORMANCES, settings, fonts, workers, progress):
        with written_whole(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, bases.astype(np.float16))
    return {name: np.load(folder / f"{name}.npy").astype(np.float32) for name in names}
