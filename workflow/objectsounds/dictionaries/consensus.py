"""The rule ``consensus``: the clips that the other clips of their object explain (our default).

Two views of a clip teach each other, as in co-training (Blum and Mitchell 1998): what the frames show says
which clips may stand for an object, and how well the sounds of the *other* such clips explain a clip says
whether the object sounds in it alone. No clip explains itself, so a network that has learnt a
wrong label by heart has no say beyond the first choice.
"""

import logging
from collections.abc import Callable, Iterator

import numpy as np

from objectsounds.core.progress import Counter
from objectsounds.data.bags import Bags
from objectsounds.data.targets import softmax
from objectsounds.dictionaries.choice import Choice, whole_clips
from objectsounds.signal.bands import in_bands

SCREENING_STEPS = 5  # with all columns, which tell the
KEPT = 400  # columns that matter to a clip, and with these
FITTING_STEPS = 20  # more
BATCH = 16  # clips screened, or read, together
TINY = np.float32(1e-12)  # below it activations are 0; the columns sum to 1

log = logging.getLogger(__name__)


def merge_bins(bases: np.ndarray) -> np.ndarray:
    """Return bases, shape=(n, F, M), in bands, each basis with sum 1: float32 [shape=(n, bands, M)]."""
    merged = in_bands(bases, axis=1)
    return merged / np.maximum(merged.sum(axis=1, keepdims=True), 1e-12)


def _descend(V: np.ndarray, W: np.ndarray, H: np.ndarray, steps: int) -> None:
    """Update H, shape=(M, N), towards D_KL(V | WH) = min, in place; columns of W sum to 1, zeros of H stay.

    Multiplicative steps to the power of 1.5, which is stable below 2 (Badeau, Bertin and Vincent 2010) and
    about as many times faster.
    """
    for _ in range(steps):
        gain = W.T @ (V / (W @ H + TINY))
        H *= gain
        H *= np.sqrt(gain, out=gain)
        H *= H > TINY  # numbers that are next to none are slow


def _batches(count: int) -> Iterator[slice]:
    """Yield slices of ``BATCH`` that cover so many rows."""
    yield from (slice(first, min(first + BATCH, count)) for first in range(0, count, BATCH))


def explained_shares(
    bases: np.ndarray, chosen: list[np.ndarray], progress: Callable | None = None
) -> np.ndarray:
    """Return how much of each clip the chosen clips of each object explain, the clip itself left out.

    Each clip's bases are fitted by those of all chosen clips but itself (as in Gao eq. 4); an object's
    share is that of its activations. A few steps with all columns, many clips at once, tell which ``KEPT``
    columns matter to a clip; the others are then left out, so the cost of a clip hardly grows with the
    number of objects.

    Parameters
    ----------
    bases : np.ndarray, float32 [shape=(n, F, M)]
        Each with sum 1, or 0.
    chosen : list of np.ndarray
        Rows of the clips of each object.
    progress : callable, optional
        Called as ``progress(done, n, note)``.

    Returns
    -------
    np.ndarray [shape=(n, L)]
        Adds up to 1 over the objects; 0 where nothing is left to explain by.
    """
    count = bases.shape[2]
    clips = np.repeat(np.concatenate(chosen), count)
    owners = np.repeat(np.arange(len(chosen)), [len(rows) * count for rows in chosen])
    columns = np.concatenate([bases[row] for rows in chosen for row in rows], axis=1)
    columns = columns / np.maximum(columns.sum(axis=0), TINY)
    shares = np.zeros((len(bases), len(chosen)))
    for batch in _batches(len(bases)):
        wanted = np.concatenate(list(bases[batch]), axis=1)
        H = np.repeat(wanted.sum(axis=0, keepdims=True) / len(clips), len(clips), axis=0)
        of_clips = H.reshape(len(clips), -1, count)
        of_clips *= clips[:, None, None] != np.arange(batch.start, batch.stop)[:, None]
        _descend(wanted, columns, H, SCREENING_STEPS)
        for clip, activations in enumerate(of_clips.swapaxes(0, 1), start=batch.start):
            kept = np.argsort(-activations.sum(axis=1), kind="stable")[:KEPT]
            fitted = activations[kept]
            _descend(bases[clip], columns[:, kept], fitted, FITTING_STEPS)
            shares[clip] = np.bincount(owners[kept], fitted.sum(axis=1), minlength=len(chosen))
        if progress:
            progress(batch.stop, len(bases), "clips")
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)


def choose(maps: np.ndarray | None, bags: Bags, options: dict) -> Choice:
    """Choose all bases of the clips that look like one object and that its other clips explain.

    It begins with `choose_agreement`'s order, P_c V_c. Then, ``rounds`` times: the ``clips_per_object``
    first clips of each object explain all candidates, and each candidate is ranked again by the share
    that object c explains of it, times V_c. A clip in which another object sounds, seen or not, loses
    by the share of the other's sound. Once the first clips stay the same, so do all ranks, and it ends.

    Parameters
    ----------
    maps : np.ndarray [shape=(n, L, M)] or None
        None begins with V_c alone.
    bags : Bags
    options : dict
        Sections ``dictionary.surest`` (``clips_per_object``) and ``dictionary.consensus``.
    """
    count = options["clips_per_object"]
    ranks = bags.probabilities.astype(np.float64)
    if maps is not None:
        ranks = softmax(maps.max(axis=2), axis=1) * ranks
    fits = np.zeros(ranks.shape, dtype=bool)
    for target in range(ranks.shape[1]):
        fits[_best(ranks, bags.targets == 1, target, max(count, options["candidates"])), target] = True
    rows = np.flatnonzero(fits.any(axis=1))
    if not len(rows):
        return whole_clips(ranks, fits, bags, count)
    bases = np.concatenate([merge_bins(bags.read_bases(rows[batch])) for batch in _batches(len(rows))])
    before: list[list[int]] = []
    for number in range(1, options["rounds"] + 1):
        chosen = [_best(ranks[rows], fits[rows], target, count) for target in range(ranks.shape[1])]
        now = [sorted(clips.tolist()) for clips in chosen]
        if now == before:
            log.info("consensus: round %d would choose the same clips again", number)
            break
        before = now
        progress = Counter(f"consensus, round {number} of at most {options['rounds']}")
        ranks[rows] = explained_shares(bases, chosen, progress) * bags.probabilities[rows]
    return whole_clips(ranks, fits, bags, count)


def _best(ranks: np.ndarray, fits: np.ndarray, target: int, count: int) -> np.ndarray:
    """Return the rows of the ``count`` fitting clips of an object with the highest rank."""
    clips = np.flatnonzero(fits[:, target])
    return clips[np.argsort(-ranks[clips, target], kind="stable")][:count]
