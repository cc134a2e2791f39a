"""Soft masks: each bin of a mixture shared among its sources."""

import numpy as np


def soft_masks(magnitudes: np.ndarray) -> np.ndarray:
    """Return V_j / sum V_i (Gao eq. 5) for magnitudes of shape=(J, F, N); 1 / J where all are 0."""
    total = magnitudes.sum(axis=0)
    empty = total <= 0
    masks = magnitudes / np.where(empty, 1, total)
    masks[:, empty] = 1 / len(magnitudes)
    return masks
