"""``make bench-full``: a real run of 1,000 synthetic clips, beside what a run of the demo forecast for it.

That run is made here: one of the user's own may hold more methods than the long run, and forecast these too.
"""

import argparse
import logging
import subprocess
import sys
import time
from pathlib import Path

from objectsounds.bench.processes import computed
from objectsounds.cli.costs import costs_of, forecast
from objectsounds.config.settings import load_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import write_table

COLUMNS = ("stage", "forecast", "computed", "ratio")
LIMIT = 0.25  # of the sum


def run(folder: Path, train_clips: int, cores: int) -> float:
    """Run the whole workflow in a folder on so many synthetic train clips; returns seconds by the clock."""
    (folder / "config").mkdir(parents=True, exist_ok=True)
    (folder / "config" / "config.yaml").write_text(f"preset: demo\ndemo:\n  train_clips: {train_clips}\n")
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile"), "--quiet", "all"]
    started = time.perf_counter()
    done = subprocess.run([*command, "--cores", str(cores)], cwd=folder, check=False)
    if done.returncode:
        raise ObjectsoundsError(f"The run in {folder} failed: see what it printed, and its logs.")
    return time.perf_counter() - started


def main(arguments: list[str] | None = None) -> int:
    """Write ``full.tsv``, core-seconds a stage; return 1 if their sum is further off than ``LIMIT``."""
    parser = argparse.ArgumentParser(prog="objectsounds.bench.full", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("results/bench"))
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    demo = load_settings({"preset": "demo"})["demo"]
    tested = demo["test_clips_per_object"] * len(demo["objects"]) + demo["test_duets"]
    small, folder = options.output / "small", options.output / "full"
    try:
        run(small, demo["train_clips"], options.cores)
        wanted = forecast(costs_of(small / "results" / "demo"), options.clips, options.cores)
        spent = 0.0

        def whole() -> None:
            nonlocal spent
            spent = run(folder, options.clips - tested, options.cores)

        total = computed(whole)
        found = {cost.stage: cost.core_seconds for cost in costs_of(folder / "results" / "demo")}
    except ObjectsoundsError as error:
        logging.error("%s", error)
        return 1
    pairs = [(item.stage, item.core_seconds, found.get(item.stage, 0.0)) for item in wanted]
    pairs.append(("all", *(sum(pair[column] for pair in pairs) for column in (1, 2))))
    rows = [
        {"stage": name, "forecast": f"{a:.1f}", "computed": f"{b:.1f}", "ratio": f"{a / b:.2f}" if b else ""}
        for name, a, b in pairs
    ]
    write_table(options.output / "full.tsv", COLUMNS, rows)
    for row in rows:
        logging.info("%-14s forecast %8s core-s, computed %8s, ratio %s", *row.values())
    share = 1 - pairs[-1][2] / total
    logging.info(
        "%.0f s by the clock; %.1f %% of %.0f core-s were Snakemake's own", spent, 100 * share, total
    )
    return int(abs(pairs[-1][1] / pairs[-1][2] - 1) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
