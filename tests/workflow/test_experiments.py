"""The target tables beside a finished run: every baseline, with its intervals, and nothing made twice."""

import csv
import json
import shutil

import pytest

from objectsounds.core.tables import read_table
from tests.unit.report.latex_reading import read_tables
from tests.workflow.conftest import Place

NAMED = {
    *("kmeans", "kmeans_fixed", "mfcc", "mfcc_fixed", "visual_exemplar", "unmatched", "gaussian"),
    *("upper_bound", "ideal_binary_mask", "ideal_ratio_mask", "solo_oracle", "mixture", "miml"),
    *(
        "visual",
        "visual_consensus",
        "miml_agreement",
        "miml_surest",
        "miml_gao",
        "miml@cqt",
        "ideal_ratio_mask@cqt",
        "upper_bound@noise50",
    ),
}


@pytest.fixture(scope="module")
def tabled(finished, tmp_path_factory) -> Place:
    """A copy of the finished run in which all tables were made."""
    place = Place(tmp_path_factory.mktemp("tabled") / "run")
    shutil.copytree(finished.folder, place.folder, symlinks=True)
    place.snakemake("tables")
    return place


def table(place, name):
    with open(place.results / "experiments" / f"{name}.tsv", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_every_baseline_is_in_the_summary_with_its_interval(tabled):
    rows = {row["method"]: row for row in table(tabled, "summary")}
    assert set(rows) == NAMED
    for row in rows.values():
        assert row["n"] == "8" and float(row["sdr_low"]) <= float(row["sdr_mean"]) <= float(row["sdr_high"])
    for limit in ("ideal_ratio_mask", "ideal_binary_mask", "ideal_ratio_mask@cqt"):
        assert float(rows[limit]["sdr_mean"]) > 6


def test_the_best_matching_is_never_below_the_fixed_one(tabled):
    rows = {(row["method"], row["mixture"], row["object"]): row for row in table(tabled, "scores")}
    for method in ("kmeans", "mfcc"):
        best = [float(row["sir"]) for (name, *_), row in rows.items() if name == method]
        fixed = [float(row["sir"]) for (name, *_), row in rows.items() if name == f"{method}_fixed"]
        assert len(best) == len(fixed) == 8 and sum(best) >= sum(fixed)
    assert not (tabled.results / "separate" / "kmeans_fixed").exists()


def test_every_method_is_compared_with_miml_on_the_same_sources(tabled):
    rows = table(tabled, "comparisons")
    assert {row["method"] for row in rows} == NAMED - {"miml"}
    assert {row["reference"] for row in rows} == {"miml"} and {row["n"] for row in rows} == {"8"}


def test_the_solo_oracles_bases_come_from_true_solo_clips_alone(tabled):
    rows = {row["method"]: row for row in table(tabled, "dictionaries")}
    assert float(rows["solo_oracle"]["alone"]) == 1.0
    assert int(rows["miml_agreement"]["bases_least"]) >= int(rows["miml"]["bases_least"])


def test_half_of_the_labels_are_wrong_where_half_were_corrupted(tabled):
    rows = {row["method"]: float(row["wrong_labels"]) for row in table(tabled, "robustness")}
    assert rows["upper_bound"] == 0 and rows["upper_bound@noise50"] == pytest.approx(0.5, abs=0.05)
    assert (tabled.results / "experiments" / "robustness.svg").stat().st_size > 1000


def test_published_figures_stand_in_columns_of_their_own(tabled):
    rows = {(row["method"], row["group"]): row["published_sdr"] for row in table(tabled, "published")}
    assert rows["kmeans", "instrument"] == "-2.85" and ("miml", "instrument") not in rows


def test_every_table_is_there_in_other_formats_with_what_made_it(tabled):
    folder, results = tabled.results / "publication", tabled.results
    files = {path.stem: path for path in (results / "experiments").glob("*.tsv")}
    files |= {
        "denoise": results / "denoise" / "summary.tsv",
        "ablation": results / "ablation" / "ablation.tsv",
    }
    assert {path.stem for path in folder.glob("*.csv")} == set(files)
    for name, path in files.items():
        with (folder / f"{name}.csv").open(newline="") as file:
            assert list(csv.DictReader(file)) == read_table(path)
    assert {path.stem for path in folder.glob("*.tex")} == set(files) - {"scores"}
    tables = {path.stem: read_tables(path.read_text()) for path in folder.glob("*.tex")}
    assert all(len(found) == 1 for found in tables.values())
    assert len(tables["summary"][0].rows) == 1 + len(NAMED)
    record = json.loads((folder / "tables.json").read_text())
    assert set(record["tables"]) == set(tables) and record["seed"] == 2018
    assert record["data"]["mixtures"]["n"] == 4 and record["settings"]["experiments"]["variants"]
    run = json.loads((results / "report" / "run.json").read_text())
    assert run["data"] == record["data"] and run["settings"]["train"] == record["settings"]["train"]


def test_a_second_run_of_the_target_does_nothing_and_a_whole_run_puts_the_tables_on_the_page(tabled):
    assert tabled.planned("tables") == {} and tabled.planned() == {"report": 1}
    tabled.snakemake()
    assert tabled.planned() == {}
    text = (tabled.results / "report" / "index.html").read_text()
    assert 'id="experiments"' in text and "published-" not in text and "Solo oracle" in text


def test_an_edited_threshold_of_gaos_rule_reruns_only_its_own_methods(tabled):
    planned = tabled.planned("tables", "--config", "dictionary={gao: {threshold: 0.2}}")
    assert planned["dictionary"] == 1 and planned["separate"] == 1 and "train" not in planned
