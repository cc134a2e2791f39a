"""Small pictures of spectrograms and masks for the listening room."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image

ROWS, COLUMNS = 160, 400
SPAN = 70.0  # dB
LOWEST = 3  # the first bin shown: below it nothing sounds


def row_edges(bins: int, rows: int = ROWS) -> np.ndarray:
    """Return the bins at which the picture's rows begin, the last one's end too; evenly in octaves.

    Where a bin is wider than a row, rows share it: their edges are equal, and reduceat repeats the bin.
    """
    return np.geomspace(LOWEST, bins, rows + 1).round(9).astype(int)


def _column_edges(frames: int, columns: int = COLUMNS) -> np.ndarray:
    return np.unique(np.linspace(0, frames, min(frames, columns) + 1).astype(int))


def _reduced(values: np.ndarray, reduce: np.ufunc) -> np.ndarray:
    rows = reduce.reduceat(values[: row_edges(len(values))[-1]], row_edges(len(values))[:-1], axis=0)
    return reduce.reduceat(rows, _column_edges(values.shape[1])[:-1], axis=1)


def spectrogram_db(magnitude: np.ndarray) -> np.ndarray:
    """Return a magnitude spectrogram, shape=(F, N), as a small picture in dB on a logarithmic frequency axis.

    Each point is the maximum over what it covers, so that no partial gets lost.
    """
    return 20 * np.log10(np.maximum(_reduced(magnitude, np.maximum), 1e-7))


def mask_shares(magnitudes: np.ndarray, floor: float = 0.0) -> np.ndarray:
    """Return each sound's share of the magnitude of all, as small pictures, shape=(J, rows, columns).

    Parameters
    ----------
    magnitudes : np.ndarray [shape=(J, F, N)]
    floor : float
        Points whose loudest bin is below it, all sounds together, are 0: there is nothing to share out.
    """
    parts = np.stack([_reduced(magnitude, np.add) for magnitude in magnitudes])
    total = parts.sum(axis=0)
    heard = (_reduced(magnitudes.sum(axis=0), np.maximum) >= floor) & (total > 0)
    return np.where(heard, parts / np.where(total > 0, total, 1), 0)


def frequency_ticks(rate: int, bins: int, hertz: tuple[int, ...] = (100, 1000, 10000)) -> list[dict]:
    """Return where frequencies lie in a picture: ``label`` and ``top``, in per cent of its height."""
    edges = row_edges(bins) * rate / 2 / (bins - 1)
    places = 100 * (1 - np.log(np.divide(hertz, edges[0])) / np.log(edges[-1] / edges[0]))
    labels = [f"{f // 1000} kHz" if f >= 1000 else f"{f} Hz" for f in hertz]
    pairs = zip(labels, places.tolist(), strict=True)
    return [{"label": label, "top": round(top, 1)} for label, top in pairs if 4 < top < 96]


def _save(values: np.ndarray, cmap: str, levels: int, path: Path) -> None:
    """Save values in 0..1, the lowest frequency first, as a PNG with a palette: a third of a colour PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    index = np.rint(np.clip(values[::-1], 0, 1) * (levels - 1)).astype(np.uint8)
    picture = Image.frombytes("P", index.shape[::-1], index.tobytes())
    colours = mpl.colormaps[cmap](np.linspace(0, 1, levels))[:, :3]
    picture.putpalette((colours * 255).round().astype(np.uint8).tobytes())
    picture.save(path, optimize=True)


def save_spectrogram(decibels: np.ndarray, top: float, path: Path) -> None:
    """Save a picture in dB as a PNG whose colours run from ``top`` - ``SPAN`` to ``top``."""
    _save((decibels - top) / SPAN + 1, "magma", 64, path)


def save_mask(shares: np.ndarray, path: Path) -> None:
    """Save shares in 0..1 as a PNG from black to white."""
    _save(shares, "gray", 16, path)
