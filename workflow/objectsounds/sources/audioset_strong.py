"""Catalogue kind ``audioset_strong``: AudioSet's labels with onset and offset (Hershey et al. 2021)."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from objectsounds.config.classes import added_of, chosen_classes, objects_by_mid
from objectsounds.core.files import persons_file
from objectsounds.sources.audioset import known_mids
from objectsounds.sources.candidates import Candidate
from objectsounds.sources.segments import MID, BadRow, refuse_bad

SEGMENT = re.compile(r"([A-Za-z0-9_-]{11})_(\d+)")
SECONDS = 10  # of every segment
GAP = 1.0  # s without a sound within one solo: between two barks
HEADER = "segment_id\t"
SURROUNDINGS = {  # rooms and surroundings, in which an object still sounds alone
    *("/t/dd00125", "/t/dd00126", "/t/dd00127", "/t/dd00128", "/t/dd00129"),
    *("/m/01b9nn", "/m/01jnbd"),
}
REMEDY = "is it Google's audioset_train_strong.tsv or audioset_eval_strong.tsv, 'id_ms, onset, offset, mid'?"


@dataclass(frozen=True)
class Event:
    """What sounds in a segment from onset to offset, in s of the segment."""

    mid: str
    onset: float
    offset: float


def read_strong(path: Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """Read rows ``<YouTube id>_<start in ms>``, onset, offset (s of the 10 s segment) and mid, by tabs.

    For the splits in ``strong_solos`` a segment gives the sections of at least ``solo_seconds`` in which one
    object sounds and nothing else is labelled; for the others the whole segment, with all that sounds in it.
    """
    added = added_of(options)
    objects = objects_by_mid(options["classes"], options["descendants"], added)
    known = known_mids(options["ontology"], objects, added)
    segments, rejected, good = _segments(path, known)
    refuse_bad(path, rejected, good, REMEDY)
    apart = tuple(options["strong_solos"])
    together = tuple(split for split in ("train", "val", "test") if split not in apart)
    candidates, heard = [], set()
    for (media_id, start), events in segments.items():
        names = tuple(dict.fromkeys(name for event in events for name in objects.get(event.mid, ())))
        heard |= set(names)
        if names and together:
            end = start + SECONDS
            candidates.append(Candidate(media_id, media_id, start, end, names, only=together))
        for name, onset, offset in solos(events, objects) if names and apart else ():
            if offset - onset >= options["solo_seconds"]:
                span = (round(start + onset, 3), round(start + offset, 3))
                candidates.append(Candidate(media_id, media_id, *span, (name,), only=apart))
    return candidates, rejected + _unheard(path, options, heard)


def _unheard(path: Path, options: dict, heard: set[str]) -> list[BadRow]:
    """Return a row that says why instruments are missing."""
    silent = [
        item for item in chosen_classes(options["classes"], added_of(options)) if item.name not in heard
    ]
    names = [item.name for item in silent if item.group == "instrument"]
    reason = f"no event of {', '.join(names)}: the strong labels call most music just Music"
    return [BadRow(str(path), 0, reason)] if names else []


def _segments(
    path: Path, known: dict | None
) -> tuple[dict[tuple[str, float], list[Event]], list[BadRow], int]:
    """Return the events of each segment, by media id and start in s, the rows left out, and the good ones."""
    with persons_file(path, "catalogue", "name a list of AudioSet's strong labels") as file:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    found: dict[tuple[str, float], list[Event]] = {}
    rejected, good = [], 0
    for number, line in enumerate(lines, start=1):
        if not line.strip() or (number == 1 and line.startswith(HEADER)):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        event = _event(cells, known)
        if isinstance(event, str):
            rejected.append(BadRow(str(path), number, event))
            continue
        media_id, milliseconds = SEGMENT.fullmatch(cells[0]).groups()
        found.setdefault((media_id, int(milliseconds) / 1000), []).append(event)
        good += 1
    return found, rejected, good


def _event(cells: list[str], known: dict | None) -> Event | str:
    """Return the event of a row, or what is wrong with it."""
    if len(cells) != 4:
        return f"{len(cells)} cells instead of segment id, onset, offset, mid"
    if not SEGMENT.fullmatch(cells[0]):
        return f"impossible segment id {cells[0][:30]!r}"
    try:
        onset, offset = float(cells[1]), float(cells[2])
    except ValueError:
        return "onset or offset is not a number"
    if not 0 <= onset < offset or offset > SECONDS + 0.05:
        return f"onset {onset:g} and offset {offset:g} are no section of {SECONDS} s"
    if not MID.fullmatch(cells[3]):
        return f"impossible label {cells[3][:20]!r}"
    if known is not None and cells[3] not in known:
        return f"label {cells[3]} is not in the ontology"
    return Event(cells[3], onset, min(offset, float(SECONDS)))


def solos(events: list[Event], objects: dict[str, tuple[str, ...]]) -> list[tuple[str, float, float]]:
    """Return object, onset and offset (s of the segment) of the sections in which one object sounds alone.

    Pauses of up to a second, in which nothing is labelled, belong to a section. Rooms and surroundings are
    no sources; every other label is one, known or not.
    """
    events = [event for event in events if event.mid not in SURROUNDINGS]
    names = {name for found in objects.values() for name in found}
    times = sorted({time for event in events for time in (event.onset, event.offset)})
    found: list[tuple[str, float, float]] = []
    unbroken = False
    for begin, end in pairwise(times):
        active = [event.mid for event in events if event.onset <= begin and end <= event.offset]
        sources = {name for mid in active for name in objects.get(mid, (mid,))}
        if len(sources) == 1 and sources <= names:
            (name,) = sources
            if unbroken and found[-1][0] == name and begin - found[-1][2] <= GAP:
                found[-1] = (name, found[-1][1], end)
            else:
                found.append((name, begin, end))
            unbroken = True
        elif sources:
            unbroken = False
    return found
