"""A folder of media: what lies there under which id, and what has to be downloaded."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from objectsounds.media.decoder import has_sound
from objectsounds.sources.segments import MEDIA_ID

IGNORED = (".part", ".tmp", ".ytdl", ".json", ".tsv", ".csv", ".txt", ".md", ".vtt", ".srt", ".jpg", ".png")
SOUND_SUFFIXES = (".aac", ".ac3", ".aif", ".aiff", ".amr", ".au", ".caf", ".flac", ".m4a", ".mka", ".mp2")
SOUND_SUFFIXES += (".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma")
CUT = re.compile(r"([A-Za-z0-9_-]{11})_(\d+(?:\.\d+)?)_(\d+(?:\.\d+)?)")
LEAST_MILLISECONDS = 500  # a section named by so many is not one of minutes, named by seconds
IGNORED += (".webp", ".description", ".lock")


def section_stems(media_id: str, start: float, end: float) -> list[str]:
    """Return the file names, without suffix, that a section already cut may have.

    ``<id>_<start>_<end>`` in milliseconds, as downloads are named here, or in seconds, as
    AudioSet's downloaders name them; ``<id>_<start, six digits>`` as VGGSound's do.
    """
    names = [f"{media_id}_{round(start * 1000)}_{round(end * 1000)}"]
    names += [f"{media_id}_{start:{form}}_{end:{form}}" for form in ("g", ".1f", ".2f", ".3f")]
    return [*names, f"{media_id}_{int(start):06d}"] if start == int(start) else names


@dataclass(frozen=True)
class Found:
    """Where a section lies: the file of its sound, that of its picture, and its start in both, in s."""

    sound: Path
    picture: Path
    start: float


class MediaFolder:
    """The media of a folder and its subfolders by the stem of their names; listed once.

    Files with the same stem are one medium. Where they lie in one folder, what has a picture is taken for
    both, unless it has no sound. A sound and a picture in folders apart (``audio/ID.mp3``, ``video/ID.mp4``)
    are the sound and the picture of the medium.

    Parameters
    ----------
    folder : path
        May be missing: then it is empty.

    Attributes
    ----------
    files : dict
        Stem to the file of the sound.
    pictures : dict
        Stem to the file of the picture.
    cut : dict
        Media id to start and end (s) and stem of each section that was already cut.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.files: dict[str, Path] = {}
        self.pictures: dict[str, Path] = {}
        named: dict[str, list[Path]] = {}
        for parent, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(parent, name)
                if not name.startswith(".") and path.suffix.lower() not in IGNORED:
                    named.setdefault(path.stem, []).append(path)
        for stem, paths in named.items():
            self.files[stem], self.pictures[stem] = _one_medium(paths)
        self.cut: dict[str, list[tuple[float, float, str]]] = {}
        for stem in self.files:
            section = CUT.fullmatch(stem)
            if section:
                scale = 1000 if float(section[3]) - float(section[2]) >= LEAST_MILLISECONDS else 1
                span = (float(section[2]) / scale, float(section[3]) / scale, stem)
                self.cut.setdefault(section[1], []).append(span)

    def find(self, source: str, start: float, end: float) -> Found | None:
        """Return where a section is; None if there is none.

        Parameters
        ----------
        source : str
            A media id, or the path of a file.
        start, end : float
            Seconds in the whole medium.
        """
        for stem in section_stems(source, start, end):
            if stem in self.files:
                return Found(self.files[stem], self.pictures[stem], 0.0)
        for first, last, stem in self.cut.get(source, ()):
            if first <= start and end <= last:
                return Found(self.files[stem], self.pictures[stem], round(start - first, 3))
        if source in self.files:
            return Found(self.files[source], self.pictures[source], start)
        path = Path(source)
        if not MEDIA_ID.fullmatch(source) and path.is_file():
            return Found(path, path, start)
        return None


def _one_medium(paths: list[Path]) -> tuple[Path, Path]:
    """Return the file of the sound and that of the picture among files with the same stem."""
    sounds = [path for path in paths if path.suffix.lower() in SOUND_SUFFIXES]
    pictures = [path for path in paths if path not in sounds]
    if not sounds or not pictures:
        return paths[0], paths[0]
    apart = all(sound.parent != pictures[0].parent for sound in sounds)
    return (sounds[0] if apart or not has_sound(pictures[0]) else pictures[0]), pictures[0]
