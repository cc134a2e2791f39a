"""Random numbers that depend on what is computed, never on the order in which it is computed."""

import hashlib
from collections.abc import Callable

import numpy as np


def seed_of(*parts: object) -> int:
    """Return a 63-bit seed made of ``parts``, e.g. ``seed_of(2018, "bases", clip_id)``."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big") >> 1


def generator(*parts: object) -> np.random.Generator:
    """Return a NumPy generator seeded by ``parts``."""
    return np.random.default_rng(seed_of(*parts))


def fraction(*parts: object) -> float:
    """Return a number in [0, 1) that depends on ``parts`` alone, for stable random choices."""
    return fractions(*parts[:-1])(str(parts[-1]))


def fractions(*parts: object) -> Callable[[str], float]:
    """Return what gives ``fraction(*parts, name)`` of a name, in half the time where there are millions."""
    begin = hashlib.sha256("".join(f"{part}\x1f" for part in parts).encode("utf-8")).copy

    def of(name: str) -> float:
        digest = begin()
        digest.update(name.encode("utf-8"))
        return (int.from_bytes(digest.digest()[:8], "big") >> 1) / 2**63

    return of
