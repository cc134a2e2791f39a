"""Writing HDF5 files, and what every one of ours says about itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from objectsounds import __version__
from objectsounds.core.errors import DamagedError
from objectsounds.core.files import reading, written_whole
from objectsounds.core.provenance import commit


def describe(file: h5py.File, settings: dict, stage_version: int) -> None:
    """Attach to a file what made it: settings, version, commit, stage version and seed."""
    file.attrs["settings"] = json.dumps(settings, sort_keys=True)
    file.attrs["version"] = __version__
    file.attrs["commit"] = commit()
    file.attrs["stage_version"] = stage_version
    file.attrs["seed"] = settings.get("seed", -1)


@contextmanager
def opened(path: str | Path, *datasets: str) -> Iterator[h5py.File]:
    """Yield an HDF5 file that this run made, in which these data sets have to be.

    Raises
    ------
    BrokenFileError
        If the file is shown to be broken, or lacks one of them; it has then been moved aside.
    """
    with reading(path), h5py.File(path) as file:
        missing = [name for name in datasets if name not in file]
        if missing:
            raise DamagedError(f"it holds no {missing[0]}")
        yield file


@contextmanager
def new_hdf5(path: str | Path) -> Iterator[h5py.File]:
    """Yield an HDF5 file in memory, which is written to ``path``, whole, when the block succeeds.

    On a full disk HDF5 itself says little, or nothing, and then crashes.

    Raises
    ------
    ObjectsoundsError
        If the disk is full or must not be written to.
    """
    with h5py.File(str(path), "w", driver="core", backing_store=False) as file:
        yield file
        file.flush()
        image = file.id.get_file_image()
    with written_whole(path) as temporary:
        temporary.write_bytes(image)
