"""Pictures of a video at given times, as the stage ``clips`` takes and stores them."""

from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np

from objectsounds.core.limits import check_size
from objectsounds.media.decoder import Medium
from objectsounds.media.ffmpeg import MediaError

JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95]
SAME_TIME = 1e-3  # s; containers round time stamps
WIDEST_PIXEL = 4.0  # times as wide as high: more is a fault of the file


class NoPictureError(MediaError):
    """A file in which no picture can be decoded."""


@dataclass
class Shown:
    """The frames on screen at some times.

    Attributes
    ----------
    frames : list of np.ndarray, uint8 [shape=(H, W, 3)]
        One for each time, in OpenCV's BGR order and upright.
    notes : list of str
        Where no frame was on screen.
    """

    frames: list[np.ndarray] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_frames(path: Path, times: list[float], size: int, timeout: float = 120) -> Shown:
    """Read the last frame shown at or before each of ``times``: s of file time, ascending.

    After the picture's end its last frame stays; before its beginning the first one stands in.

    Parameters
    ----------
    path : path
    times : list of float
    size : int
        Pixels of the shorter side; smaller frames stay as they are.
    timeout : float
        Seconds that decoding may take.

    Raises
    ------
    NoPictureError
        If the file has no picture that can be decoded.
    TooLargeError
        If a frame has too many pixels.
    MediaError
        If the file cannot be read in ``timeout`` s.
    """
    with Medium(path, timeout) as medium:
        if medium.picture is None:
            raise NoPictureError("no picture in the file")
        if medium.picture.codec_context is None:
            raise NoPictureError("no picture can be decoded")
        check_size(medium.picture.width, medium.picture.height)
        shown, end = _at(medium, times, size)
        if not shown.frames:
            raise NoPictureError("no picture can be decoded")
        late = sum(time > end for time in times)
        if late:
            shown.notes.append(
                f"the last {late} frames repeat the one before: the picture ends at {end:.2f} s"
            )
        if medium.damaged:
            shown.notes.append(f"{medium.damaged} packets of the picture could not be decoded")
    return shown


def _at(medium: Medium, times: list[float], size: int) -> tuple[Shown, float]:
    """Return what is shown at the times, and where the last frame that was read ends."""
    shown, before, end = Shown(), None, float("inf")
    for time, frame in medium.frames("picture", times[0]):
        if before is None and time > times[0] + SAME_TIME:
            early = sum(wanted + SAME_TIME < time for wanted in times)
            shown.notes.append(
                f"the first {early} frames are the next one: the picture begins at {time:.2f} s"
            )
        passed = [wanted for wanted in times[len(shown.frames) :] if wanted + SAME_TIME < time]
        if passed:
            picture = _upright(medium, before or frame, size)
            shown.frames += [picture] * len(passed)
        if len(shown.frames) == len(times):
            return shown, end
        before, length = frame, float((frame.duration or 0) * frame.time_base)
        end = time + length
    if before is not None:
        picture = _upright(medium, before, size)
        shown.frames += [picture] * (len(times) - len(shown.frames))
    return shown, end


def _upright(medium: Medium, frame: av.VideoFrame, size: int) -> np.ndarray:
    """Return a frame as a player shows it, upright with square pixels, its shorter side at most ``size``."""
    check_size(frame.width, frame.height)
    picture = frame.to_ndarray(format="bgr24")
    height, width = picture.shape[:2]
    aspect = float(medium.picture.sample_aspect_ratio or 1)
    if aspect != 1 and 1 / WIDEST_PIXEL <= aspect <= WIDEST_PIXEL:
        width = max(1, round(width * aspect))
    factor = min(1.0, size / min(height, width))
    target = (max(1, round(width * factor)), max(1, round(height * factor)))
    if target != (picture.shape[1], picture.shape[0]):
        picture = cv2.resize(picture, target, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90)))


def frame_times(start: float, seconds: float, count: int) -> list[float]:
    """Return the times (s) of ``count`` frames that are spread evenly over a section."""
    spacing = seconds / count
    return [start + (index + 0.5) * spacing for index in range(count)]


def as_stored(frame: np.ndarray) -> np.ndarray:
    """Return a frame, uint8 RGB, as the classifier would read it from the run's folder: out of a JPEG."""
    data = cv2.imencode(".jpg", frame, JPEG)[1]
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
