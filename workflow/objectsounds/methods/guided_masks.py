"""Guided separation, once for all who use it: the objects' fixed bases become masks (Gao 3.5 and 4.5).

``methods`` separates test mixtures with it, ``guided`` a person's own sounds, ``denoise`` noisy clips.
"""

import itertools

import numpy as np

from objectsounds.config.method_table import NO_REFINEMENT
from objectsounds.dictionaries.file import Dictionary
from objectsounds.methods.refinement import Refinement
from objectsounds.methods.timbre import Timbre, features
from objectsounds.methods.trust import Trust
from objectsounds.signal.bands import in_bands
from objectsounds.signal.block_sparsity import BlockSparsity
from objectsounds.signal.masks import soft_masks
from objectsounds.signal.nmf import fit_activations, fit_with_free_bases
from objectsounds.signal.transforms import Stft, bin_frequencies, transform_of

BANDS_TOLERANCE = 1e-3  # where ``bands`` is set: what is gained more slowly is in no mask
SILENT = 3e-5  # of a sound, all of it together: bases that explain less are let go where ``bands`` is set


def guided_masks(
    magnitude: np.ndarray,
    bases: list[np.ndarray],
    *,
    iterations: int,
    tolerance: float,
    free: np.random.Generator | None = None,
    sparsity: BlockSparsity | None = None,
    refinement: Refinement | None = None,
    bands: bool = False,
) -> np.ndarray:
    """Return what share of each bin the bases of each object explain (Gao eq. 4 and 5).

    Parameters
    ----------
    magnitude : np.ndarray [shape=(F, N)]
    bases : list of np.ndarray [shape=(K, m_j)]
        Of each of J objects, at least one basis; K is at most F. Of the bins above K the bases know nothing.
    iterations, tolerance
        As in ``nmf.fit_activations``; with ``bands`` the tolerance is 0 or at least ``BANDS_TOLERANCE``.
    free : np.random.Generator, optional
        If given, as many free bases as the objects have are fitted beside theirs, which adapt to what is
        none of them (Gao 4.5); it draws where they start.
    sparsity : BlockSparsity, optional
        Which of the objects' bases, in their order, come from one clip.
    refinement : Refinement, optional
        Refines the masks by the mixture itself.
    bands : bool
        Whether activations are fitted in bands of bins (`objectsounds.signal.bands`), and bases that stay
        silent are let go, which is several times faster; what they explain, and the masks, have all bins.
        Not with ``free``, whose bases have all bins.

    Returns
    -------
    np.ndarray [shape=(J, F, N)], with ``free`` [shape=(J + 1, F, N)]
        The masks of the objects, in their order, then that of the free bases; they sum to one. Above the
        bins that the bases know all is the free bases', or shared evenly among the objects.
    """
    held, sizes = np.concatenate(bases, axis=1), [part.shape[1] for part in bases]
    known, limits = magnitude[: len(held)], {"iterations": iterations, "tolerance": tolerance}
    if sparsity is not None:
        limits["sparsity"] = sparsity
    if free is None:
        if bands and tolerance:
            limits["tolerance"] = max(tolerance, BANDS_TOLERANCE)
        fitted = (in_bands(known), in_bands(held)) if bands else (known, held)
        fit = fit_activations(*fitted, least=SILENT if bands else 0.0, **limits)
    else:
        sizes.append(sum(sizes))
        fit = fit_with_free_bases(known, held, sizes[-1], generator=free, **limits)
    edges = np.cumsum([0, *sizes])
    columns = held.astype(np.float32, copy=False) if bands and free is None else fit.bases
    explained = np.stack([columns[:, a:b] @ fit.activations[a:b] for a, b in itertools.pairwise(edges)])
    masks = refinement(known, explained) if refinement is not None else soft_masks(explained)
    if len(known) == len(magnitude):
        return masks
    above = np.zeros((len(masks), len(magnitude) - len(known), magnitude.shape[1]), masks.dtype)
    if free is None:
        above += 1 / len(masks)
    else:
        above[-1] = 1
    return np.concatenate([masks, above], axis=1)


