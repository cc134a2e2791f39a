"""The page of one separated video: what was seen, and its sounds to hear and to look at."""

import logging
from collections.abc import Iterator
from pathlib import Path

import ffmpeg
import numpy as np

from objectsounds import __version__
from objectsounds.core.prefetch import prefetched
from objectsounds.media.decoder import Medium
from objectsounds.media.ffmpeg import MediaError, local_file, run_ffmpeg
from objectsounds.media.sound_stream import SoundStream
from objectsounds.report.spectrograms import save_spectrogram, spectrogram_db
from objectsounds.report.templating import templates
from objectsounds.signal.transforms import Stft
from objectsounds.video.detection import save_frames
from objectsounds.video.remix import put_sound

PAGE_SECONDS = 120.0  # of each sound that is on the page
FRAMES, FRAME_SIZE = 5, 240
BIT_RATE, LEVEL = "96k", 7  # at half the cost of 5, the default

log = logging.getLogger(__name__)


def _head(path: Path, seconds: float) -> tuple[np.ndarray, int]:
    """Return the first seconds of a sound, float32 [shape=(n, C)], and its rate in Hz."""
    with SoundStream(path) as sound:
        return sound.read(round(seconds * sound.rate)), sound.rate


def _draw(waveform: np.ndarray, rate: int, top: float | None, picture: Path) -> float:
    """Draw the spectrogram of a sound; return the loudest bin in dB."""
    small = Stft.for_rate(rate, 0.05, 0.025)
    magnitude = sum(np.abs(small.forward(channel)) for channel in waveform.T) / waveform.shape[1]
    decibels = spectrogram_db(magnitude)
    top = float(decibels.max()) if top is None else top
    save_spectrogram(decibels, top, picture)
    return top


def _compress(waveform: np.ndarray, rate: int, target: Path) -> None:
    stream = ffmpeg.input("pipe:", format="f32le", ac=waveform.shape[1], ar=rate)
    options = {"acodec": "libmp3lame", "audio_bitrate": BIT_RATE, "compression_level": LEVEL, "threads": 1}
    run_ffmpeg(
        stream.output(local_file(target), **options),
        data=memoryview(np.ascontiguousarray(waveform)).cast("B"),
    )


def _remixed(path: Path, folder: Path, seconds: float) -> str:
    """Write the video with the remixed sound; return its name, empty where there is no picture to copy."""
    with Medium(path) as medium:
        if medium.picture is None:
            return ""
    try:
        return put_sound(path, folder / "remix.wav", seconds).name
    except MediaError as error:
        log.warning(
            "%s: its picture cannot be copied beside the remix (%s); remix.wav is the sound", path.name, error
        )
        return ""


def _tracks(facts: dict, path: Path, folder: Path, seconds: float, cores: int) -> list[dict]:
    names = [*facts["tracks"], *(["remix"] if facts["remix"] else [])]
    sources = {"mixture": path} | {name: folder / f"{name}.wav" for name in names}
    tops: list[float] = []  # the first one's is that of all pictures

    def sounds() -> Iterator[tuple[np.ndarray, int, Path]]:
        for name, source in sources.items():
            waveform, rate = _head(source, seconds)
            tops.append(_draw(waveform, rate, tops[0] if tops else None, folder / "media" / f"{name}.png"))
            yield waveform, rate, folder / "media" / f"{name}.mp3"

    list(prefetched(lambda sound: _compress(*sound), sounds(), cores))  # while the next one is drawn
    tracks = []
    for name in sources:
        title = "original" if name == "mixture" else name.replace("_", " ")
        cells = {"name": name, "title": title, "sound": f"media/{name}.mp3", "picture": f"media/{name}.png"}
        tracks.append(cells | {"file": "" if name == "mixture" else f"{name}.wav"})
    return tracks


def write_page(facts: dict, path: Path, folder: Path, cores: int = 1) -> dict:
    """Write ``index.html`` with its media, and the remixed video where there is a remix.

    Parameters
    ----------
    facts : dict
        As in ``separation.json``.
    path : Path
        The file that was separated.
    folder : Path
        Where its sounds lie.
    cores : int
        How many of them are compressed at a time.

    Returns
    -------
    dict
        ``frames``, the number of pictures, and ``video``, the name of the remixed video or empty.
    """
    (folder / "media").mkdir()
    seconds = min(facts["seconds"], PAGE_SECONDS)
    frames = save_frames(path, facts["seconds"], FRAMES, FRAME_SIZE, folder / "media")
    video = _remixed(path, folder, facts["seconds"]) if facts["remix"] else ""
    page = facts | {
        "frames": [f"media/{name}" for name in frames],
        "tracks": _tracks(facts, path, folder, seconds, cores),
        "page_seconds": seconds,
        "video": video,
        "version": __version__,
    }
    (folder / "index.html").write_text(render(page), encoding="utf-8")
    return {"frames": len(frames), "video": video}


def render(page: dict) -> str:
    """Return the page's HTML."""
    return templates().get_template("video.html.j2").render(**page)
