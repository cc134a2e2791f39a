"""Non-negative matrix factorisation under the Kullback-Leibler divergence.

V is a magnitude spectrogram of shape=(F, N), W holds M bases as columns, shape=(F, M), and H their
activations, shape=(M, N) (Gao eq. 1 and 2). The updates are Lee and Seung's multiplicative ones, in
float32; the divergence is summed in float64.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from objectsounds.errors import ObjectsoundsError

EPSILON = np.float32(1e-10)
CHECK_EVERY = 10


@dataclass
class Factorization:
    """Result of a factorisation.

    Attributes
    ----------
    bases : np.ndarray [shape=(F, M)]
    activations : np.ndarray [shape=(M, N)]
    divergences : list of float
        At the start and after every ``CHECK_EVERY`` iterations, the last one included.
    iterations : int
    """

    bases: np.ndarray
    activations: np.ndarray
    divergences: list[float] = field(default_factory=list)
    iterations: int = 0

    @property
    def divergence(self) -> float:
        """The final D(V | WH)."""
        return self.divergences[-1]


def kl_divergence(spectrogram: np.ndarray, model: np.ndarray) -> float:
    """Return D(V | V~) = sum(V log(V / V~) - V + V~), both of shape=(F, N); 0 log 0 is 0."""
    safe = np.maximum(model, EPSILON)
    ratio = np.divide(spectrogram, safe, out=np.ones_like(safe), where=spectrogram > 0)
    np.log(ratio, out=ratio)
    cross = float(np.einsum("fn,fn->", spectrogram, ratio, dtype=np.float64))
    return max(0.0, cross + float(model.sum(dtype=np.float64)) - float(spectrogram.sum(dtype=np.float64)))


def _checked(spectrogram: np.ndarray) -> tuple[np.ndarray, float]:
    """Return V as float32 with mean 1, and the factor taken out (1 for silence)."""
    matrix = np.asarray(spectrogram)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ObjectsoundsError(f"NMF needs a spectrogram of shape (F, N), both above 0, not {matrix.shape}.")
    if not np.isfinite(matrix).all():
        raise ObjectsoundsError(
            "NMF cannot factor a spectrogram that holds NaN or infinity: check its audio."
        )
    if (matrix < 0).any():
        raise ObjectsoundsError("NMF needs magnitudes; this spectrogram holds values below 0.")
    scale = float(matrix.mean(dtype=np.float64)) or 1.0
    return (matrix / scale).astype(np.float32), scale


def _checked_bases(bases: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Return given bases as float32, if they fit V."""
    W = np.ascontiguousarray(bases, dtype=np.float32)
    if W.ndim != 2 or W.shape[0] != V.shape[0] or W.shape[1] == 0:
        raise ObjectsoundsError(f"Bases of shape {W.shape} do not fit a spectrogram of shape {V.shape}.")
    if not np.isfinite(W).all() or (W < 0).any():
        raise ObjectsoundsError("Bases must be finite and not negative.")
    return W


def _ratio(V: np.ndarray, W: np.ndarray, H: np.ndarray, out: np.ndarray) -> np.ndarray:
    np.matmul(W, H, out=out)
    np.maximum(out, EPSILON, out=out)
    return np.divide(V, out, out=out)


def _update_activations(V: np.ndarray, W: np.ndarray, H: np.ndarray, buffer: np.ndarray) -> None:
    H *= (W.T @ _ratio(V, W, H, buffer)) / np.maximum(W.sum(axis=0), EPSILON)[:, None]


def _update_bases(V: np.ndarray, W: np.ndarray, H: np.ndarray, buffer: np.ndarray, first: int = 0) -> None:
    """Update the bases from column ``first`` on; those before it are held."""
    free = H[first:]
    W[:, first:] *= (_ratio(V, W, H, buffer) @ free.T) / np.maximum(free.sum(axis=1), EPSILON)


def _iterate(
    step: Callable[[], None], divergence: Callable[[], float], iterations: int, tolerance: float
) -> tuple[list[float], int]:
    """Repeat ``step`` until the error falls too slowly, as scikit-learn does it.

    The error is sqrt(2 D), looked at every ``CHECK_EVERY`` iterations; the loop ends when it fell by
    less than ``tolerance`` times the first error.
    """
    divergences = [divergence()]
    first = previous = (2 * divergences[0]) ** 0.5
    done = 0
    while done < iterations and first > 0:
        step()
        done += 1
        if done % CHECK_EVERY and done < iterations:
            continue
        divergences.append(divergence())
        error = (2 * divergences[-1]) ** 0.5
        if tolerance > 0 and (previous - error) / first < tolerance:
            break
        previous = error
    return divergences, done


