"""Bases of instruments from performances that a SoundFont plays: a dictionary without any recording."""

import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.hdf5 import opened
from objectsounds.core.seeds import generator
from objectsounds.signal.nmf import factorize
from objectsounds.signal.transforms import transform_of
from objectsounds.synthesis.instruments import INSTRUMENTS
from objectsounds.synthesis.performances import performances
from objectsounds.synthesis.synthesiser import tinysoundfont

SECONDS = 10.0  # of a performance, as a clip of AudioSet
NAME = "soundfont"  # begins the names of what is no clip but a performance


def clip_name(number: int) -> str:
    """Return what stands for a clip's id where a basis comes from a performance."""
    return f"{NAME} {number}"


def is_performance(clip_id: str) -> bool:
    """Tell whether a name in place of a clip's id is that of a performance."""
    return clip_id.startswith(f"{NAME} ")


def bases_of_performances(name: str, count: int, settings: dict, fonts: list[Path]) -> np.ndarray:
    """Return the bases of an instrument's performances, each factored as a clip is (Gao eq. 2).

    Parameters
    ----------
    name : str
        One of ``synthesis.instruments.INSTRUMENTS``.
    count : int
        Performances.
    settings : dict
        Keys ``seed``, ``bases`` and ``clips.sample_rate``.
    fonts : list of Path
        SoundFonts; the one that is carried where there is none.

    Returns
    -------
    np.ndarray, float32 [shape=(count, F, M)]
    """
    options, rate, seed, found = settings["bases"], settings["clips"]["sample_rate"], settings["seed"], []
    limits = {key: options[key] for key in ("count", "iterations", "tolerance")}
    transform = transform_of(settings, rate)
    for number, sound in enumerate(performances(name, count, SECONDS, rate, seed, fonts)):
        drawn = generator(seed, NAME, name, number)
        found.append(factorize(np.abs(transform.forward(sound)), generator=drawn, **limits).bases)
    return np.stack(found).astype(np.float32)


def performed(
    names: list[str],
    count: int,
    settings: dict,
    fonts: list[Path] | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield instruments with the bases of their performances, in the order of their names.

    Parameters
    ----------
    names, count, settings, fonts
        As in `bases_of_performances`.
    workers : int
        Processes; the result does not depend on their number.
    progress : callable, optional
        Called with (done, total) after each instrument.

    Yields
    ------
    (str, np.ndarray, float32 [shape=(count, F, M)])

    Raises
    ------
    ObjectsoundsError
        If a SoundFont is missing, or cannot play one of them.
    """
    fonts, show = fonts or [], progress or (lambda done, total: None)
    for font in fonts:
        if not font.is_file():
            raise ObjectsoundsError(f"{font} is no file; name a SoundFont (.sf2).")
    if not names:
        return
    tinysoundfont()  # had once, not by every process
    job = partial(bases_of_performances, count=count, settings=settings, fonts=fonts)
    if min(workers, len(names)) == 1:
        for done, name in enumerate(names, 1):
            yield name, job(name)
            show(done, len(names))
        return
    # Spawned, not forked: the caller may hold threads (torch, OpenCV) that a fork would not survive.
    with ProcessPoolExecutor(
        min(workers, len(names)), mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        try:
            for done, (name, bases) in enumerate(zip(names, pool.map(job, names), strict=True), 1):
                yield name, bases
                show(done, len(names))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def playable(names: list[str]) -> list[str]:
    """Return those of some objects that a SoundFont plays, in their order."""
    return [name for name in names if name in INSTRUMENTS]


def read_performed(path: str | Path) -> dict[str, np.ndarray]:
    """Return object to bases, float32 [shape=(P, F, M)], of a file that stage ``soundfont`` wrote."""
    with opened(path) as file:
        return {name: file[name][()] for name in json.loads(file.attrs["objects"])}
