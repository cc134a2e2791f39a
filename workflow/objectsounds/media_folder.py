"""A folder of media: what lies there under which id, and what has to be downloaded."""

import os
from pathlib import Path

from objectsounds.segments import MEDIA_ID

IGNORED = (".part", ".tmp", ".ytdl", ".json", ".tsv", ".csv", ".txt", ".md", ".vtt", ".srt", ".jpg", ".png")
IGNORED += (".webp", ".description", ".lock")


def section_stems(media_id: str, start: float, end: float) -> list[str]:
    """Return the file names, without suffix, that a section already cut may have.

    ``<id>_<start>_<end>`` in milliseconds, as downloads are named here, or in seconds, as
    AudioSet's downloaders name them; ``<id>_<start, six digits>`` as VGGSound's do.
    """
    names = [f"{media_id}_{round(start * 1000)}_{round(end * 1000)}"]
    names += [f"{media_id}_{start:{form}}_{end:{form}}" for form in ("g", ".1f", ".2f", ".3f")]
    return [*names, f"{media_id}_{int(start):06d}"] if start == int(start) else names


class MediaFolder:
    """The media of a folder and its subfolders by the stem of their names; listed once.

    Parameters
    ----------
    folder : path
        May be missing: then it is empty.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.files: dict[str, Path] = {}
        for parent, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(parent, name)
                if not name.startswith(".") and path.suffix.lower() not in IGNORED:
                    self.files.setdefault(path.stem, path)

    def find(self, source: str, start: float, end: float) -> tuple[Path, float] | None:
        """Return the file that holds a section, and the section's start in it in s; None if there is none.

        Parameters
        ----------
        source : str
            A media id, or the path of a file.
        start, end : float
            Seconds in the whole medium.
        """
        for stem in section_stems(source, start, end):
            if stem in self.files:
                return self.files[stem], 0.0
        if source in self.files:
            return self.files[source], start
        path = Path(source)
        if not MEDIA_ID.fullmatch(source) and path.is_file():
            return path, start
        return None
