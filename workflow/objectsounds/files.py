"""Writing whole files or none, and moving broken ones aside."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from objectsounds.errors import BrokenFileError


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, renamed to it only when the block succeeds."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def folder_written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``, which takes its place only when the block succeeds."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            shutil.rmtree(path)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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
    return aside


@contextmanager
def reading(path: str | Path) -> Iterator[Path]:
    """Guard the reading of a file that this run made.

    Raises
    ------
    BrokenFileError
        If the block fails as it does on a truncated or garbled file. The file has then been moved
        aside. A missing file raises ``FileNotFoundError`` as usual.
    """
    path = Path(path)
    try:
        yield path
    except FileNotFoundError:
        raise
    except (OSError, EOFError, KeyError, ValueError, UnicodeDecodeError, RuntimeError) as error:
        if not path.exists():
            raise
        aside = move_aside(path)
        raise BrokenFileError(
            f"{path} could not be read ({type(error).__name__}: {error}); it was moved to "
            f"{aside.name}: start the run again and it will be made anew."
        ) from error
