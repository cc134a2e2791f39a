"""The listening room: some mixtures with references and every method's estimates, to hear and to see."""

from pathlib import Path

import ffmpeg
import numpy as np

from objectsounds.audio import read_wav
from objectsounds.media import local_file, run_ffmpeg
from objectsounds.plots import save_spectrogram, spectrogram_db
from objectsounds.registry import method_title
from objectsounds.relations import copy_frames
from objectsounds.tables import read_table, split_names
from objectsounds.transforms import Stft

BIT_RATE = "96k"


def ranking_method(methods: list[str]) -> str:
    """Return the method whose scores rank the mixtures: ours where it was run."""
    return "miml" if "miml" in methods else methods[-1]


def choose_mixtures(scores: list[dict], method: str, count: int) -> list[tuple[str, str]]:
    """Choose the best, the median and the worst mixtures of each group in turn, not only nice ones.

    Parameters
    ----------
    scores : list of dict
        Rows of ``scores.tsv``.
    method : str
        Whose mean SDR over a mixture's sources ranks it.
    count : int

    Returns
    -------
    list of (mixture, why)
    """
    ranked: dict[str, dict[str, list[float]]] = {}
    for row in scores:
        if row["method"] == method:
            ranked.setdefault(row["group"], {}).setdefault(row["mixture"], []).append(float(row["sdr"]))
    orders = {group: sorted(means, key=lambda m: -np.mean(means[m])) for group, means in ranked.items()}
    chosen: dict[str, str] = {}
    rounds = 0
    while len(chosen) < count and rounds <= max(map(len, orders.values()), default=0):
        for group, order in orders.items():
            middle = len(order) // 2
            picks = [(rounds, "best"), (middle + rounds, "median"), (len(order) - 1 - rounds, "worst")]
            for place, why in picks:
                if 0 <= place < len(order) and len(chosen) < count:
                    chosen.setdefault(order[place], f"{group}: among the {why}")
        rounds += 1
    return list(chosen.items())


def _find(results: Path, folder: str, mixture: str) -> Path:
    return next(path for path in sorted(results.glob(f"{folder}/*/{mixture}")) if path.is_dir())


def _track(path: Path, name: str, media: Path, top: float | None) -> tuple[dict, float]:
    """Compress a sound and draw its spectrogram; return its paths and the loudest bin in dB."""
    waveform, rate = read_wav(path)
    small = Stft.for_rate(rate, 0.05, 0.025)
    decibels = spectrogram_db(np.abs(small.forward(waveform)))
    top = float(decibels.max()) if top is None else top
    save_spectrogram(decibels, top, media / f"{name}.png")
    stream = ffmpeg.input(local_file(path)).output(
        local_file(media / f"{name}.mp3"), audio_bitrate=BIT_RATE, acodec="libmp3lame", threads=1
    )
    run_ffmpeg(stream)
    return {"sound": f"{name}.mp3", "picture": f"{name}.png"}, top


def _mixture_tracks(results: Path, row: dict, methods: list[str], scores: dict, media: Path) -> list[dict]:
    mixture, target = row["mixture"], media / "mixtures" / row["mixture"]
    target.mkdir(parents=True)
    folder = _find(results, "mixtures", mixture)
    objects = split_names(row["objects"])
    first, top = _track(folder / "mixture.wav", "mixture", target, None)
    tracks = [first | {"object": "all", "title": "Mixture", "sdr": None, "fallback": ""}]
    for number, name in enumerate(objects, start=1):
        track, _ = _track(folder / f"reference_{number}.wav", f"reference_{number}", target, top)
        tracks.append(track | {"object": name, "title": "Reference", "sdr": None, "fallback": ""})
    for method in (name for name in methods if name != "mixture"):
        separated = _find(results, f"separate/{method}", mixture)
        for name in objects:
            score = scores[method, mixture, name]
            cells = {"title": method_title(method), "object": name, "sdr": float(score["sdr"])}
            cells["fallback"] = score["fallback"]
            if not score["fallback"]:
                track, _ = _track(separated / f"{name}.wav", f"{method}-{name}", target, top)
                cells |= track
            tracks.append(cells)
    for track in tracks:
        for kind in ("sound", "picture"):
            if kind in track:
                track[kind] = f"media/mixtures/{mixture}/{track[kind]}"
    return tracks


def listening_room(results: Path, methods: list[str], count: int, media: Path) -> list[dict]:
    """Prepare the sounds and pictures of some mixtures.

    Returns
    -------
    list of dict
        ``mixture``, ``why``, ``objects``, ``frames`` and ``tracks``.
    """
    rows = read_table(results / "score" / "scores.tsv")
    pairs = {row["mixture"]: row for row in read_table(results / "mixtures" / "mixtures.tsv")}
    by_key = {(row["method"], row["mixture"], row["object"]): row for row in rows}
    room = []
    for mixture, why in choose_mixtures(rows, ranking_method(methods), count):
        row = pairs[mixture]
        room.append(
            {
                "mixture": mixture,
                "why": why,
                "objects": split_names(row["objects"]),
                "frames": {
                    name: copy_frames(results, clip, media, 2)
                    for name, clip in zip(split_names(row["objects"]), split_names(row["clips"]), strict=True)
                },
                "tracks": _mixture_tracks(results, row, methods, by_key, media),
            }
        )
    return room
