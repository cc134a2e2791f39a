"""Catalogue kind ``folder``: a folder of videos, or a list of them."""

import re
from collections.abc import Iterator
from pathlib import Path

from objectsounds.config.classes import added_of, names_by_alias
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import PersonsRow, read_persons_table
from objectsounds.media.decoder import duration
from objectsounds.media.ffmpeg import MediaError
from objectsounds.sources.candidates import (
    Candidate,
    content_digest,
    known_objects,
    labels_in,
    safe_id,
    sections,
)
from objectsounds.sources.segments import BadRow

VIDEO_SUFFIXES = (".3gp", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv")
VIDEO_SUFFIXES += (".ts", ".webm", ".wmv")
SPLIT_FOLDERS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def _media_files(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in suffixes and path.is_file() and not hidden:
            yield path


def told_by_folders(
    folder: Path, suffixes: tuple[str, ...], known: dict[str, str]
) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Yield each file of a folder with what its subfolders say: its split, or empty, and its objects.

    A subfolder is called like an object or like a data set's label of it, or like several (``violin+piano``).
    If the folders at the top are called train, val and test (at least one of the last two: a train is an
    object too) they say the split.
    """
    files = [(path, path.relative_to(folder)) for path in _media_files(folder, suffixes)]
    tops = {relative.parts[0] for _, relative in files if len(relative.parts) > 1}
    by_split = tops <= set(SPLIT_FOLDERS) and not tops <= {"train"}
    for path, relative in files:
        parts = relative.parts[:-1]
        split = SPLIT_FOLDERS[parts[0]] if by_split and parts else ""
        labels = parts[bool(split) :]
        words = [
            word for part in labels for word in ([part] if part in known else re.split(r"[+;, ]+", part))
        ]
        yield path, split, known_objects(words, known)


def _file_sections(
    path: Path, options: dict, span: tuple[float, float] | None = None, **facts
) -> tuple[list[Candidate], list[BadRow]]:
    """Return one section of a file, or those that the options say; its id and medium are by its content."""
    try:
        str(path).encode("utf-8")
        digest = content_digest(path)
        seconds = None if span else duration(path)
    except UnicodeEncodeError:
        return [], [BadRow(repr(str(path)), 0, "the file's name is not UTF-8: rename it")]
    except OSError as error:
        return [], [BadRow(str(path), 0, f"cannot be read ({error.strerror})")]
    except MediaError as error:
        return [], [BadRow(str(path), 0, f"not readable as a video ({error})")]
    spans = [span] if span else sections(seconds, options["section_seconds"], options["sections_per_medium"])
    name = safe_id(path.name, digest)
    return [Candidate(name, str(path), *span, medium=digest, **facts) for span in spans], []


def read_videos(path: Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """List the videos of a folder, or those that a table names."""
    return read_folder(path, options) if path.is_dir() else read_video_list(path, options)


def read_folder(folder: Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """List the videos of a folder, cut into sections.

    A subfolder that is called like an object says that it sounds there (``violin/``, or ``violin+piano/``).
    Where no folder says it, what sounds is not known. If the folders at the top are called train, val and
    test (at least one of the last two: a train is an object too) they say the split.
    """
    known, candidates, rejected = names_by_alias(added_of(options)), [], []
    for path, split, objects in told_by_folders(folder, VIDEO_SUFFIXES, known):
        found, bad = _file_sections(path, options, objects=objects, split=split)
        candidates += found
        rejected += bad
    if not candidates:
        raise ObjectsoundsError(
            f"{folder} holds no readable video ({len(rejected)} could not be read); "
            f"videos end in {', '.join(VIDEO_SUFFIXES)}."
        )
    return candidates, rejected


def read_video_list(path: Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """Read a table of video files, separated by commas, tabs or semicolons.

    Columns: ``file`` (relative to the list), and where wanted ``start``, ``end`` (s), ``objects`` and
    ``visible`` (separated by semicolons) and ``split``. A file without start and end is cut into sections.
    """
    known, candidates, rejected = names_by_alias(added_of(options)), [], []
    columns, rows = read_persons_table(path, "catalogue", "name a table of video files")
    if "file" not in columns:
        raise ObjectsoundsError(
            f"{path} has no column 'file'; its first line should name the columns file, start, end, "
            "objects, visible, split, of which all but the first may be absent."
        )
    for row in rows:
        found, bad = _listed_video(path, row, known, options)
        candidates += found
        rejected += [BadRow(str(path), row.line, reason) for reason in bad]
    if len(rejected) > len(candidates):
        raise ObjectsoundsError(
            f"{path} is mostly unusable: {len(rejected)} bad rows beside {len(candidates)} clips, "
            f"the first in line {rejected[0].line} ({rejected[0].reason})."
        )
    return candidates, rejected


def _listed_video(
    path: Path, row: PersonsRow, known: dict[str, str], options: dict
) -> tuple[list[Candidate], list[str]]:
    """Return the sections of a row, and what is wrong with it."""
    if row.problem:
        return [], [row.problem]
    cells = {name: row.cells.get(name, "") for name in ("file", "start", "end", "split")}
    names = {key: labels_in(row.cells.get(key, ""), known) for key in ("objects", "visible")}
    unknown = [name for name in names["objects"] + names["visible"] if name not in {*known, "none"}]
    video = path.parent / cells["file"]
    if not cells["file"] or not video.is_file():
        return [], [f"no file {cells['file'][:80]!r}" if cells["file"] else "no file"]
    if unknown:
        return [], [f"unknown object {unknown[0][:30]!r}"]
    if cells["split"] not in ("", *SPLIT_FOLDERS):
        return [], [f"unknown split {cells['split'][:20]!r}"]
    span = _span_of(cells)
    if isinstance(span, str):
        return [], [span]
    found, bad = _file_sections(
        video,
        options,
        span,
        objects=known_objects(names["objects"], known),
        split=SPLIT_FOLDERS.get(cells["split"], ""),
        visible=";".join(known_objects(names["visible"], known)) or ("none" if names["visible"] else ""),
    )
    return found, [f"{item.path}: {item.reason}" for item in bad]


def _span_of(cells: dict[str, str]) -> tuple[float, float] | str | None:
    """Return start and end in s, None where the row names neither, or what is wrong with them."""
    if not cells["start"] and not cells["end"]:
        return None
    try:
        start, end = float(cells["start"] or 0), float(cells["end"])
    except ValueError:
        return "start or end is not a number"
    return (start, end) if 0 <= start < end < float("inf") else "end is not after start"
