"""Whether a folder can be made and written to, asked before hours of work."""

import os
import tempfile
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError


def check_writable(folder: str | Path, name: str) -> None:
    """Refuse a folder to write to that is a file, or that cannot be made or written to.

    What exists is asked; where the folder would be made, one is made and removed, since not every file
    system tells beforehand (``/proc`` calls itself writable).

    Parameters
    ----------
    folder : path
    name : str
        What names it, for the sentence: an option or a key.

    Raises
    ------
    ObjectsoundsError
        With the remedy.
    """
    try:
        place = Path(folder).resolve()
        existing = next(path for path in (place, *place.parents) if os.path.lexists(path))
        if not existing.is_dir():
            raise ObjectsoundsError(f"{name} {folder}: {existing} is no folder; name another one.")
        if existing == place and not os.access(existing, os.W_OK | os.X_OK):
            raise PermissionError(0, "it is read-only, or not yours")
        if existing != place:
            _check_name(existing, place.relative_to(existing).parts)
            tempfile.TemporaryDirectory(prefix=".objectsounds", dir=existing).cleanup()
    except OSError as error:
        why = error.strerror or error
        raise ObjectsoundsError(
            f"{name} {folder} cannot be written to ({why}): allow it, or name another folder."
        ) from error


def _check_name(existing: Path, parts: tuple[str, ...]) -> None:
    for part in parts:
        (existing / part).exists()  # a name that is too long says so here
