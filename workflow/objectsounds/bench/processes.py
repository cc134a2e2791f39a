"""What a command costs: its computing and that of its children, and its memory."""

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from objectsounds.errors import ObjectsoundsError


def measured(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Run a command; returns the seconds it computed, its largest memory in MB, and what it printed.

    Raises
    ------
    ObjectsoundsError
        If it fails.
    """
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise ObjectsoundsError(f"{' '.join(command)} failed: {text[-500:]}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text


def computed(call: Callable[[], object]) -> float:
    """Return the seconds that a call computed, processes that it started and waited for included."""

    def now() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    start = now()
    call()
    return now() - start
