"""Reading Google AudioSet's segment lists, as published and as people re-save them."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from objectsounds.errors import ObjectsoundsError

MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{11}")
MID = re.compile(r"/[a-z]+/[A-Za-z0-9_]+")


@dataclass(frozen=True)
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
        return "end is not after start"
    mids = tuple(mid.strip() for cell in cells[3:] for mid in cell.split(",") if mid.strip())
    wrong = [mid for mid in mids if not MID.fullmatch(mid)]
    if wrong or not mids:
        return f"impossible label {wrong[0][:20]!r}" if wrong else "no label"
    return Segment(media_id, *seconds, mids)


def _rows(path: Path) -> Iterator[tuple[int, Segment | str]]:
    with open(path, encoding="utf-8-sig", errors="replace", newline=None) as file:
        for number, line in enumerate(file, start=1):
            text = line.strip()
            if not text or (text.startswith("#") and not text.startswith("#NAME?")):
                continue
            yield number, parse_segment(text)


def read_segments(path: str | Path) -> tuple[list[Segment], list[BadRow]]:
    """Read a segment list.

    Returns
    -------
    segments : list of Segment
        Every good row, a clip once.
    rejected : list of BadRow

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
    segments: dict[str, Segment] = {}
    rejected: list[BadRow] = []
    for number, row in _rows(path):
        if isinstance(row, str):
            rejected.append(BadRow(str(path), number, row))
        elif row.clip_id in segments:
            rejected.append(BadRow(str(path), number, "listed before"))
        else:
            segments[row.clip_id] = row
    if len(rejected) >= max(1, len(segments)):
        worst = rejected[0]
        raise ObjectsoundsError(
            f"{path} is mostly unreadable: {len(rejected)} bad rows beside {len(segments)} good ones, "
            f"the first in line {worst.line} ({worst.reason}); is it a segment list in AudioSet's format?"
        )
    if not segments:
        raise ObjectsoundsError(f"{path} holds no segment: it should list 'id, start, end, \"mids\"'.")
    return list(segments.values()), rejected
