"""Tables of cells are what the csv module writes, also where a cell holds what separates."""

import csv
import io

import pytest

from objectsounds.core.tables import (
    AT_ONCE,
    format_cells,
    format_table,
    read_cells,
    read_table,
    write_cells,
    write_table,
)

COLUMNS = ("name", "source", "objects")


def by_csv(rows):
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue() + "\n"


@pytest.mark.parametrize(
    "cell", ["plain", "", 'said "so"', "a\ttab", "two\nlines", "a\rreturn", "ü ♪", "tab\tand\nline"]
)
def test_any_cell_is_written_as_csv_does_and_read_again(tmp_path, cell):
    rows = [("a", "b", "c"), ("x", cell, "z"), (cell, "y", cell)]
    if "\r" not in cell:  # which Python 3.11's csv leaves unquoted, and then cannot read
        assert format_cells(COLUMNS, rows) == by_csv(rows)
    write_cells(tmp_path / "t.tsv", COLUMNS, rows)
    assert list(read_cells(tmp_path / "t.tsv", COLUMNS)) == [list(row) for row in rows]
    named = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    assert format_table(COLUMNS, named) == format_cells(COLUMNS, rows)
    assert read_table(tmp_path / "t.tsv", COLUMNS) == named


def test_a_table_of_one_column_keeps_its_empty_cells(tmp_path):
    write_table(tmp_path / "t.tsv", ("a",), [{"a": "x"}, {"a": None}, {"a": "y"}])
    assert [row["a"] for row in read_table(tmp_path / "t.tsv", ("a",))] == ["x", "", "y"]


def test_a_cell_of_no_column_is_refused():
    with pytest.raises(ValueError, match="'b'"):
        format_table(("a",), [{"a": 1, "b": 2}])


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, 2 * AT_ONCE + 1])
def test_no_row_is_lost_where_many_are_written_at_once(count):
    rows = [(f"{number}", "", 'a "b"' if number == 700 else "c") for number in range(count)]
    assert format_cells(COLUMNS, iter(rows)) == by_csv(rows)