def factorize(
    spectrogram: np.ndarray,
    count: int,
    *,
    generator: np.random.Generator,
    iterations: int = 500,
    tolerance: float = 1e-4,
) -> Factorization:
    """Factor a magnitude spectrogram into bases and activations (Gao eq. 2).

    Parameters
    ----------
    spectrogram : np.ndarray [shape=(F, N)]
        Magnitudes, finite and not negative. Silence gives bases of zero with divergence 0; a bin
        that is zero in every frame is zero in every basis.
    count : int
        Number of bases M.
    generator : np.random.Generator
        Draws the starting point.
    iterations : int
        The most updates of W and H.
    tolerance : float
        See ``_iterate``; 0 runs all iterations.

    Returns
    -------
    Factorization

    Raises
    ------
    ObjectsoundsError
        If the spectrogram holds NaN, infinity or values below 0, or is empty.
    """
    V, scale = _checked(spectrogram)
    bins, frames = V.shape
    start = np.float32((V.mean(dtype=np.float64) / count) ** 0.5)
    W = start * np.abs(generator.standard_normal((bins, count), dtype=np.float32))
    H = start * np.abs(generator.standard_normal((count, frames), dtype=np.float32))
    if not V.any():
        return Factorization(W * 0, H * 0, [0.0])
    buffer = np.empty_like(V)

    def step() -> None:
        _update_bases(V, W, H, buffer)
        _update_activations(V, W, H, buffer)

    divergences, done = _iterate(step, lambda: kl_divergence(V, W @ H), iterations, tolerance)
    W[~V.any(axis=1)] = 0
    H *= np.float32(scale)
    return Factorization(W, H, [value * scale for value in divergences], done)


def fit_activations(
    spectrogram: np.ndarray, bases: np.ndarray, *, iterations: int = 200, tolerance: float = 1e-4
) -> Factorization:
    """Estimate the activations of fixed bases (Gao eq. 4, H by multiplicative updates, W held).

    The problem is convex: the start is a constant, scikit-learn's, and draws nothing.

    Parameters
    ----------
    spectrogram : np.ndarray [shape=(F, N)]
    bases : np.ndarray [shape=(F, M)]
        Not negative; a basis of zeros gets activations of zero.
    iterations, tolerance
        As in ``factorize``.

    Returns
    -------
    Factorization
        With ``bases`` as float32.

    Raises
    ------
    ObjectsoundsError
        As ``factorize``; also if the bases have another number of bins than the spectrogram.
    """
    V, scale = _checked(spectrogram)
    W = _checked_bases(bases, V)
    H = np.full((W.shape[1], V.shape[1]), (V.mean(dtype=np.float64) / W.shape[1]) ** 0.5, dtype=np.float32)
    H[~W.any(axis=0)] = 0
    if not V.any():
        return Factorization(W, H * 0, [0.0])
    buffer = np.empty_like(V)
    divergences, done = _iterate(
        lambda: _update_activations(V, W, H, buffer),
        lambda: kl_divergence(V, W @ H),
        iterations,
        tolerance,
    )
    H *= np.float32(scale)
    return Factorization(W, H, [value * scale for value in divergences], done)


def fit_with_free_bases(
    spectrogram: np.ndarray,
    fixed: np.ndarray,
    free_count: int,
    *,
    generator: np.random.Generator,
    iterations: int = 200,
    tolerance: float = 1e-4,
) -> Factorization:
    """Estimate the activations of fixed bases and, beside them, bases for what those do not explain.

    Gao's denoising (4.5): the fixed bases are the objects', the free ones start at random and adapt to
    the noise. All columns of H are updated, of W the free ones alone.

    Parameters
    ----------
    spectrogram : np.ndarray [shape=(F, N)]
    fixed : np.ndarray [shape=(F, M)]
        As in ``fit_activations``.
    free_count : int
        Number of free bases K.
    generator : np.random.Generator
        Draws their starting point.
    iterations, tolerance
        As in ``factorize``.

    Returns
    -------
    Factorization
        ``bases`` of shape=(F, M + K): the fixed ones as float32, then the free ones.

    Raises
    ------
    ObjectsoundsError
        As ``fit_activations``.
    """
    V, scale = _checked(spectrogram)
    held = _checked_bases(fixed, V)
    drawn = np.abs(generator.standard_normal((V.shape[0], free_count), dtype=np.float32))
    W = np.concatenate([held, drawn], axis=1)
    # Whatever norm the fixed bases came with, each basis starts with an equal share of V.
    sums = W.sum(axis=0, dtype=np.float64)
    shares = V.sum(dtype=np.float64) / V.shape[1] / W.shape[1] / np.where(sums > 0, sums, np.inf)
    H = np.repeat(shares.astype(np.float32)[:, None], V.shape[1], axis=1)
    if not V.any():
        return Factorization(W, H, [0.0])
    buffer = np.empty_like(V)

    def step() -> None:
        _update_bases(V, W, H, buffer, first=held.shape[1])
        _update_activations(V, W, H, buffer)

    divergences, done = _iterate(step, lambda: kl_divergence(V, W @ H), iterations, tolerance)
    H *= np.float32(scale)
    return Factorization(W, H, [value * scale for value in divergences], done)
