"""The tables of the target ``tables`` for a paper or another program: as LaTeX, CSV and JSON."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from objectsounds.config.method_table import METHODS, method_title
from objectsounds.report.latex import NOTHING, booktabs, escape, figure, is_number, with_interval

Rows = Sequence[dict[str, str]]
TEXTS = ("method", "reference", "group", "network", "clip", "seeds", "dictionary")  # also where digits alone


@dataclass(frozen=True)
class Layout:
    """How a table is set.

    Attributes
    ----------
    caption : str
    cell : callable or None
        From a row to the cell of its method and group; None where the columns are set as they are.
    """

    caption: str
    cell: Callable[[dict[str, str]], str] | None = None


def _mean(row: dict[str, str]) -> str:
    return with_interval(row["sdr_mean"], row["sdr_low"], row["sdr_high"])


def _difference(row: dict[str, str]) -> str:
    return with_interval(row["difference_mean"], row["low"], row["high"])


def _over_seeds(row: dict[str, str]) -> str:
    spread = figure(row["sdr_between_seeds"], 2)
    return _mean(row) + ("" if spread == NOTHING else rf" ($\pm$ {spread})")


INTERVAL = "with 95 % bootstrap intervals in which clips are drawn"
LAYOUTS = {
    "summary": Layout(f"Mean SDR in dB over the sources of each group of mixtures, {INTERVAL}.", _mean),
    "comparisons": Layout(
        f"Difference in mean SDR, in dB, to MIML on the same sources, {INTERVAL}.", _difference
    ),
    "seeds": Layout(
        "Mean SDR in dB over seeds and the sources of each group of mixtures, with 95 % bootstrap intervals "
        "in which clips and seeds are drawn, and the standard deviation of the seeds' means.",
        _over_seeds,
    ),
    "published": Layout("Mean SDR in dB beside published figures, which are of other data."),
    "dictionaries": Layout(
        "What the dictionaries hold: bases and clips an object, and the shares of bases whose clip holds "
        "their object, and it alone."
    ),
    "networks": Layout("The networks on the test clips, against their visual labels."),
    "robustness": Layout("Mean SDR in dB against the share of clips whose labels are wrong."),
    "denoise": Layout("Noise taken off single sources: NSDR, the SDR gained, in dB."),
    "ablation": Layout("Accuracy of the labeller by pooling, view and normalisation."),
}


def _by_group(rows: Rows, cell: Callable[[dict[str, str]], str]) -> tuple[list[str], list[list[str]], str]:
    """Return heads, cells and alignment of a table of methods by groups."""
    groups = list(dict.fromkeys(row["group"] for row in rows))
    known = {(row["method"], row["group"]): cell(row) for row in rows}
    cells = [
        [escape(method_title(name)), *(known.get((name, group), NOTHING) for group in groups)]
        for name in dict.fromkeys(row["method"] for row in rows)
    ]
    return ["Method", *groups], cells, "l" + "r" * len(groups)


def _numeric(name: str, rows: Rows) -> bool:
    """Return whether a column holds numbers, and perhaps empty cells."""
    cells = [row[name] for row in rows if row[name] != ""]
    return name not in TEXTS and bool(cells) and all(is_number(cell) or cell == "nan" for cell in cells)


def _titled(name: str, cell: str) -> str:
    known = name == "method" and cell.partition("@")[0] in METHODS
    return escape(method_title(cell) if known else cell)


def _as_it_is(columns: Sequence[str], rows: Rows) -> tuple[list[str], list[list[str]], str]:
    """Return heads, cells and alignment of a table that keeps its columns."""
    numeric = {name: _numeric(name, rows) for name in columns}
    cells = [
        [figure(row[name]) if numeric[name] else _titled(name, row[name]) for name in columns] for row in rows
    ]
    heads = [name.replace("_", " ") for name in columns]
    return heads, cells, "".join("r" if numeric[name] else "l" for name in columns)


def as_latex(name: str, columns: Sequence[str], rows: Rows) -> str:
    """Return a table in LaTeX.

    Parameters
    ----------
    name : str
        A key of ``LAYOUTS``.
    columns : sequence of str
    rows : sequence of dict
        Of one of the run's tables, with a text in each cell.
    """
    layout = LAYOUTS[name]
    heads, cells, alignment = _by_group(rows, layout.cell) if layout.cell else _as_it_is(columns, rows)
    return booktabs(heads, cells, alignment=alignment, caption=layout.caption, label=f"tab:{name}")


def as_csv(columns: Sequence[str], rows: Rows) -> str:
    """Return a table as comma-separated values with a line of heads (RFC 4180, lines ended as on Unix)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="raise")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _value(cell: str) -> int | float | None:
    if not is_number(cell):
        return None
    return int(cell) if cell.removeprefix("-").isdecimal() else float(cell)


def as_values(columns: Sequence[str], rows: Rows) -> list[dict]:
    """Return a table's rows for JSON: numbers in columns that hold numbers, None for a cell without one."""
    numeric = {name: _numeric(name, rows) for name in columns}
    return [{name: _value(row[name]) if numeric[name] else row[name] for name in columns} for row in rows]
