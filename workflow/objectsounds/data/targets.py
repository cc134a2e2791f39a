"""Frame scores become targets: pooled over frames, grouped to objects, thresholded (Gao 4.1)."""

from collections.abc import Callable

import numpy as np

from objectsounds.config.classes import ObjectClass
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import fraction, generator


def softmax(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the softmax along ``axis``, in float64."""
    shifted = np.exp(values - values.max(axis=axis, keepdims=True), dtype=np.float64)
    return shifted / shifted.sum(axis=axis, keepdims=True)


def pool_frames(scores: np.ndarray, pool: str) -> np.ndarray:
    """Pool frame scores of shape=(..., frames, C) to clip scores of shape=(..., C) (Gao 3.2: max)."""
    return scores.max(axis=-2) if pool == "max" else scores.mean(axis=-2)


def _members(classes: list[ObjectClass], class_names: list[str], choice: str) -> list[list[int]]:
    """Return each object's columns among the labeller's classes: by ImageNet index or by name."""
    if len(class_names) == 1000:
        return [list(item.imagenet_of(choice)) for item in classes]
    missing = [item.name for item in classes if item.name not in class_names]
    if missing:
        raise ObjectsoundsError(
            f"The labeller does not know {', '.join(missing)}; it knows {', '.join(class_names)}: "
            "give it pictures of them, or take them out of classes."
        )
    return [[class_names.index(item.name)] for item in classes]


def object_probabilities(
    scores: np.ndarray, class_names: list[str], classes: list[ObjectClass], options: dict
) -> np.ndarray:
    """Turn raw frame scores into a probability per object (Gao 4.2).

    Parameters
    ----------
    scores : np.ndarray [shape=(n, frames, C)]
        The labeller's raw scores.
    class_names : list of str
        The labeller's C classes.
    classes : list of ObjectClass
        The L objects.
    options : dict
        ``pool``, ``group_reduce``, ``scores`` and ``imagenet``.

    Returns
    -------
    np.ndarray, float64 [shape=(n, L)]
        Rows sum to one.
    """
    members = _members(classes, class_names, options["imagenet"])
    added = options["scores"] == "probability-sum"
    if added or options["group_reduce"] == "posterior-mean":
        pooled = pool_frames(softmax(scores), options["pool"])
        grouped = _grouped(pooled, members, np.sum if added else np.mean)
        return grouped / np.maximum(grouped.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    pooled = pool_frames(scores, options["pool"])
    return softmax(_grouped(pooled, members, np.mean if options["group_reduce"] == "mean" else np.max))


def _grouped(pooled: np.ndarray, members: list[list[int]], reduce: Callable) -> np.ndarray:
    """Reduce class values, shape=(n, C), to one value an object, shape=(n, L)."""
    return np.stack([reduce(pooled[:, columns], axis=1) for columns in members], axis=1)


def choose_labels(probabilities: np.ndarray, threshold: float, keep_argmax: bool) -> np.ndarray:
    """Return the visual labels, bool [shape=(n, L)]: objects above the threshold, and the most probable."""
    labels = probabilities > threshold
    if keep_argmax and len(labels):
        labels[np.arange(len(labels)), probabilities.argmax(axis=1)] = True
    return labels


def corrupt_labels(labels: np.ndarray, clip_ids: list[str], share: float, seed: int) -> np.ndarray:
    """Replace the labels of a share of the clips by as many wrong ones (Gao 4.4, robustness).

    Which clips, and which wrong labels, is drawn by clip: a larger share corrupts the same clips and
    more, and the share is exact.

    Parameters
    ----------
    labels : np.ndarray, uint8 [shape=(n, L)]
        Rows of ``UNKNOWN`` stay.
    clip_ids : list of str
    share : float
    seed : int
    """
    corrupted = labels.copy()
    mixed = np.flatnonzero((labels == 1).any(axis=1) & (labels == 0).any(axis=1))
    ranked = sorted(mixed, key=lambda index: fraction(seed, "label noise", clip_ids[index]))
    for index in ranked[: round(share * len(mixed))]:
        row = corrupted[index]
        true, wrong = np.flatnonzero(row == 1), np.flatnonzero(row == 0)
        draw = generator(seed, "label noise", clip_ids[index])
        row[true] = 0
        row[draw.choice(wrong, min(len(true), len(wrong)), replace=False)] = 1
    return corrupted
