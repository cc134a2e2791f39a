"""Clips with labels, for the tests of the rules."""

import numpy as np

from objectsounds.data.bags import Bags


def bags(targets, objects=("drum", "piano"), probabilities=None, truth=None, bases=3):
    targets = np.array(targets, np.uint8)
    truth = targets if truth is None else np.array(truth, np.uint8)
    seen = targets / 1.0 if probabilities is None else np.array(probabilities)
    ids = [str(i) for i in range(len(targets))]
    return Bags(None, ids, list(objects), seen, targets, truth, truth, truth, (len(targets), 30, bases))


def ranked(scores, fits, count, bases):
    """Return (object, clip, basis, score) of the best fitting clips, in plain loops."""
    rows = []
    for target in range(scores.shape[1]):
        clips = [clip for clip in range(len(scores)) if fits[clip, target]]
        for clip in sorted(clips, key=lambda clip: -scores[clip, target])[:count]:
            rows += [(target, clip, basis, scores[clip, target]) for basis in range(bases)]
    return rows
