"""scikit-learn's factorisation, as Rowe calls it: the reference for quality and speed of ours."""

import warnings

import numpy as np

from objectsounds.signal.kl_descent import kl_divergence
from objectsounds.signal.nmf import Factorization, checked, silent


def factorize_by_scikit_learn(
    spectrogram: np.ndarray,
    count: int,
    *,
    generator: np.random.Generator,
    iterations: int = 500,
    tolerance: float = 1e-4,
) -> Factorization:
    """Factor a magnitude spectrogram by multiplicative updates in float64 from a random start.

    Parameters, errors and result are ``nmf.factorize``'s, but ``tolerance`` is scikit-learn's: its iterations
    end when sqrt(2 D) falls by less than this share of its first value in ten of them. The bases
    keep the scale that the updates gave them.
    """
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    V, scale = checked(spectrogram)
    if not V.any():
        return silent(np.zeros((len(V), count), V.dtype), V)
    model = NMF(
        count,
        init="random",
        solver="mu",
        beta_loss="kullback-leibler",
        max_iter=iterations,
        tol=tolerance,
        random_state=int(generator.integers(2**31)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the iterations are counted in the result
        W = model.fit_transform(V.astype(np.float64))
    H = model.components_
    W[~V.any(axis=1)] = 0
    divergence = kl_divergence(V, W @ H) * scale
    return Factorization(W.astype(np.float32), (H * scale).astype(np.float32), [divergence], model.n_iter_)
