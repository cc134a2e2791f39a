"""Non-negative matrix factorisation under the Kullback-Leibler divergence.

V is a magnitude spectrogram of shape=(F, N), W holds M bases as columns, shape=(F, M), and H their
activations, shape=(M, N) (Gao eq. 1 and 2). The iterations, in float32, are in ``descent``; here are what
they start from and what they are used for.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.signal.bands import in_bands, spread
from objectsounds.signal.block_sparsity import BlockSparsity, Penalty
from objectsounds.signal.kl_descent import Descent, folded, kl_divergence

__all__ = [
    "Factorization",
    "factorize",
    "factorize_from_bands",
    "fit_activations",
    "fit_with_free_bases",
    "kl_divergence",
]

FOLD = 8  # bins summed to one while a factorisation is still coarse,
COARSE_ITERATIONS = 100  # which it is for so many iterations;
LEAST_ROWS = 12  # but so many sums a basis are left
FRAMES_A_BASIS = 3  # whose mean a basis starts as,
FINAL_ITERATIONS = 20  # on all bins, after those in bands
MEAN_SHARE = 0.01  # with so much of the mean of all frames, so that no bin starts at zero


@dataclass
class Factorization:
    """Result of a factorisation.

    Attributes
    ----------
    bases : np.ndarray [shape=(F, M)]
    activations : np.ndarray [shape=(M, N)]
    divergences : list of float
        At the start of the iterations on the whole spectrogram and after every ``CHECK_EVERY`` of
        them, the last one included; with block sparsity its penalty is in them.
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


def checked(spectrogram: np.ndarray, dtype: type = np.float32) -> tuple[np.ndarray, float]:
    """Return V in a type with mean 1, and the factor taken out (1 for silence)."""
    matrix = np.asarray(spectrogram)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ObjectsoundsError(f"NMF needs a spectrogram of shape (F, N), both above 0, not {matrix.shape}.")
    low, high = matrix.min(), matrix.max()
    if not np.isfinite(low) or not np.isfinite(high):
        raise ObjectsoundsError(
            "NMF cannot factor a spectrogram that holds NaN or infinity: check its audio."
        )
    if low < 0:
        raise ObjectsoundsError("NMF needs magnitudes; this spectrogram holds values below 0.")
    scale = float(matrix.mean(dtype=np.float64)) or 1.0
    kind = matrix.dtype if matrix.dtype.kind == "f" else np.dtype(np.float64)
    return (matrix / kind.type(scale)).astype(dtype, copy=False), scale


