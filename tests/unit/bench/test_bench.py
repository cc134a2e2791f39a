"""The bench judges equality by itself, and writes what it did not measure as such. Nothing is timed here."""

import importlib.util

import numpy as np
import pytest
import soundfile

from objectsounds.bench import __main__ as bench
from objectsounds.bench import own_video
from objectsounds.bench.table import (
    COLUMNS,
    NOT_MEASURED,
    Comparison,
    judge_divergences,
    judge_scores,
    renew_section,
    write_comparisons,
)
from objectsounds.core.tables import read_table


def comparison(goal=3.0):
    return Comparison("a task", "a peer", goal, ours=[1.0, 3.0], peer=[8.0, 8.0])


def test_the_ratio_is_of_the_means_and_larger_is_better():
    assert comparison().ratio == pytest.approx(4)


@pytest.mark.parametrize(
    ("ours", "equal"), [([10.0, 20.0], True), ([10.04, 20.08], True), ([10.1, 20.2], False)]
)
def test_a_divergence_half_a_percent_above_the_peers_is_equal_and_one_percent_is_not(ours, equal):
    row = comparison()
    judge_divergences(row, ours, [10.0, 20.0], 0.005)
    assert row.equal is equal and row.reached is equal
    assert row.row()["equal_result"].startswith("yes" if equal else "NO")


def test_scores_count_up_to_100_db_and_a_thousandth_of_a_db_is_equal():
    theirs = np.array([1.0, 50.0, 150.0])
    for shift, equal in ((np.array([5e-4, 0, 30]), True), (np.array([0, 5e-3, 0]), False)):
        row = comparison()
        judge_scores(row, theirs + shift, theirs, 1e-3)
        assert row.equal is equal and "2 scores" in row.shown


def test_a_goal_is_missed_by_speed_alone():
    row = comparison(goal=5.0)
    judge_divergences(row, [1.0], [1.0], 0.005)
    assert row.equal and not row.reached


def test_the_table_holds_every_row_and_says_what_was_not_measured(tmp_path):
    measured = comparison()
    judge_divergences(measured, [1.0], [1.0], 0.005)
    write_comparisons(tmp_path, [measured, Comparison("on a GPU", "one core", 50)])
    rows = read_table(tmp_path / "table.tsv", COLUMNS)
    assert [row["ratio"] for row in rows] == ["4", NOT_MEASURED]
    assert rows[0]["ours"] == "2 s" and rows[1]["goal"] == "50"
    assert "<svg" in (tmp_path / "ratios.svg").read_text()
    assert not (tmp_path / "curves.svg").exists()


def test_curves_are_plotted_where_a_comparison_has_them(tmp_path):
    measured = comparison()
    judge_divergences(measured, [1.0], [1.0], 0.005)
    line = np.array([0.1, 1.0]), np.array([3.0, 1.0])
    measured.curves = {"ours": [line], "a peer": [line, line]}
    write_comparisons(tmp_path, [measured])
    drawn = (tmp_path / "curves.svg").read_text(encoding="utf-8")
    assert "<svg" in drawn and "<!-- a peer -->" in drawn


def test_without_a_demo_run_it_says_what_to_do_first(tmp_path, caplog, monkeypatch):
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, "1")
    options = ["--run", str(tmp_path / "none"), "--output", str(tmp_path), "--topics", "factorization"]
    assert bench.main(options) == 1 and "make demo" in caplog.text


def test_the_pages_table_is_renewed_between_its_marks(tmp_path):
    page = tmp_path / "speed.md"
    page.write_text("before\n<!-- bench -->\nold\n<!-- end of bench -->\nafter\n")
    for _ in range(2):
        renew_section(page, [comparison()])
    text = page.read_text()
    assert text.startswith("before\n<!-- bench -->\n| what |") and text.endswith(
        "<!-- end of bench -->\nafter\n"
    )
    assert "old" not in text and text.count("| a task |") == 1


def test_where_demucs_is_not_installed_its_row_says_so_and_no_goal_is_missed(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    spent = own_video.Spent(6.0, 9.0, 400.0)
    (row,) = own_video.against_demucs(tmp_path, tmp_path / "none.wav", spent, 0.0)
    assert row.row()["ratio"] == NOT_MEASURED and "demucs is not installed" in row.row()["peer_name"]


@pytest.mark.parametrize(("error", "reached"), [(1e-5, True), (1e-2, False)])
def test_sounds_that_do_not_add_up_to_their_mixture_are_no_equal_result(error, reached):
    row = own_video.against_time(10, own_video.Spent(90.0, 100.0, 400.0), error)
    assert row.ratio == pytest.approx(12) and row.reached is reached
    assert not own_video.against_time(10, own_video.Spent(30.0, 122.0, 400.0), error).reached


def test_how_far_sounds_are_off_their_mixture_is_measured_against_its_peak(tmp_path):
    samples = np.linspace(-0.5, 0.5, 100, dtype=np.float32)[:, None]
    for name, share in (("duet", 1.0), ("violin", 0.7), ("piano", 0.2)):
        soundfile.write(tmp_path / f"{name}.wav", share * samples, 8000, subtype="FLOAT")
    assert own_video.off(tmp_path / "duet.wav", tmp_path) == pytest.approx(0.1, rel=1e-3)
