"""Two made runs whose scores differ by known numbers."""

import json

import pytest

from objectsounds.cli.main import main
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import write_json
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.score_tables import COLUMNS
from objectsounds.report.run_comparison import (
    DIFFERENCE_COLUMNS,
    compare_runs,
    differing_settings,
    read_run,
)

PAIRS = [("a", "b"), ("c", "d"), ("e", "f"), ("a", "d")]
SETTINGS = {"seed": 1, "train": {"epochs": 3, "hidden": [64]}, "videos": {}}
DATA = {"test clips": {"n": 6, "sha256": "0"}, "mixtures": {"n": 4, "sha256": "1"}}


def rows_of(method, sdr, pairs=PAIRS, name="m", group="instrument"):
    """Return a method's rows of scores; ``sdr(mixture, source)`` is a number, or None for an empty cell."""
    rows = []
    for number, pair in enumerate(pairs):
        for place, clip in enumerate(pair):
            value = sdr(number, place)
            row = dict.fromkeys(COLUMNS, "") | {"method": method, "group": group, "n_extra": "0"}
            row |= {"mixture": f"{name}-{number}", "object": f"o_{clip}", "clip": f"{clip}_0"}
            rows.append(row | {"sdr": "" if value is None else f"{value:.4f}", "sir": "1.0", "sar": "2.0"})
    return rows


@pytest.fixture
def made(tmp_path):
    """Return a function that writes a finished run's tables and record, and returns its folder."""

    def make(name, rows, settings=SETTINGS, data=DATA):
        folder = tmp_path / name
        (folder / "catalogue").mkdir(parents=True)
        write_table(folder / "score" / "scores.tsv", COLUMNS, rows)
        if settings is not None:
            record = {"settings": settings, "data": data, "objectsounds": "1.0", "commit": "c" * 40}
            write_json(folder / "report" / "run.json", record)
        return folder

    return make


def compared(a, b, measure="sdr"):
    found = compare_runs(read_run(a), read_run(b), measure)
    assert all(tuple(line) == DIFFERENCE_COLUMNS for line in found["differences"])
    assert json.loads(json.dumps(found)) == found
    return found


def test_a_run_that_is_better_everywhere_by_one_number_is_so_with_no_doubt(made):
    a = made("a", rows_of("miml", lambda n, p: n + p))
    b = made("b", rows_of("miml", lambda n, p: n + p + 1.5, name="other", pairs=PAIRS))
    (line,) = compared(a, b)["differences"]
    assert (line["difference_mean"], line["low"], line["high"]) == ("1.500",) * 3
    assert (line["mean_a"], line["mean_b"], line["wins"], line["ties"]) == (
        "2.000",
        "3.500",
        "1.000",
        "0.000",
    )
    assert (line["n"], line["n_mixtures"], line["n_clips"]) == (8, 4, 6)


def test_turned_round_the_differences_change_their_sign_and_a_run_equals_itself(made):
    a = made("a", rows_of("miml", lambda n, p: n * p))
    b = made("b", rows_of("miml", lambda n, p: 2.0 * n))
    (there,), (back,) = compared(a, b)["differences"], compared(b, a)["differences"]
    assert float(there["difference_mean"]) == -float(back["difference_mean"]) == 2.25
    assert float(there["low"]) == -float(back["high"]) < 2.25 < float(there["high"])
    (same,) = compared(a, a)["differences"]
    assert (same["difference_mean"], same["ties"]) == ("0.000", "1.000")


def test_mixtures_are_paired_by_clips_and_objects_and_not_by_their_names(made):
    a = made("a", rows_of("miml", lambda n, p: n))
    b = made("b", rows_of("miml", lambda n, p: 3.0 - n, pairs=[pair[::-1] for pair in PAIRS[::-1]]))
    found = compared(a, b)
    assert (found["differences"][0]["difference_mean"], found["differences"][0]["ties"]) == ("0.000", "1.000")
    assert (found["mixtures"], found["a"]["mixtures"], found["b"]["mixtures"]) == (4, 0, 0)


def test_what_is_in_one_alone_is_counted_and_left_out_of_the_means(made):
    first = rows_of("miml", lambda n, p: 9 if n == 3 else n) + rows_of("kmeans", lambda n, p: 0)
    a = made("a", first)
    b = made("b", rows_of("miml", lambda n, p: n, PAIRS[:3]) + rows_of("mixture", lambda n, p: 0, PAIRS[:3]))
    found = compared(a, b)
    assert (found["mixtures"], found["a"]["mixtures"], found["b"]["mixtures"]) == (3, 1, 0)
    assert (found["a"]["methods"], found["b"]["methods"]) == (["kmeans"], ["mixture"])
    assert [(line["method"], line["n"], line["mean_a"]) for line in found["differences"]] == [
        ("miml", 6, "1.000")
    ]


def test_the_same_clips_as_other_objects_are_another_mixture(made):
    rows = [row | {"object": row["object"] * 2} for row in rows_of("miml", lambda n, p: n)]
    a, b = made("a", rows_of("miml", lambda n, p: n)), made("b", rows)
    with pytest.raises(
        ObjectsoundsError, match=r"/a and .*/b share no mixture of the same clips and objects"
    ):
        compared(a, b)


