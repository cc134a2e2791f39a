"""Bases moved along frequency, as if the sound had been played higher or lower, and how harmonic they are."""

import numpy as np

GRID, HIGHEST = 10.0, 4000.0  # Hz: where harmonics are looked for
LOWEST_PITCH, HIGHEST_PITCH, PITCH_STEP = 80.0, 1000.0, 5.0  # Hz
NEAR = 15.0  # Hz that a harmonic may be off its place: the main lobe of a Hann window of 0.1 s


def transposed(bases: np.ndarray, frequencies: np.ndarray, semitones: float) -> np.ndarray:
    """Return bases whose value at frequency f is what it was at f * 2 ** (-semitones / 12).

    Between bins it is interpolated. Where the bins are spaced by a constant ratio of which a semitone is a
    whole power, this shifts by that many bins. Above the highest bin a basis is taken to go on as it ends.

    Parameters
    ----------
    bases : np.ndarray [shape=(F, M)]
    frequencies : np.ndarray [shape=(F,)]
        Of the bins, in Hz, rising.
    semitones : float
        Up, or down where it is below 0.

    Returns
    -------
    np.ndarray, float32 [shape=(F, M)]
    """
    source = frequencies * 2 ** (-semitones / 12)
    return np.stack([np.interp(source, frequencies, column) for column in bases.T], axis=1).astype(np.float32)


def _combs(grid: np.ndarray) -> np.ndarray:
    """Return for each pitch which points of the grid lie near its harmonics, shape=(P, G)."""
    pitches = np.arange(LOWEST_PITCH, HIGHEST_PITCH + PITCH_STEP, PITCH_STEP)[:, None]
    nearest = np.maximum(1, np.round(grid / pitches)) * pitches
    return (np.abs(grid - nearest) <= NEAR).astype(np.float64)


def harmonicity(bases: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Return how far each basis is a series of harmonics: 0 for noise, towards 1 for a note.

    It is the share of the basis, up to 4 kHz, that lies at multiples of one pitch, less the share of the
    axis that these places are: the largest over all pitches.

    Parameters
    ----------
    bases : np.ndarray [shape=(F, M)]
        A basis of zeros has 0.
    frequencies : np.ndarray [shape=(F,)]
        Of the bins, in Hz, rising.

    Returns
    -------
    np.ndarray, float64 [shape=(M,)]
    """
    grid = np.arange(GRID, min(HIGHEST, frequencies[-1]) + GRID / 2, GRID)
    columns = np.array([np.interp(grid, frequencies, column) for column in bases.T]).reshape(-1, len(grid))
    totals = columns.sum(axis=1)
    shares = columns / np.where(totals > 0, totals, 1)[:, None]
    combs = _combs(grid)
    above = shares @ combs.T - (totals > 0)[:, None] * combs.mean(axis=1)
    return np.maximum(0, above.max(axis=1))
