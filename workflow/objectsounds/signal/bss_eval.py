"""BSS-EVAL version 3 for single-channel sources: SDR, SIR and SAR (Vincent et al. 2006).

An estimate e is projected on the span of one reference delayed by 0 to ``TAPS - 1`` samples (its
target s) and on that of all references (p): SDR = |s|^2 / |e - s|^2, SIR = |s|^2 / |p - s|^2 and
SAR = |p|^2 / |e - p|^2. The spans are nested, so all of these follow from |e|, |s| and |p|, which need
correlations at ``TAPS`` lags and a Cholesky factor; only where a difference would cancel are the
projected signals made. The figures are those of mir_eval, which the tests compare with.
"""

import itertools
import warnings
from collections.abc import Callable

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import LinAlgError, cholesky, eigh, solve_triangular, toeplitz

from objectsounds.core.errors import ObjectsoundsError

TAPS = 512
BLOCK = 4096  # of the FFTs of the correlations: long blocks would leave the cache
SINGULAR = 1e-13  # of the largest eigenvalue: the share below which one counts as 0
CANCELS = 1e-7  # a difference below this share of what it is taken of is measured on the signals


Engine = Callable[[np.ndarray, np.ndarray, bool], tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]


def decibels(part: float, rest: float) -> float:
    """Return the energy ratio in dB; infinity where nothing is left in ``rest``."""
    if rest <= 0:
        return np.inf
    return 10 * np.log10(part / rest) if part > 0 else -np.inf


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return sum over n of first_i[n] second_j[n + lag] at lags 0 to ``TAPS - 1``, shape=(I, J, TAPS).

    Parameters
    ----------
    first : np.ndarray [shape=(I, T)]
    second : np.ndarray [shape=(J, T)]
    """
    step = BLOCK - TAPS + 1
    blocks = -(-first.shape[1] // step)
    padded = np.pad(second, ((0, 0), (0, blocks * step + TAPS - 1 - second.shape[1])))
    windows = np.lib.stride_tricks.sliding_window_view(padded, BLOCK, axis=1)[:, ::step]
    parts = np.pad(first, ((0, 0), (0, blocks * step - first.shape[1]))).reshape(len(first), blocks, step)
    heads = rfft(parts, BLOCK, axis=2)
    tails = rfft(windows, axis=2)
    spectra = np.einsum("ibk,jbk->ijk", heads.conj(), tails)
    return irfft(spectra, BLOCK, axis=2)[:, :, :TAPS]


def gram_matrix(lagged: np.ndarray) -> np.ndarray:
    """Return the inner products of all delayed references, shape=(J * TAPS, J * TAPS).

    Parameters
    ----------
    lagged : np.ndarray [shape=(J, J, TAPS)]
        The references' correlations.
    """
    count = len(lagged)
    gram = np.empty((count, TAPS, count, TAPS))
    for i, j in itertools.product(range(count), repeat=2):
        gram[i, :, j] = toeplitz(lagged[i, j], lagged[j, i])
    return gram.reshape(count * TAPS, count * TAPS)


class Span:
    """The space spanned by delayed references: what the projection on it needs.

    Parameters
    ----------
    references : np.ndarray [shape=(J, T)]
    gram : np.ndarray [shape=(J * TAPS, J * TAPS)]
    """

    def __init__(self, references: np.ndarray, gram: np.ndarray) -> None:
        self.references, self.root = references, None
        try:
            self.factor = cholesky(gram, lower=True, check_finite=False)
        except LinAlgError:  # copies, or fewer samples than delays: the directions that are there
            values, vectors = eigh(gram, check_finite=False, driver="evd")
            kept = values > SINGULAR * values[-1]
            self.root = vectors[:, kept] / np.sqrt(values[kept])

    def _halfway(self, products: np.ndarray) -> np.ndarray:
        if self.root is not None:
            return products @ self.root
        return solve_triangular(self.factor, products, lower=True, check_finite=False)

    def energy(self, products: np.ndarray) -> float:
        """Return the energy of a signal's projection, from its inner products with the references."""
        halfway = self._halfway(products)
        return float(halfway @ halfway)

    def filters(self, products: np.ndarray) -> np.ndarray:
        """Return the filters that make the projection, shape=(J * TAPS,)."""
        if self.root is not None:
            return self.root @ self._halfway(products)
        halfway = self._halfway(products)
        return solve_triangular(self.factor, halfway, lower=True, trans=1, check_finite=False)

    def projection(self, products: np.ndarray) -> np.ndarray:
        """Return the projection itself, shape=(T + TAPS - 1,)."""
        length = self.references.shape[1] + TAPS - 1
        size = next_fast_len(length, real=True)
        taps = self.filters(products).reshape(len(self.references), TAPS)
        return irfft((rfft(taps, size) * rfft(self.references, size)).sum(axis=0), size)[:length]


