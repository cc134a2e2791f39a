"""LaTeX read by a parser that bears no mistake: the tables in a text, with cells as a reader sees them."""

from dataclasses import dataclass

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from pylatexenc.latexwalker import (
    LatexEnvironmentNode,
    LatexMacroNode,
    LatexSpecialsNode,
    LatexWalker,
)

RULES = ("toprule", "midrule", "bottomrule")
SIGNS = {"textless": "<", "textgreater": ">", "textbar": "|", "textasciicircum": "^"}  # it lacks, or bends
KNOWN = get_default_latex_context_db()
KNOWN.add_context_category("signs", [MacroTextSpec(*item) for item in SIGNS.items()], prepend=True)


@dataclass
class Read:
    """A table: its caption, a letter for each column, and the rows, heads first."""

    caption: str
    alignment: str
    rows: list[list[str]]
    rules: list[str]


def plain(nodes: list) -> str:
    """Return nodes as the text that is set, with figures as they are in it."""
    return LatexNodes2Text(KNOWN, math_mode="text").nodelist_to_text(nodes)


def plain_text(text: str) -> str:
    """Return the text that is set for a piece of LaTeX; a mistake in it is an error."""
    nodes, _, length = LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
    assert length == len(text)
    return plain(nodes)


def _inside(nodes: list, name: str) -> list:
    return [node for node in nodes if isinstance(node, LatexEnvironmentNode) and node.environmentname == name]


def _argument(nodes: list, macro: str) -> str:
    found = [node for node in nodes if isinstance(node, LatexMacroNode) and node.macroname == macro]
    (node,) = found
    place = nodes.index(node)
    own = [item for item in (node.nodeargd.argnlist if node.nodeargd else []) if item is not None]
    return plain((own or [nodes[place + 1]])[-1:])


def _rows(nodes: list) -> tuple[list[list[str]], list[str]]:
    """Return the cells of a tabular's rows, and its rules; what follows the last row must be a rule."""
    rows, row, cell, rules = [], [], [], []
    for node in nodes:
        macro = node.macroname if isinstance(node, LatexMacroNode) else ""
        if macro in RULES:
            assert not row and not plain(cell).strip()
            rules.append(macro)
            cell = []
        elif macro == "\\":
            rows.append([*row, plain(cell).strip()])
            row, cell = [], []
        elif isinstance(node, LatexSpecialsNode) and node.specials_chars == "&":
            row.append(plain(cell).strip())
            cell = []
        else:
            cell.append(node)
    assert not row and not plain(cell).strip()
    return rows, rules


def read_tables(text: str) -> list[Read]:
    """Return the tables of a text; unbalanced braces, mathematics or environments are errors."""
    nodes, _, length = LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
    assert length == len(text)
    found = []
    for table in _inside(nodes, "table"):
        (tabular,) = _inside(table.nodelist, "tabular")
        alignment = plain([tabular.nodeargd.argnlist[-1]])
        rows, rules = _rows(tabular.nodelist)
        assert {len(row) for row in rows} == {len(alignment)}, rows
        found.append(Read(_argument(table.nodelist, "caption"), alignment, rows, rules))
    return found
