"""Bases of pitched objects a few semitones up and down: notes that no train clip played.

``PITCHED`` lies where nine real solo clips an object split: on the STFT, flute, saxophone, harp, violin and
guitars have a mean harmonicity of 0.45 to 0.60, piano, trombone and marimba 0.35, chicken and cat 0.30,
whose calls moved up and down separated train clips worse, a train 0.26, a motorbike 0.22, drums 0.21, dog,
frog, car and plane 0.19 to 0.10. On the constant-Q transform, whose bins are wider in the treble, all are a
little lower, and trombone and electric guitar fall below it. Whether the spectral envelope moves along or
stays made no difference to separation (0.1 dB): it moves.
"""

from dataclasses import dataclass

import numpy as np

from objectsounds.signal.transposition import harmonicity, transposed

PITCHED = 0.33  # mean harmonicity of an object's bases from which it counts as pitched


@dataclass
class Transpositions:
    """The bases of a dictionary with copies at other pitches: the bases as they were, then the copies.

    Attributes
    ----------
    rows : list of int
        The basis that each is, or is a copy of.
    semitones : list of int
        By how much each is moved; 0 for the bases as they were.
    bases : np.ndarray, float32 [shape=(n, F)]
    """

    rows: list[int]
    semitones: list[int]
    bases: np.ndarray


def pitched_objects(bases: np.ndarray, owners: list[int], frequencies: np.ndarray) -> list[int]:
    """Return the objects whose bases, shape=(n, F), are harmonic on the mean, by their numbers."""
    values, numbers = harmonicity(bases.T, frequencies), np.asarray(owners)
    return [owner for owner in sorted(set(owners)) if values[numbers == owner].mean() >= PITCHED]


def with_transpositions(
    bases: np.ndarray, owners: list[int], frequencies: np.ndarray, semitones: int
) -> Transpositions:
    """Add to the bases of each pitched object copies of them 1 to ``semitones`` semitones up and down.

    Parameters
    ----------
    bases : np.ndarray [shape=(n, F)]
    owners : list of int
        The object of each basis.
    frequencies : np.ndarray [shape=(F,)]
        Of the bins, in Hz.
    semitones : int
        0 adds none.
    """
    rows, moved, parts = list(range(len(bases))), [0] * len(bases), [bases]
    pitched = pitched_objects(bases, owners, frequencies) if semitones else []
    chosen = [row for row, owner in enumerate(owners) if owner in pitched]
    for shift in (sign * step for step in range(1, semitones + 1) for sign in (1, -1)):
        rows += chosen
        moved += [shift] * len(chosen)
        parts.append(transposed(bases[chosen].T, frequencies, shift).T if chosen else bases[:0])
    return Transpositions(rows, moved, np.concatenate(parts))
