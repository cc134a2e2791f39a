"""Tab-separated tables with a header line, as lists of dictionaries of strings."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from objectsounds.files import reading, write_text


def format_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return the table as text; ``None`` becomes an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, columns, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_MINIMAL, extrasaction="raise"
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_table(path: str | Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write the table to ``path``, whole or not at all."""
    write_text(path, format_table(columns, rows))


def read_table(
    path: str | Path, columns: Sequence[str] = (), unit: str | Path | None = None
) -> list[dict[str, str]]:
    """Read a table that this run made.

    Raises
    ------
    BrokenFileError
        If a column of ``columns`` is missing, a row is short or the last line is cut; the file, or the
        ``unit`` that it is a part of, has then been moved aside.
    """
    with reading(path, unit) as whole:
        text = whole.read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
        header = text.partition("\n")[0].split("\t")
        short = any(None in row or None in row.values() for row in rows)
        if short or not text.endswith("\n") or any(name not in header for name in columns):
            raise ValueError("it is cut or not the table it should be")
    return rows


def join_names(names: Iterable[str]) -> str:
    """Join object names into one cell."""
    return ";".join(names)


def split_names(cell: str) -> list[str]:
    """Split a cell of object names."""
    return [name for name in cell.split(";") if name]
