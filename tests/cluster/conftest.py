"""A Slurm of one node, and folders whose runs go through it; skipped with the reason where there is none."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.cluster.slurm import CannotError, Slurm
from tests.workflow.conftest import ROOT, Place, finished, new_place

__all__ = ["finished", "new_place"]
PROFILES = ["--profile", str(ROOT / "profiles" / "slurm")]
PROFILES += ["--workflow-profile", str(ROOT / "tests" / "cluster" / "profile")]


def start(accounting: bool):
    """Yield a running Slurm, or skip."""
    pytest.importorskip("snakemake_executor_plugin_slurm", reason="make test-cluster installs the plugin")
    folder = Path(tempfile.mkdtemp(prefix="slurm."))  # a short path: sockets have names of 100 characters
    try:
        with Slurm(folder, accounting) as slurm:
            yield slurm
    except CannotError as error:
        pytest.skip(str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def slurm():
    """Slurm without accounting: sacct does not answer."""
    yield from start(accounting=False)


@pytest.fixture
def slurm_with_accounting():
    """Slurm with slurmdbd."""
    yield from start(accounting=True)


class ClusterPlace(Place):
    """A folder whose runs go through Slurm."""

    def command(self, *arguments: str, cores: int = 2) -> list[str]:
        """Return the command of a run."""
        local = super().command(cores=cores)
        return [*local[:3], *PROFILES, *arguments]

    def environment(self) -> dict[str, str]:
        """Return an environment with Slurm's commands and without the venv."""
        return super().environment() | {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}


@pytest.fixture(scope="session")
def cluster_place(new_place):
    """Return a function that makes a folder whose runs go through Slurm."""
    return lambda name, config="": ClusterPlace(new_place(name, config).folder)
