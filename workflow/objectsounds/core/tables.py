"""Tab-separated tables with a header line, as lists of dictionaries of strings.

A table of a run ends with an empty line, which pandas, R and spreadsheets pass over: one that is cut lacks
it, even where the cut falls between two rows.
"""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from objectsounds.core.errors import DamagedError
from objectsounds.core.files import (
    check_whole,
    persons_file,
    read_whole_text,
    reading,
    write_text,
    written_whole,
)

AT_ONCE = 1000  # rows
SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas"}


class Quoted(csv.excel_tab):
    """Tabs, and quotes around each cell."""

    quoting = csv.QUOTE_ALL


def format_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return the table as text; ``None`` becomes an empty cell."""
    known = set(columns)

    def cells(row: Mapping[str, object]) -> list[str]:
        if unknown := row.keys() - known:
            raise ValueError(f"the table has no columns {sorted(unknown)}")
        return ["" if (value := row.get(name)) is None else str(value) for name in columns]

    return format_cells(columns, map(cells, rows))


def write_table(path: str | Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write the table to ``path``, whole or not at all."""
    write_text(path, format_table(columns, rows))


def _cells_into(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    csv.writer(file, delimiter="\t", lineterminator="\n").writerow(columns)
    left = iter(rows)
    while part := list(itertools.islice(left, AT_ONCE)):
        text = "".join(["\t".join(row) + "\n" for row in part])
        plain = text.count("\t") == len(part) * (len(columns) - 1) and text.count("\n") == len(part)
        if plain and len(columns) > 1 and '"' not in text and "\r" not in text:
            file.write(text)  # as the writer would, in a third of the time: there may be millions
            continue
        # Python 3.11 leaves a carriage return without quotes unless all is quoted.
        wanted = Quoted if "\r" in text else csv.excel_tab
        csv.writer(file, wanted, lineterminator="\n").writerows(part)
    file.write("\n")


def format_cells(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the table of rows that hold their cells in the order of the columns, as text."""
    text = io.StringIO()
    _cells_into(text, columns, rows)
    return text.getvalue()


def write_cells(path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write such a table to ``path``, whole or not at all, without holding its text: it may be long."""
    with written_whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        _cells_into(file, columns, rows)


def read_cells(path: str | Path, columns: Sequence[str]) -> Iterator[list[str]]:
    """Yield of a table that this run made the cells of each row in the order of ``columns``.

    Raises
    ------
    BrokenFileError
        As `read_table`; rows before the fault have been yielded.
    """
    with reading(path) as whole:
        check_whole(whole)
        with whole.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file, delimiter="\t")
            header = next(lines, [])
            missing = [name for name in columns if name not in header]
            if missing:
                raise DamagedError(f"it has no column {missing[0]}")
            places = [header.index(name) for name in columns]
            try:
                for row in filter(None, lines):  # not the empty line at the end
                    if len(row) != len(header):
                        raise DamagedError("a row of it is cut")
                    yield [row[place] for place in places]
            except csv.Error as error:
                raise DamagedError(f"it is no table: {error}") from error


def read_table(
    path: str | Path, columns: Sequence[str] = (), unit: str | Path | None = None
) -> list[dict[str, str]]:
    """Read a table that this run made.

    Raises
    ------
    BrokenFileError
        If a column of ``columns`` is missing, a row is short or the empty line at the end is missing; the
        file, or the ``unit`` that it is a part of, has then been moved aside.
    """
    with reading(path, unit) as whole:
        text = read_whole_text(whole)
        try:
            rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter="\t"))
        except csv.Error as error:
            raise DamagedError(f"it is no table: {error}") from error
        header = text.partition("\n")[0].split("\t")
        missing = [name for name in columns if name not in header]
        if missing or any(None in row or None in row.values() for row in rows):
            raise DamagedError(f"it has no column {missing[0]}" if missing else "a row of it is cut")
    return rows


def read_columns(path: str | Path) -> list[str]:
    """Return the names of the columns of a table that this run made, which may have no row.

    Raises
    ------
    BrokenFileError
        If the empty line at its end is missing; the file has then been moved aside.
    """
    with reading(path) as whole:
        return read_whole_text(whole).partition("\n")[0].split("\t")


@dataclass(frozen=True)
class PersonsRow:
    """A row of a person's table: its line, its cells by column, and what is wrong with it, if anything."""

    line: int
    cells: dict[str, str]
    problem: str = ""


def read_persons_table(path: str | Path, key: str, remedy: str) -> tuple[list[str], list[PersonsRow]]:
    """Read a person's table, separated by tabs, commas or semicolons, as spreadsheets save them.

    Parameters
    ----------
    path, key, remedy
        As of `files.persons_file`.

    Returns
    -------
    columns : list of str
        As the first line names them.
    rows : list of PersonsRow
        Empty lines left out; a row that is short has empty cells.

    Raises
    ------
    ObjectsoundsError
        If it cannot be read, or is no text in UTF-8; it stays where it is.
    """
    with persons_file(path, key, remedy) as file:
        text = file.read_text(encoding="utf-8-sig")
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator_of(text.partition("\n")[0]), skipinitialspace=True
    )
    columns = [name.strip() for name in next(lines, [])]
    rows = []
    try:
        for row in lines:
            cells = [cell.strip() for cell in row]
            if any(cells):
                many = "more cells than columns: put a cell that holds the separator into quotes"
                problem = many if any(cells[len(columns) :]) else ""
                padded = [*cells, *[""] * len(columns)]
                rows.append(PersonsRow(lines.line_num, dict(zip(columns, padded, strict=False)), problem))
    except csv.Error as error:
        rows.append(PersonsRow(lines.line_num, dict.fromkeys(columns, ""), f"{error}"))
    return columns, rows


def separator_of(header: str) -> str:
    """Return the separator that a header line holds most often; a comma where it holds none."""
    return max(SEPARATORS, key=lambda sign: (header.count(sign), sign == ","))


def names_in(cell: str) -> list[str]:
    """Return the object names that a person wrote into a cell, separated by semicolons or commas."""
    return [name.strip() for name in cell.replace(",", ";").split(";") if name.strip()]


def join_names(names: Iterable[str]) -> str:
    """Join object names into one cell."""
    return ";".join(names)


def split_names(cell: str) -> list[str]:
    """Split a cell of object names."""
    return [name for name in cell.split(";") if name]
