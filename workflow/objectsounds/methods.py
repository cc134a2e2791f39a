"""The functions behind the methods: (mixture, objects, model) to one waveform per object.

A method gets a ``Problem`` and returns a dictionary from object name to waveform, float32
[shape=(T,)]. Objects that it has nothing for are left out; the caller says so in ``fallback``.
"""

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from objectsounds.dictionaries import Dictionary
from objectsounds.nmf import Factorization, fit_activations
from objectsounds.transforms import Stft

if TYPE_CHECKING:
    from objectsounds.learned import Learned  # imports torch


@dataclass
class Problem:
    """One mixture to separate.

    Attributes
    ----------
    mixture : np.ndarray [shape=(T,)]
    objects : list of str
        The objects to separate: detected ones for guided methods, else the true ones.
    transform : Stft
    options : dict
        Section ``separate`` of the settings.
    dictionary : Dictionary or None
    references : dict
        Object to true waveform; given to oracles alone.
    rate : int
        Hz.
    seed : int
        For methods that draw; another for each mixture.
    clips : list of str
        What was mixed.
    model : Learned or None
        The trained network of a learned method.
    """

    mixture: np.ndarray
    objects: list[str]
    transform: Stft
    options: dict
    dictionary: Dictionary | None = None
    references: dict[str, np.ndarray] = field(default_factory=dict)
    rate: int = 0
    seed: int = 0
    clips: list[str] = field(default_factory=list)
    model: "Learned | None" = None


def soft_masks(magnitudes: np.ndarray) -> np.ndarray:
    """Return V_j / sum V_i (Gao eq. 5) for magnitudes of shape=(J, F, N); 1 / J where all are 0."""
    total = magnitudes.sum(axis=0)
    empty = total <= 0
    masks = magnitudes / np.where(empty, 1, total)
    masks[:, empty] = 1 / len(magnitudes)
    return masks


def apply_masks(problem: Problem, spectrogram: np.ndarray, masks: np.ndarray, names: list[str]) -> dict:
    """Return the waveform of each masked spectrogram."""
    length = len(problem.mixture)
    return {
        name: problem.transform.inverse(spectrogram * mask, length)
        for name, mask in zip(names, masks, strict=True)
    }


def unprocessed(problem: Problem) -> dict[str, np.ndarray]:
    """Return the mixture itself for every object: what any method must beat."""
    return dict.fromkeys(problem.objects, problem.mixture)


def ideal_ratio_mask(problem: Problem) -> dict[str, np.ndarray]:
    """Return what the references' own magnitudes as soft masks give: the limit of masks on this STFT."""
    names = list(problem.references)
    magnitudes = np.stack([np.abs(problem.transform.forward(problem.references[name])) for name in names])
    return apply_masks(problem, problem.transform.forward(problem.mixture), soft_masks(magnitudes), names)


def guided_nmf(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by the objects' fixed bases (Gao 3.5, eq. 4 and 5)."""
    return separate_by_bases(problem, {name: problem.dictionary.of(name) for name in problem.objects})


def separate_by_bases(problem: Problem, bases: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Separate by fixed bases, shape=(F, m) an object; those without any are left out."""
    names = [name for name, columns in bases.items() if columns.shape[1]]
    if not names:
        return {}
    spectrogram = problem.transform.forward(problem.mixture)
    fit = fit_activations(
        np.abs(spectrogram),
        np.concatenate([bases[name] for name in names], axis=1),
        iterations=problem.options["iterations"],
        tolerance=problem.options["tolerance"],
    )
    masks = masks_of_groups(fit, [bases[name].shape[1] for name in names])
    return apply_masks(problem, spectrogram, masks, names)


def masks_of_groups(fit: Factorization, sizes: list[int]) -> np.ndarray:
    """Return the soft masks, shape=(J, F, N), of a fit whose bases stand in J groups of these sizes."""
    edges = np.cumsum([0, *sizes])
    return soft_masks(
        np.stack([fit.bases[:, a:b] @ fit.activations[a:b] for a, b in itertools.pairwise(edges)])
    )


def unmatched_objects(problem: Problem) -> dict[str, str]:
    """Return for each object of the problem one, drawn, that is absent from it and has bases (Gao 4.3).

    Different objects get different ones as long as there are enough.
    """
    absent = [
        name
        for name in problem.dictionary.objects
        if name not in problem.objects and problem.dictionary.of(name).shape[1]
    ]
    if not absent:
        return {}
    drawn = np.random.default_rng(problem.seed).permutation(absent).tolist()
    return {name: drawn[index % len(drawn)] for index, name in enumerate(problem.objects)}


def unmatched_nmf(problem: Problem) -> dict[str, np.ndarray]:
    """Separate by the bases of objects that are not there: what guidance is worth (Gao 4.3)."""
    drawn = unmatched_objects(problem)
    return separate_by_bases(problem, {name: problem.dictionary.of(other) for name, other in drawn.items()})
