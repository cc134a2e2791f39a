"""The rule ``consensus``: the clips that the other clips of their object explain.

Two views of a clip teach each other, as in co-training (Blum and Mitchell 1998): what the frames show says
which clips may stand for an object, and how well the sounds of the *other* such clips explain a clip says
whether the object sounds in it alone. No clip explains itself, so a network that has learnt a
wrong label by heart has no say beyond the first choice.
"""

import logging

import numpy as np

from objectsounds.data.bags import Bags
from objectsounds.data.targets import softmax
from objectsounds.dictionaries.choice import Choice, whole_clips
from objectsounds.signal.nmf import fit_activations

ITERATIONS = 40
FINE_BINS = 200  # bins up to here are kept, those above are added up
COARSE_BANDS = 80

log = logging.getLogger(__name__)


def merge_bins(bases: np.ndarray) -> np.ndarray:
    """Return bases, shape=(n, F, M), with fewer bins, each basis with sum 1: float32 [shape=(n, bands, M)].

    The lowest bins are kept, which at 10 Hz tell pitches apart; those above are added up in bands of
    equal width on a logarithmic axis. It is enough to tell sounds apart, and ten times cheaper.
    """
    bins = bases.shape[1]
    coarse = np.geomspace(min(FINE_BINS, bins), bins, COARSE_BANDS).astype(int)
    edges = np.unique(np.concatenate([np.arange(min(FINE_BINS, bins)), coarse]))
    merged = np.add.reduceat(bases, edges[edges < bins], axis=1)
    return merged / np.maximum(merged.sum(axis=1, keepdims=True), 1e-12)


def explained_shares(bases: np.ndarray, chosen: list[np.ndarray]) -> np.ndarray:
    """Return how much of each clip the chosen clips of each object explain, the clip itself left out.

    Each clip's bases are fitted by those of all chosen clips but itself (as in Gao eq. 4); an object's
    share is that of its activations.

    Parameters
    ----------
    bases : np.ndarray [shape=(n, F, M)]
        Each with sum 1, or 0.
    chosen : list of np.ndarray
        Rows of the clips of each object.

    Returns
    -------
    np.ndarray [shape=(n, L)]
        Adds up to 1 over the objects; 0 where nothing is left to explain by.
    """
    count = bases.shape[2]
    clips = np.repeat(np.concatenate(chosen), count)
    owners = np.repeat(np.arange(len(chosen)), [len(rows) * count for rows in chosen])
    columns_of_all = np.concatenate([bases[row] for rows in chosen for row in rows], axis=1)
    shares = np.zeros((len(bases), len(chosen)))
    for clip, columns in enumerate(bases):
        others = clips != clip
        if others.any():
            fit = fit_activations(columns, columns_of_all[:, others], iterations=ITERATIONS)
            energy = (fit.activations * fit.bases.sum(axis=0)[:, None]).sum(axis=1, dtype=np.float64)
            shares[clip] = np.bincount(owners[others], energy, minlength=len(chosen))
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)


def choose(maps: np.ndarray, bags: Bags, options: dict) -> Choice:
    """Choose all bases of the clips that look like one object and that its other clips explain.

    It begins with `choose_agreement`'s order, P_c V_c. Then, ``rounds`` times: the ``clips_per_object``
    first clips of each object explain all candidates, and each candidate is ranked again by the share
    that object c explains of it, times V_c. A clip in which another object sounds, seen or not, loses
    by the share of the other's sound.

    Parameters
    ----------
    maps : np.ndarray [shape=(n, L, M)]
    bags : Bags
    options : dict
        Sections ``dictionary.surest`` (``clips_per_object``) and ``dictionary.consensus``.
    """
    count = options["clips_per_object"]
    ranks = softmax(maps.max(axis=2), axis=1) * bags.probabilities
    fits = np.zeros(ranks.shape, dtype=bool)
    for target in range(ranks.shape[1]):
        fits[_best(ranks, bags.targets == 1, target, max(count, options["candidates"])), target] = True
    rows = np.flatnonzero(fits.any(axis=1))
    if not len(rows):
        return whole_clips(ranks, fits, bags, count)
    bases = merge_bins(bags.read_bases(rows))
    for number in range(options["rounds"]):
        chosen = [_best(ranks[rows], fits[rows], target, count) for target in range(ranks.shape[1])]
        ranks[rows] = explained_shares(bases, chosen) * bags.probabilities[rows]
        log.info(
            "round %d of %d: %d clips explain %d",
            number + 1,
            options["rounds"],
            len(set(np.concatenate(chosen).tolist())),
            len(rows),
        )
    return whole_clips(ranks, fits, bags, count)


def _best(ranks: np.ndarray, fits: np.ndarray, target: int, count: int) -> np.ndarray:
    """Return the rows of the ``count`` fitting clips of an object with the highest rank."""
    clips = np.flatnonzero(fits[:, target])
    return clips[np.argsort(-ranks[clips, target], kind="stable")][:count]
