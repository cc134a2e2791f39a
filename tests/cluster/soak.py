"""``make soak``: a run of 5,000 clips through a real Slurm, disturbed all the time, beside a quiet one.

One job in twenty is killed or cancelled, the disk gets full once, and Slurm's controller is restarted once.
The tables must equal those of an undisturbed run, no finished job may run again, and nothing may be left.
Needs what `tests.cluster.slurm` needs, and root for a disk of its own (tmpfs).
"""

import argparse
import errno
import filecmp
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from objectsounds.bench.storage import PICTURES, SETTINGS, configured, make_data
from objectsounds.core.files import write_json
from tests.cluster.conftest import ClusterPlace
from tests.cluster.slurm import CannotError, Slurm
from tests.workflow.conftest import Place
from tests.workflow.faults import heed_interrupts

ONE_IN = 20  # jobs is disturbed
STARTS = 12  # of Snakemake, at most
MOST_MEMORY = 24e9  # bytes, of everything on the machine
TABLES = ("score/scores.tsv", "score/summary.tsv", "catalogue/clips.tsv")
STAGES = {"clips", "bases", "labels", "dataset", "train", "dictionary", "separate", "score"}

log = logging.getLogger(__name__)


@dataclass
class Record:
    """What was done to a run, and what was seen of it."""

    killed: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    disk_filled: bool = False
    failed_meanwhile: int = 0  # jobs
    restarted: bool = False
    starts: int = 0
    memory: float = 0.0  # bytes, the most of the whole machine
    broken: list[str] = field(default_factory=list)


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount a disk of so many bytes in the machine's memory."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def size_of(folder: Path) -> int:
    """Return the bytes of a folder's files."""
    return sum(path.lstat().st_size for path in folder.rglob("*"))


def workers(place: Place) -> list[psutil.Process]:
    """Return the processes that do a stage's work in a place."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = process.info["cmdline"] or []
        if process.info["cwd"] == str(place.folder) and STAGES & set(words[:4]):
            found.append(process)
    return found


def comment_of(job: list[str]) -> str:
    """Return the rule and wildcards of a job of Slurm's list."""
    return job[2].removeprefix("rule_").replace("_wildcards_", " ")


class Disturbance(threading.Thread):
    """Kills and cancels jobs, fills the disk and restarts the controller while a run goes on."""

    def __init__(self, slurm: Slurm, place: ClusterPlace, record: Record, seed: int):
        super().__init__(daemon=True)
        self.slurm, self.place, self.record = slurm, place, record
        self.draw = np.random.default_rng(seed)
        self.seen: set[str] = set()
        self.ended = threading.Event()

    def run(self) -> None:
        """Look at the jobs again and again until the end."""
        while not self.ended.wait(0.5):
            self.record.memory = max(self.record.memory, float(psutil.virtual_memory().used))
            states = Counter(job[1] for job in self.slurm.jobs())
            for job in self.slurm.jobs("--states=RUNNING"):
                if job[0] not in self.seen:
                    self.seen.add(job[0])
                    self._perhaps_disturb(job)
            if states["COMPLETED"] >= 20 and not self.record.restarted:
                self.record.restarted = True
                self.slurm.restart_controller(down=10)
            if states["COMPLETED"] >= 45 and not self.record.disk_filled:
                self._fill_disk()

    def _perhaps_disturb(self, job: list[str]) -> None:
        if self.draw.random() >= 1 / ONE_IN:
            return
        if self.draw.random() < 0.5:
            self.record.cancelled.append(comment_of(job))
            self.slurm.ask("scancel", job[0])
            return
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not self.ended.wait(0.1):
            for process in workers(self.place):
                text = " ".join(process.cmdline())
                if comment_of(job).partition(" ")[2] in text:  # the job's shard stands in its files' names
                    self.record.killed.append(comment_of(job))
                    process.kill()
                    return

    def _fill_disk(self) -> None:
        """Leave no byte free until a job has failed for it."""
        self.record.disk_filled = True
        failed = 0
        ballast = self.place.folder / "results" / "ballast"
        before = sum(job[1] == "FAILED" for job in self.slurm.jobs())
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not self.ended.wait(0.2):
            _fill(ballast)
            failed = sum(job[1] == "FAILED" for job in self.slurm.jobs()) - before
            if failed:
                break
        ballast.unlink()
        self.record.failed_meanwhile = failed


def _is_of_torch(folder: Path) -> bool:
    """Tell whether a folder is the empty one that importing torch's optimisers makes, one for all jobs."""
    return folder.name.startswith("torchinductor_") and not any(folder.iterdir())


