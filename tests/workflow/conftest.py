"""Real runs of the real Snakefile, each in a folder of its own, on the smallest data."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "tests" / "data" / "tiny.yaml"
RESULTS = "results/tiny"
TIMEOUT = 3600  # s, after which a run hangs, even on a busy machine
PROCESSOR = ("ATEN_CPU_CAPABILITY", "OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA", "NPY_DISABLE_CPU_FEATURES")
KEPT = ("HOME", "LANG", "TMPDIR", *PROCESSOR)  # a processor that plays another does so in the jobs, too
MATRICES = pytest.StashKey()


@dataclass
class Place:
    """A folder to run the workflow in, as a person does it: Snakemake by its path, no venv activated."""

    folder: Path

    @property
    def results(self) -> Path:
        """The run's results."""
        return self.folder / RESULTS

    def environment(self) -> dict[str, str]:
        """Return an environment without the venv on PATH and without the library on PYTHONPATH."""
        kept = {name: value for name, value in os.environ.items() if name in KEPT}
        return kept | {"PATH": "/usr/local/bin:/usr/bin:/bin"}

    def command(self, *arguments: str, cores: int = 2) -> list[str]:
        """Return the command of a run."""
        snakemake = str(Path(sys.executable).parent / "snakemake")
        return [snakemake, "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores), *arguments]

    def snakemake(self, *arguments: str, cores: int = 2, check: bool = True) -> subprocess.CompletedProcess:
        """Run Snakemake to its end."""
        done = subprocess.run(
            self.command(*arguments, cores=cores),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        if check:
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
        return done

    def planned(self, *arguments: str) -> dict[str, int]:
        """Return what a dry run would run: rule to number of jobs."""
        done = self.snakemake("--dry-run", *arguments)
        rules = re.findall(r"^(?:local)?(?:rule|checkpoint) (\w+):$", done.stdout + done.stderr, re.MULTILINE)
        return dict(Counter(rule for rule in rules if rule != "all"))


def write_config(folder: Path, config: str = "") -> None:
    """Write the configuration of a tiny run into a folder."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "config.yaml").write_text(f"preset: {TINY}\n{config}")


@pytest.fixture(scope="session")
def new_place(tmp_path_factory):
    """Return a function that makes a folder to run in, with a config.yaml."""

    def make(name: str, config: str = "") -> Place:
        folder = tmp_path_factory.mktemp(name)
        write_config(folder, config)
        return Place(folder)

    return make


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id) -> Place:
    """A finished tiny run on two cores, which tests of all processes read and plan from but do not change."""
    root = tmp_path_factory.getbasetemp()
    root = root if worker_id == "master" else root.parent  # which the processes have in common
    place, done = Place(root / "finished"), root / "finished.done"
    with FileLock(root / "finished.lock"):
        if not done.exists():
            shutil.rmtree(place.folder, ignore_errors=True)
            write_config(place.folder)
            place.snakemake()
            done.touch()
    return place


@pytest.fixture(scope="session")
def copy_of_finished(finished, tmp_path_factory):
    """Return a function that copies the finished run, but for some results, to be changed freely."""

    def make(*without: str) -> Place:
        folder = tmp_path_factory.mktemp("copy")
        shutil.copytree(finished.folder, folder, dirs_exist_ok=True)  # with the files' times
        place = Place(folder)
        for name in without:
            for path in list(place.results.glob(name)):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return place

    return make


def pytest_terminal_summary(terminalreporter, config):
    """Print the matrices that tests filled: lists of cells, the heading first."""
    for title, rows in config.stash.get(MATRICES, {}).items():
        widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
        terminalreporter.section(title)
        for row in rows:
            cells = [str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)]
            terminalreporter.write_line("  ".join(cells).rstrip())


@pytest.fixture
def matrix(request):
    """Return a function that adds a row to a table printed at the end."""

    def add(title: str, heading: tuple, row: tuple) -> None:
        matrices = request.config.stash.setdefault(MATRICES, {})
        matrices.setdefault(title, [heading]).append(row)

    return add
