"""The crash matrix: whatever dies or is cut, a sentence says so, and a second run ends with the same tables.

Every case starts from a copy of the finished tiny run. The table at the end of the test output says of each
what the first run said, and which jobs the run that mended it executed: what the fault cost.
"""

import fcntl
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress

import psutil
import pytest

from objectsounds.cli.check import unit_of
from tests.workflow.conftest import TIMEOUT
from tests.workflow.faults import (
    check,
    cut,
    kill_everything,
    ran,
    run,
    start,
    tables,
    wait_for,
    wait_until_gone,
    without,
    worker,
)

pytestmark = pytest.mark.faults
HEADING = ("fault", "said", "jobs that the next run executed")
RELABEL = ["labels/*-00000.h5", "dataset/default/*"]
RESCORE = ["score/miml/0.tsv", "score/scores.tsv"]
FROM_BASES = ("bases", "dataset", "train", "dictionary", "report/index.html")


@pytest.fixture
def record(matrix):
    """Return a function that adds a fault to the table."""

    def add(fault, said, output):
        jobs = ", ".join(f"{rule} {count}" for rule, count in sorted(ran(output).items())) or "none"
        matrix("crash matrix", HEADING, (fault, said, jobs))

    return add


@pytest.fixture
def place_without(copy_of_finished):
    """Return a function that makes a place for one test, without some results."""
    places = []

    def make(*names):
        places.append(copy_of_finished(*names))
        return places[-1]

    yield make
    for place in places:
        shutil.rmtree(place.folder, ignore_errors=True)


def sentence(output, words, traceback=False):
    """Return the line of an output that holds the words; no traceback is in it, unless it may be."""
    assert traceback or "Traceback" not in output, output[-4000:]
    lines = [line.strip() for line in output.splitlines() if words in line]
    assert lines, f"{words!r} is not in:\n{output[-4000:]}"
    return lines[0].removeprefix("objectsounds ")[:110]


def mended(place, finished):
    """Run to the end; the tables are those of the undisturbed run, and there is nothing left to do."""
    output = run(place)
    assert "The page to look at" in output, output[-4000:]
    assert tables(place) == tables(finished)
    again = run(place)
    assert "Nothing to do" in again, again[-4000:]
    return output


# Kind of file: the file, what is removed so that it is read again, and what the first run says (None: it
# mends the file at once, as the log says). What is removed goes as far as something that the page itself
# needs: a file that nobody asks for is not made again.
CUT = {
    "WAV of a clip": (
        "clips/test-00000/media/0001_*/audio.wav",
        ["bases/default/test-00000.h5"],
        "not complete",
    ),
    "JPEG of a clip": ("clips/train-00000/media/0001_*/frames/00.jpg", RELABEL, "not complete"),
    "TSV of a shard's clips": ("clips/val-00000/status.tsv", RELABEL, "made again"),
    "TSV of a shard": ("catalogue/shards/val-00000.tsv", ["clips/val-00000/status.tsv"], "made again"),
    "TSV of the catalogue": ("catalogue/clips.tsv", ["catalogue/shards.txt"], None),
    "list of shards": ("catalogue/shards.txt", [], "made again"),
    "TSV of the clips in use": ("catalogue/objects-test.tsv", ["dataset/default/test.h5"], "made again"),
    "HDF5 of bases": ("bases/default/train-00000.h5", ["dataset/default/train.h5"], "made again"),
    "HDF5 of labels": ("labels/train-00001.h5", ["dataset/default/train.h5"], "made again"),
    "HDF5 of a split": ("dataset/default/train.h5", ["train"], "made again"),
    "model of the labeller": ("labeller/weights.pt", RELABEL, "made again"),
    "model of the network": (
        "train/default/visual/network.pt",
        ["dictionary/default/consensus.h5"],
        "made again",
    ),
    "JSON of the training": ("train/default/visual/history.jsonl", [], "made again"),
    "JSON of the labeller": ("labeller/history.jsonl", [], "made again"),
    "HDF5 of a dictionary": ("dictionary/default/consensus.h5", ["separate/miml/0"], "made again"),
    "TSV of the mixtures": ("mixtures/mixtures.tsv", ["mixtures/0"], "made again"),
    "WAV of a mixture": ("mixtures/0/*/mixture.wav", ["separate/miml/0"], "made again"),
    "TSV of a block": ("mixtures/0/mixtures.tsv", ["separate/miml/0"], "made again"),
    "WAV of an estimate": ("separate/miml/0/*/*.wav", RESCORE, "made again"),
    "TSV of estimates": ("separate/miml/0/estimates.tsv", RESCORE, "made again"),
    "TSV of a block's scores": ("score/miml/0.tsv", ["score/scores.tsv"], "made again"),
    "TSV of the scores": ("score/scores.tsv", [], "made again"),
}


