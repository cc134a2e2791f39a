"""The measures of an estimate beside BSS-EVAL's: each is a column of the scores and of the page's table.

Adding one is a function and a line in ``MEASURES``; raise ``STAGE_VERSION`` of stage ``score`` with it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Measure:
    """A measure of one estimate against its reference.

    Attributes
    ----------
    title : str
        What the page calls it.
    function : callable
        From reference and estimate, waveforms of shape=(T,), to a number; higher is better.
    """

    title: str
    function: Callable[[np.ndarray, np.ndarray], float]


def si_sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Return the scale-invariant SDR in dB of waveforms of shape=(T,) (Le Roux et al. 2019)."""
    reference, estimate = np.asarray(reference, np.float64), np.asarray(estimate, np.float64)
    target = reference * (estimate @ reference) / (reference @ reference)
    noise = estimate - target
    return float(10 * np.log10((target @ target) / max(noise @ noise, np.finfo(float).tiny)))


MEASURES = {
    "si_sdr": Measure("SI-SDR", si_sdr),
}
