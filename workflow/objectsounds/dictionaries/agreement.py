"""The rule ``agreement``: the clips in which network and labeller agree best."""

import numpy as np

from objectsounds.data.bags import Bags
from objectsounds.data.targets import softmax
from objectsounds.dictionaries.choice import Choice, whole_clips


def choose(maps: np.ndarray, bags: Bags, options: dict) -> Choice:
    """Choose all bases of the clips in which network and labeller agree best.

    With P as for `surest.choose`, the network's predictions for the sounds, and V the labeller's for the
    frames: of the clips whose visual labels hold c, the ``clips_per_object`` with the highest P_c V_c. A
    clip in which a second object is seen has a lower V_c, one in which a second one sounds a lower P_c; and
    an object that the network is never surest of is not left without bases.

    Parameters
    ----------
    maps : np.ndarray [shape=(n, L, M)]
    bags : Bags
    options : dict
        Section ``dictionary.surest``, whose number of clips it takes.
    """
    agreed = softmax(maps.max(axis=2), axis=1) * bags.probabilities
    return whole_clips(agreed, bags.targets == 1, bags, options["clips_per_object"])
