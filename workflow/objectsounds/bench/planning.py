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
LIMITS = {184_000: (20, 500), 2_000_000: (60, 1500)}  # seconds and MB of planning; the first for smaller sizes too
CATALOGUE = (60, 2000)  # of the catalogue, at the largest size
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


def compare(run: Path, sizes: tuple[int, ...] = SIZES) -> list[Comparison]:
    """Return the planning times of each size; nothing of a run is used."""
    mids = [item.mids[0] for item in chosen_classes(list(OBJECTS))]
    comparisons = []
    for count in sizes:
        seconds, megabytes = limits = next(LIMITS[size] for size in sorted(LIMITS) if count <= size)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "config").mkdir()
            (folder / "config" / "config.yaml").write_text(CONFIG)
            write_list(folder / "train.csv", count, mids, 0)
            write_list(folder / "test.csv", 100, mids, 1)
            made = snakemake(folder, "catalogue")
            dry = snakemake(folder, "--dry-run")
            finish(folder)
            nothing = snakemake(folder, "--dry-run")
            measures = [("dry run", dry, limits), ("a run with nothing to do", nothing, limits)]
            if count > LARGE:
                measures.insert(0, ("the catalogue", made, CATALOGUE))
            comparisons += [_row(what, count, *measure) for what, *measure in measures]
    return comparisons