# One of each format is also tried empty: what a loss of power leaves of a file that was never synchronised.
EMPTY = ["WAV of a clip", "JPEG of a clip", "TSV of a shard", "list of shards", "TSV of the clips in use"]
EMPTY += ["HDF5 of bases", "model of the network", "JSON of the training"]


WHOLE_LINES = [kind for kind in CUT if CUT[kind][0].endswith((".tsv", ".txt", ".jsonl"))]
CASES = [(kind, "cut") for kind in CUT] + [(kind, "empty") for kind in EMPTY]
CASES += [(kind, "cut between two lines") for kind in WHOLE_LINES]


@pytest.mark.parametrize(("kind", "how"), CASES)
def test_a_cut_file_stops_its_reader_and_is_made_again(place_without, finished, record, kind, how):
    name, readers, words = CUT[kind]
    place = place_without(*readers, "report/index.html")
    cut(sorted(place.results.glob(name))[0], 0.0 if how == "empty" else 0.5, "between" in how)
    if words is None:
        last = mended(place, finished)
        said = sentence((place.results / "logs" / "catalogue.log").read_text(), "made again")
    else:
        said = sentence(run(place), words)
        last = mended(place, finished)
    record(f"{kind}, {how}", said, last)


def test_all_cut_files_are_found_by_check_and_made_again(place_without, finished, record):
    place = place_without()
    paths = [sorted(place.results.glob(name))[0] for name, _, _ in CUT.values()]
    for path in paths:
        cut(path, 0.5)
    found = check(place)
    assert found.returncode == 1 and "Traceback" not in found.stderr, found.stderr
    missed = [path for path in paths if unit_of(path, place.results).exists()]
    assert not missed, "not moved aside"
    record("all of these, found by check", found.stderr.strip()[-100:], mended(place, finished))
    assert check(place).returncode == 0


def test_a_locked_file_stops_its_reader_and_stays(place_without, finished, record):
    """A file that another process holds is good: the job fails, and nothing dear is made again."""
    place = place_without("dataset/default/train.h5", "report/index.html")
    bases = place.results / "bases" / "default" / "train-00000.h5"
    with bases.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        said = sentence(run(place), "is not shown to be broken", traceback=True)
    assert bases.exists() and not bases.with_name(f"{bases.name}.broken").exists()
    last = mended(place, finished)
    assert "bases" not in ran(last)
    record("HDF5 of bases, locked", said, last)


def test_what_a_person_puts_into_the_folder_stays(place_without):
    place = place_without()
    notes = place.results / "mine" / "notes.tsv"
    notes.parent.mkdir()
    notes.write_text("clip\tremark\na\tfine")
    assert check(place).returncode == 0 and notes.exists()


def test_a_cut_page_and_cut_records_of_snakemake(place_without, finished, record):
    place = place_without("report/index.html")
    for path in (place.folder / ".snakemake" / "metadata").iterdir():
        cut(path, 0.5)
    record("Snakemake's own records, cut", "-", mended(place, finished))


def test_a_cut_checkpoint_starts_the_training_anew(place_without, finished, record):
    place = place_without("train", "dictionary", "report/index.html")
    process = start(place)
    wait_for(lambda: (place.results / "train/default/visual/checkpoint.pt").exists(), process, "a checkpoint")
    kill_everything(process)
    cut(place.results / "train" / "default" / "visual" / "checkpoint.pt")
    output = mended(place, finished)
    said = sentence((place.results / "logs/train/default/visual.log").read_text(), "Starting again")
    record("checkpoint, cut", said, output)


def test_a_cut_video_is_a_row_with_its_reason(place_without):
    """A cut medium is a clip less, counted on the page, and no fault of the run."""
    place = place_without("clips/test-00000/status.tsv", "report/index.html")
    media = sorted(path.stem for path in (place.results / "demo" / "media").iterdir())
    rows = (place.results / "catalogue" / "shards" / "test-00000.tsv").read_text()
    name = next(stem for stem in media if stem in rows)
    cut(place.results / "demo" / "media" / f"{name}.mp4", 0.3)
    output = run(place)
    assert "The page to look at" in output, output[-3000:]
    assert "undecodable" in (place.results / "clips" / "test-00000" / "status.tsv").read_text()


def test_a_killed_snakemake_leaves_jobs_that_are_named_and_then_it_goes_on(place_without, finished, record):
    place = place_without(*FROM_BASES)
    process = start(place)
    job = wait_for(lambda: worker(process, "bases"), process, "a worker of bases")
    family = [child.pid for child in job.parents()[0].parent().children(recursive=True)]
    snakemake = job
    while snakemake.parent().pid != process.pid:
        snakemake = snakemake.parent()
    os.kill(job.pid, signal.SIGSTOP)  # still there when the next run begins
    os.kill(snakemake.pid, signal.SIGKILL)
    process.wait(TIMEOUT)
    said = sentence(run(place), "processes of another run still work in")
    os.kill(job.pid, signal.SIGCONT)
    wait_until_gone(family)
    record("SIGKILL of Snakemake", said, mended(place, finished))


