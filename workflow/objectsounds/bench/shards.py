"""A shard of 64 clips against its kernels alone, and against a script of a process a clip and stage."""

import json
import sys
import tempfile
from pathlib import Path

import ffmpeg
import h5py
import numpy as np

from objectsounds.bench import per_clip
from objectsounds.bench.inputs import TRANSFORM
from objectsounds.bench.labelling import random_network, with_precision
from objectsounds.bench.processes import computed, measured
from objectsounds.bench.table import Comparison, judge_divergences
from objectsounds.config.settings import load_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.clip_frames import read_clip_frames
from objectsounds.data.status import SHARD_COLUMNS, clip_folder, good_clips
from objectsounds.media.ffmpeg import run_ffmpeg
from objectsounds.media.frames import frame_times, read_frames
from objectsounds.media.mono import decode_mono
from objectsounds.media.wav import read_wav
from objectsounds.networks import classifiers as networks
from objectsounds.signal.nmf import factorize, fit_activations

SHARD = 64
STAGES = ("clips", "bases", "labels")
SAMPLED = 8  # clips of which the kernels and the script are measured


def shard_table(run: Path, path: Path, count: int) -> list[dict]:
    """Write a shard of the first train clips of a run."""
    rows = [
        row
        for table in sorted((run / "catalogue" / "shards").glob("train-*.tsv"))
        for row in read_table(table, SHARD_COLUMNS)
    ][:count]
    if len(rows) < count:
        raise ObjectsoundsError(
            f"{run} holds {len(rows)} train clips of {count} needed: run `make demo` first."
        )
    write_table(path, SHARD_COLUMNS, rows)
    return rows


def stages(
    settings: dict, shard: Path, folder: Path, names: tuple[str, ...] = STAGES
) -> dict[str, tuple[float, float]]:
    """Run stages' commands on a shard; returns each one's seconds and memory in MB."""
    status = folder / "clips" / "status.tsv"
    status.parent.mkdir(parents=True)
    ways = {
        "clips": ["--shard", str(shard), "--status", str(status)],
        "bases": ["--status", str(status), "--output", str(folder / "bases.h5")],
        "labels": ["--status", str(status), "--output", str(folder / "labels.h5")],
    }
    spent = {}
    for stage in names:
        options = ways[stage]
        command = [sys.executable, "-m", "objectsounds", stage, "--settings", json.dumps(settings), *options]
        spent[stage] = measured(command, folder)[:2]
    return spent


def started(
    settings: dict,
    row: dict,
    whole: Path,
    spent: dict[str, tuple[float, float]],
    named: dict[str, str],
) -> list[Comparison]:
    """Compare jobs of a shard with clips more in a job that has started: what a job costs beside its clips.

    Parameters
    ----------
    settings : dict
    row : dict
        The shard's first clip, which is made alone beside it.
    whole : Path
        The folder of the shard.
    spent : dict
        What the shard's stages cost, as ``stages`` returns it.
    named : dict
        The stages to compare, and what to say of each.
    """
    alone = whole.with_name(f"{whole.name}-one")
    alone.mkdir()
    write_table(alone / "shard.tsv", SHARD_COLUMNS, [row])
    comparisons = []
    first = stages(settings, alone / "shard.tsv", alone, tuple(spent))
    for name, shown in named.items():
        one, all_of_them = first[name][0], spent[name][0]
        more = (all_of_them - one) / (SHARD - 1)
        found = Comparison(
            f"a job of {SHARD} clips: {name}, {shown}",
            "the same without its start",
            0.92 if name == "bases" else 0.96,
            unit="core-s a clip",
        )
        found.ours, found.peer = [all_of_them / SHARD], [more]
        found.equal = _first(alone, name) == _first(whole, name)
        found.shown = f"{one - more:.2f} core-s are the start; the first clip is the same alone"
        comparisons.append(found)
    return comparisons


def _first(folder: Path, stage: str) -> bytes:
    """Return what a stage made of the first clip of a shard."""
    if stage == "clips":
        status = folder / "clips" / "status.tsv"
        return (clip_folder(status, good_clips(status)[0]) / "audio.wav").read_bytes()
    with h5py.File(folder / f"{stage}.h5") as file:
        return file["bases" if stage == "bases" else "scores"][0].tobytes()


