"""Stage ``clips``: a shard's media become mono WAV files and frames, each clip on its own."""

import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from objectsounds.config.download_file import download_options
from objectsounds.core.arguments import ONE
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import folder_written_whole
from objectsounds.core.limits import TooLargeError, check_seconds
from objectsounds.core.progress import tracker
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.status import COLUMNS, MEASURES, SHARD_COLUMNS, clip_sizes
from objectsounds.media.decoder import duration
from objectsounds.media.ffmpeg import MediaError, MediaTimeoutError, NoSoundError
from objectsounds.media.frames import JPEG, NoPictureError, Shown, frame_times, read_frames
from objectsounds.media.mono import MonoSound, decode_mono
from objectsounds.media.picture_folder import read_picture_folder
from objectsounds.media.wav import level_db, write_wav
from objectsounds.sources.download import FetchError, fetch_section
from objectsounds.sources.media_folder import Found, MediaFolder
from objectsounds.sources.parquet import row_of, unpack
from objectsounds.sources.unavailable import known, remember

STAGE_VERSION = 4
MOTION_SIZE = 32  # pixels a side at which frames are compared: coding noise is averaged away

log = logging.getLogger(__name__)


class ClipError(ObjectsoundsError):
    """A clip that cannot be used; its reason is one of ``REASONS``."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what decoding raises into the reason of the clip."""
    try:
        yield
    except MediaTimeoutError as error:
        raise ClipError("timeout", str(error)) from error
    except NoSoundError as error:
        raise ClipError("no_audio", str(error)) from error
    except NoPictureError as error:
        raise ClipError("no_video", str(error)) from error
    except MediaError as error:
        raise ClipError("undecodable", str(error)) from error


def motion_of(frames: list[np.ndarray]) -> float:
    """Return how much the picture changes over the frames, 0 to 255, in the place where it changes most."""
    size = (MOTION_SIZE, MOTION_SIZE)
    small = [
        cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
        for frame in frames
    ]
    return float(np.ptp(np.stack(small).astype(np.float32), axis=0).max())


class MediaSource:
    """Where a shard's media come from: the folder, or a download into it.

    Parameters
    ----------
    folder : path
        ``clips.media``.
    download : dict
        The section ``clips.download``.
    """

    def __init__(self, folder: str | Path, download: dict):
        self.folder, self.download = MediaFolder(folder), download
        self.failed = known(self.folder.folder) if download["enabled"] else {}

    @contextmanager
    def opened(self, row: dict) -> Iterator[Found]:
        """Yield where a clip's sound and picture are, while they are there.

        Raises
        ------
        ClipError
            As `get`.
        """
        packed = row_of(row["source"])
        if packed is None:
            yield self.get(row)
            return
        if not packed[0].is_file():
            raise ClipError("missing", f"no file {packed[0]}")
        with tempfile.TemporaryDirectory() as folder:
            path = unpack(*packed, folder)
            yield Found(path, path, float(row["start"]))

    def get(self, row: dict) -> Found:
        """Return where a clip's sound and picture are.

        Raises
        ------
        ClipError
            If there is none and none can be had; what was asked for before is not asked for again.
        """
        start, end = float(row["start"]), float(row["end"])
        found = self.folder.find(row["source"], start, end)
        if found is not None:
            return found
        if "/" in row["source"]:  # the path of a file, no id that could be asked for
            raise ClipError("missing", f"no file {row['source']}")
        if not self.download["enabled"]:
            raise ClipError("missing", f"no file {row['source']}.* in {self.folder.folder}")
        if row["clip_id"] in self.failed:
            before = self.failed[row["clip_id"]]
            raise ClipError(before["reason"], f"{before['detail']} (asked on {before['date']})")
        folder = self.folder.folder
        try:
            path = fetch_section(row["source"], start, end, folder, self.download)
        except FetchError as error:
            remember(folder, row["clip_id"], row["source"], error.reason, error.detail)
            raise ClipError(error.reason, error.detail) from error
        return Found(path, path, start if path.stem == row["source"] else 0.0)


def _sound_of(found: Found, seconds: float, options: dict) -> MonoSound:
    """Return the sound of a clip.

    Raises
    ------
    ClipError
        If there is too little of it.
    """
    if found.sound.stat().st_size == 0:
        raise ClipError("undecodable", f"{found.sound.name} is empty")
    rate = options["sample_rate"]
    with _explained():
        sound = decode_mono(found.sound, rate, options["timeout"], start=found.start, seconds=seconds)
    length, level = sound.waveform.size / rate, level_db(sound.waveform)
    if length < options["min_seconds"]:
        raise ClipError("too_short", f"{length:.2f} s, the least is {options['min_seconds']:g} s")
    if level < options["silence_db"]:
        raise ClipError("silent", f"{level:.0f} dB, the least is {options['silence_db']:g} dB")
    return sound


