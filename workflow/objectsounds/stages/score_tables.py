"""Stage ``score_tables``: the blocks' scores joined, summarised and compared, between seeds too."""

from pathlib import Path

from objectsounds.config.classes import added_of
from objectsounds.config.method_table import variant_of
from objectsounds.config.settings import of_seeds
from objectsounds.core.arguments import MANY, ONE
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.mixtures import groups_of
from objectsounds.data.score_tables import COLUMNS, SUMMARY_COLUMNS, add_improvement, summarise
from objectsounds.data.seed_table import SEED_COLUMNS, seed_rows
from objectsounds.signal.statistics import COMPARISON_COLUMNS, compare

STAGE_VERSION = 4

REFERENCE = "miml"  # what the other methods are compared with


def make_tables(
    settings: dict,
    methods: list[str],
    blocks: list[str | Path],
    scores: str | Path,
    summary: str | Path,
    comparisons: str | Path,
    seeds: str | Path | None = None,
) -> list[dict]:
    """Join the blocks' scores, summarise them per method and group, and compare the methods in pairs.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``seeds``, ``classes`` and ``mixtures.sources``.
    methods : list of str
        In the order of the tables.
    blocks : list of path
        The blocks' tables.
    scores, summary, comparisons : path
        TSV files to write; ``comparisons`` holds each method's differences to ``REFERENCE``.
    seeds : path, optional
        TSV file to write of the means over the seeds and of the differences between them.

    Returns
    -------
    list of dict
        The lines of the summary.
    """
    rows = [row for block in blocks for row in read_table(block, COLUMNS)]
    rows.sort(key=lambda row: (methods.index(row["method"]), row["mixture"]))
    add_improvement(rows)
    grouped: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        grouped.setdefault((row["method"], row["group"]), []).append(row)
    groups = groups_of(settings["classes"], settings["mixtures"]["sources"], added_of(settings))
    lines = [
        summarise(method, group, grouped.get((method, group), []), settings["seed"])
        for method in methods
        for group in groups
    ]
    write_table(scores, COLUMNS, rows)
    write_table(summary, SUMMARY_COLUMNS, lines)
    write_table(comparisons, COMPARISON_COLUMNS, compare(rows, REFERENCE, seed=settings["seed"]))
    if seeds is not None:
        names = {name: of_seeds(settings, name) for name in methods if variant_of(name) == "default"}
        found = seed_rows(rows, names, settings["seeds"], groups, REFERENCE, seed=settings["seed"])
        write_table(seeds, SEED_COLUMNS, found)
    return lines


OPTIONS = {
    **{"methods": MANY, "blocks": MANY, "scores": ONE, "summary": ONE, "comparisons": ONE},
    "seeds": {"help": "the table to write over several seeds"},
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    tables = (args.scores, args.summary, args.comparisons, args.seeds)
    make_tables(settings, args.methods, args.blocks, *tables)
