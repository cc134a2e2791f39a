"""What a person wants of a video, on the command line or in the configuration. No heavy imports here."""

import math
from dataclasses import dataclass, field

from objectsounds.errors import ObjectsoundsError

MIN_SHARE = 0.25
REST = "rest"  # the name of what is none of the objects


@dataclass(frozen=True)
class Wishes:
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


def parse_gains(remix: str | None, mute: str | None) -> dict[str, float]:
    """Return gains in dB by object from ``violin=-6,piano=+3`` and a list of objects to mute, -inf.

    Raises
    ------
    ObjectsoundsError
        If a gain is no number.
    """
    gains = {}
    for part in filter(None, (remix or "").split(",")):
        name, _, value = part.partition("=")
        try:
            gains[name.strip()] = float(value)
        except ValueError:
            gains[name.strip()] = float("nan")
        if not math.isfinite(gains[name.strip()]):
            raise ObjectsoundsError(f"--remix {part!r} is no gain in dB; write violin=-6,piano=+3.")
    return gains | dict.fromkeys(split_list(mute), float("-inf"))


def split_list(text: str | None) -> list[str]:
    """Split a list with commas; names given twice count once."""
    return list(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
