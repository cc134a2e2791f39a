"""Activations of fixed bases against scikit-learn, and what float32 changes of the separated sounds."""

import itertools
from pathlib import Path

import numpy as np

from objectsounds.bench.inputs import TRANSFORM, pairs
from objectsounds.bench.table import Comparison, judge_divergences, timed
from objectsounds.dictionaries.file import read_dictionary
from objectsounds.signal.bss_eval import bss_eval
from objectsounds.signal.kl_descent import kl_divergence
from objectsounds.signal.masks import soft_masks
from objectsounds.signal.nmf import fit_activations

LIMIT = 0.005
SDR_LIMIT = 0.01  # dB


def by_scikit_learn(V: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Return H of Rowe's trick: V transposed, and H held in place of W; 200 iterations at most."""
    from sklearn.decomposition import non_negative_factorization

    transposed, _, _ = non_negative_factorization(
        V.T.astype(np.float64),
        H=np.ascontiguousarray(W.T, dtype=np.float64),
        n_components=W.shape[1],
        update_H=False,
        solver="mu",
        beta_loss="kullback-leibler",
        max_iter=200,
    )
    return transposed.T


def separated(spectrogram: np.ndarray, W: np.ndarray, H: np.ndarray, own: int, length: int) -> np.ndarray:
    """Return the two waveforms (2, T) whose bases are the first ``own`` columns of W and the others."""
    edges = (0, own, W.shape[1])
    models = np.stack([W[:, a:b] @ H[a:b] for a, b in itertools.pairwise(edges)])
    return np.stack([TRANSFORM.inverse(spectrogram * mask, length) for mask in soft_masks(models)])


def compare(run: Path, count: int = 8, scored: int = 100) -> list[Comparison]:
    """Return the comparison with scikit-learn on ``count`` pairs, and that of number types on ``scored``."""
    words = read_dictionary(run / "dictionary" / "default" / "consensus.h5")
    speed = Comparison(
        "activations of two objects' bases, one core",
        "scikit-learn, float64, its tolerance",
        None,
    )
    types = Comparison("the same in float32", "ours, float64", 1)
    reached: tuple[list[float], list[float]] = ([], [])
    changes = []
    for number, (objects, mixture, references) in enumerate(pairs(run, scored)):
        parts = [words.of(name) for name in objects]
        if not all(part.shape[1] for part in parts):
            continue
        W = np.concatenate(parts, axis=1)
        spectrogram = TRANSFORM.forward(mixture)
        V = np.abs(spectrogram)
        scores = []
        for kind, times in ((np.float32, types.ours), (np.float64, types.peer)):
            spent, fit = timed(lambda V=V, W=W, kind=kind: fit_activations(V, W, dtype=kind))
            times.append(spent)
            waveforms = separated(spectrogram, fit.bases, fit.activations, parts[0].shape[1], len(mixture))
            scores.append(bss_eval(references, waveforms)[0])
            if kind == np.float32 and number < count:
                speed.ours.append(spent)
                reached[0].append(kl_divergence(V, fit.bases.astype(np.float64) @ fit.activations))
                spent, H = timed(lambda V=V, W=W: by_scikit_learn(V, W))
                speed.peer.append(spent)
                reached[1].append(kl_divergence(V, W.astype(np.float64) @ H))
        changes.append(np.abs(scores[0] - scores[1]).max())
    judge_divergences(speed, *reached, LIMIT)
    types.equal = max(changes) < SDR_LIMIT
    types.shown = f"SDR changed by at most {max(changes):.2g} dB in {len(changes)} pairs"
    return [speed, types]
