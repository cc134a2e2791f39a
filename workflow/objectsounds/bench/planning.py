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

SIZES = (1000, 10_000, 50_000, 184_000)
SECONDS, MEGABYTES = 20, 500  # wanted at the largest size
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
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "config").mkdir()
            (folder / "config" / "config.yaml").write_text(CONFIG)
            write_list(folder / "train.csv", count, mids, 0)
            write_list(folder / "test.csv", 100, mids, 1)
            spent, _, _ = snakemake(folder, "catalogue")
            dry = snakemake(folder, "--dry-run")
            finish(folder)
            nothing = snakemake(folder, "--dry-run")
            last = count == sizes[-1]
            for what, (seconds, memory, _) in (("dry run", dry), ("a run with nothing to do", nothing)):
                row = Comparison(
                    f"{what}, {count:,} clips", f"{SECONDS} s, the limit set for it", 1 if last else None
                )
                row.ours, row.peer = [seconds], [SECONDS]
                row.equal = memory <= MEGABYTES
                row.shown = f"{memory:.0f} MB of {MEGABYTES} MB; the catalogue before it {spent:.1f} s"
                comparisons.append(row)
    return comparisons
