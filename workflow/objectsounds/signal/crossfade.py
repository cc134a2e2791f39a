"""Long sounds in overlapping blocks, whose results are cross-faded into one: memory stays flat.

Waveforms have shape=(n, C), estimates shape=(J, n, C).
"""

from collections.abc import Callable, Iterator

import numpy as np


def overlapping(
    read: Callable[[int], np.ndarray], length: int, overlap: int
) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield blocks of a sound, each with whether it is the last.

    Parameters
    ----------
    read : callable
        Returns the next so many samples, shape=(n, C), fewer only at the end.
    length : int
        Samples of a block; the last may have fewer, but always more than ``overlap`` if it is not alone.
    overlap : int
        Samples at the end of a block with which the next begins.
    """
    block = read(length)
    while True:
        more = read(length - overlap)
        yield block, not len(more)
        if not len(more):
            return
        block = np.concatenate([block[-overlap:], more])


class CrossFade:
    """Join the estimates of overlapping blocks with weights that sum to one.

    The weights are those of a raised cosine: a block counts for nothing at its very edge, where its
    spectrogram sees half a window alone.
    """

    def __init__(self, overlap: int):
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(overlap) + 0.5) / overlap)
        self.rising = ramp.astype(np.float32)[:, None]
        self.overlap = overlap
        self.tail: np.ndarray | None = None

    def __call__(self, estimates: np.ndarray, last: bool) -> np.ndarray:
        """Return what is final once this block has come, shape=(J, m, C); of the last block all of it."""
        if self.tail is not None:
            head = estimates[:, : self.overlap]
            head *= self.rising
            head += self.tail * (1 - self.rising)
        if last:
            return estimates
        self.tail = estimates[:, -self.overlap :].copy()
        return estimates[:, : -self.overlap]
