"""Own videos separated by the command, against their own length, against demucs, and several at a time."""

import importlib.util
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from objectsounds.bench.processes import measured
from objectsounds.bench.table import Comparison, elapsed
from objectsounds.synthesis.performances import performances

OBJECTS = ("violin", "piano")
RATE, MINUTES = 44100, (2, 10, 20)  # the page holds two
COMPARED = 10  # with demucs, and with what is wanted
USED = 2  # cores, and files at a time
REAL_TIME, AGAINST_DEMUCS, FLAT = 10, 5, 0.8  # wanted
DEMUCS_SECONDS = 20  # of the sound
LARGEST_ERROR = 1e-3  # of the mixture's peak, that all sounds together may be off
WHAT = "own video: violin and piano by the starter, stereo, 44.1 kHz"

# Random weights cost what trained ones do, and need no download.
DEMUCS = f"""
import sys, time, soundfile, torch
from demucs.apply import apply_model
from demucs.htdemucs import HTDemucs
torch.set_num_threads(1)
torch.manual_seed(0)
model = HTDemucs(sources=["drums", "bass", "other", "vocals"]).eval()
sound = soundfile.read(sys.argv[1], {DEMUCS_SECONDS * RATE}, dtype="float32")[0]
start = time.process_time()
apply_model(model, torch.from_numpy(sound.T[None]))
print("seconds", time.process_time() - start)
"""


@dataclass
class Spent:
    """What a command took: seconds of the clock and of computing, and its largest memory in MB."""

    clock: float
    computed: float
    megabytes: float


def write_duet(path: Path, minutes: int) -> Path:
    """Write a minute of a violin and a piano, in stereo and off the middle, again and again."""
    violin, piano = (next(performances(name, 1, 60.0, RATE, seed=11)) for name in OBJECTS)
    minute = 0.5 * np.stack([violin + 0.5 * piano, 0.6 * violin + piano], axis=1)
    with soundfile.SoundFile(path, "w", RATE, 2, "FLOAT", format="WAV") as file:
        for _ in range(minutes):
            file.write(minute)
    return path


def separate(folder: Path, sounds: list[Path], output: str, used: int = USED) -> Spent:
    """Run the command on sounds, as a person does, into a folder in ``folder``."""
    command = [sys.executable, "-m", "objectsounds", "separate", *map(str, sounds)]
    options = ["--objects", ",".join(OBJECTS), "--output", output, "--cores", str(used), "--force"]
    clock, (computed, megabytes, _) = elapsed(lambda: measured([*command, *options], folder))
    return Spent(clock, computed, megabytes)


def off(mixture: Path, folder: Path) -> float:
    """Return by how much of the mixture's peak the separated sounds together are off it."""
    whole = soundfile.read(mixture, dtype="float32")[0]
    parts = [soundfile.read(folder / f"{name}.wav", dtype="float32")[0] for name in OBJECTS]
    return float(np.abs(sum(parts) - whole).max() / np.abs(whole).max())


def compare(run: Path) -> list[Comparison]:
    """Return the comparisons; ``run`` is not needed, for the starter learns from no run."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        minute = write_duet(folder / "minute.wav", 1)
        sounds = {minutes: write_duet(folder / f"{minutes}.wav", minutes) for minutes in MINUTES}
        separate(folder, [minute], "first")  # plays the instruments, where that was never done
        spent = {minutes: separate(folder, [sound], "out") for minutes, sound in sounds.items()}
        error = max(off(sound, folder / "out" / str(minutes)) for minutes, sound in sounds.items())
        rows = [against_time(minutes, spent[minutes], error) for minutes in MINUTES]
        rows += against_demucs(folder, minute, spent[COMPARED], error)
        return [*rows, side_by_side(folder, minute), memory(spent)]


def against_time(minutes: int, spent: Spent, error: float) -> Comparison:
    """Compare what is computed with the sound's length."""
    row = Comparison(
        f"{WHAT}, {minutes} min, start and page included: core-s of {USED} cores", "the sound's length", None
    )
    row.goal = REAL_TIME if minutes == COMPARED else None
    row.ours, row.peer, row.equal = [spent.computed / USED], [60.0 * minutes], error < LARGEST_ERROR
    row.shown = (
        f"the sounds together are off the mixture by {error:.0e} of its peak; "
        f"{spent.clock:.0f} s by the clock with {USED} cores"
    )
    return row


def against_demucs(folder: Path, minute: Path, spent: Spent, error: float) -> list[Comparison]:
    """Compare the whole command, by a long sound, with demucs's network alone."""
    row = Comparison(
        f"{WHAT}: core-s a minute of {COMPARED}",
        "htdemucs of demucs 4.1.0, its network alone with random weights, one core",
        AGAINST_DEMUCS,
    )
    if importlib.util.find_spec("demucs") is None:
        row.peer_name += " (the package demucs is not installed)"
        return [row]
    text = measured([sys.executable, "-c", DEMUCS, str(minute)], folder)[2]
    row.ours = [spent.computed / COMPARED]
    row.peer = [float(text.split("seconds")[-1]) * 60 / DEMUCS_SECONDS]
    row.equal = error < LARGEST_ERROR
    row.shown = "in speed alone: demucs separates drums, bass and voice, and was trained to"
    return [row]


def side_by_side(folder: Path, minute: Path) -> Comparison:
    """Compare several files at a time with the same ones one after another."""
    names = [folder / f"file{number}.wav" for number in range(USED)]
    for name in names:
        name.symlink_to(minute)
    row = Comparison(
        f"own video: {USED} files of 1 min at a time, by the clock", "one after another on one core", None
    )
    row.ours = [separate(folder, names, "together").clock]
    row.peer = [separate(folder, names, "alone", 1).clock]
    files = [f"{name.stem}/{item}.wav" for name in names for item in OBJECTS]
    row.equal = all(
        (folder / "together" / file).read_bytes() == (folder / "alone" / file).read_bytes() for file in files
    )
    row.shown = f"{len(files)} files compared byte by byte"
    return row


def memory(spent: dict[int, Spent]) -> Comparison:
    """Compare the memory of a long sound with that of a short one."""
    few, many = MINUTES[-2:]
    row = Comparison(f"own video: memory of {many} min, {USED} cores", f"{few} min", FLAT, unit="MB")
    row.ours, row.peer, row.equal = [spent[many].megabytes], [spent[few].megabytes], True
    row.shown = ", ".join(f"{minutes} min {item.megabytes:.0f} MB" for minutes, item in spent.items())
    return row
