"""A run that is killed or finds broken files: the next ends with the same tables, repeating nothing."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.workflow.conftest import ROOT

FINISHED = ("clips/*/status.tsv", "bases/default/*.h5", "labels/*.h5", "dataset/default/*.h5")


def tables(place):
    return [(place.results / "score" / name).read_text() for name in ("scores.tsv", "summary.tsv")]


def stamps(place):
    return {path: path.stat().st_mtime_ns for pattern in FINISHED for path in place.results.glob(pattern)}


def run(place, *, wait=True):
    """Start ``objectsounds run`` as ``make demo`` does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "objectsounds", "run", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"],
        cwd=place.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return process.communicate(timeout=600)[0] if wait else process


def check(place):
    """Run ``objectsounds check`` on a place's results."""
    command = [sys.executable, "-m", "objectsounds", "check", "--results", str(place.results)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def kill_everything(process):
    """Kill Snakemake and all its jobs with SIGKILL."""
    family = [process, *psutil.Process(process.pid).children(recursive=True)]
    for member in family:
        try:
            os.kill(member.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()
    deadline = time.monotonic() + 10
    while any(psutil.pid_exists(member.pid) for member in family[1:]) and time.monotonic() < deadline:
        time.sleep(0.05)


def kill_when(place, pattern):
    """Start a run and kill it as soon as a file of that pattern is there; return what was finished then."""
    process = run(place, wait=False)
    deadline = time.monotonic() + 300
    while not list(place.results.glob(pattern)):
        assert process.poll() is None, process.stdout.read()[-3000:]
        assert time.monotonic() < deadline, f"{pattern} never came"
        time.sleep(0.01)
    kill_everything(process)
    return stamps(place)


@pytest.fixture(scope="module")
def killed(new_place):
    """A run that was killed during clips, bases and training, then run to its end."""
    place = new_place("killed")
    finished_before = [
        kill_when(place, "clips/*/status.tsv"),
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
    assert len(finished_before[0]) >= 1 and len(finished_before[2]) > len(finished_before[0])
    now = stamps(place)
    for before in finished_before:
        # A job whose file was in place, but which Snakemake had not yet recorded, runs again: one a core.
        assert len([path for path in before if now[path] != before[path]]) <= 2


def test_a_killed_training_went_on_from_its_checkpoint(killed):
    place, _, _ = killed
    assert "going on after epoch" in (place.results / "logs/train/default/visual.log").read_text()


def test_a_second_run_says_that_there_was_nothing_to_do(killed):
    place, _, _ = killed
    assert "Nothing to do" in run(place)


def test_two_runs_in_one_folder_are_refused_by_name(killed):
    place, _, _ = killed
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from objectsounds.run import take_lock as t; t(); print('held', flush=True); input()",
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


@pytest.mark.parametrize(
    "name",
    [
        "bases/default/test-00000.h5",
        "dataset/default/test.h5",
        "train/default/visual/network.pt",
        "dictionary/default/surest.h5",
        "clips/test-00000/status.tsv",
        "score/scores.tsv",
    ],
)
def test_a_cut_file_is_found_and_made_again(killed, finished, name):
    place, _, _ = killed
    path = place.results / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 - 1])
    found = check(place)
    assert found.returncode == 1 and path.name in found.stdout and "Traceback" not in found.stderr
    assert not path.exists()
    assert "The page to look at" in run(place)
    assert tables(place) == tables(finished)
    assert check(place).returncode == 0


def test_a_cut_sound_sends_its_whole_block_aside_once(killed, finished):
    place, _, _ = killed
    path = next(place.results.glob("separate/miml/0/*/*.wav"))
    path.write_bytes(path.read_bytes()[:-100])
    assert check(place).returncode == 1
    assert not (place.results / "separate/miml/0").exists()
    assert "The page to look at" in run(place)
    assert check(place).returncode == 0
    assert tables(place) == tables(finished)


def test_a_cut_file_stops_its_reader_with_one_sentence_and_the_next_run_mends_it(killed, finished):
    place, _, _ = killed
    path = place.results / "bases" / "default" / "val-00000.h5"
    path.write_bytes(path.read_bytes()[:2000])
    (place.results / "dataset" / "default" / "val.h5").unlink()
    output = run(place)
    assert "start the run again and it will be made anew" in output and "Traceback" not in output
    assert "The page to look at" in run(place)
    assert tables(place) == tables(finished)
