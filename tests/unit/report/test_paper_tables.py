"""The tables in other formats say the same as the run's own."""

import csv
import io
import json

import pytest

from objectsounds.config.settings import load_settings
from objectsounds.core.arguments import NamedFile
from objectsounds.core.tables import read_columns, read_table, write_table
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.data.score_tables import SUMMARY_COLUMNS
from objectsounds.data.seed_table import SEED_COLUMNS
from objectsounds.data.status import OBJECT_COLUMNS, SPLITS
from objectsounds.report.paper_tables import LAYOUTS, as_csv, as_latex, as_values
from objectsounds.signal.statistics import COMPARISON_COLUMNS
from objectsounds.stages.experiments import NETWORK_COLUMNS
from objectsounds.stages.publication import publish
from tests.unit.report.latex_reading import read_tables


def rows_of(columns, *rows):
    """Return rows with a text in every cell."""
    return [dict.fromkeys(columns, "") | {name: str(value) for name, value in row.items()} for row in rows]


SUMMARY = rows_of(
    SUMMARY_COLUMNS,
    {"method": "miml", "group": "instrument", "n": 8, "sdr_mean": 4.216, "sdr_low": 3.1, "sdr_high": -0.5},
    {"method": "miml", "group": "cross-domain", "n": 0},
    {"method": "miml@a_b", "group": "instrument", "n": 8, "sdr_mean": 1.0},
)


def test_a_row_is_a_method_and_a_column_a_group_with_mean_and_interval():
    (table,) = read_tables(as_latex("summary", SUMMARY_COLUMNS, SUMMARY))
    assert table.rows == [
        ["Method", "instrument", "cross-domain"],
        ["MIML, clips that others explain", "4.22 [3.10, -0.50]", "–"],
        ["MIML, clips that others explain (a_b)", "1.00", "–"],
    ]
    assert table.alignment == "lrr" and "95 %" in table.caption


def test_a_difference_and_a_mean_over_seeds_have_cells_of_their_own():
    line = {"method": "kmeans", "group": "animal", "difference_mean": -2, "low": -3.5, "high": -1}
    (table,) = read_tables(as_latex("comparisons", COMPARISON_COLUMNS, rows_of(COMPARISON_COLUMNS, line)))
    assert table.rows[1] == ["K-means, best matching", "-2.00 [-3.50, -1.00]"]
    line = {"method": "miml", "group": "animal", "sdr_mean": 2, "sdr_low": 1, "sdr_high": 3}
    rows = rows_of(SEED_COLUMNS, line | {"sdr_between_seeds": 0.25}, line | {"method": "mixture"})
    (table,) = read_tables(as_latex("seeds", SEED_COLUMNS, rows))
    assert [row[1] for row in table.rows[1:]] == ["2.00 [1.00, 3.00] (± 0.25)", "2.00 [1.00, 3.00]"]


def test_other_tables_keep_their_columns_and_a_variant_of_digits_is_a_name():
    rows = rows_of(
        NETWORK_COLUMNS,
        {"network": "11025", "supervision": "visual", "clips": 4, "accuracy": 0.5, "epochs": ""},
        {"network": "a_b", "supervision": "50 % & x", "clips": 4, "accuracy": "nan", "epochs": 3},
    )
    (table,) = read_tables(as_latex("networks", NETWORK_COLUMNS, rows))
    assert table.rows[0] == [name.replace("_", " ") for name in NETWORK_COLUMNS]
    assert table.rows[1][:4] == ["11025", "visual", "4", "0.5"]
    assert table.rows[2][:4] == ["a_b", "50 % & x", "4", "–"]
    assert table.alignment == "llrrlllr"
    values = as_values(NETWORK_COLUMNS, rows)
    assert values[0]["network"] == "11025" and values[0]["clips"] == 4 and values[0]["epochs"] is None
    assert values[1]["accuracy"] is None and json.dumps(values, allow_nan=False)


def test_a_method_has_its_title_and_another_name_stays_in_tables_that_keep_their_columns():
    rows = rows_of(("method", "n"), {"method": "kmeans@a_b", "n": 1}, {"method": "consensus", "n": 2})
    (table,) = read_tables(as_latex("denoise", ("method", "n"), rows))
    assert [row[0] for row in table.rows[1:]] == ["K-means, best matching (a_b)", "consensus"]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_table_without_rows_is_a_table(name):
    (table,) = read_tables(as_latex(name, SUMMARY_COLUMNS, []))
    assert len(table.rows) == 1


def test_csv_is_read_again_whatever_is_in_a_cell():
    rows = rows_of(("a", "b"), {"a": 'x, "y"', "b": "1\n2"}, {"a": "é", "b": ""})
    assert list(csv.DictReader(io.StringIO(as_csv(("a", "b"), rows), newline=""))) == rows


@pytest.fixture
def results(tmp_path):
    """A run's folder with the tables that tell of its data."""
    for split in SPLITS:
        row = {"clip_id": f"{split}_0", "objects": "drum", "visible": ""}
        write_table(tmp_path / "catalogue" / f"objects-{split}.tsv", OBJECT_COLUMNS, [row])
    write_table(tmp_path / "mixtures" / "mixtures.tsv", MIXTURE_COLUMNS, [])
    write_table(tmp_path / "summary.tsv", SUMMARY_COLUMNS, SUMMARY)
    write_table(tmp_path / "scores.tsv", ("method", "sdr"), [{"method": "miml", "sdr": "1.5"}])
    return tmp_path


def test_the_stage_writes_every_format_and_what_made_the_tables(results):
    settings = load_settings({"preset": "demo", "seeds": [1, 2]})
    tables = [NamedFile(name, results / f"{name}.tsv") for name in ("summary", "scores")]
    publish(settings, results, tables, results / "out")
    names = {path.name for path in (results / "out").iterdir()}
    assert names == {"summary.csv", "summary.tex", "scores.csv", "tables.json"}
    found = json.loads((results / "out" / "tables.json").read_text())
    assert set(found["tables"]) == {"summary"}
    assert found["tables"]["summary"][0]["sdr_mean"] == 4.216
    assert found["seeds"] == [1, 2] and found["settings"]["train"] == settings["train"]
    assert found["data"]["test clips"]["n"] == 1
    path = results / "summary.tsv"
    with (results / "out" / "summary.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == read_table(path) and read_columns(path) == list(SUMMARY_COLUMNS)
