"""The unprocessed mixture and the ideal ratio mask: floor and limit."""

import numpy as np

from objectsounds.methods.problem import Problem, apply_masks
from objectsounds.signal.masks import soft_masks


def unprocessed(problem: Problem) -> dict[str, np.ndarray]:
    """Return the mixture itself for every object: what any method must beat."""
    return dict.fromkeys(problem.objects, problem.mixture)


def ideal_ratio_mask(problem: Problem) -> dict[str, np.ndarray]:
    """Return what the references' own magnitudes as soft masks give: the limit of masks on this STFT."""
    names = list(problem.references)
    magnitudes = np.stack([np.abs(problem.transform.forward(problem.references[name])) for name in names])
    return apply_masks(problem, problem.transform.forward(problem.mixture), soft_masks(magnitudes), names)
