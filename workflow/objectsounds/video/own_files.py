"""Which a person's own files are separated, what each is called, and whether its folder may be written."""

import os
from collections import Counter
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.media.decoder import duration
from objectsounds.media.ffmpeg import MediaError
from objectsounds.sources.folder import VIDEO_SUFFIXES
from objectsounds.sources.media_folder import SOUND_SUFFIXES

MARK = "separation.json"  # in every folder that was written; it alone may be replaced


def is_media(path: Path) -> bool:
    """Return whether a file in a folder looks like a video or sound by its name."""
    hidden = path.name.startswith(".")
    return path.is_file() and not hidden and path.suffix.lower() in VIDEO_SUFFIXES + SOUND_SUFFIXES


def check_file(path: Path) -> None:
    """Refuse what is no regular file, before a decoder waits for it, and one that may not be read.

    A pipe can be read once only, and a file is decoded more than once.

    Raises
    ------
    ObjectsoundsError
        With the remedy.
    """
    if not path.is_file():
        raise ObjectsoundsError(
            f"{path} is no file but a pipe or device, which can be read only once: write it to a file first."
        )
    if not os.access(path, os.R_OK):
        raise ObjectsoundsError(f"{path} may not be read; allow it (chmod +r), or name another file.")


def length_of(path: Path) -> float:
    """Return the length in s of a file whose sound can be decoded; never 0."""
    try:
        return duration(path)
    except MediaError:  # some samples, less than ffmpeg tells of
        return 0.01


def files_of(paths: list[str | Path]) -> dict[Path, str]:
    """Return the videos and sounds that were named, a folder standing for those in it, with their names.

    A name is the file's without its ending; with it where two would be the same.

    Raises
    ------
    ObjectsoundsError
        If there is nothing at a path, or nothing to separate in a folder.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        media = [item for item in inside if item == path or is_media(item)]
        if not path.exists():
            raise ObjectsoundsError(f"{path} does not exist.")
        if not path.is_dir():
            check_file(path)
        if not media:
            raise ObjectsoundsError(f"{path} holds no video or sound; its subfolders were not searched.")
        files += [item for item in media if item not in files]
    stems = Counter(item.stem for item in files)
    names = {item: item.stem if stems[item.stem] == 1 else item.name for item in files}
    for name, count in Counter(names.values()).items():
        if count > 1:
            raise ObjectsoundsError(f"Two files are called {name}; separate them into different folders.")
    return names


def check_target(target: Path, force: bool) -> None:
    """Refuse to write into a folder that is there, unless it was written by this and may be replaced.

    Raises
    ------
    ObjectsoundsError
        With the remedy.
    """
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / MARK).is_file():
        raise ObjectsoundsError(f"{target} is there and was not made by separate; choose another --output.")
    if not force:
        raise ObjectsoundsError(f"{target} is there; --force replaces it.")
