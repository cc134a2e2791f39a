"""What the tests of faults share: runs as ``make demo`` starts them, kills, and what was computed again."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.workflow.conftest import ROOT, TIMEOUT, Place

SHARDED = ("clips/*/status.tsv", "bases/default/*.h5", "labels/*.h5", "dataset/default/*.h5")


def command(place: Place, *arguments: str) -> list[str]:
    """Return ``objectsounds run`` as ``make demo`` calls it."""
    workflow = ["--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
    return [sys.executable, "-m", "objectsounds", "run", *workflow, *arguments]


def heed_interrupts() -> None:
    """Let a child process end at Ctrl-C even where the tests themselves run in a shell's background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Run(subprocess.Popen):
    """A run that was started. Its output goes to a file: a pipe stays open while any of its jobs lives."""

    def __init__(self, place: Place, *arguments: str):
        descriptor, name = tempfile.mkstemp(prefix="run.", dir=place.folder)
        self.said = Path(name)
        environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
        with os.fdopen(descriptor, "w") as out:
            words = command(place, *arguments)
            super().__init__(
                words,
                cwd=place.folder,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=heed_interrupts,
            )

    def output(self) -> str:
        """Wait for the end of the run and return what it and its jobs printed."""
        self.wait(TIMEOUT)
        return self.said.read_text(errors="replace")


def start(place: Place, *arguments: str) -> Run:
    """Start a run."""
    return Run(place, *arguments)


def run(place: Place, *arguments: str) -> str:
    """Run to the end and return what was printed."""
    return start(place, *arguments).output()


def check(place: Place) -> subprocess.CompletedProcess:
    """Run ``objectsounds check`` on a place's results."""
    words = [sys.executable, "-m", "objectsounds", "check", "--results", str(place.results)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def ran(output: str) -> Counter:
    """Return which rules a run executed, and how often, from what it printed."""
    rules = re.findall(r"^(?:local)?(?:rule|checkpoint) (\w+):$", output, re.MULTILINE)
    return Counter(rule for rule in rules if rule != "all")


def tables(place: Place) -> list[str]:
    """Return the final tables."""
    return [(place.results / "score" / name).read_text() for name in ("scores.tsv", "summary.tsv")]


def stamps(place: Place) -> dict[Path, int]:
    """Return the finished files of the dear stages and when they were written."""
    return {path: path.stat().st_mtime_ns for pattern in SHARDED for path in place.results.glob(pattern)}


def kill_everything(process: subprocess.Popen) -> None:
    """Kill Snakemake and all its jobs with SIGKILL."""
    family = [process, *psutil.Process(process.pid).children(recursive=True)]
    for member in family:
        try:
            os.kill(member.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()
    wait_until_gone([member.pid for member in family[1:]])


def wait_until_gone(pids: list[int], seconds: float = TIMEOUT) -> None:
    """Wait for the end of processes that are no children of ours."""
    deadline = time.monotonic() + seconds
    while any(psutil.pid_exists(pid) and _runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition, process: subprocess.Popen, what: str):
    """Wait, while a run goes on, for something, and return it."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        found = condition()
        if found:
            return found
        assert process.poll() is None, process.output()[-3000:]
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.01)


def kill_when(place: Place, pattern: str) -> dict[Path, int]:
    """Start a run and kill it as soon as a file of that pattern is there; return what was finished then."""
    process = start(place)
    wait_for(lambda: list(place.results.glob(pattern)), process, pattern)
    kill_everything(process)
    return stamps(place)


def worker(process: subprocess.Popen, stage: str) -> psutil.Process | None:
    """Return the process of a run that does a stage's work now, or None."""
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            words = child.cmdline()
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        if words[1:4] == ["-m", "objectsounds", stage]:
            return child
    return None


def without(place: Place, *names: str) -> None:
    """Remove some of a place's results."""
    for name in names:
        for path in place.results.glob(name):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def cut(path: Path, share: float = 0.5, between: bool = False) -> None:
    """Cut a file as a loss of power does: shorter, with the times it had.

    A text is cut within a line, or ``between`` two: then its first lines alone are left, one at least.
    """
    times = path.stat()
    length = int(times.st_size * share)
    with path.open("r+b") as file:
        head = file.read(length)
        if between:
            file.truncate((head.rfind(b"\n") + 1) or length + len(file.readline()))
        else:
            file.truncate(length - head.endswith(b"\n"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
