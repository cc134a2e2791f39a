"""How well the labeller does on the clips, by the ground truth that is kept for evaluation alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from objectsounds.data.bags import UNKNOWN, open_dataset


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


def label_rates(targets: np.ndarray, truth: np.ndarray, objects: list[str]) -> list[dict]:
    """Return per object how often it is a visual label where it is true, and where it is not.

    The second is what chance would give: labels that know nothing of the clip are as frequent in both.

    Parameters
    ----------
    targets, truth : np.ndarray [shape=(n, L)]
        Rows of ``truth`` that hold 255 are unknown and left out.
    objects : list of str

    Returns
    -------
    list of dict
        ``object``, ``clips`` in which it is true, ``found`` and ``chance``: shares, None without clips.
    """
    known = (truth != UNKNOWN).all(axis=1)
    targets, truth = targets[known], truth[known] == 1
    rows = []
    for column, name in enumerate(objects):
        labelled, true = targets[:, column] == 1, truth[:, column]
        rows.append(
            {
                "object": name,
                "clips": int(true.sum()),
                "found": float(labelled[true].mean()) if true.any() else None,
                "chance": float(labelled[~true].mean()) if (~true).any() else None,
            }
        )
    return rows


def confusion(targets: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return how often each object is a label of the clips that hold another alone, and how many those are.

    Parameters
    ----------
    targets, truth : np.ndarray [shape=(n, L)]
        Rows of ``truth`` that hold 255 are unknown and left out.

    Returns
    -------
    shares : np.ndarray [shape=(L, L)]
        By what is true (rows; NaN without clips) and what is labelled (columns, perhaps several a clip).
    counts : list of int
    """
    alone = (truth != UNKNOWN).all(axis=1) & ((truth == 1).sum(axis=1) == 1)
    targets, truth = targets[alone] == 1, truth[alone] == 1
    counts = truth.sum(axis=0)
    hits = truth.T.astype(float) @ targets
    with np.errstate(invalid="ignore"):
        return np.where(counts[:, None] > 0, hits / counts[:, None], np.nan), counts.tolist()


@dataclass
class _Part:
    """The labels and truths of some clips, arrays of shape=(n, L)."""

    targets: np.ndarray
    probabilities: np.ndarray
    visible: np.ndarray
    audioset: np.ndarray


def _row(part: _Part) -> dict:
    known = (part.audioset != UNKNOWN).all(axis=1)
    top = part.probabilities[known].argmax(axis=1)
    heard = part.audioset[known][np.arange(known.sum()), top] == 1
    errors = label_errors(part.targets, part.probabilities, part.visible)
    top_sounds = float(heard.mean()) if len(heard) else float("nan")
    return errors | {"top_sounds": top_sounds, "listed": len(heard), "all": len(part.targets)}


def _joined(parts: list[_Part]) -> _Part:
    names = ("targets", "probabilities", "visible", "audioset")
    return _Part(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def labeller_accuracy(results: Path) -> dict:
    """Return how good the visual labels are.

    Returns
    -------
    dict
        ``splits``: per split, and for all, the errors on what is seen and the agreement with what
        sounds; ``rates``: `label_rates` by what sounds, over all splits; ``confusions``: what is true
        ("sounds", "is seen") to `confusion` over all splits, where it is known; ``objects``.
    """
    rows, parts, objects = [], [], []
    for split in ("train", "val", "test"):
        path = results / "dataset" / "default" / f"{split}.h5"
        if not path.exists():
            continue
        bags = open_dataset(path, bases=False)
        parts.append(_Part(bags.targets, bags.probabilities, bags.visible, bags.audioset))
        objects = bags.objects
        rows.append({"split": split, **_row(parts[-1])})
    if len(parts) > 1:
        rows.append({"split": "all", **_row(_joined(parts))})
    whole = _joined(parts) if parts else None
    rates = label_rates(whole.targets, whole.audioset, objects) if whole else []
    truths = {"sounds": whole.audioset, "is seen": whole.visible} if whole else {}
    found = {name: confusion(whole.targets, truth) for name, truth in truths.items()}
    known = {name: pair for name, pair in found.items() if any(pair[1])}
    return {"splits": rows, "rates": rates, "confusions": known, "objects": objects}
