"""What a finished run cost, a stage at a time, and from that what a larger one will: ``estimate``."""

import logging
import re
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import read_json_lines
from objectsounds.core.tables import read_table

SPENT = re.compile(
    r"this job computed ([\d.]+) core-seconds(?: \(([\d.]+) to start\))? in ([\d.]+) s( with a GPU)?$"
)
# How a stage's cost grows: with the clips, with the clips that train the networks, or not at all.
GROWS = {
    "demo": "clips",
    "catalogue": "clips",
    "clips": "clips",
    "bases": "clips",
    "labels": "clips",
    "ablation": "clips",
    "dataset": "clips",
    "train": "train clips and epochs",
    "dictionary": "train clips",
}
ALONE = ("catalogue", "dataset", "train", "dictionary", "report")  # one job, or few: no more cores than that

log = logging.getLogger(__name__)


def spent_so_far() -> float:
    """Return the core-seconds of this process and of the children it waited for, until now."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def log_spent(started: float, start: float) -> None:
    """Log what this job has computed, for `costs_of` to read.

    Parameters
    ----------
    started : float
        When, by the monotonic clock.
    start : float
        Core-seconds until its modules and settings were there.
    """
    torch = sys.modules.get("torch")
    gpu = " with a GPU" if torch is not None and torch.cuda.is_initialized() else ""
    seconds = time.monotonic() - started
    log.info(
        "this job computed %.2f core-seconds (%.2f to start) in %.2f s%s", spent_so_far(), start, seconds, gpu
    )


@dataclass
class Cost:
    """What one stage cost in a run.

    Attributes
    ----------
    stage : str
    unit : str
        What its cost grows with; ``run`` where it does not.
    units : float
        How many of them the run had.
    core_seconds, gpu_seconds : float
        Computed by all of its jobs; and by the clock, of those that had a GPU.
    start : float
        Of the core-seconds, what its jobs computed before they began.
    size, files : int
        Bytes on disk, and in how many files.
    passing : (int, int)
        Bytes and files of them that go before the run's end with ``clips.keep: test``.
    """

    stage: str
    unit: str
    units: float
    core_seconds: float
    gpu_seconds: float
    start: float
    size: int
    files: int = 0
    passing: tuple[int, int] = (0, 0)


def _logs(results: Path, stage: str) -> Iterator[Path]:
    yield from (results / "logs").glob(f"{stage}.log")
    yield from (results / "logs" / stage).rglob("*.log")


def _spent(path: Path) -> tuple[float, float, float]:
    """Return core-seconds and GPU-seconds of a job, and core-seconds of its start; 0 where unknown."""
    found = [SPENT.search(line) for line in path.read_text(encoding="utf-8").splitlines()[-3:]]
    hit = next((hit for hit in found if hit), None)
    return (float(hit[1]), float(hit[3]) if hit[4] else 0.0, float(hit[2] or 0)) if hit else (0.0, 0.0, 0.0)


def _size(*folders: Path) -> tuple[int, int]:
    """Return the bytes in folders, and the number of files."""
    sizes = [path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)


def _counts(results: Path) -> dict[str, float]:
    """Return how many clips a run has, and how many of them train, times the epochs that they do."""
    table = results / "catalogue" / "clips.tsv"
    if not table.exists():
        raise ObjectsoundsError(f"{results} is no finished run: give --run one, such as that of `make demo`.")
    rows = read_table(table, ("clip_id", "split"))
    train = sum(row["split"] == "train" for row in rows)
    histories = list((results / "train").rglob("history.jsonl"))
    epochs = sum(len(read_json_lines(path)) for path in histories)
    return {"clips": len(rows), "train clips": train, "train clips and epochs": train * epochs, "run": 1}


def costs_of(results: str | Path) -> list[Cost]:
    """Read what every stage of a finished run cost, from the last lines of its jobs' logs.

    Raises
    ------
    ObjectsoundsError
        If the folder holds no finished run, or its logs do not tell.
    """
    results = Path(results)
    counts = _counts(results)
    stages = sorted(
        {path.relative_to(results / "logs").parts[0] for path in (results / "logs").rglob("*.log")}
    )
    found = []
    for name in stages:
        stage = name.removesuffix(".log")
        spent = [_spent(path) for path in _logs(results, stage)]
        unit = GROWS.get(stage, "run")
        core_seconds, gpu_seconds, start = (sum(column) for column in zip(*spent, strict=True))
        if core_seconds and counts[unit]:
            shards = [path for split in ("train", "val") for path in (results / stage).glob(f"{split}-*")]
            size, passing = _size(results / stage), _size(*(shard / "media" for shard in shards))
            found.append(Cost(stage, unit, counts[unit], core_seconds, gpu_seconds, start, *size, passing))
    if not {"clips", "bases", "labels", "train"} <= {cost.stage for cost in found}:
        raise ObjectsoundsError(
            f"{results}: the logs do not tell what clips, bases, labels and train cost; "
            "finish that run with this version, or give --run another."
        )
    return found


@dataclass
class Forecast:
    """What a stage of a larger run will cost: seconds of cores and GPUs, bytes, files, hours by the clock."""

    stage: str
    core_seconds: float
    gpu_seconds: float
    size: float
    files: float
    hours: float


def forecast(costs: list[Cost], clips: int, cores: int, gpus: int = 0, keep: str = "all") -> list[Forecast]:
    """Predict a run of so many clips on so many cores and GPUs, from one that is finished.

    Parameters
    ----------
    costs : list of Cost
    clips : int
        In all splits, which keep their shares.
    cores, gpus : int
    keep : str
        ``clips.keep``: whose WAVs and frames are on disk at the end.
    """
    known = next(cost.units for cost in costs if cost.unit == "clips")
    predicted = []
    for cost in costs:
        factor = 1.0 if cost.unit == "run" else clips / known
        alone = cost.stage in ALONE
        start = cost.start if alone else 0.0  # no more jobs, so no more starts
        core_seconds = start + (cost.core_seconds - start) * factor
        gpu_seconds = cost.gpu_seconds * factor
        grown = factor if cost.unit == "clips" else 1  # networks and dictionaries do not grow
        gone = cost.passing if keep == "test" else (0, 0)
        size, files = (cost.size - gone[0]) * grown, (cost.files - gone[1]) * grown
        seconds = max(core_seconds / (1 if alone else cores), gpu_seconds / (1 if alone else max(1, gpus)))
        predicted.append(Forecast(cost.stage, core_seconds, gpu_seconds, size, files, seconds / 3600))
    return predicted
