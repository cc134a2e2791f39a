"""Which clips hold a single source, by a list of a person's or by AudioSet's labels."""

import csv
from pathlib import Path

from objectsounds.config.classes import NONE_ADDED, Added, names_by_alias
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import persons_file
from objectsounds.sources.candidates import Candidate
from objectsounds.sources.segments import MEDIA_ID, BadRow


def read_single_sources(path: str | Path, added: Added = NONE_ADDED) -> tuple[list[Candidate], list[BadRow]]:
    """Read a list of single-source test clips: ``media id, start, end, object`` a line, ``#`` comments.

    Gao's AudioSet-SingleSource, 23 videos chosen by hand, has this form (Gao 4.1).
    """
    known, found, bad = names_by_alias(added), [], []
    remedy = "name a list of single-source clips, or set it to null"
    with persons_file(path, "catalogue.single_source", remedy) as file:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))]
        problem = _single_problem(cells, known)
        if problem:
            bad.append(BadRow(str(path), number, problem))
        else:
            found.append(Candidate(cells[0], cells[0], float(cells[1]), float(cells[2]), (known[cells[3]],)))
    if not found:
        raise ObjectsoundsError(
            f"catalogue.single_source: {path} holds no clip; a line reads 'media id, start, end, object'."
        )
    return found, bad


def _single_problem(cells: list[str], known: dict[str, str]) -> str | None:
    if len(cells) != 4:
        return f"{len(cells)} cells instead of media id, start, end, object"
    if not MEDIA_ID.fullmatch(cells[0]):
        return f"impossible media id {cells[0][:20]!r}"
    try:
        good = 0 <= float(cells[1]) < float(cells[2]) < float("inf")
    except ValueError:
        return "start or end is not a number"
    if not good:
        return "end is not after start"
    return None if cells[3] in known else f"unknown object {cells[3][:30]!r}"
