"""A run that is killed: the next ends with the same tables, repeating nothing."""

import subprocess
import sys

import pytest

from tests.workflow.faults import kill_when, run, stamps, tables


@pytest.fixture(scope="module")
def killed(copy_of_finished):
    """A run that was killed during bases and during the training that followed, then run to its end."""
    place = copy_of_finished("bases", "dataset", "train", "dictionary", "report/index.html")
    finished_before = [
        kill_when(place, "bases/default/*.h5"),
        kill_when(place, "train/default/visual/checkpoint.pt"),
    ]
    output = run(place)
    return place, finished_before, output


def test_a_killed_run_ends_with_the_same_tables(killed, finished):
    place, _, output = killed
    assert "The page to look at" in output, output[-3000:]
    assert tables(place) == tables(finished)


def test_a_killed_run_repeats_no_finished_shard(killed):
    place, finished_before, _ = killed
    assert len(finished_before[1]) > len(finished_before[0])
    now = stamps(place)
    for before in finished_before:
        # A job whose file was in place, but which Snakemake had not yet recorded, runs again: one a core.
        assert len([path for path in before if now[path] != before[path]]) <= 2


def test_a_killed_training_went_on_from_its_checkpoint(killed):
    place, _, _ = killed
    assert "going on after epoch" in (place.results / "logs/train/default/visual.log").read_text()


def test_two_runs_in_one_folder_are_refused_by_name(killed):
    place, _, _ = killed
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from objectsounds.cli.run import take_lock as t; t(); print('held', flush=True); input()",
        ],
        cwd=place.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    output = run(place)
    assert f"another run (process {holder.pid})" in output and "Traceback" not in output
    holder.communicate("\n")
