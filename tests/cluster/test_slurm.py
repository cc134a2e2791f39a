"""The workflow through a real Slurm: jobs that are cancelled, killed, too big, too slow; a dead Snakemake."""

import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.cluster.conftest import PROFILES
from tests.workflow.conftest import ROOT, TIMEOUT
from tests.workflow.faults import heed_interrupts

pytestmark = pytest.mark.cluster
LOCAL = {"catalogue", "mixtures_table", "score_tables", "dictionary_gaussian"}


def tables(place):
    return [(place.results / "score" / name).read_text() for name in ("scores.tsv", "summary.tsv")]


def start(place, *arguments):
    """Start a run and return it; its output goes to run.log."""
    log = (place.folder / "run.log").open("w")
    return subprocess.Popen(
        place.command(*arguments),
        cwd=place.folder,
        env=place.environment(),
        stdout=log,
        stderr=subprocess.STDOUT,
        preexec_fn=heed_interrupts,
    )


def ended(run):
    """Wait for the end of a run; return its status."""
    try:
        return run.wait(TIMEOUT)
    finally:
        if run.poll() is None:
            run.kill()


def wait_for(condition, what, seconds=TIMEOUT):
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.1)


def running(slurm, rule):
    """Return the number of a running job of a rule, or None."""
    jobs = slurm.jobs("--states=RUNNING")
    return next((job for job, _, comment in jobs if comment.startswith(f"rule_{rule}")), None)


def worker(place, stage):
    """Return the process that does a stage's work in a place, or None."""
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if process.info["cwd"] == str(place.folder) and stage in (process.info["cmdline"] or [])[:4]:
            return process
    return None


def states(slurm, rule):
    """Return the states of all jobs of a rule, in the order of their submission."""
    jobs = [(int(job), state) for job, state, comment in slurm.jobs() if comment.startswith(f"rule_{rule}")]
    return [state for _, state in sorted(jobs)]


@pytest.fixture(scope="module")
def faulty(slurm, cluster_place):
    """A run of which one job is cancelled, one killed, and one at first given too little memory."""
    place = cluster_place("faulty")
    memory = "score:mem_mb=120 if attempt == 1 else 1500"
    run = start(place, "--set-resources", memory)
    cancelled = wait_for(lambda: running(slurm, "bases"), "a job of bases")
    slurm.ask("scancel", cancelled)
    wait_for(lambda: worker(place, "labels"), "a worker of labels").kill()
    assert ended(run) == 0, (place.folder / "run.log").read_text()[-6000:]
    return place


def test_a_run_through_slurm_with_faults_ends_with_the_same_tables(faulty, finished):
    assert tables(faulty) == tables(finished)


def test_a_cancelled_job_was_retried(faulty, slurm):
    assert sorted(states(slurm, "bases")) == ["CANCELLED"] + ["COMPLETED"] * 4


def test_a_killed_job_was_retried(faulty, slurm):
    assert sorted(states(slurm, "labels")) == ["COMPLETED"] * 4 + ["FAILED"]


def test_a_job_over_its_memory_was_retried_with_more(faulty, slurm):
    ended = states(slurm, "score")
    assert ended.count("COMPLETED") == 5
    assert len(ended) == 10 and set(ended) - {"COMPLETED"} <= {"OUT_OF_MEMORY", "CANCELLED", "FAILED"}


def test_what_failed_is_reported(faulty):
    text = (faulty.folder / "run.log").read_text()
    for words in ("SLURM status is: 'CANCELLED'", "SLURM status is: 'FAILED'", "Trying to restart job"):
        assert words in text, words


def test_small_rules_stayed_on_this_machine(faulty, slurm):
    sent = {comment.removeprefix("rule_").split("_wildcards")[0] for _, _, comment in slurm.jobs()}
    assert not sent & LOCAL
    assert {"demo", "clips", "bases", "labels", "dataset", "train", "separate", "score", "report"} <= sent


def test_a_second_run_finds_nothing_to_do(faulty):
    done = faulty.snakemake()
    assert "Nothing to be done" in done.stdout + done.stderr


def test_training_goes_on_from_its_last_epoch_when_time_is_up_and_when_it_is_preempted(faulty, slurm):
    log = faulty.results / "logs" / "train" / "default" / "visual.log"
    known = len(slurm.jobs())
    time_limit = "train:runtime=1 if attempt == 1 else 30"
    endless = "train={epochs: 1000000, patience: null, checkpoint_every: 1000}"
    run = start(faulty, "--config", endless, "--set-resources", time_limit, "--until", "train")

    def went_on():
        lines = log.read_text().splitlines() if log.exists() else []
        return [int(line.split()[-1]) for line in lines if "going on after epoch" in line]

    def reached():
        return [int(epoch) for epoch in re.findall(r"train: (\d+) of", log.read_text())]

    try:
        first = wait_for(went_on, "a second attempt")[0]
        assert states(slurm, "train")[-2] == "TIMEOUT" and len(slurm.jobs()) == known + 2
        job = running(slurm, "train")
        # An attempt that is stopped before its first epoch ends saves nothing new.
        wait_for(lambda: any(epoch > first for epoch in reached()), "an epoch of the second attempt")
        slurm.ask("scontrol", "requeue", job)  # what pre-emption does with PreemptMode=REQUEUE
        second = wait_for(lambda: [epoch for epoch in went_on() if epoch > first], "the job queued again")[0]
        assert first % 1000 != 0 or second % 1000 != 0, "no epoch but the regular ones was saved"
        assert running(slurm, "train") == job and len(slurm.jobs()) == known + 2
    finally:
        run.send_signal(signal.SIGINT)
        run.wait(TIMEOUT)
    wait_for(lambda: running(slurm, "train") is None, "the end of the job")
    # Snakemake's own process on the node can hang when it gets SIGTERM. A cluster that follows jobs by
    # cgroups kills it then; proctrack/linuxproc has lost it.
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] == str(faulty.folder):
            process.kill()


def test_a_gpu_is_asked_for_and_given(cluster_place, slurm, faulty):
    """Only the request: the node's two GPUs are pretended, so the training says that it finds none."""
    done = faulty.snakemake(
        "--config", "train={device: cuda}", "--until", "train", "--retries", "0", check=False
    )
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "train.device = 'cuda', but PyTorch finds no GPU here" in text
    job = re.search(r"submitted with SLURM jobid (\d+)", text)[1]
    assert "=gres:gpu:1" in slurm.ask("scontrol", "show", "job", job)


def test_jobs_that_outlive_a_killed_snakemake_are_named_and_then_the_run_goes_on(faulty, slurm, finished):
    def again():
        return subprocess.run(
            [sys.executable, "-m", "objectsounds", "run", "--snakefile", str(ROOT / "Snakefile"), *PROFILES],
            cwd=faulty.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )

    for name in ("labels/val-00000.h5", "dataset/default/val.h5", "report/index.html"):
        (faulty.results / name).unlink()
    run = start(faulty)
    job = wait_for(lambda: running(slurm, "labels"), "a job")
    run.send_signal(signal.SIGKILL)
    run.wait()
    refused = again()
    assert refused.returncode == 1 and f"scancel {job}" in refused.stderr, refused.stderr[-2000:]
    wait_for(lambda: not slurm.jobs("--states=RUNNING,PENDING,COMPLETING"), "the end of the job")
    done = again()
    assert "The page to look at" in done.stdout, done.stdout[-2000:] + done.stderr[-3000:]
    assert tables(faulty) == tables(finished)
