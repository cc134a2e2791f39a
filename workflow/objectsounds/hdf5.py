"""What every HDF5 file of ours says about itself."""

import json

import h5py

from objectsounds import __version__
from objectsounds.provenance import commit


def describe(file: h5py.File, settings: dict, stage_version: int) -> None:
    """Attach to a file what made it: settings, version, commit, stage version and seed."""
    file.attrs["settings"] = json.dumps(settings, sort_keys=True)
    file.attrs["version"] = __version__
    file.attrs["commit"] = commit()
    file.attrs["stage_version"] = stage_version
    file.attrs["seed"] = settings.get("seed", -1)
