"""Random numbers that depend on what is computed, never on the order in which it is computed."""

import hashlib

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
    return seed_of(*parts) / 2**63
