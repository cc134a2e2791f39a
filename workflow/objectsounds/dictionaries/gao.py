"""The rule ``gao``: single bases above a threshold (Gao 3.4; Rowe 3.4.2)."""

import numpy as np

from objectsounds.data.bags import Bags
from objectsounds.data.targets import softmax
from objectsounds.dictionaries.choice import Choice


def choose(maps: np.ndarray, bags: Bags, options: dict) -> Choice:
    """Choose single bases by Gao's rule with Rowe's numbers (Gao 3.4; Rowe 3.4.2).

    The maps become probabilities by a softmax over a clip's bases. A basis is taken for a visually
    detected object if its probability is at least ``threshold`` and at least ``support_count`` bases
    of that clip reach ``support_threshold``; the ``max_bases`` most probable are kept.

    Parameters
    ----------
    maps : np.ndarray [shape=(n, L, M)]
    bags : Bags
    options : dict
        Section ``dictionary.gao``.
    """
    probabilities = softmax(maps, axis=2 if options["axis"] == "bases" else 1)
    choice = Choice()
    for target, name in enumerate(bags.objects):
        found = []
        labelled = np.flatnonzero(bags.targets[:, target])
        for clip in labelled:
            row = probabilities[clip, target]
            if (row >= options["support_threshold"]).sum() >= options["support_count"]:
                found += [(row[basis], clip, basis) for basis in np.flatnonzero(row >= options["threshold"])]
        found.sort(key=lambda item: (-item[0], item[1], item[2]))
        for score, clip, basis in found[: options["max_bases"]]:
            choice.add(target, clip, basis, score)
        if not found:
            choice.empty[name] = (
                "no train clip has this visual label"
                if not len(labelled)
                else f"in none of {len(labelled)} clips with this visual label do {options['support_count']} "
                f"bases reach {options['support_threshold']} and one {options['threshold']}"
            )
    return choice
