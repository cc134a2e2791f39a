"""Planning at the size of AudioSet: how long, and how large, Snakemake gets before the first job starts."""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from objectsounds.bench.processes import measured
from objectsounds.bench.table import Comparison
from objectsounds.config.classes import chosen_classes

SIZES = (1000, 10_000, 50_000, 184_000, 2_000_000)
LIMITS = {184_000: (20, 500), 2_000_000: (60, 1500)}  # s and MB of planning at most so many clips
CATALOGUE = (60, 2000)  # s and MB
OBJECTS = ("accordion", "banjo", "cello", "drum", "flute", "harp", "piano", "saxophone", "trumpet", "violin")
CONFIG = f"""classes: [{", ".join(OBJECTS)}]
catalogue:
  train: [train.csv]
  test: [test.csv]
  clips_per_class: {{train: null, val: null, test: null}}
  val_fraction: 0.1
clips:
  download:
    enabled: true
"""


def write_list(path: Path, count: int, mids: list[str], seed: int) -> None:
    """Write a segment list in AudioSet's form, clips of random identity with one class each."""
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))
    names = np.random.default_rng(seed).choice(letters, (count, 11))
    lines = [
        f'{"".join(name)}, 30.000, 40.000, "{mids[index % len(mids)]}"\n' for index, name in enumerate(names)
    ]
    path.write_text(
        "# Segments csv\n# num_ytids\n# YTID, start_seconds, end_seconds, positive_labels\n" + "".join(lines)
    )


def snakemake(folder: Path, *arguments: str) -> tuple[float, float, str]:
    """Run the project's workflow on the configuration in a folder."""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile")]
    return measured([*command, "--cores", "2", *arguments], folder)


def finish(folder: Path) -> None:
    """Make an empty file of everything that a run would make, all of one age."""
    text = snakemake(folder, "--summary")[2]
    names = [
        line.split("\t")[0]
        for line in text.splitlines()
        if "\t" in line and not line.startswith("output_file")
    ]
    paths = [folder / name for name in names if not (folder / name).exists()]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if not path.suffix else path.touch()
    now = time.time()
    for path in [*(folder / "results").rglob("*"), *paths]:
        os.utime(path, (now, now))


def catalogue(folder: Path) -> tuple[float, float, str]:
    """Make the catalogue; the memory is of its job, as Snakemake noted it."""
    seconds, _, text = snakemake(folder, "catalogue")
    benchmark = next((folder / "results").glob("*/benchmarks/catalogue.tsv"))
    names, cells = (line.split("\t") for line in benchmark.read_text().splitlines()[:2])
    return seconds, float(cells[names.index("max_rss")]) * 2**20 / 1e6, text


def row(what: str, count: int, found: tuple[float, float, str], limits: tuple[int, int]) -> Comparison:
    """Return the row of what took so many seconds and MB, beside its limits."""
    seconds, megabytes = limits
    made = Comparison(f"{what}, {count:,} clips", f"{seconds} s, the limit set for it", None)
    made.ours, made.peer = [found[0]], [float(seconds)]
    made.equal = found[1] <= megabytes
    made.shown = f"{found[0]:.1f} s, {found[1]:.0f} MB of {megabytes} MB"
    made.goal = 1 if count in LIMITS else None
    return made


def compare(run: Path, sizes: tuple[int, ...] = SIZES) -> list[Comparison]:
    """Return the planning times of each size; nothing of a run is used."""
    mids = [item.mids[0] for item in chosen_classes(list(OBJECTS))]
    comparisons = []
    for count in sizes:
        limits = next(LIMITS[size] for size in sorted(LIMITS) if count <= size)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "config").mkdir()
            (folder / "config" / "config.yaml").write_text(CONFIG)
            write_list(folder / "train.csv", count, mids, 0)
            write_list(folder / "test.csv", 100, mids, 1)
            comparisons.append(row("the catalogue", count, catalogue(folder), CATALOGUE))
            comparisons.append(row("dry run", count, snakemake(folder, "--dry-run"), limits))
            finish(folder)
            nothing = snakemake(folder, "--dry-run")
            comparisons.append(row("a run with nothing to do", count, nothing, limits))
    return comparisons
