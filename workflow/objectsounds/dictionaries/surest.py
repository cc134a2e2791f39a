"""The rule ``surest``: the clips in which the network is surest of exactly one object."""

import numpy as np

from objectsounds.data.bags import Bags
from objectsounds.data.targets import softmax
from objectsounds.dictionaries.choice import Choice, whole_clips


def choose(maps: np.ndarray, bags: Bags, options: dict) -> Choice:
    """Choose all bases of the clips in which the network is surest of exactly one object.

    With P the softmax over objects of the bag scores: of the clips whose visual labels hold c and
    whose argmax of P is c, the ``clips_per_object`` with the highest P_c.

    Parameters
    ----------
    maps : np.ndarray [shape=(n, L, M)]
    bags : Bags
    options : dict
        Section ``dictionary.surest``.
    """
    probabilities = softmax(maps.max(axis=2), axis=1)
    fits = (bags.targets == 1) & (probabilities == probabilities.max(axis=1, keepdims=True))
    why = "the network is surest of this object in none of {labelled} clips with this visual label"
    return whole_clips(probabilities, fits, bags, options["clips_per_object"], why)
