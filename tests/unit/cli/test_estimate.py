"""What a run cost is read from its logs, and grows as it should."""

import logging
import re
import time

import pytest

from objectsounds.cli import main as cli
from objectsounds.cli.costs import costs_of, forecast, log_spent
from objectsounds.core.errors import ObjectsoundsError

CLIPS = 10  # eight of them train


@pytest.fixture
def finished(tmp_path):
    """Return a folder with the logs and files of a finished run, its costs known."""
    (tmp_path / "catalogue").mkdir()
    rows = [f"c{index}_0\t{'train' if index < 8 else 'test'}\n" for index in range(CLIPS)]
    (tmp_path / "catalogue" / "clips.tsv").write_text("clip_id\tsplit\n" + "".join(rows) + "\n")
    (tmp_path / "train" / "default" / "visual").mkdir(parents=True)
    (tmp_path / "train" / "default" / "visual" / "history.jsonl").write_text("{}\n" * 4 + '{"last": true}\n')
    for name, core_seconds, ending in (
        ("clips/train-00000", 6.0, ""),
        ("clips/test-00000", 4.0, ""),
        ("bases/default/train-00000", 20.0, ""),
        ("labels/train-00000", 30.0, " with a GPU"),
        ("train/default/visual", 40.0, ""),
        ("report", 7.0, ""),
    ):
        log = tmp_path / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"12:00:00 this job computed {core_seconds:.2f} core-seconds in 3.00 s{ending}\n")
    (tmp_path / "bases").mkdir()
    (tmp_path / "bases" / "a.h5").write_bytes(bytes(5000))
    return tmp_path


def test_a_stages_cost_is_the_sum_of_its_jobs(finished):
    costs = {cost.stage: cost for cost in costs_of(finished)}
    assert (costs["clips"].core_seconds, costs["clips"].units) == (10.0, CLIPS)
    assert costs["bases"].size == 5000 and costs["labels"].gpu_seconds == 3.0
    assert costs["train"].units == 8 * 5 and costs["report"].unit == "run"


def test_with_keep_test_the_media_of_train_and_val_are_not_on_disk_at_the_end(finished):
    for shard, size in (("train-00000", 700), ("val-00000", 200), ("test-00000", 50)):
        for name in ("a.wav", "b.jpg"):
            path = finished / "clips" / shard / "media" / "0000_c" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(size))
    costs = costs_of(finished)
    found = {
        keep: next(item for item in forecast(costs, 10 * CLIPS, 1, keep=keep) if item.stage == "clips")
        for keep in ("all", "test")
    }
    assert (found["all"].size, found["all"].files) == (10 * 1900, 10 * 6)
    assert (found["test"].size, found["test"].files) == (10 * 100, 10 * 2)


def test_shards_share_the_cores_and_training_does_not(finished):
    found = {item.stage: item for item in forecast(costs_of(finished), clips=100, cores=4, gpus=2)}
    assert found["clips"].core_seconds == pytest.approx(100) and found["report"].core_seconds == 7.0
    assert found["clips"].hours == pytest.approx(25 / 3600) and found["bases"].size == pytest.approx(50_000)
    assert found["train"].hours == pytest.approx(400 / 3600)
    assert found["labels"].gpu_seconds == pytest.approx(30)


def test_the_start_of_a_job_grows_only_with_jobs(finished):
    for name in ("dictionary/default/consensus", "bases/default/train-00000"):
        log = finished / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("12:00:00 this job computed 20.00 core-seconds (3.00 to start) in 9.00 s\n")
    found = {item.stage: item for item in forecast(costs_of(finished), clips=100, cores=4)}
    assert found["dictionary"].core_seconds == pytest.approx(3 + 17 * 10)  # one job, however many clips
    assert found["bases"].core_seconds == pytest.approx(20 * 10)  # ten times as many jobs


def test_a_job_logs_what_it_computed(caplog):
    with caplog.at_level(logging.INFO):
        log_spent(time.monotonic() - 2, 0.5)
    found = re.search(r"([\d.]+) core-seconds \(([\d.]+) to start\) in ([\d.]+)", caplog.text)
    core, start, clock = map(float, found.groups())
    assert 2 <= clock < 60 and core >= 0 and start == 0.5


def test_estimate_prints_a_row_a_stage_and_the_sum(finished, capsys):
    assert (
        cli.main(["estimate", "--run", str(finished), "--clips", "100", "--cores", "2", "--gpus", "1"]) == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:7]] == ["bases", "clips", "labels", "report", "train"]
    assert lines[7].split()[0] == "all" and "hours by the clock" in lines[8]


def test_estimate_says_what_is_downloaded_and_what_the_hours_cost(finished, capsys):
    # 100 clips: 600 core-s of clips, bases and labels, 400 of train, 7 of the report; 30 GPU-s of labels
    asked = ["--core-hour", "3.6", "--gpu-hour", "36", "--download-mb", "4.5", "--megabits", "10"]
    assert cli.main(["estimate", "--run", str(finished), "--clips", "100", "--cores", "2", *asked]) == 0
    printed = capsys.readouterr().out
    assert "Downloads: 0.45 GB, 0.1 hours at 10 Mbit/s" in printed
    assert "Price: 1.01 for cores, 0.30 for GPUs, 1.31 in all." in printed


def test_hours_without_a_price_are_said_and_not_counted(finished, capsys):
    asked = ["--gpus", "1", "--core-hour", "3.6"]
    assert cli.main(["estimate", "--run", str(finished), "--clips", "100", "--cores", "2", *asked]) == 0
    assert (
        "Price: 1.01 for cores, 1.01 in all; 0.00833 hours of GPUs have no price." in capsys.readouterr().out
    )


def test_estimate_without_prices_and_downloads_speaks_of_neither(finished, capsys):
    assert cli.main(["estimate", "--run", str(finished), "--clips", "100", "--cores", "2"]) == 0
    printed = capsys.readouterr().out
    assert "Price" not in printed and "Downloads" not in printed


def test_the_disk_holds_more_on_the_way_where_clips_go_again(finished, capsys):
    for shard in ("train-00000", "test-00000"):
        path = finished / "clips" / shard / "media" / "0000_c" / "a.wav"
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(50_000_000))
    found = {}
    for keep in ("all", "test"):
        assert (
            cli.main(["estimate", "--run", str(finished), "--clips", "20", "--cores", "2", "--keep", keep])
            == 0
        )
        found[keep] = next(line for line in capsys.readouterr().out.splitlines() if "On disk" in line)
    assert found["all"].startswith("On disk at the end 0.2 GB in 7 files.")
    assert found["test"].startswith(
        "On disk at the end 0.1 GB in 5 files; on the way at most 0.2 GB in 7 files"
    )


@pytest.mark.parametrize("missing", ["catalogue/clips.tsv", "logs/train/default/visual.log"])
def test_what_is_no_finished_run_is_said(finished, missing):
    (finished / missing).unlink()
    with pytest.raises(ObjectsoundsError, match="run"):
        costs_of(finished)
