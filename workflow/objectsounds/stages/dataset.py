"""Stage ``dataset``: bases and labels of all shards of a split become one aggregated HDF5.

What was dear (bases, raw frame scores) stays in the shards' files; this one holds what is cheap to
derive, and the bases as a virtual view, or as a copy with ``dataset.copy: true``.
"""

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from objectsounds.config.classes import ObjectClass, classes_of
from objectsounds.core.arguments import MANY, ONE
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import set_aside, written_whole
from objectsounds.core.hdf5 import describe, opened
from objectsounds.core.tables import split_names
from objectsounds.data.bags import UNKNOWN
from objectsounds.data.status import read_objects
from objectsounds.data.targets import choose_labels, corrupt_labels, object_probabilities

STAGE_VERSION = 4

log = logging.getLogger(__name__)


def _multi_hot(cells: list[str], classes: list[ObjectClass]) -> np.ndarray:
    """Return cells of object names as uint8 [shape=(n, L)]; rows of ``UNKNOWN`` where nothing is known."""
    rows = np.zeros((len(cells), len(classes)), dtype=np.uint8)
    for row, cell in zip(rows, cells, strict=True):
        row[:] = UNKNOWN if cell == "" else [item.name in split_names(cell) for item in classes]
    return rows


@dataclass
class ShardPart:
    """One shard's share of a split: its clips in use, by their positions in the shard's files."""

    bases: Path
    rows: np.ndarray
    clip_ids: list[str]
    scores: np.ndarray
    objects: list[str]
    visible: list[str]
    class_names: list[str]
    bases_shape: tuple[int, int]
    bases_type: np.dtype


def _read_shard(bases: Path, labels: Path, known: dict[str, dict[str, str]]) -> ShardPart:
    with opened(bases, "clip_id", "bases") as file:
        ids = [name.decode() for name in file["clip_id"][()]]
        shape, kind = file["bases"].shape[1:], file["bases"].dtype
    with opened(labels, "clip_id", "scores") as file:
        labelled = [name.decode() for name in file["clip_id"][()]]
        scores = file["scores"][()]
        names = json.loads(file.attrs["class_names"])
    if ids != labelled:
        raise set_aside(labels, f"{labels} and {bases} hold different clips")
    rows = np.array([index for index, name in enumerate(ids) if name in known], dtype=int)
    kept = [ids[index] for index in rows]
    return ShardPart(
        bases,
        rows,
        kept,
        scores[rows],
        [known[name]["objects"] for name in kept],
        [known[name]["visible"] for name in kept],
        names,
        shape,
        kind,
    )


def _write_bases(file: h5py.File, parts: list[ShardPart], output: Path, copy: bool) -> None:
    total = sum(len(part.rows) for part in parts)
    shape, kind = (total, *parts[0].bases_shape), parts[0].bases_type
    chunk = (1, *shape[1:])
    target = (
        file.create_dataset("bases", shape, kind, chunks=chunk) if copy else h5py.VirtualLayout(shape, kind)
    )
    position = 0
    for part in parts:
        end = position + len(part.rows)
        if copy:
            with h5py.File(part.bases) as source:
                target[position:end] = source["bases"][part.rows]
        else:
            name = os.path.relpath(part.bases.resolve(), output.resolve().parent)
            size = h5py.File(part.bases)["bases"].shape
            source = h5py.VirtualSource(name, "bases", shape=size, dtype=kind)
            for start, stop, first in _runs(part.rows, position):
                target[first : first + stop - start] = source[start:stop]
        position = end
    if not copy:
        file.create_virtual_dataset("bases", target)
    file.attrs["sources"] = json.dumps(
        [os.path.relpath(part.bases.resolve(), output.resolve().parent) for part in parts]
    )


def _runs(rows: np.ndarray, position: int):
    """Yield (start, stop, target) for each run of consecutive rows."""
    for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1):
        yield int(run[0]), int(run[-1]) + 1, position
        position += len(run)


def make_dataset(settings: dict, objects: Path, shards: list[tuple[Path, Path]], output: str | Path) -> None:
    """Aggregate a split.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``classes`` and ``dataset``.
    objects : path
        The split's clips in use, with what sounds and is seen in them.
    shards : list of (bases, labels)
        Paths of each shard.
    output : path
        HDF5 with ``clip_id`` (n,), ``bases`` (n, F, M), ``probabilities`` (n, L), ``targets``
        (n, L), the visual labels, and the ground truth for evaluation alone: ``audioset`` and
        ``visible`` (n, L), rows of 255 where unknown; ``corrupted`` (n, L) is ``audioset`` after
        `corrupt_labels`, what the upper bound learns from.
    """
    output = Path(output)
    classes = classes_of(settings)
    options = settings["dataset"]
    known = read_objects(objects)
    parts = [_read_shard(*map(Path, shard), known) for shard in shards]
    parts = [part for part in parts if len(part.rows)]
    if not parts:
        raise ObjectsoundsError(
            f"No clip is left for {output.name}: see the status.tsv files of the shards for the reasons."
        )
    scores = np.concatenate([part.scores for part in parts])
    probabilities = object_probabilities(scores, parts[0].class_names, classes, options)
    targets = choose_labels(probabilities, options["threshold"], options["keep_argmax"])
    sounding = [cell for part in parts for cell in part.objects]
    visible = [cell for part in parts for cell in part.visible]
    with written_whole(output) as temporary, h5py.File(temporary, "w") as file:
        describe(file, settings, STAGE_VERSION)
        file.attrs["objects"] = json.dumps(settings["classes"])
        ids = [name for part in parts for name in part.clip_ids]
        file.create_dataset("clip_id", data=ids, dtype=h5py.string_dtype())
        file.create_dataset("probabilities", data=probabilities)
        file.create_dataset("targets", data=targets.astype(np.uint8))
        truth = _multi_hot(sounding, classes)
        noisy = corrupt_labels(truth, ids, options["label_noise"], settings["seed"])
        file.create_dataset("audioset", data=truth)
        file.create_dataset("corrupted", data=noisy)
        file.create_dataset("visible", data=_multi_hot(visible, classes))
        _write_bases(file, parts, output, options["copy"])
    log.info("%d clips, %.2f visual labels a clip", len(targets), targets.sum() / len(targets))


OPTIONS = {
    "objects": ONE | {"help": "the split's clips in use"},
    "bases": MANY,
    "labels": MANY,
    "output": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    if len(args.bases) != len(args.labels):
        given = f"{len(args.bases)} --bases and {len(args.labels)} --labels"
        raise ObjectsoundsError(f"{given} were named; name one of each for every shard.")
    make_dataset(settings, args.objects, list(zip(args.bases, args.labels, strict=True)), args.output)
