"""ffmpeg, found once and started safely."""

import functools
import re
import subprocess
from pathlib import Path

import ffmpeg
import numpy as np

from objectsounds.errors import ObjectsoundsError


class MediaError(ObjectsoundsError):
    """ffmpeg could not do what was asked; the message is its last line, ``output`` all of them."""

    def __init__(self, message: str, output: str = ""):
        super().__init__(message)
        self.output = output


class MediaTimeoutError(MediaError):
    """ffmpeg took longer than it may."""


@functools.cache
def ffmpeg_executable() -> str:
    """Return the path of the ffmpeg binary: the one that imageio-ffmpeg carries, or the system's."""
    import imageio_ffmpeg

    return imageio_ffmpeg.get_ffmpeg_exe()


def local_file(path: str | Path) -> str:
    """Return ``path`` so that ffmpeg takes it as a file, whatever characters it holds."""
    return "file:" + str(Path(path).absolute())


def run_ffmpeg(stream, *, data: bytes | None = None, timeout: float = 600) -> bytes:
    """Run an ffmpeg-python graph without a shell and return what it writes to standard output.

    Parameters
    ----------
    stream : ffmpeg-python output stream
    data : bytes, optional
        Fed to standard input.
    timeout : float
        Limit in seconds.

    Raises
    ------
    MediaError
        If ffmpeg fails or exceeds the limit.
    """
    stream = stream.global_args("-hide_banner", "-loglevel", "error", "-nostdin" if data is None else "-y")
    command = ffmpeg.compile(stream, cmd=ffmpeg_executable(), overwrite_output=True)
    try:
        done = subprocess.run(
            command,
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MediaTimeoutError(f"ffmpeg took longer than {timeout:g} s") from error
    if done.returncode != 0:
        output = (
            done.stderr.decode("utf-8", "replace").strip() or f"ffmpeg ended with status {done.returncode}"
        )
        raise MediaError(output.splitlines()[-1], output)
    return done.stdout


def decode_mono(
    path: str | Path, rate: int, timeout: float, *, start: float = 0.0, seconds: float | None = None
) -> np.ndarray:
    """Decode the sound of a file, or of a section of it, mixed down to one channel.

    Returns
    -------
    np.ndarray, float32 [shape=(T,)]
        At ``rate`` Hz; empty if the file ends before ``start`` (s).

    Raises
    ------
    MediaError
        If ffmpeg cannot decode it in ``timeout`` s.
    """
    # Decoders lose their first frame after a jump: jump a second too far back, then cut exactly.
    ahead = min(start, 1.0)
    limit = {} if seconds is None else {"t": seconds}
    stream = ffmpeg.input(local_file(path), ss=start - ahead).audio.output(
        "pipe:", format="f32le", acodec="pcm_f32le", ac=1, ar=rate, ss=ahead, threads=1, **limit
    )
    return np.frombuffer(run_ffmpeg(stream, timeout=timeout), dtype="<f4")


_STATED = r"Duration: (\d+):(\d+):([\d.]+)"
_PROGRESS = r"time=(\d+):(\d+):([\d.]+)"


def duration(path: str | Path, timeout: float = 120) -> float:
    """Return the length of a file in seconds, from its header or else by reading through it.

    Raises
    ------
    MediaError
        If ffmpeg cannot read the file, or finds nothing that lasts in it.
    """
    command = [ffmpeg_executable(), "-hide_banner", "-nostdin", "-i", local_file(path)]
    stated = _last_time(command, _STATED, timeout)
    seconds = stated or _last_time([*command, "-c", "copy", "-f", "null", "-"], _PROGRESS, timeout)
    if not seconds:
        raise MediaError(f"{Path(path).name} is no sound or video that can be read")
    return seconds


def _last_time(command: list[str], pattern: str, timeout: float) -> float:
    """Return the last time in s that ffmpeg prints in this form, 0 if none."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MediaTimeoutError(f"ffmpeg took longer than {timeout:g} s") from error
    found = re.findall(pattern, done.stderr.decode("utf-8", "replace"))
    hours, minutes, seconds = found[-1] if found else ("0", "0", "0")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
