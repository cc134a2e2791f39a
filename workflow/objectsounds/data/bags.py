"""Reading an aggregated HDF5: bags of bases with their labels."""

import json
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.hdf5 import opened
from objectsounds.data.chunk_reader import ChunkReader

UNKNOWN = 255
ARRAYS = ("probabilities", "targets", "audioset", "corrupted", "visible")


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
