"""Mel cepstra of magnitude spectra: the colour of a sound, little of its pitch and nothing of its level."""

import librosa
import numpy as np


def mel_filters(frequencies: np.ndarray, bands: int) -> np.ndarray:
    """Return triangular mel filters of equal area from 0 Hz to the highest bin, shape=(bands, F).

    They are those of ``librosa.filters.mel``, which knows evenly spaced bins alone.

    Parameters
    ----------
    frequencies : np.ndarray [shape=(F,)]
        Hz, in any spacing.
    bands : int
    """
    edges = librosa.mel_frequencies(bands + 2, fmin=0.0, fmax=float(np.max(frequencies)))
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.minimum((frequencies - low) / (peak - low), (high - frequencies) / (high - peak))
    return np.maximum(triangles, 0) * 2 / (high - low)


def mel_cepstra(
    spectra: np.ndarray, filters: np.ndarray, coefficients: slice, span: float, loudest: np.ndarray | float
) -> np.ndarray:
    """Return mel frequency cepstrum coefficients of magnitude spectra, shape=(C, M).

    The logarithm is log10(1 + x), where ``loudest`` counts as ``span``: what lies far below ``loudest /
    span`` is as good as silence.

    Parameters
    ----------
    spectra : np.ndarray [shape=(F, M)]
        Magnitudes; M may be 0.
    filters : np.ndarray [shape=(bands, F)]
    coefficients : slice
        Which; 0 is the level. Fewer rows where there are fewer bands.
    span : float
    loudest : float, or np.ndarray [shape=(M,)]
        A mel magnitude, of all spectra or of each; where it is 0 all coefficients are 0.
    """
    from scipy.fft import dct

    scale = span / np.where(loudest > 0, loudest, np.inf)
    return dct(np.log10(1 + scale * (filters @ spectra)), type=2, norm="ortho", axis=0)[coefficients]
