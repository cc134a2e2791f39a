"""How much of a file from elsewhere is decoded: a small one can hold long sounds and very large pictures."""

from objectsounds.core.errors import ObjectsoundsError

MOST_SECONDS = 600.0  # of one clip: 115 MB at 48 kHz
MOST_PIXELS = 7680 * 4320  # of one frame: 8K, 100 MB
MOST_SIDE = 16384  # pixels


class TooLargeError(ObjectsoundsError):
    """A file that would take more memory or time than a clip may."""


def check_seconds(seconds: float) -> None:
    """Raise ``TooLargeError`` for a clip that is too long."""
    if seconds > MOST_SECONDS:
        raise TooLargeError(f"{seconds:g} s long, the most is {MOST_SECONDS:g} s")


def check_size(width: float, height: float) -> None:
    """Raise ``TooLargeError`` for a picture with too many pixels."""
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise TooLargeError(f"frames of {width:g} x {height:g} pixels, the most are {MOST_PIXELS}")
