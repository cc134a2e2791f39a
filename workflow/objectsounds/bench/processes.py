"""What a command costs: its computing and that of its children, and its memory."""

import logging
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from objectsounds.cli.costs import spent_so_far
from objectsounds.core.errors import ObjectsoundsError

log = logging.getLogger(__name__)


def measured(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Run a command; returns the seconds it computed, its largest memory in MB, and what it printed.

    Memory is looked at every 20 ms, of the command itself: what the system counts would include ours, from
    which it was started.

    Raises
    ------
    ObjectsoundsError
        If it fails.
    """
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        peak, status = 0, 0
        while True:
            try:
                peak = max(peak, psutil.Process(process.pid).memory_info().rss)
            except psutil.Error:  # it has just ended
                log.debug("%s has ended", command[0])
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise ObjectsoundsError(f"{' '.join(command)} failed: {text[-500:]}")
    return used.ru_utime + used.ru_stime, peak / 1e6, text


def computed(call: Callable[[], object]) -> float:
    """Return the seconds that a call computed, processes that it started and waited for included."""
    start = spent_so_far()
    call()
    return spent_so_far() - start
