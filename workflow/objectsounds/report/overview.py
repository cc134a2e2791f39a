"""The beginning of the page: the main result in a few figures, and what the run was."""

import csv
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from objectsounds import __version__
from objectsounds.config.method_table import method_title
from objectsounds.core.provenance import commit
from objectsounds.report.listening import ranking_method

PACKAGES = ("snakemake", "torch", "torchvision", "librosa", "scikit-learn", "numpy", "scipy", "h5py")
LIMIT = "ideal_ratio_mask"


def job_times(folder: Path) -> list[dict]:
    """Return per stage, or per method below ``separate``, how many jobs there were and what they took.

    Parameters
    ----------
    folder : Path
        The run's benchmarks, or those of one stage.

    Returns
    -------
    list of dict
        ``name``, ``jobs``, their ``seconds`` together and the largest ``memory`` in MB.
    """
    found_jobs: dict[str, list[dict]] = {}
    for path in sorted(folder.rglob("*.tsv")):
        name = path.relative_to(folder).parts[0].removesuffix(".tsv")
        with path.open(encoding="utf-8", newline="") as file:  # Snakemake's own: one cut tells of no time
            found = csv.DictReader(file, delimiter="\t")
            whole = [job for job in found if job.get("s") and job.get("max_rss")]
            found_jobs.setdefault(name, []).extend(whole)
    rows = []
    for name, jobs in found_jobs.items():
        seconds = [float(job["s"]) for job in jobs]
        memory = [float(job["max_rss"]) for job in jobs if job["max_rss"] not in ("NA", "-")]
        rows.append(
            {"name": name, "jobs": len(jobs), "seconds": sum(seconds), "memory": max(memory, default=0)}
        )
    return rows


def method_times(results: Path, methods: list[str]) -> list[dict]:
    """Return what the run's methods took to separate, as `job_times` does, with the methods' titles."""
    found = {row["name"]: row for row in job_times(results / "benchmarks" / "separate")}
    return [found[name] | {"name": method_title(name)} for name in methods if name in found]


def versions() -> dict[str, str]:
    """Return the versions that made the page, this package's and its commit first."""
    found = {"objectsounds": __version__, "commit": commit() or "unknown"}
    found["python"] = platform.python_version()
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def main_results(summary: list[dict], methods: list[str]) -> list[dict]:
    """Return per group of mixtures the figures that the page opens with.

    Parameters
    ----------
    summary : list of dict
        Of ``summary.tsv``.
    methods : list of str

    Returns
    -------
    list of dict
        ``group``, ``method`` (the title of the method that mixtures are ranked by), ``row`` (its line),
        ``mixture`` and ``limit``: lines of the unprocessed mixture and of the ideal ratio mask, or None.
    """
    lines = {(row["method"], row["group"]): row for row in summary if row["n"] != "0"}
    own = ranking_method(methods)
    return [
        {
            "group": group,
            "method": method_title(own),
            "row": row,
            "mixture": lines.get(("mixture", group)),
            "limit": lines.get((LIMIT, group)),
        }
        for (method, group), row in lines.items()
        if method == own
    ]
