"""A method from outside of this project: a program that is called with files, and what it leaves.

A program is called for one mixture at a time, or with ``{jobs}`` for all of a block. It writes a WAV file an
object into a folder; what it does not write, or writes wrongly, becomes the mixture, with a reason.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from objectsounds.config.external_table import PLACE, filled
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.stopping import StopRequest
from objectsounds.media.wav import write_wav

LOOK_SECONDS = 0.1  # between two looks at whether a program has ended
REASON, LONGEST_REASON = "error.txt", 80  # where a program may say why it has no estimate; characters
SLACK_SECONDS = 0.02  # by which an estimate may be shorter or longer: a hop of most transforms

log = logging.getLogger(__name__)


@dataclass
class Job:
    """One mixture as a program is given it: files in a folder of its own.

    Attributes
    ----------
    name : str
        The mixture.
    folder : Path
    objects : list of str
        What it is asked for: an estimate ``output/<object>.wav`` each.
    rate : int
        Hz, of the mixture and of the estimates.
    length : int
        Samples of both.
    seed, sources : int
    given : dict
        What else it is given: ``frames`` and ``references`` to folders.
    """

    name: str
    folder: Path
    objects: list[str]
    rate: int
    length: int
    seed: int
    sources: int
    given: dict[str, str] = field(default_factory=dict)

    @classmethod
    def write(
        cls, folder: Path, mixture: np.ndarray, references: dict[str, np.ndarray], **about: object
    ) -> "Job":
        """Write a mixture's sounds [shape=(T,)], with no references where these are not given."""
        (folder / "output").mkdir(parents=True)
        job = cls(folder=folder, length=len(mixture), **about)
        write_wav(folder / "mixture.wav", mixture, job.rate)
        if references:
            (folder / "references").mkdir()
            job.given["references"] = str(folder / "references")
        for name, waveform in references.items():
            write_wav(folder / "references" / f"{name}.wav", waveform, job.rate)
        return job

    @property
    def output(self) -> Path:
        """The folder that it writes to."""
        return self.folder / "output"

    def values(self) -> dict[str, object]:
        """Return what stands for its places in a command, and in a list of jobs."""
        own = {"mixture": str(self.folder / "mixture.wav"), "output": str(self.output)}
        own |= {"objects": self.objects, "rate": self.rate, "seed": self.seed, "sources": self.sources}
        return own | self.given

    def written(self) -> int:
        """Return how many files the program has written."""
        return sum(1 for _ in self.output.iterdir())

    def complete(self) -> bool:
        """Return whether each object has an estimate, or the program has said why not."""
        files = [self.output / f"{name}.wav" for name in self.objects]
        return (self.output / REASON).exists() or all(file.exists() for file in files)

    def reason(self) -> str:
        """Return why the program says that it has no estimate."""
        file = self.output / REASON
        lines = file.read_text(encoding="utf-8", errors="replace").split("\n") if file.exists() else []
        said = (lines or [""])[0].strip()[:LONGEST_REASON]
        return f"failed: {said}" if said else "no estimate"

    def estimate(self, name: str) -> tuple[np.ndarray | None, str]:
        """Return an object's estimate, float32 [shape=(T,)], or None and why there is none."""
        path = self.output / f"{name}.wav"
        if not path.exists():
            return None, self.reason()
        try:
            waveform, rate = soundfile.read(path, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            log.warning("%s, %s: %s", self.name, name, error)
            return None, "unreadable estimate"
        found = len(waveform), rate, waveform.shape[1]
        reason = self._wrong(waveform, rate)
        if reason:
            wanted = f"{self.length} samples at {self.rate} Hz in one channel are wanted"
            log.warning("%s, %s: %s: %d at %d Hz in %d; %s", self.name, name, reason, *found, wanted)
            return None, reason
        short = max(0, self.length - len(waveform))
        return np.pad(waveform[: self.length, 0], (0, short)), ""

    def _wrong(self, waveform: np.ndarray, rate: int) -> str:
        if rate != self.rate:
            return "wrong rate"
        if waveform.shape[1] != 1:
            return "several channels"
        if abs(len(waveform) - self.length) > SLACK_SECONDS * rate:
            return "wrong length"
        return "" if np.isfinite(waveform).all() else "not finite"


def _stopped(process: subprocess.Popen) -> None:
    """Kill a program and all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        log.debug("the program and all that it started have ended")
    process.wait()


def _call(argv: list[str], timeout: float, jobs: list[Job]) -> str:
    """Run a program; return why it did not end well, empty if it did.

    It may take ``timeout`` seconds from one estimate to the next.
    """
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=2, start_new_session=True)
    except OSError as error:
        raise ObjectsoundsError(
            f"external: {argv[0]!r} cannot be run ({error.strerror}): name a program that is there."
        ) from error
    with StopRequest() as stop:
        try:
            count, since = 0, time.monotonic()
            while process.poll() is None:
                written = sum(job.written() for job in jobs)
                if stop:
                    raise ObjectsoundsError("stopped by SIGTERM, and the program with it.")
                if written > count:
                    count, since = written, time.monotonic()
                elif time.monotonic() - since > timeout:
                    return f"timed out after {timeout:g} s"
                time.sleep(LOOK_SECONDS)
        finally:
            _stopped(process)
    code = process.returncode
    if code < 0:
        return f"failed: killed by {signal.Signals(-code).name}"
    return f"failed: exit status {code}" if code else ""


def _reached(jobs: list[Job]) -> int:
    """Return at which of its jobs a program was when it ended too early: it takes them in their order."""
    last = max((index for index, job in enumerate(jobs) if job.written()), default=0)
    return last + jobs[last].complete()


def run_program(command: list[str], jobs: list[Job], timeout: float, folder: Path) -> dict[str, str]:
    """Call a program for each job, or once for all where its command has ``{jobs}``.

    A program that takes all and ends too early is called again for those behind the one it ended at.

    Parameters
    ----------
    command : list of str
        With places in braces.
    jobs : list of Job
    timeout : float
        Seconds that it may take for one mixture.
    folder : Path
        For the list of jobs, JSON: a list of mappings from the places' names to their values.

    Returns
    -------
    dict
        Mixture to the reason why the program did not end well at it.

    Raises
    ------
    ObjectsoundsError
        If the program is not there, or the job is stopped.
    """
    together = "jobs" in PLACE.findall(" ".join(command))
    left, reasons = jobs, {}
    while left:
        called = left if together else left[:1]
        if together:
            file = folder / "jobs.json"
            file.write_text(json.dumps([job.values() for job in called], indent=1))
            argv = filled(command, {"jobs": file})
        else:
            values = called[0].values()
            argv = filled(command, values | {"objects": ",".join(called[0].objects)})
        why = _call(argv, timeout, called)
        done = len(called)
        if why:
            at = _reached(called) if together else 0
            log.warning("%s: %s", called[at].name if at < done else "after the last mixture", why)
            reasons |= {job.name: why for job in called[at : at + 1]}
            done = at + 1
        left = left[done:]
    return reasons


def function_command(entry_point: str, settings: dict) -> list[str]:
    """Return the command that calls a Python function, in a process of its own, for all jobs."""
    return [
        *(sys.executable, "-m", "objectsounds.methods.entry_point"),
        *(entry_point, json.dumps({"bases": settings["bases"]}), "{jobs}"),
    ]


def copied_estimates(folder: Path, jobs: list[Job]) -> None:
    """Take finished estimates, ``<mixture>/<object>.wav``, as what a program would leave."""
    for job in jobs:
        for name in job.objects:
            file = folder / job.name / f"{name}.wav"
            if file.exists():
                (job.output / file.name).write_bytes(file.read_bytes())


def blind_names(count: int) -> list[str]:
    """Return what the estimates of a method are called that is told no object."""
    return [f"source_{number}" for number in range(1, count + 1)]
