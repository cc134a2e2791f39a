"""Stage ``dataset``: bases and labels of all shards of a split become one aggregated HDF5.

What was dear (bases, raw frame scores) stays in the shards' files; this one holds what is cheap to
derive, and the bases as a virtual view, or as a copy with ``dataset.copy: true``.
"""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from objectsounds.chunk_reader import ChunkReader
from objectsounds.classes import ObjectClass, chosen_classes
from objectsounds.errors import ObjectsoundsError
from objectsounds.files import set_aside, written_whole
from objectsounds.hdf5 import describe, opened
from objectsounds.seeds import fraction, generator
from objectsounds.status import read_objects
from objectsounds.tables import split_names

STAGE_VERSION = 4
UNKNOWN = 255
ARRAYS = ("probabilities", "targets", "audioset", "corrupted", "visible")

log = logging.getLogger(__name__)


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


def _multi_hot(cells: list[str], classes: list[ObjectClass]) -> np.ndarray:
    """Return cells of object names as uint8 [shape=(n, L)]; rows of ``UNKNOWN`` where nothing is known."""
    rows = np.zeros((len(cells), len(classes)), dtype=np.uint8)
    for row, cell in zip(rows, cells, strict=True):
        row[:] = UNKNOWN if cell == "" else [item.name in split_names(cell) for item in classes]
    return rows


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
    classes = chosen_classes(settings["classes"])
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


@dataclass
class Bags:
    """A split in memory, but for its bases.

    Attributes
    ----------
    path : Path
    clip_ids : list of str
    objects : list of str
        The L objects.
    probabilities : np.ndarray [shape=(n, L)]
    targets, audioset, corrupted, visible : np.ndarray, uint8 [shape=(n, L)]
    bases_shape, bases_type : tuple of int, np.dtype
        Of the bases in the file: (n, F, M), and float16 or float32.
    reader : ChunkReader or None
        Made when single clips are first read.
    """

    path: Path
    clip_ids: list[str]
    objects: list[str]
    probabilities: np.ndarray
    targets: np.ndarray
    audioset: np.ndarray
    corrupted: np.ndarray
    visible: np.ndarray
    bases_shape: tuple[int, ...] = ()
    bases_type: np.dtype = np.float32
    reader: ChunkReader | None = None

    def stored_bases(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return the bases of some clips as they are stored, float16 or float32 [shape=(len(rows), F, M)]."""
        if isinstance(rows, slice):
            with h5py.File(self.path) as file:
                return file["bases"][rows]
        if self.reader is None:
            self.reader = ChunkReader(self.path)
        return self.reader.read(np.asarray(rows))

    def read_bases(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return the bases of some clips, float32 [shape=(len(rows), F, M)]."""
        return self.stored_bases(rows).astype(np.float32, copy=False)

    def supervision(self, kind: str) -> np.ndarray:
        """Return the labels to train on: ``visual`` ones, or ``audioset``, the upper bound's."""
        return self.targets if kind == "visual" else self.corrupted


def open_dataset(path: str | Path, bases: bool = True) -> Bags:
    """Open an aggregated HDF5; if its bases are wanted, check that the shards it looks into are there.

    Raises
    ------
    BrokenFileError
        If the file is unreadable; it has then been moved aside.
    ObjectsoundsError
        If a shard's bases are missing.
    """
    path = Path(path)
    with opened(path, "clip_id", "bases", *ARRAYS) as file:
        arrays = {name: file[name][()] for name in ARRAYS}
        ids = [name.decode() for name in file["clip_id"][()]]
        objects = json.loads(file.attrs["objects"])
        shape, kind = file["bases"].shape, file["bases"].dtype
        sources = json.loads(file.attrs["sources"]) if file["bases"].is_virtual else []
    for source in sources if bases else []:
        if not (path.parent / source).exists():
            raise ObjectsoundsError(
                f"{path} looks into {source}, which is missing: run the rule bases again, "
                "or set dataset.copy: true."
            )
    return Bags(path, ids, objects, bases_shape=shape, bases_type=kind, **arrays)
