"""Frames and sound into one MP4 file: H.264 and AAC, the same bytes every time."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import ffmpeg
import numpy as np

from objectsounds.core.files import written_whole
from objectsounds.media.ffmpeg import local_file, run_ffmpeg

AUDIO_BITRATE = "128k"
VIDEO_QUALITY = 30  # x264's constant rate factor


def write_mp4(path: Path, frames: Iterable[np.ndarray], sound: np.ndarray, *, fps: float, rate: int) -> None:
    """Write one media file, whole or not at all.

    Parameters
    ----------
    frames : iterable of np.ndarray [shape=(size, size, 3), dtype=uint8]
        RGB.
    sound : np.ndarray [shape=(samples, 2), dtype=float32]
    fps : float
        Frames per second.
    rate : int
        Sample rate in Hz.
    """
    pixels = [np.ascontiguousarray(frame) for frame in frames]
    height, width = pixels[0].shape[:2]
    with tempfile.TemporaryDirectory() as folder, written_whole(path) as temporary:
        raw = Path(folder) / "sound.f32"
        raw.write_bytes(sound.astype("<f4").tobytes())
        # ffmpeg's "threads" stands before both input and output: the decoder's and the encoder's.
        video = ffmpeg.input(
            "pipe:0", format="rawvideo", pix_fmt="rgb24", s=f"{width}x{height}", framerate=fps, threads=1
        )
        audio = ffmpeg.input(local_file(raw), format="f32le", ac=2, ar=rate)
        stream = ffmpeg.output(
            video.video,
            audio.audio,
            local_file(temporary),
            format="mp4",
            vcodec="libx264",
            preset="ultrafast",
            crf=VIDEO_QUALITY,
            pix_fmt="yuv420p",
            acodec="aac",
            audio_bitrate=AUDIO_BITRATE,
            map_metadata=-1,
            fflags="+bitexact",
            threads=1,
            **{"flags:v": "+bitexact", "flags:a": "+bitexact"},
        )
        run_ffmpeg(stream, data=b"".join(frame.tobytes() for frame in pixels))
