"""How well the labeller does on the clips, by the ground truth that is kept for evaluation alone."""

from pathlib import Path

import numpy as np

from objectsounds.dataset import UNKNOWN, open_dataset


def label_errors(targets: np.ndarray, probabilities: np.ndarray, visible: np.ndarray) -> dict[str, float]:
    """Compare visual labels with what is seen.

    Parameters
    ----------
    targets, probabilities, visible : np.ndarray [shape=(n, L)]
        Rows of ``visible`` that hold 255 are unknown and left out.

    Returns
    -------
    dict
        ``clips`` that are known, ``wrong_set``: share whose labels are not exactly the visible
        objects, ``wrong_top``: share whose most probable object is not visible.
    """
    known = (visible != UNKNOWN).all(axis=1)
    targets, probabilities, visible = targets[known], probabilities[known], visible[known]
    if not len(targets):
        return {"clips": 0, "wrong_set": float("nan"), "wrong_top": float("nan")}
    top = visible[np.arange(len(visible)), probabilities.argmax(axis=1)]
    return {
        "clips": len(targets),
        "wrong_set": float((targets != visible).any(axis=1).mean()),
        "wrong_top": float((top == 0).mean()),
    }


def _row(targets: np.ndarray, probabilities: np.ndarray, visible: np.ndarray, audioset: np.ndarray) -> dict:
    heard = audioset[np.arange(len(audioset)), probabilities.argmax(axis=1)] == 1
    errors = label_errors(targets, probabilities, visible)
    return errors | {"top_sounds": float(heard.mean()), "all": len(targets)}


def labeller_accuracy(results: Path) -> list[dict]:
    """Return per split, and for all, the errors on what is seen and the agreement with what sounds."""
    rows, parts = [], []
    for split in ("train", "val", "test"):
        path = results / "dataset" / "default" / f"{split}.h5"
        if not path.exists():
            continue
        bags = open_dataset(path, bases=False)
        parts.append((bags.targets, bags.probabilities, bags.visible, bags.audioset))
        rows.append({"split": split, **_row(*parts[-1])})
    if len(parts) > 1:
        rows.append({"split": "all", **_row(*map(np.concatenate, zip(*parts, strict=True)))})
    return rows