def _frames_of(found: Found, seconds: float, options: dict) -> tuple[Shown, float]:
    """Return the frames of a clip and how much moves in them.

    Raises
    ------
    ClipError
        If there is no picture, or nothing moves in it.
    """
    times = frame_times(found.start, seconds, options["frames"])
    with _explained():
        if found.picture.is_dir():
            whole = duration(found.sound, options["timeout"])
            shown = read_picture_folder(found.picture, times, whole, options["frame_size"])
        else:
            shown = read_frames(found.picture, times, options["frame_size"], options["timeout"])
    motion = motion_of(shown.frames)
    if options["frames"] > 1 and motion < options["still_below"]:
        notes = "".join(f"; {note}" for note in shown.notes)
        raise ClipError("still", f"the frames differ by {motion:.1f} of 255{notes}")
    return shown, motion


def _make_clip(row: dict, options: dict, folder: Path, media: MediaSource) -> dict:
    """Write one clip's WAV and frames into ``folder``; return its measures."""
    wanted = float(row["end"]) - float(row["start"])
    check_seconds(wanted)
    rate = options["sample_rate"]
    with media.opened(row) as found:
        if row["picture"]:
            found = replace(found, picture=Path(row["picture"]))
        sound = _sound_of(found, wanted, options)
        seconds = sound.waveform.size / rate
        shown, motion = _frames_of(found, min(seconds, wanted), options)
    _write_clip(folder, sound.waveform, rate, shown.frames)
    return {
        "detail": "; ".join(sound.notes + shown.notes),
        "seconds": f"{seconds:.3f}",
        "rms_db": f"{level_db(sound.waveform):.2f}",
        "motion": f"{motion:.1f}",
        "frames": options["frames"],
        **clip_sizes(folder),
    }


def _write_clip(folder: Path, waveform: np.ndarray, rate: int, frames: list[np.ndarray]) -> None:
    write_wav(folder / "audio.wav", waveform, rate, "PCM_16")
    (folder / "frames").mkdir()
    for index, frame in enumerate(frames):
        # cv2.imwrite says nothing of a full disk
        _, data = cv2.imencode(".jpg", frame, JPEG)
        (folder / "frames" / f"{index:02d}.jpg").write_bytes(data.tobytes())


def make_shard(
    settings: dict, download: dict, shard: str | Path, status: str | Path, progress: Callable = iter
) -> None:
    """Make the clips of one shard beside its ``status.tsv``; a bad clip is a row with its reason.

    Parameters
    ----------
    settings : dict
        Keys of ``clips``.
    download : dict
        The section ``clips.download``.
    shard : path
        The shard's table.
    status : path
        The table to write, last of all.
    progress : callable
        Wraps the rows, to show how far it is.
    """
    status, options = Path(status), settings["clips"]
    media = MediaSource(options["media"], download)
    clips, rows = read_table(shard, SHARD_COLUMNS), []
    (status.parent / "media").mkdir(parents=True, exist_ok=True)  # of a shard without a good clip, too
    for index, row in enumerate(progress(clips)):
        name = f"media/{index:04d}_{row['clip_id']}"  # ids may differ in case alone, or begin with a dash
        measures = dict.fromkeys(MEASURES, "") | {"status": "ok", "folder": name}
        try:
            with folder_written_whole(status.parent / name) as folder:
                measures |= _make_clip(row, options, folder, media)
        except ClipError as error:
            measures |= {"status": error.reason, "detail": " ".join(error.detail.split()), "folder": ""}
        except TooLargeError as error:
            measures |= {"status": "too_large", "detail": str(error), "folder": ""}
        rows.append(row | measures)
    write_table(status, COLUMNS, rows)
    log.info("%s", ", ".join(f"{n} {reason}" for reason, n in Counter(r["status"] for r in rows).items()))


OPTIONS = {
    "shard": ONE | {"help": "the shard's table"},
    "media": {"help": "the folder of media, in place of the settings'"},
    "status": ONE | {"help": "status.tsv to write"},
    "download": {"help": "JSON file of clips.download, where --settings hold no more than enabled"},
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    download = download_options(settings, args.download)
    if args.media is not None:
        settings = settings | {"clips": settings["clips"] | {"media": args.media}}
    make_shard(settings, download, args.shard, args.status, tracker("clips"))
