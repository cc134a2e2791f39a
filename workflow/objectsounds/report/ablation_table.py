"""The ablation's table for the page, where it was run."""

import shutil
from pathlib import Path

from objectsounds.core.tables import read_table

COLUMNS = ("pool", "view", "normalised", "clips", "mean", "all", "published_rowe2019")


def ablation_section(results: Path, media: Path) -> list[dict]:
    """Return the table's rows for the page and put the picture into ``media``; nothing if there is none."""
    table, plot = results / "ablation" / "ablation.tsv", results / "ablation" / "ablation.svg"
    if not (table.exists() and plot.exists()):
        return []
    shutil.copyfile(plot, media / plot.name)
    return read_table(table, COLUMNS)
