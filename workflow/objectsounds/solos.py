"""Stage ``solos``: clips with exactly one label, at one rate: what the learned separators learn from.

The label is what is seen (``solos.supervision: visual``), so that these methods know no more than MIML
does. No performance may be learnt from that another split holds too: that would be its answer.
"""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from objectsounds.dataset import Bags, open_dataset
from objectsounds.errors import ObjectsoundsError
from objectsounds.files import written_whole
from objectsounds.hdf5 import describe, opened
from objectsounds.status import good_clips, performance_of, read_audio
from objectsounds.tables import read_table

STAGE_VERSION = 2
FULL = 32767  # full scale: waveforms are kept as 16-bit integers

log = logging.getLogger(__name__)


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


def make_solos(
    settings: dict,
    rate: int,
    dataset: str | Path,
    statuses: list[str],
    elsewhere: list[str],
    output: str | Path,
    progress: Callable = iter,
) -> None:
    """Gather a split's solo clips.

    Parameters
    ----------
    settings : dict
        Key ``solos``.
    rate : int
        Hz, to which the clips are resampled.
    dataset : path
        The split's aggregated HDF5, for its labels.
    statuses : list of path
        Of the split's shards.
    elsewhere : list of path
        What the clips in use of the other splits are sections of.
    output : path
        HDF5 with ``waveform`` (all samples in a row, int16), ``start`` (n + 1,), ``rms`` (n,),
        ``label`` (n,) and ``clip_id`` (n,); attributes ``objects`` and ``rate``.
    progress : callable
        Wraps the shards.
    """
    from objectsounds.audio import resampled  # readers of solos need no sound library

    bags = open_dataset(dataset, bases=False)
    labels = solo_labels(bags, settings["solos"]["supervision"])
    kept: list[dict] = []
    waveforms: list[np.ndarray] = []
    for status in progress(statuses):
        for row in good_clips(status):
            if row["clip_id"] in labels:
                waveform, own = read_audio(status, row)
                kept.append(row)
                scaled = np.clip(resampled(waveform, own, rate), -1, 1) * FULL
                waveforms.append(np.round(scaled).astype(np.int16))
    check_performances(kept, read_performances(elsewhere))
    ids = [row["clip_id"] for row in kept]
    powers = [np.sqrt(np.mean((w / FULL) ** 2)) if len(w) else 0.0 for w in waveforms]
    with written_whole(output) as temporary, h5py.File(temporary, "w") as file:
        describe(file, settings, STAGE_VERSION)
        file.attrs["objects"] = json.dumps(bags.objects)
        file.attrs["rate"] = rate
        file.create_dataset("waveform", data=np.concatenate([*waveforms, np.zeros(0, np.int16)]))
        file.create_dataset("start", data=np.cumsum([0] + [len(w) for w in waveforms]))
        file.create_dataset("rms", data=np.array(powers))
        file.create_dataset("label", data=np.array([labels[name] for name in ids], dtype=np.int64))
        file.create_dataset("clip_id", data=ids, dtype=h5py.string_dtype())
    log.info("%d of %d clips have exactly one label", len(ids), len(bags.clip_ids))


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
