"""BSS-EVAL against mir_eval."""

import warnings
from pathlib import Path

import numpy as np

from objectsounds.bench.inputs import TRANSFORM, pairs
from objectsounds.bench.table import Comparison, judge_scores, timed
from objectsounds.signal.bss_eval import bss_eval
from objectsounds.signal.masks import soft_masks

WHAT = "BSS-EVAL of two 10 s sources at 48 kHz, one core"


def by_ours(references: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """Return SDR, SIR and SAR, shape=(3, J)."""
    return np.stack(bss_eval(references, estimates)[:3])


def by_mir_eval(references: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """Return SDR, SIR and SAR, shape=(3, J)."""
    import mir_eval

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        scores = mir_eval.separation.bss_eval_sources(references, estimates, compute_permutation=False)
    return np.stack(scores[:3])


def masked(references: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    """Return what the ideal ratio mask makes of a mixture (T,): realistic estimates, shape=(J, T)."""
    magnitudes = np.stack([np.abs(TRANSFORM.forward(reference)) for reference in references])
    spectrogram = TRANSFORM.forward(mixture)
    return np.stack([TRANSFORM.inverse(spectrogram * mask, len(mixture)) for mask in soft_masks(magnitudes)])


def compare(run: Path, count: int = 100) -> list[Comparison]:
    """Return the comparison on ``count`` pairs of a run."""
    comparison = Comparison(WHAT, "mir_eval", 3)
    ours, theirs = [], []
    for _, mixture, sources in pairs(run, count):
        references, estimates = sources.astype(np.float64), masked(sources, mixture).astype(np.float64)
        for call, times, found in ((by_ours, comparison.ours, ours), (by_mir_eval, comparison.peer, theirs)):
            spent, scores = timed(lambda call=call, r=references, e=estimates: call(r, e))
            times.append(spent)
            found.append(scores)
    judge_scores(comparison, np.stack(ours), np.stack(theirs), 1e-3)
    return [comparison]
