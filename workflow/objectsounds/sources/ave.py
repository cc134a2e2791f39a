"""Catalogue kind ``ave``: the annotations of AVE (Tian et al. 2018)."""

from dataclasses import dataclass
from pathlib import Path

from objectsounds.core.files import persons_file
from objectsounds.sources.candidates import Candidate, placed_as
from objectsounds.sources.labels import Labels
from objectsounds.sources.segments import MEDIA_ID, BadRow, refuse_bad

SETS = {"trainSet.txt": "train", "valSet.txt": "val", "testSet.txt": "test"}
SECONDS = 10  # of every video
HEADER = "Category&VideoID&"
REMEDY = "is it AVE's Annotations.txt, with 'category&id&quality&onset&offset' a line?"


@dataclass(frozen=True)
class Event:
    """A row: what sounds in which video, from onset to offset in s."""

    line: int
    label: str
    media_id: str
    onset: float
    offset: float


def read_ave(path: Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """Read lines ``<category>&<video id>&<quality>&<onset>&<offset>``, the times in s of the 10 s video.

    ``trainSet.txt``, ``valSet.txt`` and ``testSet.txt``, named themselves or beside ``Annotations.txt``, say
    the split. A clip is one event, labelled with all that sounds within it; where something sounds in it
    that is none of the known objects it is no single source, and is not taken for test.
    """
    labels, candidates = Labels("ave", options), []
    events, rejected = _events(path, labels)
    refuse_bad(path, rejected, len(events), REMEDY)
    splits = _splits(path)
    by_video: dict[str, list[Event]] = {}
    for event in events:
        by_video.setdefault(event.media_id, []).append(event)
    for event in events:
        if labels.object_of(event.label) is None:
            continue
        heard = [
            e.label for e in by_video[event.media_id] if e.onset < event.offset and event.onset < e.offset
        ]
        objects = tuple(dict.fromkeys(filter(None, (labels.object_of(name) for name in heard))))
        other = [name for name in heard if labels.object_of(name) is None]
        split = splits.get(event.media_id, "")
        if other and split == "test":
            reason = f"{event.media_id}: {other[0]!r} sounds too, which is none of the objects"
            rejected.append(BadRow(str(path), event.line, reason))
            continue
        place = placed_as(split) if split or not other else {"only": ("train", "val")}
        span = (event.onset, event.offset)
        candidates.append(Candidate(event.media_id, event.media_id, *span, objects, **place))
    return candidates, rejected


def _lines(path: Path) -> list[str]:
    with persons_file(path, "catalogue", "name AVE's Annotations.txt, or one of its sets") as file:
        return file.read_text(encoding="utf-8-sig").splitlines()


def _splits(path: Path) -> dict[str, str]:
    """Return the split of each video by the sets beside a list, or by the list's own name."""
    named = [path] if path.name in SETS else [path.parent / name for name in SETS]
    found = {}
    for item in named:
        if item.is_file():
            cells = (line.split("&") for line in _lines(item))
            found |= {row[1]: SETS[item.name] for row in cells if len(row) > 1}
    return found


def _events(path: Path, labels: Labels) -> tuple[list[Event], list[BadRow]]:
    found, rejected = [], []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip() or line.startswith(HEADER):
            continue
        event = _event(number, line.strip(), labels)
        if isinstance(event, Event):
            found.append(event)
        else:
            rejected.append(BadRow(str(path), number, event))
    return found, rejected


def _event(number: int, line: str, labels: Labels) -> Event | str:
    """Return the event of a line, or what is wrong with it."""
    cells = [cell.strip() for cell in line.rsplit("&", 4)]
    if len(cells) != 5:
        return f"{len(cells)} cells instead of category, id, quality, onset, offset"
    if not MEDIA_ID.fullmatch(cells[1]):
        return f"impossible media id {cells[1][:20]!r}"
    try:
        onset, offset = float(cells[3]), float(cells[4])
    except ValueError:
        return "onset or offset is not a number"
    if not 0 <= onset < offset <= SECONDS:
        return f"onset {onset:g} and offset {offset:g} are no section of {SECONDS} s"
    return labels.problem(cells[0]) or Event(number, cells[0], cells[1], onset, offset)