def as_filmed(rows: list[dict], media: Path, folder: Path) -> list[dict]:
    """Write the media of some clips at a video's usual size; returns rows of a whole shard of them."""
    folder.mkdir()
    for row in rows:
        video = ffmpeg.input(str(media / f"{row['source']}.mp4"))
        size = {"vf": "scale=640:360,fps=30", "preset": "veryfast", "acodec": "copy"}
        run_ffmpeg(video.output(str(folder / f"{row['source']}.mp4"), **size))
    return [row | {"clip_id": f"{row['clip_id']}-{n}"} for n in range(SHARD // len(rows)) for row in rows]


def magnitude(status: Path, row: dict) -> np.ndarray:
    """Return the magnitudes, shape=(F, N), of a clip's WAV."""
    return np.abs(TRANSFORM.forward(read_wav(clip_folder(status, row) / "audio.wav")[0]))


def kernels(settings: dict, media: Path, status: Path) -> tuple[dict[str, float], np.ndarray]:
    """Measure each stage's kernel: decoding, factorising, the network's pass.

    Returns
    -------
    seconds : dict
        A clip, for each stage.
    scores : np.ndarray [shape=(n, frames, C)]
        What the network's passes gave.
    """
    rows = good_clips(status)[:SAMPLED]
    options = settings["clips"]

    def decode() -> None:
        for row in rows:
            path, start = media / f"{row['source']}.mp4", float(row["start"])
            waveform = decode_mono(path, options["sample_rate"], 60, start=start, seconds=10.0).waveform
            times = frame_times(start, waveform.size / options["sample_rate"], options["frames"])
            read_frames(path, times, options["frame_size"])

    magnitudes = [magnitude(status, row) for row in rows]

    def factor() -> None:
        for V in magnitudes:
            factorize(V, settings["bases"]["count"], generator=np.random.default_rng(0))

    labeller = networks.load_labeller(settings, None)
    batches = [labeller.input_of(read_clip_frames(status, row)) for row in rows]
    labeller.scores_of_input(batches[0])

    def look() -> np.ndarray:
        return np.stack([labeller.scores_of_input(batch) for batch in batches])

    calls = {"clips": decode, "bases": factor, "labels": look}
    seconds = {stage: min(computed(call) for _ in range(2)) / len(rows) for stage, call in calls.items()}
    return seconds, look()


def divergences(status: Path, bases: Path, script: Path) -> tuple[list[float], list[float]]:
    """Return how well the stage's bases of some clips explain them, and how well the script's do."""
    with h5py.File(bases) as file:
        ours = file["divergence"][:SAMPLED].tolist()
    theirs = []
    for row in good_clips(status)[:SAMPLED]:
        W = np.load(script / row["clip_id"] / "bases.npy")
        theirs.append(fit_activations(magnitude(status, row), W, iterations=500).divergence)
    return ours, theirs


def script(settings: dict, rows: list[dict], media: Path, folder: Path) -> float:
    """Return the seconds a clip of the script of processes."""

    def run() -> None:
        for row in rows:
            place = folder / row["clip_id"]
            place.mkdir(parents=True)
            medium = media / f"{row['source']}.mp4"
            per_clip.run(medium, float(row["start"]), settings["labeller"]["weights"], place)

    return computed(run) / len(rows)


def compare(run: Path) -> list[Comparison]:
    """Return the comparisons, in seconds of one core a clip."""
    media = run / "demo" / "media"
    comparisons, jobs = [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        settings = load_settings({}) | random_network(folder)
        settings["clips"] = settings["clips"] | {"media": str(media.absolute())}
        rows = shard_table(run, folder / "shard.tsv", SHARD)
        shard_table(run, folder / "small.tsv", SHARD // 4)
        peer = script(settings, rows[:SAMPLED], media, folder / "script")
        for precision, goal in (("bfloat16", 6), ("single", 3)):
            chosen = with_precision(settings, precision)
            spent = stages(chosen, folder / "shard.tsv", folder / precision)
            status, made = folder / precision / "clips" / "status.tsv", folder / precision
            alone, scores = kernels(chosen, media, status)
            with h5py.File(made / "labels.h5") as file:
                same = np.array_equal(file["scores"][:SAMPLED], scores)
            each = {stage: seconds / SHARD for stage, (seconds, _) in spent.items()}
            what = f"clips, bases and labels of {SHARD} clips, labels in {precision}"
            whole = Comparison(what, "the same kernels alone", 1 / 1.15, unit="core-s a clip")
            whole.ours, whole.peer = [sum(each.values())], [sum(alone.values())]
            whole.equal, shares = same, (f"{name} {each[name]:.2f} ({alone[name]:.2f})" for name in STAGES)
            whole.shown = f"{', '.join(shares)}; labels equal; the kernels on {SAMPLED} clips"
            other = Comparison(what, "a process a clip and stage, Rowe's calls", goal, unit="core-s a clip")
            other.ours, other.peer = whole.ours, [peer]
            judge_divergences(other, *divergences(status, made / "bases.h5", folder / "script"), 0.005)
            other.shown += f"; the script on {SAMPLED} clips, its labels in float32"
            comparisons += [whole, other]
            named = {} if jobs else {"clips": "the demo's", "bases": "the demo's"}
            jobs += started(chosen, rows[0], made, spent, named | {"labels": precision})
        rows = as_filmed(rows[:SAMPLED], media, folder / "media")
        settings["clips"] = settings["clips"] | {"media": str(folder / "media")}
        write_table(folder / "filmed.tsv", SHARD_COLUMNS, rows)
        filmed = stages(settings, folder / "filmed.tsv", folder / "filmed", ("clips",))
        named = {"clips": "at 640 × 360 pixels"}
        jobs += started(settings, rows[0], folder / "filmed", filmed, named)
        small = stages(chosen, folder / "small.tsv", folder / "small")
        memory = Comparison(
            f"memory of the largest job, {SHARD} clips", f"{SHARD // 4} clips", 0.9, unit="MB"
        )
        memory.ours = [max(peak for _, peak in spent.values())]
        memory.peer = [max(peak for _, peak in small.values())]
        with h5py.File(folder / "small" / "labels.h5") as few, h5py.File(made / "labels.h5") as many:
            memory.equal = np.array_equal(few["scores"][()], many["scores"][: len(few["scores"])])
        memory.shown = ", ".join(f"{stage} {spent[stage][1]:.0f} MB" for stage in STAGES)
    return [*comparisons, *jobs, memory]
