"""What a person wants of a video, on the command line or in the configuration. No heavy imports here."""

import math
from dataclasses import dataclass, field

from objectsounds.core.errors import ObjectsoundsError

MIN_SHARE = 0.25
MOST_GAIN = 60.0  # dB, a factor of a thousand: more is a slip of the hand
REST = "rest"  # the name of what is none of the objects


@dataclass(frozen=True)
class VideoOptions:
    """What is wanted of each file.

    Attributes
    ----------
    objects : list of str
        To separate; empty: those that are seen.
    min_share : float
        Share of a video's sections in which an object must be seen.
    rest : bool
        Whether what is none of the objects gets a sound of its own.
    gains : dict
        Of a remix, name to dB; empty: no remix.
    force : bool
        Whether a folder that was written before is replaced.
    """

    objects: list[str] = field(default_factory=list)
    min_share: float = MIN_SHARE
    rest: bool = False
    gains: dict[str, float] = field(default_factory=dict)
    force: bool = False


def parse_gains(
    remix: str | None, mute: str | None, names: tuple[str, str] = ("--remix", "--mute")
) -> dict[str, float]:
    """Return gains in dB by object from ``violin=-6,piano=+3`` and a list of objects to mute, -inf.

    Parameters
    ----------
    remix, mute : str or None
    names : (str, str)
        What the two are called in a sentence.

    Raises
    ------
    ObjectsoundsError
        If a gain is no number or beyond `MOST_GAIN`, an object is named twice, or nothing is named.
    """
    gains: dict[str, float] = {}
    for option, text in zip(names, (remix, mute), strict=True):
        if text is not None and not split_list(text):
            raise ObjectsoundsError(f"{option} {text!r} names no object; leave it out, or name one.")
    for part in filter(None, (part.strip() for part in (remix or "").split(","))):
        name, gain = _gain(part, names[0])
        if name in gains:
            raise ObjectsoundsError(f"{names[0]} {remix!r} names {name} twice; give it one gain.")
        gains[name] = gain
    muted = split_list(mute)
    for name in muted:
        if name in gains:
            raise ObjectsoundsError(f"{name} has a gain in {names[0]} and is in {names[1]}: choose one.")
    return gains | dict.fromkeys(muted, float("-inf"))


def _gain(part: str, option: str) -> tuple[str, float]:
    """Return the name and the gain in dB of ``violin=-6``."""
    name, _, value = (word.strip() for word in part.partition("="))
    try:
        gain = float(value)
    except ValueError:
        gain = math.nan
    if not name or math.isnan(gain):
        raise ObjectsoundsError(f"{option} {part!r} is no gain in dB; write violin=-6,piano=+3.")
    if abs(gain) > MOST_GAIN:
        raise ObjectsoundsError(
            f"{option} {part!r} is impossible; a gain is from {-MOST_GAIN:g} to {MOST_GAIN:g} dB, "
            "and mute leaves an object out."
        )
    return name, gain


def split_list(text: str | None) -> list[str]:
    """Split a list with commas; names given twice count once."""
    return list(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
