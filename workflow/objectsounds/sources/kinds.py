"""Listings of any kind but AudioSet's, read by the function that the table of kinds names."""

import importlib
from pathlib import Path

from objectsounds.config.kind_table import KINDS
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.sources.candidates import Candidate
from objectsounds.sources.segments import BadRow


def read_listing(kind: str, path: str | Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """Read one entry of ``catalogue.train`` or ``catalogue.test`` of another kind than audioset.

    Parameters
    ----------
    kind : str
        A key of ``KINDS``.
    path : path
        A folder, or a listing; for ``folder`` also a list of files.
    options : dict
        The section ``catalogue``, and beside it the run's ``classes`` and ``added_classes``.
    """
    path = Path(path)
    if not path.exists():
        raise ObjectsoundsError(f"{path} does not exist: name a {kind} listing in catalogue.train.")
    if ("folder" if path.is_dir() else "file") not in KINDS[kind].entries:
        raise ObjectsoundsError(f"{path} is no listing of kind {kind!r}: see catalogue.kind.")
    module, name = KINDS[kind].reader.split(".")
    return getattr(importlib.import_module(f"objectsounds.sources.{module}"), name)(path, options)
