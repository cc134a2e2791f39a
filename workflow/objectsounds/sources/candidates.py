"""Clips that may be chosen: from AudioSet's lists and from lists of single sources."""

import hashlib
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from objectsounds.core.tables import names_in

PIECES, PIECE = 16, 2**16  # of a medium that tell what it is; bytes each


@dataclass(frozen=True, slots=True)
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
    clip_id : str
        The media id and the start in milliseconds.
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
    clip_id: str = field(init=False)  # kept, as the tables of two million clips are keyed by it

    def __post_init__(self):
        object.__setattr__(self, "clip_id", f"{self.media_id}_{round(self.start * 1000)}")

    @property
    def whole(self) -> str:
        """What the clip is a section of."""
        return self.medium or self.media_id


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


def labels_in(cell: str, known: Container[str]) -> list[str]:
    """Return the names that a person wrote into a cell, separated by semicolons or commas.

    A label of a data set that holds a comma (``playing violin, fiddle``) is one name where it is ``known``.
    """
    parts = [part.strip() for part in cell.split(";") if part.strip()]
    return [name for part in parts for name in ([part] if part in known else names_in(part))]


def placed_as(split: str) -> dict:
    """Return the fields of a clip that a data set places; of its train part some are held out for val."""
    return {"split": "", "only": ("train", "val")} if split == "train" else {"split": split}


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
