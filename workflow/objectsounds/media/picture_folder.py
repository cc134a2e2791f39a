"""A folder of pictures in place of a video's picture: frames that were extracted before, evenly over it."""

import re
from pathlib import Path

import cv2

from objectsounds.core.limits import check_size
from objectsounds.media.frames import NoPictureError, Shown

PICTURE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")


def read_picture_folder(folder: Path, times: list[float], seconds: float, size: int) -> Shown:
    """Return what is shown at the times of a medium of which a folder holds the pictures.

    Parameters
    ----------
    folder : Path
        Its pictures, in the order of their names (by number where they end in one), are shown one after the
        other, each for the same time.
    times : list of float
        Seconds of the medium.
    seconds : float
        The medium's length in s.
    size : int
        The shorter side of the frames in pixels; smaller pictures are kept as they are.

    Raises
    ------
    NoPictureError
        If there is none, or one cannot be decoded.
    """
    paths = [path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES]
    if not paths:
        raise NoPictureError(f"no picture in {folder}")
    paths.sort(key=_order)
    shown = Shown()
    for time in times:
        path = paths[min(len(paths) - 1, int(time / seconds * len(paths)))]
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise NoPictureError(f"{path} cannot be decoded")
        height, width = picture.shape[:2]
        check_size(width, height)
        factor = min(1.0, size / min(height, width))
        target = (max(1, round(width * factor)), max(1, round(height * factor)))
        if factor < 1:
            picture = cv2.resize(picture, target, interpolation=cv2.INTER_AREA)
        shown.frames.append(picture)
    return shown


def _order(path: Path) -> tuple[int, str]:
    number = re.search(r"\d+$", path.stem)
    return int(number[0]) if number else 0, path.name
