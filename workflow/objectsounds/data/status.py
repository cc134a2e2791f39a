"""The status table of a shard: which clips are good, where their files are, and whether they are whole."""

from pathlib import Path

import numpy as np

from objectsounds.core.files import reading, set_aside
from objectsounds.core.tables import read_table

SPLITS = ("train", "val", "test")
SHARD_COLUMNS = ("clip_id", "source", "picture", "start", "end", "split")
OBJECT_COLUMNS = ("clip_id", "objects", "visible")
MEASURES = (
    "status",
    "detail",
    "folder",
    "seconds",
    "rms_db",
    "motion",
    "audio_bytes",
    "frames",
    "frames_bytes",
)
COLUMNS = SHARD_COLUMNS + MEASURES
REASONS = {
    "ok": "good",
    "missing": "no file in the folder of media, and downloads are off",
    "removed": "taken down, or its account closed",
    "private": "private",
    "age_restricted": "asks for a proof of age",
    "geo_blocked": "not shown in this country",
    "members_only": "for members, or for payment",
    "forbidden": "the server refused it (401, 403)",
    "rate_limited": "the server asked for fewer requests (429), at every attempt",
    "network": "no connection, or the transfer broke off, at every attempt",
    "timeout": "took longer than it may",
    "unavailable": "not to be had for another reason",
    "undecodable": "the file cannot be decoded",
    "no_audio": "no sound in the file",
    "no_video": "no picture in the file that can be decoded",
    "too_large": "longer, or with larger frames, than is decoded; or a download above clips.download.max_mb",
    "too_short": "less sound than clips.min_seconds",
    "silent": "below clips.silence_db",
    "still": "nothing moves: below clips.still_below",
}


def read_objects(table: str | Path) -> dict[str, dict[str, str]]:
    """Read ``objects-<split>.tsv``: by id, the clips in use with what sounds and what is seen in them."""
    return {row["clip_id"]: row for row in read_table(table, OBJECT_COLUMNS)}


def performance_of(row: dict[str, str]) -> str:
    """Return what a clip is a section of: the video of a separate track, else the medium."""
    return row["picture"] or row["source"]


def clip_sizes(folder: Path) -> dict:
    """Return the sizes in bytes of a clip's WAV and of its frames together."""
    return {
        "audio_bytes": (folder / "audio.wav").stat().st_size,
        "frames_bytes": sum(path.stat().st_size for path in (folder / "frames").iterdir()),
    }


def read_status(status: str | Path) -> list[dict[str, str]]:
    """Read a shard's status: one row a clip, good and bad."""
    return read_table(status, COLUMNS)


def good_clips(status: str | Path) -> list[dict[str, str]]:
    """Return the good clips of a shard, after comparing their files with the recorded sizes.

    Raises
    ------
    BrokenFileError
        If a WAV or a frame is missing or has another size; the shard's status has then been moved
        aside, so that the next run makes the shard again from its media.
    """
    rows = [row for row in read_status(status) if row["status"] == "ok"]
    for row in rows:
        folder = clip_folder(status, row)
        try:
            whole = all(str(size) == row[name] for name, size in clip_sizes(folder).items())
        except (FileNotFoundError, NotADirectoryError):
            whole = False
        if not whole:
            broken_clip(status, f"{folder} is not complete")
    return rows


def clip_folder(status: str | Path, row: dict[str, str]) -> Path:
    """Return the folder of a good clip: ``audio.wav`` and ``frames/NN.jpg``."""
    return Path(status).parent / row["folder"]


def spread_frames(folder: Path, count: int) -> list[Path]:
    """Return up to ``count`` of the frames in a clip's folder, evenly spread over the clip."""
    frames = sorted((folder / "frames").iterdir())
    return [frames[round(i)] for i in np.linspace(0, len(frames) - 1, min(count, len(frames)))]


def read_audio(status: str | Path, row: dict[str, str]) -> tuple[np.ndarray, int]:
    """Return a good clip's waveform, float32 [shape=(T,)], and its rate in Hz.

    Raises
    ------
    BrokenFileError
        If the WAV is cut; the shard's status has then been moved aside.
    """
    from objectsounds.media.wav import read_wav

    path = clip_folder(status, row) / "audio.wav"
    with reading(path, unit=status):
        return read_wav(path)


def broken_clip(status: str | Path, what: str) -> None:
    """Move a shard's status aside and say so.

    Raises
    ------
    BrokenFileError
        Always.
    """
    raise set_aside(status, what)
