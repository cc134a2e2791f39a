"""ffmpeg, found once and started safely."""

import functools
import subprocess
from pathlib import Path

import ffmpeg

from objectsounds.core.errors import ObjectsoundsError


class MediaError(ObjectsoundsError):
    """A medium could not be decoded or written; ``output`` is all that ffmpeg said."""

    def __init__(self, message: str, output: str = ""):
        super().__init__(message)
        self.output = output


class MediaTimeoutError(MediaError):
    """Decoding took longer than it may."""


class NoSoundError(MediaError):
    """A file without a sound."""


@functools.cache
def ffmpeg_executable() -> str:
    """Return the path of the ffmpeg binary: the one that imageio-ffmpeg carries, or the system's."""
    import imageio_ffmpeg

    return imageio_ffmpeg.get_ffmpeg_exe()


def local_file(path: str | Path) -> str:
    """Return ``path`` so that ffmpeg takes it as a file, whatever characters it holds."""
    return "file:" + str(Path(path).absolute())


def run_ffmpeg(stream, *, data: bytes | memoryview | None = None, timeout: float = 600) -> bytes:
    """Run an ffmpeg-python graph without a shell and return what it writes to standard output.

    Parameters
    ----------
    stream : ffmpeg-python output stream
    data : bytes or memoryview of them, optional
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
