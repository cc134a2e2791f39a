"""BSS-EVAL against mir_eval and fast_bss_eval."""

import warnings
from pathlib import Path

import numpy as np

from objectsounds.bench.inputs import TRANSFORM, pairs
from objectsounds.bench.table import Comparison, judge_scores, timed
from objectsounds.bss_eval import bss_eval
from objectsounds.methods import soft_masks

WHAT = "BSS-EVAL of two 10 s sources at 48 kHz, one core"


def by_mir_eval(references: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """Return SDR, SIR and SAR, shape=(3, J)."""
    import mir_eval

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        scores = mir_eval.separation.bss_eval_sources(references, estimates, compute_permutation=False)
    return np.stack(scores[:3])


def by_fast_bss_eval(references: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """Return SDR, SIR and SAR, shape=(3, J), computed in the type of the inputs."""
    import fast_bss_eval

    return np.stack(fast_bss_eval.bss_eval_sources(references, estimates, compute_permutation=False)[:3])


def masked(references: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    """Return what the ideal ratio mask makes of a mixture (T,): realistic estimates, shape=(J, T)."""
    magnitudes = np.stack([np.abs(TRANSFORM.forward(reference)) for reference in references])
    spectrogram = TRANSFORM.forward(mixture)
    return np.stack([TRANSFORM.inverse(spectrogram * mask, len(mixture)) for mask in soft_masks(magnitudes)])


def compare(run: Path, count: int = 12) -> list[Comparison]:
    """Return the comparisons on ``count`` pairs of a run."""
    peers = [
        ("mir_eval", by_mir_eval, np.float64, 3),
        ("fast_bss_eval, float64", by_fast_bss_eval, np.float64, None),
        ("fast_bss_eval, float32", by_fast_bss_eval, np.float32, None),
    ]
    comparisons = [Comparison(WHAT, name, goal) for name, _, _, goal in peers]
    ours, theirs = [], [[] for _ in peers]
    for _, mixture, sources in pairs(run, count):
        references, estimates = sources.astype(np.float64), masked(sources, mixture).astype(np.float64)
        spent, scores = timed(lambda r=references, e=estimates: np.stack(bss_eval(r, e)[:3]), 2)
        ours.append(scores)
        for comparison, (_, call, kind, _), found in zip(comparisons, peers, theirs, strict=True):
            comparison.ours.append(spent)
            inputs = references.astype(kind), estimates.astype(kind)
            seconds, scores = timed(lambda call=call, inputs=inputs: call(*inputs))
            comparison.peer.append(seconds)
            found.append(scores)
    for comparison, found in zip(comparisons, theirs, strict=True):
        judge_scores(comparison, np.stack(ours), np.stack(found), 1e-3)
    return comparisons
