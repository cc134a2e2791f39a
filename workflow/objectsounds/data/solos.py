"""Solo clips as one file: clips with exactly one label, at one rate, which the neural methods learn from."""

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
from objectsounds.data.status import performance_of

FULL = 32767  # full scale: waveforms are kept as 16-bit integers


def solo_labels(bags: Bags, supervision: str) -> dict[str, int]:
    """Return the object's number of each clip that has exactly one label."""
    found = bags.supervision(supervision) == 1
    alone = np.flatnonzero(found.sum(axis=1) == 1)
    return {bags.clip_ids[row]: int(found[row].argmax()) for row in alone}


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


def open_solos(path: str | Path) -> Solos:
    """Open what `make_solos` wrote."""
    path = Path(path)
    with opened(path, "clip_id", "waveform", "start", "rms", "label") as file:
        ids = [name.decode() for name in file["clip_id"][()]]
        arrays = {name: file[name][()] for name in ("start", "rms")}
        labels = file["label"][()]
        objects = json.loads(file.attrs["objects"])
        return Solos(path, objects, int(file.attrs["rate"]), ids, labels, **arrays)
