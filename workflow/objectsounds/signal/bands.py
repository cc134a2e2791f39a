"""Bins of spectra added up in bands: enough to tell sounds apart, and much cheaper.

The lowest bins are kept, which at 10 Hz tell pitches apart; those above are added up in bands of equal width
on a logarithmic axis: 2,401 bins become 280.
"""

import numpy as np

FINE_BINS = 200  # bins up to here are kept
COARSE_BANDS = 80  # of those above


def band_edges(bins: int) -> np.ndarray:
    """Return the first bin of each band, int [shape=(B,)], of so many bins."""
    fine = min(FINE_BINS, bins)
    edges = np.unique(np.concatenate([np.arange(fine), np.geomspace(fine, bins, COARSE_BANDS).astype(int)]))
    return edges[edges < bins]


def spread(values: np.ndarray, bins: int) -> np.ndarray:
    """Return so many bins among which each band's values are shared evenly, shape=(bins, N) of (B, N)."""
    widths = np.diff(band_edges(bins), append=bins)
    return np.repeat(values / widths[:, None].astype(values.dtype), widths, axis=0)


def in_bands(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """Return values whose bins along an axis are added up in bands."""
    return np.add.reduceat(values, band_edges(values.shape[axis]), axis=axis)
