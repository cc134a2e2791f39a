"""Guided NMF and a network together: what each says of every bin, multiplied."""

from dataclasses import replace

import numpy as np

from objectsounds.media.wav import resampled
from objectsounds.methods.guided import guided_nmf
from objectsounds.methods.neural import masks_among_seen
from objectsounds.methods.problem import Problem, apply_masks
from objectsounds.signal.transforms import bin_frequencies

LEAST = 1e-3  # no share of one lies nearer to 0, so that the other can still object
TINY = 1e-7  # magnitudes below it tell nothing: the shares are equal


def shares(estimates: list[np.ndarray], problem: Problem) -> np.ndarray:
    """Return each estimate's share of their magnitudes, shape=(J, F, N), of waveforms of shape=(T,)."""
    found = np.stack([np.abs(problem.transform.forward(waveform)) for waveform in estimates]) + TINY
    return np.clip(found / found.sum(axis=0), LEAST, 1)


def masks_of_both(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by the product of guided NMF's masks and the U-Net's, with the mixture's phase.

    A product of experts (Hinton 2002): where one is sure and the other is not, the sure one decides. The
    network hears the mixture at its own rate, and above half of that it has no say.
    """
    model, length = problem.model, len(problem.mixture)
    by_bases = guided_nmf(problem)
    names = list(by_bases)
    if len(names) < 2:
        return by_bases
    heard = resampled(problem.mixture, problem.rate, model.rate)
    by_network = masks_among_seen(replace(problem, mixture=heard, objects=names))
    told = [resampled(by_network[name], model.rate, problem.rate, length) for name in names]
    by_ear = shares(told, problem)
    # What resampling leaves up there is faint, but shares do not know how faint.
    by_ear[:, bin_frequencies(problem.transform, problem.rate) > model.rate / 2] = 1 / len(names)
    masks = shares(list(by_bases.values()), problem) * by_ear
    spectrogram = problem.transform.forward(problem.mixture)
    return apply_masks(problem, spectrogram, masks / masks.sum(axis=0), names)