def _checked(references: np.ndarray, estimates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    references, estimates = (
        np.atleast_2d(np.asarray(signal, dtype=np.float64)) for signal in (references, estimates)
    )
    if references.shape != estimates.shape or references.ndim > 2 or 0 in references.shape:
        raise ObjectsoundsError(
            f"BSS-EVAL needs as many estimates as references, all of one length above 0, not shapes "
            f"{estimates.shape} and {references.shape}."
        )
    for name, signals in (("references", references), ("estimates", estimates)):
        if not np.isfinite(signals).all():
            raise ObjectsoundsError(f"BSS-EVAL is not defined for {name} with NaN or infinity.")
        if not signals.any(axis=1).all():
            raise ObjectsoundsError(f"BSS-EVAL is not defined for silent {name}: leave them out.")
    return references, estimates


def _scores(estimate: np.ndarray, own: tuple, whole: tuple) -> tuple[float, float, float]:
    """Return SDR, SIR and SAR in dB; ``own`` and ``whole`` are spans with the estimate's products."""
    total = float(estimate @ estimate)
    target, all_targets = (span.energy(products) for span, products in (own, whole))
    errors = total - target, all_targets - target, total - all_targets
    if min(errors) < CANCELS * total:
        near, far = (span.projection(products) for span, products in (own, whole))
        longer = np.pad(estimate, (0, TAPS - 1))
        rests = longer - near, far - near, longer - far
        errors = float(rests[0] @ rests[0]), float(rests[1] @ rests[1]), float(rests[2] @ rests[2])
    return decibels(target, errors[0]), decibels(target, errors[1]), decibels(all_targets, errors[2])


def bss_eval(
    references: np.ndarray, estimates: np.ndarray, best_matching: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return SDR, SIR and SAR in dB and the estimate taken for each reference, each of shape=(J,).

    Parameters
    ----------
    references, estimates : np.ndarray [shape=(J, T)]
        None of them silent.
    best_matching : bool
        Take the matching with the highest mean SIR, as BSS-EVAL does, instead of the given order.

    Raises
    ------
    ObjectsoundsError
        If shapes differ, or a signal is silent or holds NaN or infinity.
    """
    references, estimates = _checked(references, estimates)
    count = len(references)
    lagged = correlations(references, np.concatenate([references, estimates]))
    gram, products = gram_matrix(lagged[:, :count]), lagged[:, count:]
    whole = Span(references, gram)
    blocks = [slice(index * TAPS, (index + 1) * TAPS) for index in range(count)]
    own = [Span(references[[index]], gram[part, part]) for index, part in enumerate(blocks)]
    pairs = itertools.product(range(count), repeat=2) if best_matching else ((i, i) for i in range(count))
    scores = np.full((3, count, count), np.nan)  # estimate, reference
    for guess, true in pairs:
        scores[:, guess, true] = _scores(
            estimates[guess], (own[true], products[true, guess]), (whole, products[:, guess].ravel())
        )
    order = np.arange(count)
    if best_matching:
        orders = [list(taken) for taken in itertools.permutations(range(count))]
        order = np.array(max(orders, key=lambda taken: scores[1][taken, range(count)].mean()))
    sdr, sir, sar = scores[:, order, np.arange(count)]
    return sdr, sir, sar, order


def bss_eval_by_mir_eval(
    references: np.ndarray, estimates: np.ndarray, best_matching: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what ``bss_eval`` returns, as mir_eval computes it: the reference, several times slower."""
    import mir_eval

    references, estimates = _checked(references, estimates)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # mir_eval.separation leaves in 0.9: we pin below it
        return mir_eval.separation.bss_eval_sources(references, estimates, compute_permutation=best_matching)


def bss_eval_by_window(
    engine: Engine, references: np.ndarray, estimates: np.ndarray, best_matching: bool, samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what ``engine`` returns of each window of a length, as the median over the windows.

    So long sounds are scored in the SiSEC campaigns (by seconds; Stöter et al. 2018), and by mir_eval's
    ``bss_eval_sources_framewise``: windows beside each other, those left out in which a signal is silent. The
    matching is that of the whole sounds. A sound shorter than a window, or silent in each, is scored whole.

    Parameters
    ----------
    engine : callable
        A value of ``BY_ENGINE``.
    references, estimates, best_matching
        As of `bss_eval`.
    samples : int
        Length of a window.
    """
    references, estimates = _checked(references, estimates)
    whole = engine(references, estimates, best_matching)
    taken, found = estimates[whole[3]], []
    for start in range(0, references.shape[1] - samples + 1, samples):
        parts = references[:, start : start + samples], taken[:, start : start + samples]
        if all(part.any(axis=1).all() for part in parts):
            found.append(engine(*parts, False)[:3])
    if not found:
        return whole
    sdr, sir, sar = np.median(np.array(found), axis=0)
    return sdr, sir, sar, whole[3]


BY_ENGINE: dict[str, Engine] = {"fast": bss_eval, "mir_eval": bss_eval_by_mir_eval}
