"""Writing whole files or none, and moving broken ones aside."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from objectsounds.core.damage import shown_damage
from objectsounds.core.errors import BrokenFileError, DamagedError, ObjectsoundsError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
FORBIDDEN = (errno.EACCES, errno.EPERM)
RUN = "OBJECTSOUNDS_RESULTS"  # the variable that names the folder of the run at work: the workflow sets it
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


def format_lines(lines: Iterable[str]) -> str:
    """Return lines as a text that ends with an empty one: what is cut between two lines lacks it.

    An empty line, unlike a comment or a count, is passed over by whatever else reads a list or a table.
    """
    return "".join(f"{line}\n" for line in lines) + "\n"


def write_json(path: str | Path, value: object) -> None:
    """Write ``value`` as indented JSON with sorted keys."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def write_json_lines(path: str | Path, rows: Iterable[dict]) -> None:
    """Write rows as one JSON object a line, of which the last says so: a text that is cut lacks it."""
    rows = list(rows)
    ends: list[dict] = [{}] * (len(rows) - 1) + [{"last": True}]
    lines = [json.dumps(row | end, sort_keys=True) + "\n" for row, end in zip(rows, ends, strict=True)]
    write_text(path, "".join(lines))


def is_of_this_run(path: str | Path) -> bool:
    """Return whether a file lies in the folder of the run whose job this is: no other may be moved."""
    folder = os.environ.get(RUN)
    return (
        folder is not None
        and folder != ""
        and Path(folder).resolve() in (Path(path).parent.resolve() / "x").parents
    )


def set_aside(unit: str | Path, what: str) -> BrokenFileError:
    """Move aside what a run made and its job finds broken; return the error that says so.

    What is of no run, or of another, may be a person's: it stays, and the error says what to do.
    """
    if not is_of_this_run(unit):
        return BrokenFileError(f"{what}; it stays there, as it is no file of a run at work: make it again.")
    aside = move_aside(unit)
    return BrokenFileError(
        f"{what}; {unit} was moved to {aside.name}: start the run again and it will be made again."
    )


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


def read_whole_text(path: Path) -> str:
    """Return a text without the empty line that ends it (`format_lines`).

    Raises
    ------
    DamagedError
        If that line is missing.
    """
    text = path.read_bytes().decode("utf-8")  # a carriage return in a cell stays one
    if not text.endswith("\n\n") or "\0" in text:
        raise DamagedError("it is cut: the empty line at its end is missing" if text else "it is empty")
    return text[:-1]


def check_whole(path: Path) -> None:
    """Check that a text ends with the empty line that ends it (`format_lines`), without holding it.

    Raises
    ------
    DamagedError
        If that line is missing.
    """
    end = b""
    with path.open("rb") as file:
        while piece := file.read(2**20):
            if b"\0" in piece:
                raise DamagedError("it is cut: it holds zeros")
            end = (end + piece)[-2:]
    if end != b"\n\n":
        raise DamagedError("it is cut: the empty line at its end is missing" if end else "it is empty")


def read_lines(path: str | Path) -> list[str]:
    """Read a list that this run made, one line at least.

    Raises
    ------
    BrokenFileError
        If it is empty or cut; the file has then been moved aside.
    """
    with reading(path) as whole:
        return read_whole_text(whole).splitlines()


def read_json_lines(path: str | Path) -> list[dict]:
    """Read a history that this run made, one object a line and one line at least.

    Raises
    ------
    BrokenFileError
        If it is empty or cut, or a line is no JSON; the file has then been moved aside.
    """
    with reading(path) as whole:
        try:
            rows = [json.loads(line) for line in whole.read_text(encoding="utf-8").splitlines()]
        except json.JSONDecodeError as error:
            raise DamagedError(f"a line is no JSON: {error}") from error
        if not rows or not rows[-1].pop("last", False):
            raise DamagedError("it is cut: no last line says that it is the last")
    return rows


def read_json(path: str | Path) -> dict:
    """Read a JSON object that this run made.

    Raises
    ------
    BrokenFileError
        If it is empty or cut, or no object; the file has then been moved aside.
    """
    with reading(path) as whole:
        try:
            value = json.loads(whole.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise DamagedError(f"it is no JSON: {error}") from error
        if not isinstance(value, dict):
            raise DamagedError("it is no JSON object")
    return value


@contextmanager
def persons_file(path: str | Path, key: str, remedy: str) -> Iterator[Path]:
    """Guard the reading of a text file that is a person's own: it is never moved, whatever is wrong with it.

    Parameters
    ----------
    path : path
    key : str
        Of the configuration, where it is named.
    remedy : str
        What to do about it.

    Raises
    ------
    ObjectsoundsError
        If it cannot be read, or is no text in UTF-8.
    """
    try:
        yield Path(path)
    except UnicodeDecodeError as error:
        raise ObjectsoundsError(
            f"{key}: {path} is no text in UTF-8 (byte {error.start}): save it as UTF-8, or {remedy}."
        ) from None
    except OSError as error:
        raise ObjectsoundsError(
            f"{key}: {path} cannot be read ({error.strerror or error}): {remedy}."
        ) from None


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
        If the block fails and the file is shown to be broken (`damage.shown_damage`). The unit or file has
        then been moved aside, if it is of the run at work (`set_aside`). All else, such as a missing or
        locked file, is raised as what it is.
    """
    path, unit = Path(path), Path(unit or path)
    check_regular(path)
    try:
        yield path
    except (OSError, EOFError, KeyError, ValueError, RuntimeError) as error:
        damage = shown_damage(path, error) if path.exists() else None
        if damage is None:
            error.add_note(f"{path} is not shown to be broken by this: it stays where it is.")
            raise
        raise set_aside(unit, f"{path} is broken ({damage})") from error
