"""Stage ``ablation_table``: how often each way to look at the frames is right, in a table and a picture.

What counts as right: Rowe et al. compare with AudioSet's labels per class, but do not define their
accuracy. Here a clip's answer is its most probable object, and the truth is what the lists say that sounds
(AudioSet says nothing of what is seen). A clip in use takes part if it holds a label of the configured
objects. The accuracy of an object is the share of right answers among the clips that are labelled with it
and with no other configured object; ``mean`` is the mean over the objects that have such clips; ``all`` is
the share of all labelled clips whose answer is among their labels. All are shares in 0..1.

This module works without torch, where the page is made.
"""

import json
import logging
from pathlib import Path

import numpy as np

from objectsounds.config.classes import ObjectClass, classes_of
from objectsounds.core.arguments import MANY, ONE
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import written_whole
from objectsounds.core.hdf5 import opened
from objectsounds.core.tables import split_names, write_table
from objectsounds.data.status import read_objects
from objectsounds.data.targets import object_probabilities
from objectsounds.report.ablation_table import COLUMNS
from objectsounds.report.plots import save_ablation

# Summed scores are the mean's times the number of frames: they have the same most probable object.
POOLS = {"max": "max", "sum": "mean"}
PUBLISHED = {  # Rowe et al. 2019, table 1: un-normalised, normalised
    ("max", "centre_crop"): (0.50, 0.64),
    ("max", "random_flip"): (0.51, 0.63),
    ("max", "random_crop"): (0.53, 0.64),
    ("sum", "centre_crop"): (0.43, 0.58),
    ("sum", "random_flip"): (0.44, 0.60),
    ("sum", "random_crop"): (0.44, 0.59),
}
STAGE_VERSION = 3

log = logging.getLogger(__name__)


def accuracies(answers: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, float]:
    """Compare answers with labels.

    Parameters
    ----------
    answers : np.ndarray, int [shape=(n,)]
        The most probable object of each clip.
    labels : np.ndarray, bool [shape=(n, L)]
        At least one label in each row.

    Returns
    -------
    per_object : np.ndarray [shape=(L,)]
        Over the clips that have this label alone; NaN where there is none.
    all : float
        Over all clips.
    """
    right = labels[np.arange(len(labels)), answers]
    alone = labels & (labels.sum(axis=1, keepdims=True) == 1)
    per_object = [float(right[column].mean()) if column.any() else np.nan for column in alone.T]
    return np.array(per_object), float(right.mean())


def _answers(
    scores: np.ndarray, class_names: list[str], classes: list[ObjectClass], options: dict
) -> np.ndarray:
    """Return the most probable objects, shape=(pools, n), of scores, shape=(n, frames, C)."""
    found = [
        object_probabilities(scores, class_names, classes, options | {"pool": pool})
        for pool in POOLS.values()
    ]
    return np.stack([probabilities.argmax(axis=1) for probabilities in found])


def _read_shard(
    scores: Path, known: dict[str, dict[str, str]], classes: list[ObjectClass], options: dict
) -> tuple[list, np.ndarray, np.ndarray]:
    """Return the preprocessings of a shard's scores, the answers (6, pools, n) and the labels (n, L)."""
    listed = {name: split_names(row["objects"]) for name, row in known.items()}
    with opened(scores, "clip_id", "scores") as file:
        ids = [name.decode() for name in file["clip_id"][()]]
        names, views = json.loads(file.attrs["class_names"]), json.loads(file.attrs["views"])
        values = file["scores"][()]
    labels = np.array([[item.name in listed.get(name, ()) for item in classes] for name in ids], bool)
    labels = labels.reshape(-1, len(classes))
    kept = labels.any(axis=1)  # none of a clip that is not in use
    answers = [_answers(values[kept, index], names, classes, options) for index in range(len(views))]
    return views, np.stack(answers), labels[kept]


def _row(pool: str, view: str, normalised: str, answers: np.ndarray, labels: np.ndarray, names: list) -> dict:
    per_object, of_all = accuracies(answers, labels)
    alone = labels[labels.sum(axis=1) == 1].sum(axis=0)
    known = per_object[~np.isnan(per_object)]
    return {
        "pool": pool,
        "view": view,
        "normalised": normalised,
        "clips": len(labels),
        "mean": f"{known.mean():.4f}" if len(known) else "",
        "all": f"{of_all:.4f}",
        "published_rowe2019": f"{PUBLISHED[pool, view][normalised == 'yes']:.2f}",
        **{
            name: "" if np.isnan(share) else f"{share:.4f}"
            for name, share in zip(names, per_object, strict=True)
        },
        **{f"n_{name}": int(count) for name, count in zip(names, alone, strict=True)},
    }


def make_ablation(settings: dict, objects: list[Path], scores: list[Path], output: Path, plot: Path) -> None:
    """Write Rowe's table 1 for this run's clips, and draw it.

    Parameters
    ----------
    settings : dict
        Keys ``classes`` and, of ``dataset``, ``group_reduce``, ``scores`` and ``imagenet``.
    objects : list of path
        The clips in use of each split, with what sounds in them.
    scores : list of path
        Each shard's, from `ablation.score_views`.
    output : path
        TSV with a row per pooling, view and normalisation: ``COLUMNS``, then each object's accuracy,
        then ``n_<object>``, the clips that it is the accuracy of.
    plot : path
        SVG.

    Raises
    ------
    ObjectsoundsError
        If no clip in use has a label.
    """
    classes = classes_of(settings)
    known = {name: row for path in objects for name, row in read_objects(path).items()}
    parts = [_read_shard(path, known, classes, settings["dataset"]) for path in scores]
    labels = np.concatenate([part[2] for part in parts]) if parts else np.empty(0)
    if not len(labels):
        raise ObjectsoundsError(
            f"{output}: no good clip in use is labelled with any of {', '.join(settings['classes'])}; "
            "see the shards' status.tsv, or name more in ablation.splits."
        )
    views = parts[0][0]
    answers = np.concatenate([part[1] for part in parts], axis=2)
    rows = [
        _row(pool, view, normalised, answers[position, index], labels, settings["classes"])
        for index, pool in enumerate(POOLS)
        for position, (view, normalised) in enumerate(views)
    ]
    columns = (*COLUMNS, *settings["classes"], *(f"n_{name}" for name in settings["classes"]))
    with written_whole(plot) as temporary:
        save_ablation(rows, temporary)
    write_table(output, columns, rows)
    log.info("%d labelled clips, %d rows", len(labels), len(rows))


OPTIONS = {
    "objects": MANY | {"help": "the splits' clips in use"},
    "scores": MANY | {"help": "the shards' scores"},
    "output": ONE,
    "plot": ONE | {"help": "SVG to draw the table into"},
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    make_ablation(settings, args.objects, args.scores, args.output, args.plot)
