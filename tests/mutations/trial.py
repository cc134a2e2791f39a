"""The trial of one mistake: the unit tests of its module run, in a process that sees the module changed.

The process is forked from one that has imported what takes long, numpy and torch above all, but nothing of
the library. The changed source goes in by Python's import system; no file is ever changed.
"""

import importlib.abc
import importlib.util
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import pytest

PACKAGE = "objectsounds"


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a source of its own, all others as usual."""

    def __init__(self, module: str, source: bytes, path: Path):
        self.name, self.source, self.path = f"{PACKAGE}.{module}", source, path

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(compile(self.source, str(self.path), "exec"), vars(module))  # noqa: S102


class Trial:
    """One run of some test files, in a process of its own, that is to end by itself or by its limits.

    Parameters
    ----------
    root : Path
        The repository.
    module : str
    source : bytes
        The module as it is tried.
    tests : list of str
        Test files; the first failure ends the run.
    seconds : float
        Of processor time that it may take: a busy machine ends no trial.
    """

    def __init__(self, root: Path, module: str, source: bytes, tests: list[str], seconds: float):
        self.began, self.limit = time.monotonic(), 20 * seconds + 60
        self.folder = tempfile.mkdtemp(prefix="mistake-")
        self.output = Path(self.folder) / "output.txt"
        self.process = os.fork()
        if not self.process:
            self._run(root, module, source, tests, seconds)

    def _run(self, root: Path, module: str, source: bytes, tests: list[str], seconds: float) -> None:
        """Run the tests in the new process, which ends here."""
        code = 3
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
            with open(self.output, "w") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            os.environ["TMPDIR"] = tempfile.tempdir = self.folder
            os.chdir(root)
            path = root / "workflow" / PACKAGE / f"{module.replace('.', '/')}.py"
            sys.meta_path.insert(0, Changed(module, source, path))
            options = ["-x", "-q", "-p", "no:cacheprovider", f"--basetemp={self.folder}/tests"]
            code = int(pytest.main([*options, *tests]))
        finally:
            os._exit(code)

    def ended(self) -> int | None:
        """Return the exit code, None while it runs; a trial without end is ended."""
        process, status, used = os.wait4(self.process, os.WNOHANG)
        late = time.monotonic() - self.began > self.limit
        if not process and late:
            os.killpg(self.process, signal.SIGKILL)
            process, status, used = os.wait4(self.process, 0)
        if not process:
            return None
        self.seconds = used.ru_utime + used.ru_stime
        self.said = self.output.read_text(errors="replace") if self.output.exists() else ""
        shutil.rmtree(self.folder, ignore_errors=True)
        return os.waitstatus_to_exitcode(status)


def import_heavy() -> None:
    """Import what takes long once, for all trials."""
    for name in (
        "numpy",
        "scipy.signal",
        "sklearn.cluster",
        "torch",
        "h5py",
        "cv2",
        "mir_eval",
    ):
        importlib.import_module(name)
    import torch

    torch.set_num_threads(1)