def _checked_bases(bases: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Return given bases in the type of V, if they fit it."""
    W = np.ascontiguousarray(bases, dtype=V.dtype)
    if W.ndim != 2 or W.shape[0] != V.shape[0] or W.shape[1] == 0:
        raise ObjectsoundsError(f"Bases of shape {W.shape} do not fit a spectrogram of shape {V.shape}.")
    if not np.isfinite(W).all() or (W < 0).any():
        raise ObjectsoundsError("Bases must be finite and not negative.")
    return W


def start(V: np.ndarray, count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return bases that are means of a few frames, drawn by their energy, and random activations."""
    energy = V.sum(axis=0, dtype=np.float64)
    drawn = generator.choice(V.shape[1], size=(count, FRAMES_A_BASIS), p=energy / energy.sum())
    W = V[:, drawn].mean(axis=2) + np.float32(MEAN_SHARE) * V.mean(axis=1, keepdims=True)
    H = np.abs(generator.standard_normal((count, V.shape[1]), dtype=np.float32))
    return W / W.sum(axis=0), H * np.float32(energy.sum() / H.sum(dtype=np.float64))


def coarse_rows(bins: int, count: int) -> int:
    """Return the number of sums of bins that are factored first; 0 where that is not worth it."""
    rows = max(-(-bins // FOLD), LEAST_ROWS * count)
    return rows if 2 * rows <= bins else 0


def _coarse_start(V: np.ndarray, count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return W and H to start from: those of V with bins far apart summed, which is factored first.

    What factors V factors sums of its bins, and sums of distant bins tell sounds apart nearly as well
    as the bins do, at a fraction of the cost.
    """
    rows = coarse_rows(len(V), count)
    if not rows:
        return start(V, count, generator)
    coarse = folded(V, rows)
    descent = Descent(coarse, *start(coarse, count, generator))
    descent.steps(COARSE_ITERATIONS)
    W = np.tile(descent.state.W, (-(-len(V) // rows), 1))[: len(V)]
    return W / W.sum(axis=0), descent.state.H


def _columns_of_one(W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return W with columns that sum to 1, and their sums; a column of zeros stays one."""
    sums = W.sum(axis=0, dtype=np.float64).astype(W.dtype)
    return W / np.where(sums > 0, sums, 1), sums


def _even_shares(V: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Return activations by which all bases have an equal share of each frame."""
    return np.repeat(V.sum(axis=0, keepdims=True) / W.shape[1], W.shape[1], axis=0)


def silent(W: np.ndarray, V: np.ndarray) -> Factorization:
    """Return what is made of silence."""
    return Factorization(W, np.zeros((W.shape[1], V.shape[1]), V.dtype), [0.0])


def _descend(
    V: np.ndarray,
    W: np.ndarray,
    H: np.ndarray,
    held: int,
    iterations: int,
    tolerance: float,
    penalty: Penalty | None = None,
    least: float = 0.0,
) -> Factorization:
    """Iterate from W, its columns summing to 1 or 0, and H; the ``held`` first columns of W stay."""
    descent = Descent(V, W, H, held, penalty)
    divergences, done = descent.run(iterations, tolerance, least)
    if len(descent.kept) == len(H):
        return Factorization(descent.state.W, descent.state.H, divergences, done)
    activations = np.zeros_like(H)
    activations[descent.kept] = descent.state.H
    return Factorization(W, activations, divergences, done)


def _penalty(sparsity: BlockSparsity | None, V: np.ndarray, sums: np.ndarray) -> Penalty | None:
    """Return the penalty for V and bases that sum to ``sums``; one of zeros explains nothing, of no group."""
    if sparsity is None:
        return None
    groups = np.where(sums[: len(sparsity.groups)] > 0, sparsity.groups, -1)
    return Penalty(replace(sparsity, groups=groups), float(V.sum(dtype=np.float64)))


def _rescaled(fit: Factorization, scale: float, sums: np.ndarray) -> Factorization:
    """Return the fit of scale * V, with bases that sum to ``sums``; those that sum to 0 are unused."""
    fit.bases = fit.bases * sums
    fit.activations = fit.activations * (scale / np.where(sums > 0, sums, np.inf)).astype(sums.dtype)[:, None]
    fit.divergences = [value * scale for value in fit.divergences]
    return fit


def finished(fit: Factorization, V: np.ndarray, scale: float) -> Factorization:
    """Return the fit of V, its bases summing to 1, as one of scale * V with bases of mean 1."""
    fit.bases[~V.any(axis=1)] = 0
    return _rescaled(fit, scale, np.full(fit.bases.shape[1], len(V), np.float32))


def factorize(
    spectrogram: np.ndarray,
    count: int,
    *,
    generator: np.random.Generator,
    iterations: int = 500,
    tolerance: float = 5e-4,
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
        The iterations end when one lowers the divergence by less than this share of it (a mean over
        ``CHECK_EVERY``); 0 runs all of them.

    Returns
    -------
    Factorization
        Each basis has a mean of 1.

    Raises
    ------
    ObjectsoundsError
        If the spectrogram holds NaN, infinity or values below 0, or is empty.
    """
    V, scale = checked(spectrogram)
    if not V.any():
        return silent(np.zeros((len(V), count), V.dtype), V)
    return finished(_descend(V, *_coarse_start(V, count, generator), 0, iterations, tolerance), V, scale)


def factorize_from_bands(
    spectrogram: np.ndarray, count: int, *, generator: np.random.Generator, iterations: int = 500
) -> Factorization:
    """Factor a magnitude spectrogram as ``factorize`` does, several times faster.

    It is factored in bands of bins (`objectsounds.signal.bands`), from where a few iterations on all bins
    find a result as good: another one, as another seed would give.

    Parameters
    ----------
    spectrogram, count, generator
        As in ``factorize``.
    iterations : int
        The most in bands.

    Returns
    -------
    Factorization

    Raises
    ------
    ObjectsoundsError
        As ``factorize``.
    """
    V, scale = checked(spectrogram)
    if not V.any():
        return silent(np.zeros((len(V), count), V.dtype), V)
    coarse = factorize(in_bands(V), count, generator=generator, iterations=iterations)
    W, sums = _columns_of_one(spread(coarse.bases, len(V)))
    return finished(_descend(V, W, coarse.activations * sums[:, None], 0, FINAL_ITERATIONS, 0), V, scale)


def fit_activations(
    spectrogram: np.ndarray,
    bases: np.ndarray,
    *,
    iterations: int = 200,
    tolerance: float = 1e-4,
    dtype: type = np.float32,
    sparsity: BlockSparsity | None = None,
    least: float = 0.0,
) -> Factorization:
    """Estimate the activations of fixed bases (Gao eq. 4: H is fitted, W held).

    The problem is convex (but for block sparsity): all bases start with equal shares, and nothing is drawn.

    Parameters
    ----------
    spectrogram : np.ndarray [shape=(F, N)]
    bases : np.ndarray [shape=(F, M)]
        Not negative; a basis of zeros gets activations of zero.
    iterations, tolerance
        As in ``factorize``.
    dtype : type
        Of the numbers; float64 is there to show that float32 does.
    sparsity : BlockSparsity, optional
        Which bases belong together; without it they are independent.
    least : float
        Share of the spectrogram: bases that explain less, all frames together, are let go on the way, which
        is faster the more of them there are; they get activations of zero. Without block sparsity alone.

    Returns
    -------
    Factorization
        With ``bases`` in that type.

    Raises
    ------
    ObjectsoundsError
        As ``factorize``; also if the bases have another number of bins than the spectrogram.
    """
    V, scale = checked(spectrogram, dtype)
    W = _checked_bases(bases, V)
    if not V.any():
        return silent(W, V)
    unit, sums = _columns_of_one(W)
    penalty = _penalty(sparsity, V, sums)
    kept = 0.0 if penalty else least
    fit = _descend(V, unit, _even_shares(V, unit), W.shape[1], iterations, tolerance, penalty, kept)
    fit = _rescaled(fit, scale, sums)
    fit.bases = W
    return fit


def fit_with_free_bases(
    spectrogram: np.ndarray,
    fixed: np.ndarray,
    free_count: int,
    *,
    generator: np.random.Generator,
    iterations: int = 200,
    tolerance: float = 1e-4,
    sparsity: BlockSparsity | None = None,
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
    sparsity : BlockSparsity, optional
        Of the fixed bases.

    Returns
    -------
    Factorization
        ``bases`` of shape=(F, M + K): the fixed ones as float32, then the free ones.

    Raises
    ------
    ObjectsoundsError
        As ``fit_activations``.
    """
    V, scale = checked(spectrogram)
    held = _checked_bases(fixed, V)
    drawn = np.abs(generator.standard_normal((V.shape[0], free_count), dtype=np.float32))
    W = np.concatenate([held, drawn], axis=1)
    if not V.any():
        return silent(W, V)
    unit, sums = _columns_of_one(W)
    penalty = _penalty(sparsity, V, sums)
    fit = _descend(V, unit, _even_shares(V, unit), held.shape[1], iterations, tolerance, penalty)
    fit = _rescaled(fit, scale, sums)
    fit.bases[:, : held.shape[1]] = held
    return fit
