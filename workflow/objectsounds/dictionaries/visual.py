"""The rule ``visual``: the clips that the labeller is surest of, whatever they sound like."""

import numpy as np

from objectsounds.data.bags import Bags
from objectsounds.dictionaries.choice import Choice, whole_clips


def choose(maps: None, bags: Bags, options: dict) -> Choice:
    """Choose all bases of the clips in which the labeller is surest that it sees one object alone.

    It asks no network, so what the MIML network adds is the difference to it. With V the labeller's
    predictions for the frames, pooled over them: of the clips whose one visual label is c, the
    ``clips_per_object`` with the highest V_c; where these are too few, of the other clips with label c.

    Parameters
    ----------
    maps : None
    bags : Bags
    options : dict
        Section ``dictionary.surest``, whose number of clips it takes.
    """
    del maps
    labels = bags.targets == 1
    alone = np.broadcast_to(labels.sum(axis=1, keepdims=True) == 1, labels.shape)
    return whole_clips(bags.probabilities, labels, bags, options["clips_per_object"], before=alone)
