"""The rule ``solo``: clips in which just this object sounds, by the lists' labels."""

from objectsounds.core.seeds import generator
from objectsounds.data.bags import Bags
from objectsounds.dictionaries.choice import Choice, whole_clips


def choose(maps: None, bags: Bags, options: dict) -> Choice:
    """Choose all bases of clips in which just this object sounds, by the lists' labels, drawn by seed.

    As many clips as ``surest`` takes: a reference for what a rule could reach, not a bound.
    """
    del maps
    truth = bags.audioset == 1
    draw = generator(options["seed"], "dictionary", "solo")
    alone = truth & (truth.sum(axis=1, keepdims=True) == 1)
    order = draw.random((len(truth), 1)).repeat(truth.shape[1], axis=1)
    return whole_clips(order, alone, bags, options["clips_per_object"], "it sounds alone in no train clip")
