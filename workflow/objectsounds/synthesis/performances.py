"""Performances of one instrument alone, over its whole range, by one or more SoundFonts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator
from objectsounds.synthesis import music, score


def performances(
    name: str, count: int, seconds: float, rate: int, seed: int, fonts: list[Path] | None = None
) -> Iterator[np.ndarray]:
    """Yield performances, each of other notes, in another room; the fonts take turns.

    Parameters
    ----------
    name : str
        One of ``instruments.INSTRUMENTS``.
    count : int
    seconds : float
        The length of each.
    rate : int
        Hz.
    seed : int
        Of what is drawn; the first performances are the same whatever ``count`` is.
    fonts : list of Path, optional
        SoundFont files (General MIDI); by default the one that is carried.

    Yields
    ------
    np.ndarray, float32 [shape=(T,)]
        Mono.

    Raises
    ------
    ObjectsoundsError
        If a SoundFont cannot be read, or has no such instrument.
    """
    for number in range(count):
        rng = generator(seed, "performance", name, number)
        played = score.performance(rng, name, seconds, common=False)
        recording = {"performances": [played], "room": score.room(rng)}
        font = fonts[number % len(fonts)] if fonts else None
        _check(played, font)
        yield music.record(recording, seconds, rate, font).mean(axis=1)


def _check(performance: dict, font: Path | None) -> None:
    """Refuse a font that is none, or is silent where a performance sounds."""
    if font is None:
        return
    try:
        silent = not music.play(performance, 1.0, 8000, font).any()
    except Exception as error:  # the synthesiser raises bare Exceptions
        raise ObjectsoundsError(f"{font} cannot be played as a SoundFont (.sf2): {error}.") from error
    if silent:
        raise ObjectsoundsError(
            f"{font} has no General MIDI program {performance['program']} ({performance['object']})."
        )
