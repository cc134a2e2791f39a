"""Pictures of a video at given times, as the stage ``clips`` takes and stores them."""

from pathlib import Path

import cv2
import numpy as np

from objectsounds.errors import ObjectsoundsError
from objectsounds.limits import Deadline, check_size

# That a sound has no picture, or that one is cut short, is told by our own sentences.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95]


class NoPictureError(ObjectsoundsError):
    """A file in which no picture can be decoded."""


def read_frames(path: Path, times: list[float], size: int, timeout: float = 120) -> list[np.ndarray]:
    """Read the frames shown at ``times`` (s), ascending.

    Returns
    -------
    list of np.ndarray, uint8 [shape=(H, W, 3)]
        In OpenCV's BGR order and upright, the shorter side at most ``size`` pixels; fewer than asked
        for where the picture ends.

    Raises
    ------
    NoPictureError
        If the file has no picture.
    TooLargeError
        If the frames are too large, or take longer than ``timeout`` s.
    """
    deadline = Deadline(timeout)
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        if not capture.isOpened():
            raise NoPictureError("no picture can be decoded")
        if times[0] > 5:
            capture.set(cv2.CAP_PROP_POS_MSEC, (times[0] - 2) * 1000)
        return _frames_at(capture, times, size, deadline)
    finally:
        capture.release()


def _frames_at(
    capture: cv2.VideoCapture, times: list[float], size: int, deadline: Deadline
) -> list[np.ndarray]:
    def more() -> bool:
        deadline.check()
        check_size(capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        return capture.grab()

    frames: list[np.ndarray] = []
    while len(frames) < len(times) and more():
        shown = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if shown + 1e-3 < times[len(frames)]:
            continue
        good, picture = capture.retrieve()
        if not good:
            continue
        picture = _shrunk(picture, size)
        while len(frames) < len(times) and shown + 1e-3 >= times[len(frames)]:
            frames.append(picture)
    return frames


def _shrunk(picture: np.ndarray, size: int) -> np.ndarray:
    height, width = picture.shape[:2]
    factor = size / min(height, width)
    if factor >= 1:
        return picture
    return cv2.resize(picture, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)


def frame_times(start: float, seconds: float, count: int) -> list[float]:
    """Return the times (s) of ``count`` frames that are spread evenly over a section."""
    spacing = seconds / count
    return [start + (index + 0.5) * spacing for index in range(count)]


def as_stored(frame: np.ndarray) -> np.ndarray:
    """Return a frame, uint8 RGB, as the classifier would read it from the run's folder: out of a JPEG."""
    data = cv2.imencode(".jpg", frame, JPEG)[1]
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
