"""The workflow through a Slurm with accounting, where the executor asks sacct, as on most clusters."""

import pytest

from tests.cluster.test_slurm import ended, start, tables, wait_for, worker

pytestmark = pytest.mark.cluster


def test_a_run_with_accounting_ends_with_the_same_tables(slurm_with_accounting, cluster_place, finished):
    slurm, place = slurm_with_accounting, cluster_place("accounting")
    run = start(place, "--slurm-status-command", "sacct")
    wait_for(lambda: worker(place, "bases"), "a worker of bases").kill()
    assert ended(run) == 0, (place.folder / "run.log").read_text()[-6000:]
    assert tables(place) == tables(finished)
    rows = slurm.ask("sacct", "-X", "-n", "-P", "--starttime=now-1hour", "--format=State")
    assert rows.split().count("FAILED") == 1 and rows.split().count("COMPLETED") >= 30
