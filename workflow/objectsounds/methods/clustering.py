"""Methods that are not guided by any object: clustered NMF components, and the ideal binary mask.

They have the interface of ``objectsounds.methods.problem``. The clustering methods factor the mixture without
supervision and group the components by K-means, with K the number of true sources. A cluster has no
name: which object gets which cluster is fixed but means nothing, so these methods are scored with the
best matching as well (Gao 4.3). The factorisation and K-means draw from the mixture's seed.
"""

from collections.abc import Callable

import numpy as np

from objectsounds.core.seeds import generator, seed_of
from objectsounds.methods.problem import Problem, apply_masks
from objectsounds.signal import cepstra
from objectsounds.signal.masks import soft_masks
from objectsounds.signal.nmf import Factorization, factorize
from objectsounds.signal.transforms import bin_frequencies

RESTARTS = 10
MEL_BANDS = 20
MEL_COEFFICIENTS = slice(1, 14)
MEL_RANGE = 1e4


def kmeans_nmf(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by K-means over the components' spectra (Gao 4.3, "K-means Clustering").

    "We use the same number of basis vectors as our method ... and perform unsupervised NMF. K-means
    clustering is then used to group separated channels, with K equal to the number of ground-truth
    sources." Gao does not say what K-means sees. Here it is each component's spectrum of unit norm:
    the plainest reading, in which neither a component's level nor the split of a scale between W and
    H counts.

    Parameters
    ----------
    problem : Problem
        Its ``objects`` are the true ones; ``options`` hold ``iterations``, ``tolerance`` and
        ``components_per_source`` (see `component_count`).

    Returns
    -------
    dict
        Object to waveform [shape=(T,)]. A cluster that got no component is silence.
    """
    return _separate_by_clusters(problem, lambda spectra: spectra / np.linalg.norm(spectra, axis=0))


def mfcc_nmf(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by K-means over the components' MFCC (Spiertz and Gnann 2009; Gao 4.3, "MFCC").

    "The separated channels are first converted into Mel frequency cepstrum coefficients (MFCC), and
    then K-means clustering is used to group separated channels."

    Parameters
    ----------
    problem : Problem
        As for ``kmeans_nmf``; also its ``rate`` in Hz, unless its transform has ``frequencies``.

    Returns
    -------
    dict
        As for ``kmeans_nmf``.
    """
    frequencies = bin_frequencies(problem.transform, problem.rate)
    return _separate_by_clusters(problem, lambda spectra: mel_cepstra(spectra, frequencies))


def ideal_binary_mask(problem: Problem) -> dict[str, np.ndarray]:
    """Return what the mixture gives where each bin belongs to the reference that is loudest there."""
    names = list(problem.references)
    magnitudes = np.stack([np.abs(problem.transform.forward(problem.references[name])) for name in names])
    return apply_masks(problem, problem.transform.forward(problem.mixture), binary_masks(magnitudes), names)


def binary_masks(magnitudes: np.ndarray) -> np.ndarray:
    """Return 1 where V_j is the largest, else 0, for magnitudes of shape=(J, F, N); k equals get 1 / k."""
    largest = magnitudes == magnitudes.max(axis=0)
    return (largest / largest.sum(axis=0)).astype(np.float32)


def _separate_by_clusters(
    problem: Problem, features_of: Callable[[np.ndarray], np.ndarray]
) -> dict[str, np.ndarray]:
    """Factor the mixture, cluster its components by ``features_of(spectra)`` [shape=(D, M)], and mask."""
    spectrogram = problem.transform.forward(problem.mixture)
    fit = factorize(
        np.abs(spectrogram),
        component_count(problem),
        generator=generator(problem.seed, "clustering", "nmf"),
        iterations=problem.options["iterations"],
        tolerance=problem.options["tolerance"],
    )
    spectra = component_spectra(fit)
    audible = np.flatnonzero(spectra.any(axis=0))
    seed = seed_of(problem.seed, "clustering", "kmeans")
    labels = cluster(features_of(spectra[:, audible]).T, len(problem.objects), seed)
    members = [audible[labels == index] for index in range(len(problem.objects))]
    magnitudes = np.stack([fit.bases[:, own] @ fit.activations[own] for own in members])
    return apply_masks(problem, spectrogram, soft_masks(magnitudes), problem.objects)


def component_count(problem: Problem) -> int:
    """Return the number of components of the mixture: "the same number of basis vectors as our method".

    Gao does not give it. By ``components_per_source`` it is M a source, what one clip is factored into; with
    None there it is the number of bases that the problem's dictionary has for the objects, at least one each.
    """
    if problem.options["components_per_source"] is not None:
        return problem.options["components_per_source"] * len(problem.objects)
    return sum(max(problem.dictionary.of(name).shape[1], 1) for name in problem.objects)


def component_spectra(fit: Factorization) -> np.ndarray:
    """Return each component's spectrum at its own level: W_i times the norm of H_i, shape=(F, M).

    W_i alone has no level, its scale is the product of the random start.
    """
    return fit.bases * np.linalg.norm(fit.activations, axis=1)


def cluster(features: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return the cluster of each point by K-means.

    Parameters
    ----------
    features : np.ndarray [shape=(M, D)]
        Finite; M may be 0.
    count : int
        K. With fewer distinct points than K, the last clusters stay empty.
    seed : int

    Returns
    -------
    np.ndarray, int [shape=(M,)]
        Clusters are numbered by their first member, so the numbers do not depend on K-means' start.
    """
    from sklearn.cluster import KMeans

    count = min(count, len(np.unique(features, axis=0)))
    if count < 2:
        return np.zeros(len(features), dtype=int)
    labels = KMeans(count, n_init=RESTARTS, random_state=seed % 2**32).fit_predict(features)
    _, first, number = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number]


def mel_cepstra(spectra: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Return mel frequency cepstrum coefficients 1 to 13 of magnitude spectra, shape=(13, M).

    The loudest mel magnitude of all spectra is ``MEL_RANGE``: what lies 80 dB below it is as good as silence
    and does not decide the cluster.

    Parameters
    ----------
    spectra : np.ndarray [shape=(F, M)]
        Magnitudes; M may be 0.
    frequencies : np.ndarray [shape=(F,)]
        Hz, in any spacing.
    """
    filters = cepstra.mel_filters(frequencies, MEL_BANDS)
    loudest = (filters @ spectra).max(initial=0.0)
    return cepstra.mel_cepstra(spectra, filters, MEL_COEFFICIENTS, MEL_RANGE, loudest)
