"""Stage ``clips``: a shard's media become mono WAV files and frames, each clip on its own."""

import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import ffmpeg
import numpy as np

from objectsounds.audio import write_wav
from objectsounds.errors import ObjectsoundsError
from objectsounds.files import folder_written_whole
from objectsounds.media import MediaError, MediaTimeoutError, local_file, run_ffmpeg
from objectsounds.status import COLUMNS, MEASURES, SHARD_COLUMNS, clip_sizes
from objectsounds.tables import read_table, write_table

STAGE_VERSION = 1

log = logging.getLogger(__name__)


class ClipError(ObjectsoundsError):
    """A clip that cannot be used; its reason is one of ``REASONS``."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def list_media(folder: str | Path) -> dict[str, Path]:
    """Return the media of a folder by id, ``<media id>.<any container>``; it is listed once a shard."""
    files = sorted(Path(folder).iterdir(), reverse=True)
    return {path.stem: path for path in files if path.suffix not in (".part", ".tmp")}


def decode_audio(path: Path, start: float, seconds: float, rate: int, timeout: float) -> np.ndarray:
    """Decode a section to mono.

    Returns
    -------
    np.ndarray, float32 [shape=(T,)]
        At ``rate`` Hz, channels averaged; empty if the file ends before ``start``.

    Raises
    ------
    ClipError
        With reason ``no_audio``, ``undecodable`` or ``timeout``.
    """
    stream = ffmpeg.input(local_file(path), ss=start, t=seconds).audio.output(
        "pipe:", format="f32le", acodec="pcm_f32le", ac=1, ar=rate, threads=1
    )
    try:
        data = run_ffmpeg(stream, timeout=timeout)
    except MediaTimeoutError as error:
        raise ClipError("timeout", str(error)) from error
    except MediaError as error:
        if "matches no streams" in error.output or "does not contain any stream" in error.output:
            raise ClipError("no_audio", "the file has no sound") from error
        raise ClipError("undecodable", str(error)) from error
    return np.frombuffer(data, dtype="<f4")


def read_frames(path: Path, times: list[float], size: int) -> list[np.ndarray]:
    """Read the frames shown at ``times`` (s), ascending.

    Returns
    -------
    list of np.ndarray, uint8 [shape=(H, W, 3)]
        In OpenCV's BGR order, the shorter side at most ``size`` pixels; fewer than asked for where
        the picture ends.
    """
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        if not capture.isOpened():
            raise ClipError("no_video", "no picture can be decoded")
        if times[0] > 5:
            capture.set(cv2.CAP_PROP_POS_MSEC, (times[0] - 2) * 1000)
        return _frames_at(capture, times, size)
    finally:
        capture.release()


def _frames_at(capture: cv2.VideoCapture, times: list[float], size: int) -> list[np.ndarray]:
    frames: list[np.ndarray] = []
    while len(frames) < len(times) and capture.grab():
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


def level_db(waveform: np.ndarray) -> float:
    """Return the RMS level in dB full scale, -inf for silence."""
    power = float(np.mean(np.square(waveform, dtype=np.float64))) if waveform.size else 0.0
    return 10 * np.log10(power) if power > 0 else float("-inf")


def _make_clip(row: dict, settings: dict, folder: Path, media: dict[str, Path]) -> dict:
    """Write one clip's WAV and frames into ``folder``; return its measures."""
    options = settings["clips"]
    start, end = float(row["start"]), float(row["end"])
    path = media.get(row["source"])
    if path is None:
        raise ClipError("missing", f"no file {row['source']}.* in {options['media']}")
    if path.stat().st_size == 0:
        raise ClipError("undecodable", f"{path.name} is empty")
    rate = options["sample_rate"]
    waveform = decode_audio(path, start, end - start, rate, options["timeout"])
    seconds, level = waveform.size / rate, level_db(waveform)
    if seconds < options["min_seconds"]:
        raise ClipError("too_short", f"{seconds:.2f} s, the least is {options['min_seconds']:g} s")
    if level < options["silence_db"]:
        raise ClipError("silent", f"{level:.0f} dB, the least is {options['silence_db']:g} dB")
    spacing = min(seconds, end - start) / options["frames"]
    times = [start + (index + 0.5) * spacing for index in range(options["frames"])]
    frames = read_frames(path, times, options["frame_size"])
    if not frames:
        raise ClipError("no_video", "no picture in this section")
    frames += [frames[-1]] * (options["frames"] - len(frames))
    write_wav(folder / "audio.wav", waveform, rate, "PCM_16")
    (folder / "frames").mkdir()
    for index, frame in enumerate(frames):
        cv2.imwrite(str(folder / "frames" / f"{index:02d}.jpg"), frame, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return {
        "seconds": f"{seconds:.3f}",
        "rms_db": f"{level:.2f}",
        "frames": len(frames),
        **clip_sizes(folder),
    }


def make_shard(settings: dict, shard: str | Path, status: str | Path, progress: Callable = iter) -> None:
    """Make the clips of one shard beside its ``status.tsv``; a bad clip is a row with its reason.

    Parameters
    ----------
    settings : dict
        Key ``clips``.
    shard : path
        The shard's table.
    status : path
        The table to write, last of all.
    progress : callable
        Wraps the rows, to show how far it is.
    """
    status, media = Path(status), list_media(settings["clips"]["media"])
    rows = []
    for index, row in enumerate(progress(read_table(shard, SHARD_COLUMNS))):
        name = f"{index:04d}_{row['clip_id']}"  # ids may differ in case alone, or begin with a dash
        measures = dict.fromkeys(MEASURES, "") | {"status": "ok", "folder": name}
        try:
            with folder_written_whole(status.parent / name) as folder:
                measures |= _make_clip(row, settings, folder, media)
        except ClipError as error:
            measures |= {"status": error.reason, "detail": " ".join(error.detail.split()), "folder": ""}
        rows.append(row | measures)
    write_table(status, COLUMNS, rows)
    log.info("%s", ", ".join(f"{n} {reason}" for reason, n in Counter(r["status"] for r in rows).items()))
