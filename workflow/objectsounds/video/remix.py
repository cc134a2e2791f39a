"""Separated sounds put together again at other levels, and back into their video."""

from pathlib import Path

import ffmpeg
import numpy as np

from objectsounds.media.ffmpeg import MediaError, local_file, run_ffmpeg
from objectsounds.media.wav import WavWriter

FULL_SCALE, CEILING = 1.0, 0.99  # what players clip above, and the peak of a remix that would have


class Remix:
    """The weighted sum of the separated sounds, written piece by piece to ``remix.wav``.

    Parameters
    ----------
    gains : dict
        Name to gain in dB; what is not named stays as it is.
    names : list of str
        The separated sounds in order.
    folder : Path
    form : bytes
        See ``WavWriter``.
    """

    def __init__(self, gains: dict[str, float], names: list[str], folder: Path, form: bytes):
        decibels = np.array([gains.get(name, 0.0) for name in names])
        self.factors = (10 ** (decibels / 20)).astype(np.float32)
        self.path, self.peak = folder / "remix.wav", 0.0
        self.writer = WavWriter(self.path, form)

    def write(self, estimates: np.ndarray) -> None:
        """Add a piece, shape=(J, n, C)."""
        mixed = np.einsum("j,jnc->nc", self.factors, estimates)
        self.peak = max(self.peak, float(np.abs(mixed).max(initial=0)))
        self.writer.write(mixed)

    def turn_down(self) -> float:
        """Turn the whole remix down if it would clip; return by how many dB, 0 if it stayed."""
        if self.peak <= FULL_SCALE:
            return 0.0
        self.writer.scale(CEILING / self.peak)
        return float(20 * np.log10(self.peak / CEILING))


def put_sound(video: Path, sound: Path, seconds: float) -> Path:
    """Write a video with another sound beside that sound: its picture copied, the sound as AAC.

    Returns
    -------
    Path
        An MP4, or Matroska where MP4 cannot hold the picture's format.
    """
    streams = (ffmpeg.input(local_file(video))["V:0"], ffmpeg.input(local_file(sound))["a:0"])
    options = {"vcodec": "copy", "acodec": "aac", "audio_bitrate": "192k", "threads": 1}
    limit = max(600.0, seconds)
    target = sound.with_suffix(".mp4")
    try:
        stream = ffmpeg.output(*streams, local_file(target), movflags="+faststart", **options)
        run_ffmpeg(stream, timeout=limit)
    except MediaError:
        target.unlink(missing_ok=True)
        target = sound.with_suffix(".mkv")
        run_ffmpeg(ffmpeg.output(*streams, local_file(target), **options), timeout=limit)
    return target
