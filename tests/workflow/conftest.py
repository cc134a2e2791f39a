"""Real runs of the real Snakefile, each in a folder of its own, on the smallest data."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "tests" / "data" / "tiny.yaml"
RESULTS = "results/tiny"


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
        kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "TMPDIR")}
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
            timeout=600,
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


@pytest.fixture(scope="session")
def new_place(tmp_path_factory):
    """Return a function that makes a folder to run in, with a config.yaml."""

    def make(name: str, config: str = "") -> Place:
        folder = tmp_path_factory.mktemp(name)
        (folder / "config").mkdir()
        (folder / "config" / "config.yaml").write_text(f"preset: {TINY}\n{config}")
        return Place(folder)

    return make


@pytest.fixture(scope="session")
def finished(new_place) -> Place:
    """A finished tiny run on two cores, which tests read and plan from but do not change."""
    place = new_place("finished")
    place.snakemake()
    return place
