"""What is set is what was in the table, whatever signs it holds."""

import pytest

from objectsounds.report.latex import booktabs, escape, figure, with_interval
from tests.unit.report.latex_reading import plain_text, read_tables

HOSTILE = [
    *("a_b", "50 % of A & B", "{", "}", "\\", "\\input{x}", "$x^2$", "#1", "~", "^", "a<b>c|d"),
    *("-1 -- 2 --- 3", "``quoted'' ?` !`", "[t] x", "*", "ä é ± –", "%comment", "}\\end{table}"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_an_escaped_text_is_set_as_it_stands(text):
    assert plain_text(escape(text)) == text


def test_white_space_of_any_kind_is_a_space():
    assert escape(" a\tb\n\nc ") == "a b c"


@pytest.mark.parametrize("pair", ["--", "''", "``", "?`", "!`"])
def test_no_pair_of_signs_becomes_another(pair):
    assert pair not in escape(f"a{pair}b") and plain_text(escape(f"a{pair}b")) == f"a{pair}b"


@pytest.mark.parametrize(
    ("cell", "decimals", "expected"),
    [
        ("-1.236", 2, "$-1.24$"),
        ("1.5", None, "$1.5$"),
        ("12", None, "$12$"),
        ("-0.001", 2, "$0.00$"),
        ("", 2, "--"),
        ("nan", 2, "--"),
        ("inf", None, "--"),
        ("text", None, "--"),
    ],
)
def test_a_figure_is_mathematics_and_what_is_none_a_dash(cell, decimals, expected):
    assert figure(cell, decimals) == expected


def test_a_mean_has_its_interval_where_one_is_known():
    assert plain_text(with_interval("1.234", "-0.5", "3")) == "1.23 [-0.50, 3.00]"
    assert with_interval("1.234", "", "") == "$1.23$" and with_interval("", "1", "2") == "--"


def test_a_table_is_read_again_by_a_parser_cell_by_cell():
    rows = [[escape(text), figure("-1.5")] for text in HOSTILE]
    text = booktabs(["A_1 & 2", "50 %"], rows, alignment="lr", caption="All % of {it}", label="tab:x")
    (table,) = read_tables(text)
    assert table.rows == [["A_1 & 2", "50 %"], *([text, "-1.5"] for text in HOSTILE)]
    assert (table.caption, table.alignment) == ("All % of {it}", "lr")
    assert table.rules == ["toprule", "midrule", "bottomrule"] and r"\label{tab:x}" in text


@pytest.mark.parametrize(("alignment", "row"), [("lr", ["a"]), ("l", ["a", "b"]), ("lr", ["a", "b", "c"])])
def test_a_row_of_another_length_is_refused(alignment, row):
    with pytest.raises(ValueError, match="columns under 2 heads"):
        booktabs(["x", "y"], [row], alignment=alignment, caption="", label="l")
