"""What is seen with sounds that were extracted from their videos: videos or folders of pictures, by id."""

import re
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.media.picture_folder import PICTURE_SUFFIXES
from objectsounds.sources.folder import VIDEO_SUFFIXES

ID = re.compile(r"[A-Za-z0-9_-]+")
SECTION_OF = re.compile(r"([A-Za-z0-9_-]{11})_\d+(?:\.\d+)?(?:_\d+(?:\.\d+)?)?")  # of a YouTube video


class Pictures:
    """What is seen with each sound, by its id.

    Parameters
    ----------
    folder : str or None
        ``catalogue.pictures``: holds ``<id>.<any container>`` or a folder ``<id>`` of pictures, at any depth.
    """

    def __init__(self, folder: str | None):
        if folder is None or not Path(folder).is_dir():
            raise ObjectsoundsError(
                f"catalogue.pictures = {folder!r} is no folder: kind audio has sound alone, so name the "
                "folder of its videos, <id>.mp4, or of folders <id> of pictures."
            )
        self.folder, self.found = folder, {}
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix.lower() in VIDEO_SUFFIXES:
                self.found.setdefault(path.stem, path)
            elif path.suffix.lower() in PICTURE_SUFFIXES:
                self.found.setdefault(path.parent.name, path.parent)

    def of(self, media_id: str) -> Path | None:
        """Return the video of an id, or its folder of pictures."""
        return self.found.get(media_id)

    def problem(self, media_id: str) -> str | None:
        """Return why a sound cannot be used, if it cannot."""
        if not ID.fullmatch(media_id):
            return f"{media_id[:40]!r} is no id: use letters, digits, - and _ in its name"
        return None if media_id in self.found else f"no picture {media_id} in {self.folder}"


def medium_of(media_id: str) -> str:
    """Return what decides the split of a sound: the video of which it is a section, by its name."""
    section = SECTION_OF.fullmatch(media_id)
    return section[1] if section else media_id
