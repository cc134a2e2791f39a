"""The functions behind the methods: (mixture, objects, model) to one waveform per object.

A method gets a ``Problem`` and returns a dictionary from object name to waveform, float32
[shape=(T,)]. Objects that it has nothing for are left out, with the reason in ``Problem.left_out``; the
caller says so in ``fallback``.
"""

from dataclasses import dataclass, field

import numpy as np

from objectsounds.dictionaries import Dictionary
from objectsounds.guided_masks import guided_masks, soft_masks
from objectsounds.transforms import Stft


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
        With the bins of the transform.
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
    sources : int
        How many sources sound; 0 where that is not known, as in a person's own video.
    left_out : dict
        Filled in by the method: object to the reason why it gets no estimate.
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
    model: object | None = None
    sources: int = 0
    left_out: dict[str, str] = field(default_factory=dict)


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
    bases = {name: problem.dictionary.of(name) for name in problem.objects}
    return _separate_by_bases(problem, bases, "empty dictionary")


def _separate_by_bases(problem: Problem, bases: dict[str, np.ndarray], why: str) -> dict[str, np.ndarray]:
    """Separate by fixed bases, shape=(F, m) an object; those without any are left out, for a reason."""
    names = [name for name, columns in bases.items() if columns.shape[1]]
    problem.left_out = {name: why for name in problem.objects if name not in names}
    if not names:
        return {}
    spectrogram = problem.transform.forward(problem.mixture)
    masks = guided_masks(
        np.abs(spectrogram),
        [bases[name] for name in names],
        iterations=problem.options["iterations"],
        tolerance=problem.options["tolerance"],
    )
    return apply_masks(problem, spectrogram, masks, names)


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
    bases = {name: problem.dictionary.of(other) for name, other in drawn.items()}
    return _separate_by_bases(problem, bases, "no absent object has bases")
