"""The experiments' tables for the page, where they have been made."""

import shutil
from pathlib import Path

from objectsounds.config.method_table import method_title
from objectsounds.config.paths import experiment_tables
from objectsounds.core.tables import read_table
from objectsounds.report.published import read_published

DENOISE = ("denoise", "summary.tsv")


def experiments_section(settings: dict, results: Path, media: Path) -> dict[str, list[dict]]:
    """Return the tables' rows with methods' titles, and copy the figure; empty if they were not made.

    ``scores`` are left out; ``denoise`` holds the summary of stage denoise, ``published_denoise`` Gao's own
    figures.
    """
    folder = results / "experiments"
    if not (folder / "summary.tsv").exists():
        return {}
    shutil.copyfile(folder / "robustness.svg", media / "robustness.svg")
    tables = (name for name in experiment_tables(settings) if name != "scores")
    found = {name: read_table(folder / f"{name}.tsv") for name in tables if (folder / f"{name}.tsv").exists()}
    for rows in found.values():
        for row in rows:
            if "method" in row:
                row["title"] = method_title(row["method"])
    denoised = results.joinpath(*DENOISE)
    published = [row for row in read_published(measure="NSDR") if row["method"] == "miml_gao"]
    return (
        {"seeds": []}
        | found
        | {
            "denoise": read_table(denoised) if denoised.exists() else [],
            "published_denoise": published,
        }
    )
