"""The sound of any file as a stream: decoded by ffmpeg through a pipe at its own rate and channels."""

import struct
import subprocess
import tempfile
from pathlib import Path

import ffmpeg
import numpy as np

from objectsounds.media import MediaError, ffmpeg_executable, local_file

IN_STEP = "aresample=async=1:first_pts=0"  # silence where the sound starts late or has a gap, as seen with it


class NoSoundError(MediaError):
    """A file without a sound."""


class SoundStream:
    """The first audio track of a file, read piece by piece; a context manager.

    Its time is that of the picture: a track that starts later begins with silence.

    Parameters
    ----------
    path : path
        Anything that ffmpeg can decode.

    Attributes
    ----------
    rate : int
        Hz.
    channels : int
    form : bytes
        The chunk ``fmt`` of a WAV file like it, of 32-bit floats.

    Raises
    ------
    NoSoundError
        If there is no audio track, or nothing in it.
    MediaError
        If the file cannot be decoded.
    """

    def __init__(self, path: str | Path):
        self.path, self.problems = Path(path), tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        stream = ffmpeg.input(local_file(path)).output(
            "pipe:", map="0:a:0", af=IN_STEP, acodec="pcm_f32le", format="wav", threads=1
        )
        stream = stream.global_args("-hide_banner", "-loglevel", "error", "-nostdin")
        self.process = subprocess.Popen(
            ffmpeg.compile(stream, cmd=ffmpeg_executable()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.problems,
        )
        try:
            self.form = self._read_header()
        except BaseException:
            self.close()
            raise
        self.channels, self.rate = struct.unpack_from("<HI", self.form, 2)

    def _read_header(self) -> bytes:
        """Read up to the first sample; return the chunk ``fmt``."""
        form = b""
        self._exactly(12)
        while True:
            name, size = struct.unpack("<4sI", self._exactly(8))
            if name == b"data":
                return form
            content = self._exactly(size + size % 2)
            form = content if name == b"fmt " else form

    def _exactly(self, count: int) -> bytes:
        data = self.process.stdout.read(count)
        if len(data) < count:
            self.process.wait()
            said = self.said()
            if "matches no streams" in said or "does not contain any stream" in said or not said:
                raise NoSoundError(f"{self.path.name} has no sound: there is no audio track in it.", said)
            raise MediaError(f"{self.path.name} cannot be decoded: {said.splitlines()[-1]}", said)
        return data

    def said(self) -> str:
        """Return what ffmpeg complained of so far."""
        self.problems.seek(0)
        return self.problems.read().decode("utf-8", "replace").strip()

    def read(self, samples: int) -> np.ndarray:
        """Return the next samples, float32 [shape=(n, channels)]; n < ``samples`` only at the end.

        Raises
        ------
        MediaError
            If ffmpeg stops with an error.
        """
        size = 4 * self.channels
        data = self.process.stdout.read(samples * size)
        if len(data) < samples * size and self.process.wait() != 0:
            said = self.said() or f"ffmpeg ended with status {self.process.returncode}"
            raise MediaError(f"{self.path.name} cannot be decoded: {said.splitlines()[-1]}", said)
        whole = len(data) // size * size
        return np.frombuffer(data[:whole], "<f4").reshape(-1, self.channels)

    def close(self) -> None:
        """End the decoding, finished or not."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.problems.close()

    def __enter__(self) -> "SoundStream":
        return self

    def __exit__(self, *error) -> None:
        self.close()