def clip_sparsity(options: dict, dictionary: Dictionary, names: list[str]) -> BlockSparsity | None:
    """Return the block sparsity that section ``separate`` asks for, of objects' bases; None for none."""
    strength = options.get("block_sparsity", 0)  # older model files have no such key
    if strength <= 0:
        return None
    return BlockSparsity.of_clips(strength, [dictionary.clips_of(name) for name in names])


def refinement_of(
    options: dict,
    dictionary: Dictionary,
    names: list[str],
    bases: list[np.ndarray],
    transform: Stft,
    rate: int,
    seed: int,
) -> Refinement | None:
    """Return the refinement of masks that section ``separate`` asks for; None for none.

    Parameters
    ----------
    options : dict
        Section ``separate``.
    dictionary : Dictionary
        Of ``names``, whose ``bases`` are those that separate.
    names : list of str
        The objects.
    bases : list of np.ndarray [shape=(K, m_j)]
        Of each object, as in ``guided_masks``.
    transform : Stft
        Of the sound that is separated, whose rate is ``rate`` Hz.
    seed : int
        Of what is drawn.
    """
    chosen = options.get("refine", NO_REFINEMENT)  # older model files have no such key
    if chosen == NO_REFINEMENT:
        return None
    frames = max(1, round(chosen["smooth_seconds"] * rate / transform.hop))
    timbre = None
    if chosen["timbre"] and chosen["components"] and len(names) > 1:
        timbre = _timbre_of(dictionary, names, bases, bin_frequencies(transform, rate)[: len(bases[0])])
    bands = options.get("bands", False)  # older model files have no such key
    return Refinement(frames, tuple(chosen["components"]), seed, timbre, bands=bands)


def _timbre_of(
    dictionary: Dictionary, names: list[str], bases: list[np.ndarray], frequencies: np.ndarray
) -> Timbre:
    """Return the timbre of objects, learnt once for a dictionary."""
    bins = (len(frequencies), float(frequencies[-1]))

    def learnt() -> Timbre:
        points = [
            dictionary.once(("features", name, bins), lambda part=part: features(part, frequencies))
            for name, part in zip(names, bases, strict=True)
        ]
        return Timbre(points, [dictionary.clips_of(name) for name in names], frequencies)

    return dictionary.once(("timbre", tuple(names), bins), learnt)


def trust_of(
    refinement: Refinement | None, bases: list[np.ndarray], transform: Stft, rate: int
) -> Trust | None:
    """Return what a refinement gathers to tell how far its masks can be trusted.

    None where that is not known: for one object, and for masks that components do not refine.
    """
    if refinement is None or not refinement.components or len(bases) < 2:
        return None
    refinement.trust = Trust(bases, bin_frequencies(transform, rate)[: len(bases[0])])
    return refinement.trust


def bases_at(rate: int, bases: np.ndarray, settings: dict, learnt_rate: int) -> np.ndarray:
    """Return bases, shape=(F, M), for a sound of another rate (Hz) than that of the clips they are from.

    Of the STFT the bins are the same ones at any rate, so those above half the rate are cut. Those of the
    constant-Q transform differ a little where they are evenly spaced, and are interpolated over frequency.

    Parameters
    ----------
    rate, learnt_rate : int
        Of the sound, and of the clips (``clips.sample_rate`` of the run that learnt them), in Hz.
    bases : np.ndarray [shape=(F, M)]
    settings : dict
        The transform's keys in ``bases``.

    Returns
    -------
    np.ndarray [shape=(K, M)]
        The lowest K bins of the sound's transform; of what lies above, the bases know nothing.
    """
    if rate == learnt_rate:
        return bases
    transform = transform_of(settings, rate)
    if settings["bases"]["transform"] == "stft":
        return bases[: transform.window // 2 + 1]
    wanted, known = transform.frequencies, transform_of(settings, learnt_rate).frequencies
    wanted = wanted[wanted <= known[-1]]
    return np.stack([np.interp(wanted, known, column) for column in bases.T], axis=1).astype(np.float32)
