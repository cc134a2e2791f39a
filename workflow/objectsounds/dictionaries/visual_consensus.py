"""The rule ``visual_consensus``: the clips that others explain, begun from what is seen alone."""

from objectsounds.data.bags import Bags
from objectsounds.dictionaries import consensus
from objectsounds.dictionaries.choice import Choice


def choose(maps: None, bags: Bags, options: dict) -> Choice:
    """Choose as the rule ``consensus`` does, but begin with the labeller's V_c in place of P_c V_c.

    What the MIML network adds to ``consensus`` is the difference to it.

    Parameters
    ----------
    maps : None
    bags : Bags
    options : dict
        As for `consensus.choose`.
    """
    return consensus.choose(maps, bags, options)
