"""The kinds of catalogue by name."""

from collections.abc import Callable
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.sources.candidates import Candidate
from objectsounds.sources.folder import read_folder, read_video_list
from objectsounds.sources.music import read_music
from objectsounds.sources.segments import BadRow
from objectsounds.sources.urmp import read_urmp

READERS: dict[str, Callable[[Path, dict], tuple[list[Candidate], list[BadRow]]]] = {
    "music": read_music,
    "urmp": read_urmp,
}


def read_listing(kind: str, path: str | Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """Read one entry of ``catalogue.train`` or ``catalogue.test`` of another kind than audioset.

    Parameters
    ----------
    kind : str
        ``folder``, ``music`` or ``urmp``.
    path : path
        A folder, or a listing; for ``folder`` also a list of files.
    options : dict
        ``section_seconds``, ``sections_per_medium`` and ``urmp_tracks``.
    """
    path = Path(path)
    if not path.exists():
        raise ObjectsoundsError(f"{path} does not exist: name a {kind} listing in catalogue.train.")
    if kind != "folder" and path.is_dir() == (kind == "music"):
        raise ObjectsoundsError(f"{path} is no listing of kind {kind!r}: see catalogue.kind.")
    if kind == "folder":
        return read_folder(path, options) if path.is_dir() else read_video_list(path, options)
    return READERS[kind](path, options)
