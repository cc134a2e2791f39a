"""The factorisation of a clip against scikit-learn, as Rowe calls it and otherwise, and torchnmf."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from objectsounds.bench.inputs import spectrograms
from objectsounds.bench.table import Comparison, judge_divergences, timed
from objectsounds.signal.kl_descent import kl_divergence
from objectsounds.signal.nmf import factorize

COUNT = 25
WHAT = "factorisation of a 10 s clip, 2401 bins x 200 frames, 25 bases, one core"
LIMIT = 0.005


def by_scikit_learn(dtype: type, **arguments: float) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return Rowe's call, on numbers of another type or with other arguments."""
    from sklearn.decomposition import NMF

    def call(V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        options = {"init": "random", "solver": "mu", "beta_loss": "kullback-leibler", "max_iter": 500}
        model = NMF(COUNT, random_state=0, **options, **arguments)
        return model.fit_transform(V.astype(dtype)), model.components_

    return call


def by_torchnmf(iterations: int) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return torchnmf's factorisation, in float32."""

    def call(V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        import torch
        from torchnmf.nmf import NMF

        torch.manual_seed(0)
        model = NMF(V.shape, rank=COUNT)
        model.fit(torch.from_numpy(V), beta=1, tol=0, max_iter=iterations)
        H, W = (matrix.detach().numpy() for matrix in (model.H, model.W))
        return (H, W.T) if H.shape[0] == V.shape[0] else (W, H.T)

    return call


def compare(run: Path, count: int = 12) -> list[Comparison]:
    """Return the comparisons, each on ``count`` clips of a run."""
    peers = [
        ("scikit-learn, float64, default tolerance (Rowe's call)", by_scikit_learn(np.float64), 12),
        ("scikit-learn, float64, tol=0: 500 iterations", by_scikit_learn(np.float64, tol=0), 12),
        ("scikit-learn, float32, default tolerance", by_scikit_learn(np.float32), 1.5),
        ("torchnmf, float32, 200 iterations", by_torchnmf(200), 4),
    ]
    comparisons = [Comparison(WHAT, name, goal) for name, _, goal in peers]
    reached: list[list[float]] = [[] for _ in peers]
    ours: list[float] = []
    for seed, V in enumerate(spectrograms(run, count)):
        seconds, fit = timed(
            lambda V=V, seed=seed: factorize(V, COUNT, generator=np.random.default_rng(seed)), 2
        )
        ours.append(kl_divergence(V, fit.bases.astype(np.float64) @ fit.activations))
        for comparison, (_, call, _), divergences in zip(comparisons, peers, reached, strict=True):
            comparison.ours.append(seconds)
            spent, (W, H) = timed(lambda V=V, call=call: call(V))
            comparison.peer.append(spent)
            divergences.append(kl_divergence(V, W.astype(np.float64) @ H))
    for comparison, divergences in zip(comparisons, reached, strict=True):
        judge_divergences(comparison, ours, divergences, LIMIT)
    gpu = Comparison("the same, in batches on a GPU", "one core of a CPU, ours", 50)
    return [*comparisons, gpu]
