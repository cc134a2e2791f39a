"""What the neural methods learn from, as one file: clips with one label, any number, or all."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.hdf5 import opened
from objectsounds.core.tables import read_table
from objectsounds.data.bags import Bags
from objectsounds.data.status import clip_folder, good_clips, performance_of

FULL = 32767  # full scale: waveforms are kept as 16-bit integers
ARRAYS = ("clip_id", "waveform", "start", "rms", "label")
LEAST_CONFIDENCE = 1e-3  # of a label: 0 says that there is none


def solo_labels(bags: Bags, supervision: str) -> dict[str, int]:
    """Return the object's number of each clip that has exactly one label."""
    found = bags.supervision(supervision) == 1
    alone = np.flatnonzero(found.sum(axis=1) == 1)
    return {bags.clip_ids[row]: int(found[row].argmax()) for row in alone}


def label_confidence(bags: Bags, supervision: str) -> dict[str, np.ndarray]:
    """Return how sure the labels of each labelled clip are, float32 [shape=(L,)]; 0 where it lacks one.

    A visual label is as sure as the object's probability in the frames; those of the lists have 1.
    """
    found = bags.supervision(supervision) == 1
    sure = bags.probabilities if supervision == "visual" else np.ones(found.shape)
    confidence = np.where(found, np.maximum(sure, LEAST_CONFIDENCE), 0).astype(np.float32)
    return {bags.clip_ids[row]: confidence[row] for row in np.flatnonzero(found.any(axis=1))}


def check_performances(rows: Iterable[dict], elsewhere: dict[str, str]) -> None:
    """Refuse clips whose performance another split holds too; ``elsewhere`` has these by performance.

    Raises
    ------
    ObjectsoundsError
        Naming the first such clip.
    """
    for row in rows:
        other = elsewhere.get(performance_of(row))
        if other is not None:
            raise ObjectsoundsError(
                f"solos: clip {row['clip_id']} of split {row['split']} and clip {other} of another split "
                f"are of one performance, {performance_of(row)}: what is learnt from "
                "would be tested with; put all its clips into one split."
            )


def read_performances(tables: Iterable[str | Path]) -> dict[str, str]:
    """Return a clip of each performance in the catalogue's tables ``performances-<split>.tsv``."""
    rows = (row for path in tables for row in read_table(path, ("clip_id", "performance")))
    return {row["performance"]: row["clip_id"] for row in rows}


@dataclass
class Solos:
    """A split's solo clips; their sounds stay in the file.

    Attributes
    ----------
    path : Path
    objects : list of str
        The L objects.
    rate : int
        Hz.
    clip_ids : list of str
    labels : np.ndarray [shape=(n,)]
        Each clip's object, by number.
    start : np.ndarray [shape=(n + 1,)]
        Where each clip begins in the file.
    rms : np.ndarray [shape=(n,)]
        Each clip's level, linear.
    """

    path: Path
    objects: list[str]
    rate: int
    clip_ids: list[str]
    labels: np.ndarray
    start: np.ndarray
    rms: np.ndarray

    def of(self, label: int) -> np.ndarray:
        """Return the numbers of the clips of an object that are not silent."""
        return np.flatnonzero((self.labels == label) & (self.rms > 0))

    def section(self, file: h5py.File, clip: int, first: int, length: int) -> np.ndarray:
        """Return a clip's samples from ``first`` on, float32 [shape=(length,)]; zeros behind its end."""
        begin = self.start[clip] + first
        part = file["waveform"][begin : min(begin + length, self.start[clip + 1])]
        return np.pad(part.astype(np.float32) / FULL, (0, length - len(part)))


@dataclass
class Labelled(Solos):
    """A split's clips with one label or more; ``labels`` has the surest one.

    Attributes
    ----------
    confidence : np.ndarray, float32 [shape=(n, L)]
        How sure each label is; 0 where a clip does not have it.
    """

    confidence: np.ndarray

    def of(self, label: int) -> np.ndarray:
        """Return the numbers of the clips with a label, perhaps beside others, that are not silent."""
        return np.flatnonzero((self.confidence[:, label] > 0) & (self.rms > 0))


@dataclass
class Sighted(Solos):
    """A split's clips with where their frames are; ``labels`` says nothing.

    Attributes
    ----------
    folders : list of Path
        Each clip's frames.
    frames_bytes : list of int
        The sizes of each clip's frames together.
    count, size : int
        How many frames of a clip are drawn, and their side in pixels.
    """

    folders: list[Path]
    frames_bytes: list[int]
    count: int
    size: int


def _read_clips(file: h5py.File, path: Path) -> dict:
    found = {"path": path, "rate": int(file.attrs["rate"]), "objects": json.loads(file.attrs["objects"])}
    found["clip_ids"] = [name.decode() for name in file["clip_id"][()]]
    return found | {"labels": file["label"][()], "start": file["start"][()], "rms": file["rms"][()]}


def open_solos(path: str | Path) -> Solos:
    """Open what `make_solos` wrote."""
    path = Path(path)
    with opened(path, *ARRAYS) as file:
        return Solos(**_read_clips(file, path))


def open_sighted(given: tuple[str | Path, list[str], int, int]) -> Sighted:
    """Open what `make_solos` wrote of clips without their labels, and find the clips' frames.

    Parameters
    ----------
    given : (path, list of path, int, int)
        That file, the tables of the clips' shards, and ``count`` and ``size`` of `Sighted`.

    Raises
    ------
    ObjectsoundsError
        If a clip is in none of the shards.
    """
    path, statuses, count, size = given
    found = {row["clip_id"]: (status, row) for status in statuses for row in good_clips(status)}
    with opened(path, *ARRAYS) as file:
        clips = _read_clips(file, Path(path))
    for name in clips["clip_ids"]:
        if name not in found:
            raise ObjectsoundsError(f"{path}: no shard has frames of clip {name}; run stage solos again.")
    rows = [found[name] for name in clips["clip_ids"]]
    folders = [clip_folder(status, row) / "frames" for status, row in rows]
    sizes = [int(row["frames_bytes"]) for _, row in rows]
    return Sighted(**clips, folders=folders, frames_bytes=sizes, count=count, size=size)


def open_labelled(path: str | Path) -> Labelled:
    """Open what `make_solos` wrote of clips with any number of labels."""
    path = Path(path)
    with opened(path, *ARRAYS, "confidence") as file:
        return Labelled(**_read_clips(file, path), confidence=file["confidence"][()])
