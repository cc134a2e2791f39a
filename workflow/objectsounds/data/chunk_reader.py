"""Single clips of a dataset of bases, read past HDF5: its own reading takes longer than the disk.

Every clip is one uncompressed chunk (or part of a dataset stored whole), of the file itself or of a shard's
file that a virtual dataset looks into; HDF5 says once where each lies, and after that its bytes are read.
"""

from pathlib import Path

import h5py
import numpy as np

from objectsounds.core.errors import ObjectsoundsError


class ChunkReader:
    """Reads clips of ``bases`` (n, F, M), chunks of one clip each or stored whole.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ObjectsoundsError
        If chunks hold more or less than a clip, or are compressed.
    """

    def __init__(self, path: Path):
        with h5py.File(path) as file:
            bases = file["bases"]
            self.shape, self.dtype = bases.shape[1:], bases.dtype
            self.files: list[Path] = []
            self.owners = np.empty(len(bases), np.int32)
            self.offsets = np.empty(len(bases), np.int64)
            if not bases.is_virtual:
                self._find(path, bases, 0, 0, len(bases))
            for part in bases.virtual_sources() if bases.is_virtual else []:
                first, last = (int(bound[0]) for bound in part.vspace.get_select_bounds())
                start = int(part.src_space.get_select_bounds()[0][0])
                with h5py.File(path.parent / part.file_name) as source:
                    name = path.parent / part.file_name
                    self._find(name, source[part.dset_name], first, start, last + 1 - first)

    def _find(self, path: Path, bases: h5py.Dataset, first: int, start: int, count: int) -> None:
        """Note where ``count`` clips lie: the dataset's from ``first`` on, the file's from ``start``."""
        if not self.files or self.files[-1] != path:
            self.files.append(path)
        whole = bases.chunks is None
        if bases.chunks not in (None, (1, *self.shape)) or bases.compression or bases.dtype != self.dtype:
            raise ObjectsoundsError(f"{path} is not stored a clip a chunk: make it again by the rule bases.")
        size = int(np.prod(self.shape)) * self.dtype.itemsize
        for row in range(start, start + count):
            chunk = None if whole else bases.id.get_chunk_info_by_coord((row, 0, 0)).byte_offset
            self.owners[first + row - start] = len(self.files) - 1
            self.offsets[first + row - start] = bases.id.get_offset() + row * size if whole else chunk

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Return clips as they are stored, shape=(len(rows), F, M)."""
        out = np.empty((len(rows), *self.shape), self.dtype)
        owners = self.owners[rows]
        for owner in np.unique(owners):
            with self.files[owner].open("rb", buffering=0) as file:
                for place in np.flatnonzero(owners == owner):
                    file.seek(self.offsets[rows[place]])
                    if file.readinto(out[place].data) != out[place].nbytes:
                        raise ObjectsoundsError(
                            f"{self.files[owner]} is cut short: run the rule bases again."
                        )
        return out
