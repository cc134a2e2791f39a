"""The rule ``exemplar``: the one clip that the labeller is surest of (Gao 4.3)."""

import numpy as np

from objectsounds.data.bags import Bags
from objectsounds.dictionaries.choice import Choice, whole_clips


def choose(maps: None, bags: Bags, options: dict) -> Choice:
    """Choose all bases of the one clip that the labeller is surest of (Gao 4.3, "visual exemplar").

    "An exemplar video is the one that has the largest confidence score for a class among all unlabeled
    training videos": of all clips, whether the score suffices for a label or not.
    """
    del maps, options
    return whole_clips(bags.probabilities, np.ones(bags.targets.shape, bool), bags, 1)