def test_groups_have_lines_of_their_own_and_empty_cells_are_left_out(made):
    def rows(lift):
        animals = [("g", "h"), ("i", "k")]
        return rows_of("miml", lambda n, p: None if n == p == 0 else n) + rows_of(
            "miml", lambda n, p: n + lift, animals, "x", "animal"
        )

    lines = compared(made("a", rows(0)), made("b", rows(2)))["differences"]
    assert [(line["group"], line["n"], line["difference_mean"]) for line in lines] == [
        ("instrument", 7, "0.000"),
        ("animal", 4, "2.000"),
    ]


def test_of_sir_the_sources_without_estimate_are_left_out_but_not_of_sdr(made):
    rows = rows_of("miml", lambda n, p: 1)
    rows[0]["fallback"], rows[0]["sir"] = "not detected", "50.0"
    a, b = made("a", rows_of("miml", lambda n, p: 1)), made("b", rows)
    (sdr,), (sir,) = compared(a, b)["differences"], compared(a, b, "sir")["differences"]
    assert (sdr["n"], sir["n"], sir["difference_mean"]) == (8, 7, "0.000")


def test_settings_that_differ_are_told_by_key_and_those_of_one_alone_too():
    other = {"seed": 1, "train": {"epochs": 4, "hidden": [64]}, "videos": {}, "new": True}
    assert differing_settings(SETTINGS, other) == [
        {"key": "new", "a": None, "b": True},
        {"key": "train.epochs", "a": 3, "b": 4},
    ]
    assert differing_settings(SETTINGS, SETTINGS) == []


def test_data_that_differ_are_named(made):
    rows = rows_of("miml", lambda n, p: n)
    data = DATA | {"test clips": {"n": 7, "sha256": "2"}, "val clips": {"n": 0, "sha256": "3"}}
    found = compared(made("a", rows), made("b", rows, data=data))
    assert found["data"] == ["test clips", "val clips"] and found["settings"] == []


def test_the_command_prints_and_writes_what_it_found(made, tmp_path, capsys):
    a = made("a", rows_of("miml", lambda n, p: n) + rows_of("kmeans", lambda n, p: n))
    b = made("b", rows_of("miml", lambda n, p: n + 1), SETTINGS | {"seed": 2})
    for ending in ("tsv", "json"):
        assert main(["compare", str(a), str(b), "--output", str(tmp_path / f"out.{ending}")]) == 0
    said = capsys.readouterr().out
    assert "+1.00  +1.00 to +1.00" in said and "Methods in A alone: kmeans." in said
    assert "  seed  1  2" in said and "Data that differ: none." in said
    found = compared(a, b)
    assert json.loads((tmp_path / "out.json").read_text()) == found
    lines = [{key: str(value) for key, value in line.items()} for line in found["differences"]]
    assert read_table(tmp_path / "out.tsv", DIFFERENCE_COLUMNS) == lines


def test_without_a_record_the_scores_are_compared_and_the_text_says_what_is_missing(made, capsys):
    rows = rows_of("miml", lambda n, p: n)
    a, b = made("a", rows), made("b", rows, settings=None)
    found = compared(a, b)
    assert found["settings"] == found["data"] == [] and not found["b"]["recorded"]
    assert compared(b, a)["settings"] == [] and compared(b, a)["b"]["recorded"]
    assert main(["compare", str(a), str(b)]) == 0
    assert "there is no " + str(b / "report" / "run.json") in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["catalogue", "score", "rows", "methods"])
def test_what_cannot_be_compared_is_refused_in_a_sentence(made, capsys, missing):
    a = made("a", rows_of("miml", lambda n, p: n))
    b = made("b", rows_of("kmeans" if missing == "methods" else "miml", lambda n, p: n))
    if missing == "rows":
        write_table(b / "score" / "scores.tsv", COLUMNS, [])
    elif missing == "score":
        (b / "score" / "scores.tsv").unlink()
    elif missing == "catalogue":
        (b / "catalogue").rmdir()
    assert main(["compare", str(a), str(b)]) == 1
    said = {
        "catalogue": f"{b} is no folder of results: it holds no catalogue.",
        "score": f"{b} has no scores ({b / 'score' / 'scores.tsv'} is missing): finish the run first.",
        "rows": f"{b} has no scores ({b / 'score' / 'scores.tsv'} holds no row): finish the run first.",
        "methods": f"{a} and {b} share no method (miml; kmeans): run one with a method of the other.",
    }[missing]
    assert capsys.readouterr().err.strip() == f"objectsounds compare: {said}"


@pytest.mark.parametrize("option", [["--output", "a.csv"], ["--measure", "loudness"], ["c"]])
def test_an_impossible_option_is_refused_before_anything_is_read(tmp_path, capsys, option):
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), *option]) == 2
    said = capsys.readouterr().err
    assert said.startswith("objectsounds compare: ") and said.count("\n") == 1
