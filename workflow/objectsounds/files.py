"""Writing whole files or none, and moving broken ones aside."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from objectsounds.errors import BrokenFileError, ObjectsoundsError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
FORBIDDEN = (errno.EACCES, errno.EPERM)
CATALOGUE = "shards.txt"  # the output of the catalogue that all its readers ask for
LONGEST_NAME = 254  # bytes, without the dot in front of a temporary name
LEAST_FREE = 2**20  # bytes: libraries do not all say that the disk is full; less than this tells it


def _temporary(path: Path) -> Path:
    """Return a name beside ``path`` that is no longer than a file system takes (255 bytes)."""
    name, ending = path.name, f".{os.getpid()}.tmp"
    if len(os.fsencode(name)) + len(ending) > LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return path.with_name(f".{name}{ending}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _why_unwritable(error: Exception, folder: Path) -> str | None:
    """Return why the error means that nothing can be written to a folder; None if it means something else."""
    number, name = getattr(error, "errno", None), getattr(error, "filename", None)
    if number in FULL or (number in FORBIDDEN and name and folder in Path(name).parents):
        return os.strerror(number)
    while not folder.exists():
        folder = folder.parent
    return os.strerror(errno.ENOSPC) if shutil.disk_usage(folder).free < LEAST_FREE else None


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say in a sentence that a file cannot be written, where that is why the block fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, RuntimeError) as error:
        why = _why_unwritable(error, path.parent)
        if why is None:
            raise
        raise ObjectsoundsError(
            f"{path} cannot be written ({why}): make room or allow it, and start the run again."
        ) from error


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, renamed to it only when the block succeeds.

    Raises
    ------
    ObjectsoundsError
        If the disk is full or must not be written to.
    """
    path = Path(path)
    check_regular(path)
    temporary = _temporary(path)
    try:
        with _writing(path):
            yield temporary
            _sync(temporary)
            os.replace(temporary, path)
    finally:
        if temporary.exists():
            temporary.unlink()


@contextmanager
def folder_written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``, which takes its place only when the block succeeds.

    Raises
    ------
    ObjectsoundsError
        If the disk is full or must not be written to.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise ObjectsoundsError(f"{path} is no folder: name another one.")
    temporary = _temporary(path)
    try:
        with _writing(path):
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir()
            yield temporary
            if path.exists():
                shutil.rmtree(path)
            os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_regular(path: Path) -> None:
    """Refuse a folder, pipe or device where a file is meant: it must be neither moved aside nor replaced.

    Raises
    ------
    ObjectsoundsError
        With the remedy.
    """
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or device"
        raise ObjectsoundsError(f"{path} is {kind} and no file: name a file.")


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` to ``path``, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_text_if_changed(path: str | Path, text: str) -> bool:
    """Write ``text`` unless the file already holds it, so that its time stamp stays; True if written."""
    path = Path(path)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    write_text(path, text)
    return True


def write_json(path: str | Path, value: object) -> None:
    """Write ``value`` as indented JSON with sorted keys."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def move_aside(path: str | Path) -> Path:
    """Rename a broken file to ``<name>.broken``, so that the next run makes it again."""
    path = Path(path)
    aside = path.with_name(path.name + ".broken")
    if aside.is_dir():
        shutil.rmtree(aside)
    os.replace(path, aside)
    for folder in path.parents[:2]:
        if (folder / CATALOGUE).exists():  # what lies beside it is made again only if its rule runs
            (folder / CATALOGUE).unlink()
    return aside


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_lines(path: str | Path) -> list[str]:
    """Read a list that this run made, one name a line and one line at least.

    Raises
    ------
    BrokenFileError
        If it is empty or its last line is cut; the file has then been moved aside.
    """
    with reading(path) as whole:
        text = whole.read_text(encoding="utf-8")
        if not text.endswith("\n"):
            raise ValueError("it is empty or cut")
    return text.split()


def read_json_lines(path: str | Path) -> list[dict]:
    """Read a history that this run made, one object a line and one line at least.

    Raises
    ------
    BrokenFileError
        If it is empty, a line is no JSON or the last one is cut; the file has then been moved aside.
    """
    with reading(path) as whole:
        text = whole.read_text(encoding="utf-8")
        if not text.endswith("\n"):
            raise ValueError("it is empty or cut")
        return [json.loads(line) for line in text.splitlines()]


@contextmanager
def reading(path: str | Path, unit: str | Path | None = None) -> Iterator[Path]:
    """Guard the reading of a file that this run made.

    Parameters
    ----------
    path : path
    unit : path, optional
        The folder that is made again as a whole, where the file is a part of one.

    Raises
    ------
    BrokenFileError
        If the block fails as it does on a truncated or garbled file. The unit or file has then been moved
        aside. A missing file raises ``FileNotFoundError`` as usual.
    """
    path, unit = Path(path), Path(unit or path)
    check_regular(path)
    try:
        yield path
    except FileNotFoundError:
        raise
    except (OSError, EOFError, KeyError, ValueError, UnicodeDecodeError, RuntimeError) as error:
        if not path.exists():
            raise
        aside = move_aside(unit)
        raise BrokenFileError(
            f"{path} could not be read ({type(error).__name__}: {error}); "
            f"{'it' if unit == path else unit} was moved to {aside.name}: "
            "start the run again and it will be made anew."
        ) from error
