"""Mel cepstra of magnitude spectra: the colour of a sound, little of its pitch and nothing of its level."""

import numpy as np

LINEAR_HZ, LOGARITHMIC_FROM, MELS_BELOW = 200 / 3, 1000.0, 15.0  # Slaney's mels: a line, then a logarithm
LOG_STEP = np.log(6.4) / 27


def _hertz(mels: np.ndarray) -> np.ndarray:
    """Return the frequencies in Hz of mels as in Slaney's Auditory Toolbox (1998)."""
    above = LOGARITHMIC_FROM * np.exp(LOG_STEP * (mels - MELS_BELOW))
    return np.where(mels < MELS_BELOW, LINEAR_HZ * mels, above)


def _mels(hertz: float) -> float:
    """Return the mels of a frequency in Hz: the inverse of ``_hertz``."""
    if hertz < LOGARITHMIC_FROM:
        return hertz / LINEAR_HZ
    return MELS_BELOW + float(np.log(hertz / LOGARITHMIC_FROM)) / LOG_STEP


def mel_filters(frequencies: np.ndarray, bands: int) -> np.ndarray:
    """Return triangular mel filters of equal area from 0 Hz to the highest bin, shape=(bands, F).

    They are those of ``librosa.filters.mel``, which knows evenly spaced bins alone.

    Parameters
    ----------
    frequencies : np.ndarray [shape=(F,)]
        Hz, in any spacing.
    bands : int
    """
    edges = _hertz(np.linspace(0, _mels(float(np.max(frequencies))), bands + 2))
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
