"""The page of one separated video: what was seen, and its sounds to hear and to look at."""

from pathlib import Path

import ffmpeg
import jinja2
import numpy as np

from objectsounds import __version__
from objectsounds.classes import ROOT
from objectsounds.media import local_file, run_ffmpeg
from objectsounds.remix import put_sound
from objectsounds.seen import save_frames
from objectsounds.sound_stream import IN_STEP, SoundStream
from objectsounds.spectrograms import save_spectrogram, spectrogram_db
from objectsounds.transforms import Stft

PAGE_SECONDS = 120.0  # of each sound that is on the page
FRAMES, FRAME_SIZE = 5, 240
BIT_RATE = "96k"


def _picture(path: Path, seconds: float, top: float | None, picture: Path) -> float:
    """Draw the spectrogram of the first seconds of a sound; return the loudest bin in dB."""
    with SoundStream(path) as sound:
        small = Stft.for_rate(sound.rate, 0.05, 0.025)
        waveform = sound.read(round(seconds * sound.rate))
    magnitude = np.mean([np.abs(small.forward(channel)) for channel in waveform.T], axis=0)
    decibels = spectrogram_db(magnitude)
    top = float(decibels.max()) if top is None else top
    save_spectrogram(decibels, top, picture)
    return top


def _compress(path: Path, seconds: float, target: Path) -> None:
    options = {"map": "0:a:0", "af": IN_STEP, "acodec": "libmp3lame", "audio_bitrate": BIT_RATE}
    stream = ffmpeg.input(local_file(path)).output(local_file(target), t=seconds, threads=1, **options)
    run_ffmpeg(stream)


def _tracks(facts: dict, path: Path, folder: Path, seconds: float) -> list[dict]:
    names = [*facts["tracks"], *(["remix"] if facts["remix"] else [])]
    tracks, top = [], None
    for name, source in [("mixture", path), *((name, folder / f"{name}.wav") for name in names)]:
        top = _picture(source, seconds, top, folder / "media" / f"{name}.png")
        _compress(source, seconds, folder / "media" / f"{name}.mp3")
        title = "original" if name == "mixture" else name.replace("_", " ")
        cells = {"name": name, "title": title, "sound": f"media/{name}.mp3", "picture": f"media/{name}.png"}
        tracks.append(cells | {"file": "" if name == "mixture" else f"{name}.wav"})
    return tracks


def write_page(facts: dict, path: Path, folder: Path) -> dict:
    """Write ``index.html`` with its media, and the remixed video where there is a remix.

    Parameters
    ----------
    facts : dict
        As in ``separation.json``.
    path : Path
        The file that was separated.
    folder : Path
        Where its sounds lie.

    Returns
    -------
    dict
        ``frames``, the number of pictures, and ``video``, the name of the remixed video or empty.
    """
    (folder / "media").mkdir()
    seconds = min(facts["seconds"], PAGE_SECONDS)
    frames = save_frames(path, facts["seconds"], FRAMES, FRAME_SIZE, folder / "media")
    video = ""
    if facts["remix"] and frames:
        video = put_sound(path, folder / "remix.wav", facts["seconds"]).name
    page = facts | {
        "frames": [f"media/{name}" for name in frames],
        "tracks": _tracks(facts, path, folder, seconds),
        "page_seconds": seconds,
        "video": video,
        "version": __version__,
    }
    (folder / "index.html").write_text(render(page), encoding="utf-8")
    return {"frames": len(frames), "video": video}


def render(page: dict) -> str:
    """Return the page's HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "workflow" / "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("video.html.j2").render(**page)
