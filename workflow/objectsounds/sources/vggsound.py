"""Catalogue kind ``vggsound``: VGGSound's CSV (Chen et al. 2020)."""

import csv
from pathlib import Path

from objectsounds.core.files import persons_file
from objectsounds.sources.candidates import Candidate, placed_as
from objectsounds.sources.labels import Labels
from objectsounds.sources.segments import MEDIA_ID, BadRow, refuse_bad

SECONDS = 10  # of every clip
SPLITS = ("train", "test")
REMEDY = "is it VGGSound's CSV, with 'id, start in s, label, train or test' a line?"


def read_vggsound(path: Path, options: dict) -> tuple[list[Candidate], list[BadRow]]:
    """Read lines ``<YouTube id>,<start in s>,<label>,<train or test>``; a clip lasts 10 s.

    Clips whose label means no known object are passed over; val is taken from the clips of train.
    """
    labels, candidates, rejected, good = Labels("vggsound", options), [], [], 0
    with persons_file(path, "catalogue", "name VGGSound's CSV") as file:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    for number, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True), [])]
        if not any(cells) or (number == 1 and _is_header(cells)):
            continue
        problem = _problem(cells, labels)
        if problem:
            rejected.append(BadRow(str(path), number, problem))
            continue
        good += 1
        name, start = labels.object_of(cells[2]), float(cells[1])
        if name is not None:
            place = placed_as(cells[3])
            candidates.append(Candidate(cells[0], cells[0], start, start + SECONDS, (name,), **place))
    refuse_bad(path, rejected, good, REMEDY)
    return candidates, rejected


def _is_header(cells: list[str]) -> bool:
    return len(cells) > 1 and not MEDIA_ID.fullmatch(cells[0]) and not cells[1].isdecimal()


def _problem(cells: list[str], labels: Labels) -> str | None:
    if len(cells) != 4:
        return f"{len(cells)} cells instead of id, start, label, split"
    if not MEDIA_ID.fullmatch(cells[0]):
        return f"impossible media id {cells[0][:20]!r}"
    try:
        if not 0 <= float(cells[1]) < float("inf"):
            return f"impossible start {cells[1][:20]!r}"
    except ValueError:
        return f"start {cells[1][:20]!r} is not a number"
    if cells[3] not in SPLITS:
        return f"unknown split {cells[3][:20]!r}"
    return labels.problem(cells[2])
