"""The starter: a model that knows instruments from a SoundFont's performances, before anything was learnt."""

import dataclasses
import hashlib
import json
import os
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


def starter_model(
    objects: list[str] | None = None,
    fonts: list[Path] | None = None,
    labeller: dict | None = None,
    progress: Progress | None = None,
) -> Model:
    """Return the starter's model; what has to be played for it is kept in the person's cache folder.

    Parameters
    ----------
    objects : list of str, optional
        Of ``synthesis.instruments.INSTRUMENTS``; by default Gao's fifteen instruments.
    fonts : list of Path, optional
        SoundFonts that take turns; by default the small one that is carried.
    labeller : dict, optional
        Keys of section ``labeller`` that differ from the defaults.
    progress : callable, optional
        Called with (done, total) instruments that have to be made.

    Raises
    ------
    ObjectsoundsError
        If an object is none that a SoundFont plays, or a SoundFont cannot play it.
    """
    model = unplayed_model(objects, labeller)
    semitones = model.settings["dictionary"]["transpose"]
    found = _dictionary(model.objects, model.settings, semitones, fonts or [], progress)
    return dataclasses.replace(model, dictionary=found, settings=stage_settings(model.settings, "export"))


def unplayed_model(objects: list[str] | None = None, labeller: dict | None = None) -> Model:
    """Return the starter's model without bases, to look with: nothing is played for it.

    Parameters
    ----------
    objects, labeller
        As in `starter_model`.

    Raises
    ------
    ObjectsoundsError
        If an object is none that a SoundFont plays.
    """
    names = list(objects or OBJECTS)
    _check(names)
    user = {"labeller": labeller or {}, "separate": {"bands": True}}
    settings = merge(load_settings(user), {"classes": names})
    about = f"{settings['labeller']['architecture']} of ImageNet"
    nothing = Dictionary(names, np.zeros(0, np.int32), np.zeros((0, 0), np.float32), [], {})
    return Model(cache_folder() / NAME, NAME, settings, chosen_classes(names), nothing, about)


def with_starter(
    model: Model,
    objects: list[str] | None = None,
    fonts: list[Path] | None = None,
    progress: Progress | None = None,
) -> Model:
    """Return a model whose objects that are instruments have the starter's bases beside their own.

    Parameters
    ----------
    model : Model
    objects : list of str, optional
        Of which some may be the starter's alone; by default all of both.
    fonts, progress
        As in `starter_model`.

    Raises
    ------
    ObjectsoundsError
        As in `starter_model`.
    """
    settings = merge(load_settings({}), model.settings)
    added = [name for name in objects or OBJECTS if name not in model.objects]
    if objects:
        _check(added)
    own, semitones = model.dictionary, settings["dictionary"]["transpose"]
    shared = [name for name in playable(objects or model.objects) if name in model.objects]
    shared = [name for name in shared if not any(map(is_performance, own.clips_of(name)))]  # they have them
    names = [*shared, *added]
    found = _dictionary(names, settings, semitones, fonts or [], progress)
    every = [*own.objects, *(name for name in names if name not in own.objects)]
    owners = [every.index(found.objects[owner]) for owner in found.owners]
    dictionary = Dictionary(
        every,
        np.concatenate([own.owners, np.asarray(owners, own.owners.dtype)]),
        np.concatenate([own.bases, found.bases]),
        [*own.clip_ids, *found.clip_ids],
        {name: why for name, why in own.empty.items() if name not in names},
    )
    classes = [*model.classes, *chosen_classes([name for name in every if name not in model.objects])]
    return dataclasses.replace(model, dictionary=dictionary, classes=classes)


def _check(names: list[str]) -> None:
    for name in names:
        if name not in INSTRUMENTS:
            raise ObjectsoundsError(
                f"{name!r} is none of the starter's instruments; it knows {', '.join(INSTRUMENTS)}."
            )


def _dictionary(
    names: list[str], settings: dict, semitones: int, fonts: list[Path], progress: Progress | None
) -> Dictionary:
    """Return the dictionary of instruments."""
    bases = _kept(names, settings, fonts, progress)
    columns, owners, clips = [], [], []
    for owner, name in enumerate(names):
        count, _, each = bases[name].shape
        columns.extend(bases[name].transpose(0, 2, 1))
        owners += [owner] * (count * each)
        clips += [clip_name(number) for number in range(count) for _ in range(each)]
    rate = settings["clips"]["sample_rate"]
    stacked = np.concatenate(columns) if columns else np.zeros((0, len(frequencies_of(settings, rate))), "f4")
    moved = with_transpositions(stacked, owners, frequencies_of(settings, rate), semitones)
    return Dictionary(
        names,
        np.asarray([owners[row] for row in moved.rows], dtype=np.int32),
        moved.bases.astype(np.float32),
        [clips[row] for row in moved.rows],
        {},
    )


def _key(settings: dict, fonts: list[Path]) -> str:
    """Return a short name of all that an instrument's bases depend on."""
    about = {"seed": settings["seed"], "bases": settings["bases"], "rate": settings["clips"]["sample_rate"]}
    played = [sha256_of(font) for font in fonts or [soundfont()]]
    text = json.dumps([MADE_BY, SECONDS, PERFORMANCES, about, played], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _kept(
    names: list[str], settings: dict, fonts: list[Path], progress: Progress | None
) -> dict[str, np.ndarray]:
    """Return each instrument's bases, shape=(P, F, M), from the cache folder, where they are put once."""
    for font in fonts:
        if not font.is_file():
            raise ObjectsoundsError(f"{font} is no file; name a SoundFont (.sf2).")
    folder = cache_folder() / NAME / _key(settings, fonts)
    missing = [name for name in names if not (folder / f"{name}.npy").is_file()]
    workers = len(os.sched_getaffinity(0))
    for name, bases in performed(missing, PERFORMANCES, settings, fonts, workers, progress):
        with written_whole(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, bases.astype(np.float16))
    return {name: np.load(folder / f"{name}.npy").astype(np.float32) for name in names}
