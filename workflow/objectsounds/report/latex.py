"""Tables in LaTeX, with the package booktabs: every text escaped, every figure in mathematics."""

import math
import re
from collections.abc import Sequence

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # which would be an option of the \\ of the row before, as a star would be
    "]": "{]}",
    "*": "{*}",
}
LIGATURE = re.compile(r"(?<=[-'`?!])(?=[-'`])")  # two hyphens would be a dash
NOTHING = "--"  # a cell that is empty


def escape(text: str) -> str:
    """Return a text that LaTeX sets as it stands; white space of any kind is a space."""
    spaced = "".join(SPECIAL.get(sign, sign) for sign in " ".join(text.split()))
    return LIGATURE.sub("{}", spaced)


def is_number(cell: str) -> bool:
    """Return whether a cell holds a finite number."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def figure(cell: str, decimals: int | None = None) -> str:
    """Return a cell with a number in mathematics, for its minus sign; a dash where it is empty.

    Parameters
    ----------
    cell : str
    decimals : int, optional
        Rounded to as many; as it stands if absent.
    """
    if not is_number(cell):
        return NOTHING
    text = cell if decimals is None else f"{float(cell):.{decimals}f}"
    return f"${text.removeprefix('-') if not text.strip('-0.') else text}$"


def with_interval(mean: str, low: str, high: str, decimals: int = 2) -> str:
    """Return a mean and its interval, or the mean alone where no interval is known."""
    own = figure(mean, decimals)
    ends = [figure(end, decimals) for end in (low, high)]
    return own if NOTHING in (own, *ends) else f"{own} {{[}}{ends[0]}, {ends[1]}{{]}}"


def booktabs(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, alignment: str, caption: str, label: str
) -> str:
    r"""Return a table as a float.

    Parameters
    ----------
    heads : sequence of str
        Names of the columns, not escaped.
    rows : sequence of sequence of str
        Cells in LaTeX, as many a row as there are heads.
    alignment : str
        A letter a column: ``l``, ``c`` or ``r``.
    caption : str
        Not escaped.
    label : str
        For ``\ref``: letters, digits, colons and hyphens.

    Raises
    ------
    ValueError
        If a row, or the alignment, has another number of columns than the heads.
    """
    for row in (alignment, *rows):
        if len(row) != len(heads):
            raise ValueError(f"{len(row)} columns under {len(heads)} heads: {row!r}.")
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escape(caption)}}}",
        rf"  \label{{{label}}}",
        rf"  \begin{{tabular}}{{{alignment}}}",
        r"    \toprule",
        f"    {_row([escape(head) for head in heads])}",
        r"    \midrule",
        *(f"    {_row(row)}" for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
