"""Reading Google AudioSet's segment lists and ontology, as published and as people re-save them."""

import csv
import json
import re
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from objectsounds.config.classes import MID
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import persons_file

MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{11}")
# A row without faults, read at once: the unbalanced list has two million of them.
GOOD_ROW = re.compile(
    r"([A-Za-z0-9_-]{11}), ?(\d+(?:\.\d+)?), ?(\d+(?:\.\d+)?), ?"
    r'(?:"((?:/[a-z]+/[A-Za-z0-9_]+)(?:,/[a-z]+/[A-Za-z0-9_]+)*)"|(/[a-z]+/[A-Za-z0-9_]+))'
)
ANNOUNCED = re.compile(r"num_segs=(\d+)")


@dataclass(frozen=True, slots=True)
class Segment:
    """One row: media id, start and end in seconds, and the mids of what sounds."""

    media_id: str
    start: float
    end: float
    mids: tuple[str, ...]

    @property
    def clip_id(self) -> str:
        """The media id and the start in milliseconds."""
        return f"{self.media_id}_{round(self.start * 1000)}"


@dataclass(frozen=True)
class BadRow:
    """A row that was left out: its file, its line number and why."""

    path: str
    line: int
    reason: str


def parse_segment(line: str) -> Segment | str:
    """Return the segment of one line, or the reason why it has none."""
    row = GOOD_ROW.fullmatch(line)
    if row is None:
        return _parse_odd(line)
    start, end = float(row[2]), float(row[3])
    return Segment(row[1], start, end, tuple((row[4] or row[5]).split(","))) if start < end else _END


_END = "end is not after start"


def _parse_odd(line: str) -> Segment | str:
    if line.count('"') % 2:
        return "cut line"
    cells = next(csv.reader([line], skipinitialspace=True), [])
    if len(cells) < 4:
        return "cut line"
    media_id, start, end = (cell.strip() for cell in cells[:3])
    if not MEDIA_ID.fullmatch(media_id):
        return f"impossible media id {media_id[:20]!r}"
    try:
        seconds = float(start), float(end)
    except ValueError:
        return "start or end is not a number"
    if not 0 <= seconds[0] < seconds[1] < float("inf"):
        return _END
    mids = tuple(mid.strip() for cell in cells[3:] for mid in cell.split(",") if mid.strip())
    wrong = [mid for mid in mids if not MID.fullmatch(mid)]
    if wrong or not mids:
        return f"impossible label {wrong[0][:20]!r}" if wrong else "no label"
    return Segment(media_id, *seconds, mids)


def _rows(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of the lines that are no comments."""
    with open(path, encoding="utf-8-sig", errors="replace", newline=None) as file:
        for number, line in enumerate(file, start=1):
            text = line.strip()
            if not text or (text.startswith("#") and not text.startswith("#NAME?")):
                continue
            yield number, text


def _announced(path: Path) -> int | None:
    """Return the number of segments that a list's own comment lines announce."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        for _, line in zip(range(4), file, strict=False):
            found = ANNOUNCED.search(line)
            if line.startswith("#") and found:
                return int(found[1])
    return None


def read_ontology(path: str | Path) -> dict[str, dict]:
    """Read AudioSet's ontology: mid to its entry with ``name`` and ``child_ids``.

    Raises
    ------
    ObjectsoundsError
        If the file is no ontology.
    """
    if not Path(path).exists():
        raise ObjectsoundsError(
            f"catalogue.ontology: {path} does not exist; get Google's ontology.json, or set it to null."
        )
    remedy = "get Google's ontology.json, or set it to null"
    with persons_file(path, "catalogue.ontology", remedy) as file:
        text = file.read_text(encoding="utf-8")
    try:
        return {entry["id"]: entry for entry in json.loads(text)}
    except (ValueError, TypeError, KeyError) as error:
        raise ObjectsoundsError(
            f"catalogue.ontology: {path} is no AudioSet ontology ({type(error).__name__}: {error}); "
            "get Google's ontology.json again, or set it to null."
        ) from None


def _judged(
    path: Path, known: Container[str] | None, seen: set[str]
) -> Iterator[tuple[int, str | None, Segment | None]]:
    """Yield line number, what is wrong with the row (or None) and its segment."""
    for number, text in _rows(path):
        row = parse_segment(text)
        if isinstance(row, str):
            yield number, row, None
            continue
        unknown = [] if known is None else [mid for mid in row.mids if mid not in known]
        clip_id = row.clip_id
        if unknown:
            yield number, f"label {unknown[0]} is not in the ontology", None
        elif clip_id in seen:
            yield number, "listed before", None
        else:
            seen.add(clip_id)
            yield number, None, row


def read_segments(
    path: str | Path, mids: Collection[str] | None = None, known: Container[str] | None = None
) -> tuple[list[Segment], list[BadRow]]:
    """Read a segment list.

    Parameters
    ----------
    path : path
    mids : collection of str, optional
        Only segments with one of these labels are returned; all rows are checked nonetheless.
    known : container of str, optional
        The mids of the ontology; a row with another one is bad.

    Returns
    -------
    segments : list of Segment
        Every good row, a clip once.
    rejected : list of BadRow
        With a last entry for the file where it holds fewer or more rows than it announces.

    Raises
    ------
    ObjectsoundsError
        If the file is missing, holds no row, or is mostly bad.
    """
    path = Path(path)
    if not path.is_file():
        raise ObjectsoundsError(
            f"{path} does not exist: set catalogue.train and catalogue.test to AudioSet's CSV files."
        )
    wanted = None if mids is None else frozenset(mids)
    segments: list[Segment] = []
    rejected: list[BadRow] = []
    seen: set[str] = set()
    with persons_file(path, "catalogue", "name one of AudioSet's CSV files"):
        for number, problem, segment in _judged(path, known, seen):
            if segment is None:
                rejected.append(BadRow(str(path), number, problem))
            elif wanted is None or not wanted.isdisjoint(segment.mids):
                segments.append(segment)
        announced = _announced(path)
    if not seen and not rejected:
        raise ObjectsoundsError(f"{path} holds no segment: it should list 'id, start, end, \"mids\"'.")
    refuse_bad(path, rejected, len(seen), "is it a segment list in AudioSet's format?")
    found = len(seen) + len(rejected)
    if announced is not None and announced != found:
        rejected.append(BadRow(str(path), 0, f"the file announces {announced} segments and holds {found}"))
    return segments, rejected


def refuse_bad(path: Path, rejected: list[BadRow], good: int, remedy: str) -> None:
    """Refuse a list that is empty, or of which at least half is bad.

    Raises
    ------
    ObjectsoundsError
        With the first bad row; ``remedy`` ends the sentence, with its own full stop or question mark.
    """
    if not good and not rejected:
        raise ObjectsoundsError(f"{path} holds no row; {remedy}")
    if len(rejected) >= max(1, good):
        worst = rejected[0]
        raise ObjectsoundsError(
            f"{path} is mostly unreadable: {len(rejected)} bad rows beside {good} good ones, "
            f"the first in line {worst.line} ({worst.reason}); {remedy}"
        )