def _fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def start(place: ClusterPlace, number: int) -> int:
    """Run Snakemake once; return its status."""
    with (place.folder / f"run{number}.log").open("w") as out:
        run = subprocess.Popen(
            place.command(),
            cwd=place.folder,
            env=place.environment(),
            stdout=out,
            stderr=out,
            preexec_fn=heed_interrupts,
        )
        return run.wait()


def disturbed_run(slurm: Slurm, place: ClusterPlace, record: Record, seed: int) -> None:
    """Start a run as often as it takes, as a person would."""
    disturbance = Disturbance(slurm, place, record, seed)
    disturbance.start()
    while record.starts < STARTS:
        record.starts += 1
        if start(place, record.starts) == 0:
            break
        log.info("start %d ended before the run did", record.starts)
    else:
        record.broken.append(f"the run was not finished after {STARTS} starts")
    disturbance.ended.set()
    disturbance.join()


def judge(record: Record, slurm: Slurm, quiet: Place, place: ClusterPlace) -> None:
    """Write into the record what is not as it should be."""
    for name in TABLES:
        if not filecmp.cmp(
            quiet.folder / "results/run" / name, place.folder / "results/run" / name, shallow=False
        ):
            record.broken.append(f"{name} differs from the undisturbed run's")
    done = Counter(comment_of(job) for job in slurm.jobs() if job[1] == "COMPLETED")
    record.broken += [f"{name} was finished {count} times" for name, count in done.items() if count > 1]
    if record.memory > MOST_MEMORY:
        record.broken.append(f"{record.memory / 1e9:.1f} GB of memory were used")
    if not (record.killed and record.cancelled and record.failed_meanwhile and record.restarted):
        record.broken.append("not every disturbance took place")
    record.broken += [f"left running: {' '.join(process.cmdline()[:5])}" for process in workers(place)]
    left = [path for path in place.folder.rglob("*") if path.suffix == ".tmp" or ".tmp" in path.suffixes]
    record.broken += [f"left over: {path}" for path in left]
    record.broken += [f"left open: {text}" for text in open_below(place.folder)]


def open_below(folder: Path) -> list[str]:
    """Return every file handle, of any process of the machine, on a file below a folder, deleted ones too."""
    found = []
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # the process has ended meanwhile
            target = str(handle.readlink())
            if target.startswith(f"{folder}/"):
                found.append(f"{handle} -> {target}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Write ``soak.json``; return 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(prog="tests.cluster.soak", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("results/soak"))
    parser.add_argument("--clips", type=int, default=5000)
    parser.add_argument("--clips-per-shard", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    folder = options.output.resolve()
    if folder.exists():
        log.error("%s is there already: move it away, or name another --output.", folder)
        return 1
    data = make_data(folder, options.clips)
    settings = json.loads(json.dumps(SETTINGS)) | {"results": "results/run"}
    settings["catalogue"]["clips_per_shard"] = options.clips_per_shard
    settings["labeller"]["pictures"] = PICTURES
    places = [configured(folder / name, settings) for name in ("quiet", "disturbed")]
    for place in places:
        (place / "data").symlink_to(data)
    quiet, place = Place(places[0]), ClusterPlace(places[1])
    log.info("the quiet run begins")
    started = time.monotonic()
    quiet.snakemake()
    seconds = [round(time.monotonic() - started)]
    record, temporary = Record(), folder / "tmp"
    temporary.mkdir()
    os.environ["TMPDIR"] = str(temporary)  # of the run and its jobs
    handles, started = psutil.Process().num_fds(), time.monotonic()
    log.info("the disturbed run begins")
    try:
        with disk(place.folder / "results", 2 * size_of(quiet.folder / "results")):
            sockets = tempfile.mkdtemp(prefix="slurm.", dir="/tmp")  # their names must be short
            with Slurm(Path(sockets)) as slurm:
                disturbed_run(slurm, place, record, options.seed)
                slurm.wait_for_end()
                judge(record, slurm, quiet, place)
                states = Counter(job[1] for job in slurm.jobs())
            shutil.rmtree(slurm.folder)
    except CannotError as error:
        log.error("%s", error)
        return 1
    seconds.append(round(time.monotonic() - started))
    record.broken += [f"left over: {path}" for path in temporary.iterdir() if not _is_of_torch(path)]
    kept = psutil.Process().num_fds() - handles
    if kept > 0:
        record.broken.append(f"{kept} file handles of the soak itself are left open")
    found = vars(record) | {"states": states, "seconds": seconds}
    write_json(folder / "soak.json", found)
    log.info("%s", json.dumps(found, indent=1))
    return int(bool(record.broken))


if __name__ == "__main__":
    sys.exit(main())
