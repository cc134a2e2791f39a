"""Clips that may be chosen: from AudioSet's lists and from lists of single sources."""

import csv
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from objectsounds.classes import names_by_alias, objects_by_mid
from objectsounds.errors import ObjectsoundsError
from objectsounds.files import persons_file
from objectsounds.segments import MEDIA_ID, BadRow, Segment, read_ontology, read_segments

PIECES, PIECE = 16, 2**16  # of a medium that tell what it is; bytes each


@dataclass(frozen=True)
class Candidate:
    """A clip that may be chosen.

    Attributes
    ----------
    media_id : str
        What the clip is a section of; safe as a file name.
    source, picture : str
        The media id, or the path of a file; ``picture`` is empty where sound and picture are in one.
    start, end : float
        Seconds.
    objects : tuple of str
        What sounds; empty where that is not known.
    split : str
        Empty where the catalogue decides.
    visible : str
        What is seen, where that is known, separated by semicolons.
    medium : str
        What decides the split: clips of one medium are never in two; the media id if empty.
    only : tuple of str
        The splits in which the clip is of use; all if empty.
    """

    media_id: str
    source: str
    start: float
    end: float
    objects: tuple[str, ...]
    picture: str = ""
    split: str = ""
    visible: str = ""
    medium: str = ""
    only: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """What the clip is a section of."""
        return self.medium or self.media_id

    @property
    def clip_id(self) -> str:
        """The media id and the start in milliseconds."""
        return f"{self.media_id}_{round(self.start * 1000)}"


def content_digest(path: Path) -> str:
    """Return the SHA-256, hexadecimal, of a file's size and of pieces spread evenly over it.

    It tells a medium from every other, wherever it lies, without reading hours of video.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for index in range(PIECES):
            file.seek(max(0, size - PIECE) * index // (PIECES - 1))
            digest.update(file.read(PIECE))
    return digest.hexdigest()


def known_objects(names: Iterable[str], known: dict[str, str]) -> tuple[str, ...]:
    """Return the objects of those names that are known, each once."""
    return tuple(dict.fromkeys(known[name] for name in names if name in known))


def safe_id(path: str, digest: str) -> str:
    """Return an id of a file that is safe as a file name: its stem, mostly, and the digest of its content."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", Path(path).stem)[:40].strip("_-") + f"-{digest[:8]}"


def sections(seconds: float, length: float, most: int) -> list[tuple[float, float]]:
    """Return at most ``most`` sections of ``length`` s, evenly over a medium of ``seconds`` s.

    A medium shorter than one section is one section.
    """
    if seconds <= length:
        return [(0.0, round(seconds, 3))]
    fitting = int(seconds // length)
    count = min(fitting, most)
    spacing = (seconds - length) / max(count - 1, 1) if count < fitting else length
    return [(round(i * spacing, 3), round(i * spacing + length, 3)) for i in range(count)]


class AudioSet:
    """Reads AudioSet's lists for one configuration."""

    def __init__(self, settings: dict):
        catalogue = settings["catalogue"]
        self.objects = objects_by_mid(settings["classes"], catalogue["descendants"])
        self.known = None
        if catalogue["ontology"] is not None:
            self.known = read_ontology(catalogue["ontology"])
            strange = [mid for mid in self.objects if mid not in self.known]
            if strange:
                raise ObjectsoundsError(
                    f"resources/classes.tsv: {strange[0]} of {self.objects[strange[0]][0]} is not in "
                    f"{catalogue['ontology']}: correct the mid, or get the whole ontology."
                )

    def read(self, path: str) -> tuple[list[Candidate], list[BadRow]]:
        """Return a list's clips that hold any known object."""
        segments, bad = read_segments(path, self.objects, self.known)
        return [self._candidate(segment) for segment in segments], bad

    def _candidate(self, segment: Segment) -> Candidate:
        names = [name for mid in segment.mids for name in self.objects.get(mid, ())]
        objects = tuple(dict.fromkeys(names))
        return Candidate(segment.media_id, segment.media_id, segment.start, segment.end, objects)


def read_single_sources(path: str | Path) -> tuple[list[Candidate], list[BadRow]]:
    """Read a list of single-source test clips: ``media id, start, end, object`` a line, ``#`` comments.

    Gao's AudioSet-SingleSource, 23 videos chosen by hand, has this form (Gao 4.1).
    """
    known, found, bad = names_by_alias(), [], []
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