def test_a_killed_worker_fails_its_job_alone(place_without, finished, record):
    place = place_without(*FROM_BASES)
    process = start(place)
    wait_for(lambda: worker(process, "bases"), process, "a worker of bases").kill()
    output = process.output()
    said = sentence(output, "Error in rule bases")
    assert ran(output)["bases"] == 4, "the other shards did not go on"
    last = mended(place, finished)
    assert ran(last)["bases"] == 1
    record("SIGKILL of a worker", said, last)


def test_a_killed_trainer_goes_on_from_its_checkpoint(place_without, finished, record):
    place = place_without("train", "dictionary", "report/index.html")
    process = start(place)
    wait_for(lambda: (place.results / "train/default/visual/checkpoint.pt").exists(), process, "a checkpoint")
    wait_for(lambda: worker(process, "train"), process, "a worker of the training").kill()
    said = sentence(process.output(), "Error in rule train")
    last = mended(place, finished)
    assert "going on after epoch" in (place.results / "logs/train/default/visual.log").read_text()
    record("SIGKILL of the trainer", said, last)


def test_everything_killed_at_once(place_without, finished, record):
    place = place_without(*FROM_BASES)
    process = start(place)
    wait_for(lambda: list(place.results.glob("bases/default/*.h5")), process, "bases")
    kill_everything(process)
    record("SIGKILL of everything", "-", mended(place, finished))


def test_an_interrupted_run(place_without, finished, record):
    place = place_without(*FROM_BASES)
    process = start(place)
    wait_for(lambda: worker(process, "bases"), process, "a worker of bases")
    family = [process, *psutil.Process(process.pid).children(recursive=True)]
    for member in family:  # as Ctrl-C in a terminal does
        with suppress(ProcessLookupError):
            os.kill(member.pid, signal.SIGINT)
    # A job that is interrupted while Python starts leaves a traceback of Python's own.
    said = next(line for line in process.output().splitlines() if "the next run goes on from here" in line)
    wait_until_gone([member.pid for member in family[1:]])
    record("Ctrl-C", said, mended(place, finished))


@contextmanager
def mounted(folder, size):
    """Lay a small file system over a folder, holding what was in it."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    aside = folder.with_name(folder.name + ".aside")
    folder.rename(aside)
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no small disk can be mounted: {done.stderr.strip()}")
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        used = shutil.disk_usage(folder).used
        remount(folder, f"size={used + size}")
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder, option):
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True)


@pytest.mark.parametrize(
    ("stage", "removed"),
    {
        "bases": ["bases", "report/index.html"],
        "clips": ["clips", "bases/default/*", "report/index.html"],
        "separate": ["separate", "score/miml", "report/index.html"],
        "train": ["train", "dictionary", "report/index.html"],
        "labeller": ["labeller", "labels", "report/index.html"],
    }.items(),
)
def test_a_full_disk(place_without, finished, record, stage, removed):
    place = place_without(*removed)
    with mounted(place.folder / "results", 200_000):
        said = sentence(run(place), "cannot be written (No space left on device)")
        remount(place.folder / "results", "size=1g")
        record(f"disk full at {stage}", said, mended(place, finished))


def test_results_that_must_not_be_written_to(place_without, finished, record):
    place = place_without("labels/val-00000.h5", "dataset/default/val.h5", "report/index.html")
    with mounted(place.folder / "results", 2**28):
        remount(place.folder / "results", "ro")
        said = sentence(run(place), "cannot be written")
        remount(place.folder / "results", "rw")
        record("results read-only", said, mended(place, finished))


def test_a_missing_cache_of_media(new_place, record, tmp_path_factory, finished):
    place = new_place("cache", "clips: {media: media}\n")
    shutil.copytree(finished.results / "demo" / "media", place.folder / "media")
    first = run(place)
    assert "The page to look at" in first and tables(place) == tables(finished)
    shutil.move(place.folder / "media", place.folder / "elsewhere")
    assert "Nothing to do" in run(place), "finished clips need no media"
    without(place, "clips/val-00000/status.tsv", "report/index.html")
    said = sentence(run(place), "media")
    shutil.move(place.folder / "elsewhere", place.folder / "media")
    last = mended(place, finished)
    assert ran(last)["clips"] == 1
    record("media missing", said, last)


def test_two_runs_started_at_once(place_without, finished, record):
    place = place_without(*FROM_BASES)
    both = [start(place), start(place)]
    outputs = [process.output() for process in both]
    refused = [output for output in outputs if "The page to look at" not in output]
    assert len(refused) == 1, outputs
    said = sentence(refused[0], "run")
    assert "another run" in said
    assert tables(place) == tables(finished)
    record("two runs at once", said, outputs[1 - outputs.index(refused[0])])
