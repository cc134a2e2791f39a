"""Stage ``report``: one page to look at and listen to, without server or network.

Everything is read from the run's results folder. The page's sounds and pictures lie beside it in
``media/`` and are loaded when they are wanted.
"""

import datetime
import json
import logging
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jinja2

from objectsounds import __version__
from objectsounds.ablation_table import ablation_section
from objectsounds.classes import ROOT
from objectsounds.clips_table import bad_clips, clip_counts, read_clips, rejected_rows
from objectsounds.dictionaries import dictionary_table
from objectsounds.experiments_table import experiments_section
from objectsounds.files import folder_written_whole, write_text
from objectsounds.labels_table import labeller_accuracy
from objectsounds.listening import listening_room, ranking_method
from objectsounds.masks_table import masks_section
from objectsounds.plots import save_curves
from objectsounds.registry import method_title
from objectsounds.relations import relation_examples
from objectsounds.tables import read_table

STAGE_VERSION = 3
PACKAGES = ("snakemake", "torch", "torchvision", "librosa", "scikit-learn", "numpy", "h5py", "mir_eval")

log = logging.getLogger(__name__)


def read_history(path: Path) -> list[dict]:
    """Read JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def stage_times(results: Path) -> list[dict]:
    """Return per stage the number of jobs, their seconds together and the largest memory in MB."""
    stages: dict[str, list[dict]] = {}
    folder = results / "benchmarks"
    for path in sorted(folder.rglob("*.tsv")):
        name = path.relative_to(folder).parts[0].removesuffix(".tsv")
        stages.setdefault(name, []).extend(read_table(path))
    rows = []
    for name, jobs in stages.items():
        seconds = [float(job["s"]) for job in jobs]
        memory = [float(job["max_rss"]) for job in jobs if job["max_rss"] not in ("NA", "-")]
        rows.append(
            {"stage": name, "jobs": len(jobs), "seconds": sum(seconds), "memory": max(memory, default=0)}
        )
    return rows


def versions() -> dict[str, str]:
    """Return the versions that made the run, this package's first."""
    found = {"objectsounds": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _curves(results: Path, media: Path) -> list[dict]:
    figures = []
    for path in sorted((results / "train").glob("*/*/history.jsonl")):
        history = read_history(path)
        name = "-".join(path.parts[-3:-1])
        for key, title in (
            ("loss", "margin loss"),
            ("map", "class-wise mAP"),
            ("map_authors", "mAP as in Gao's code"),
        ):
            file = media / f"curve-{name}-{key}.svg"
            splits = [(f"train_{key}", "train"), (f"val_{key}", "val")]
            whose = "MIML" if name == "default-visual" else name.replace("-", ", ")
            save_curves(history, splits, f"{whose}: {title}", file)
            figures.append(
                {"file": f"media/{file.name}", "alt": f"{title} over {len(history)} epochs ({name})"}
            )
    for stage in ("unet", "wave_unet", "frame_network"):
        for path in sorted((results / stage).rglob("history.jsonl")):
            name = "-".join(path.relative_to(results).parts[:-1]).replace("-default", "")
            file = media / f"curve-{name}.svg"
            splits = [("train_loss", "train"), ("val_loss", "val")]
            save_curves(read_history(path), splits, f"{name.replace('_', ' ')}: loss", file)
            figures.append({"file": f"media/{file.name}", "alt": f"loss of {name} over its epochs"})
    labeller = results / "labeller" / "history.jsonl"
    if labeller.exists():
        names = [("train_accuracy", "train"), ("val_accuracy", "val")]
        save_curves(
            read_history(labeller), names, "Labeller: accuracy on pictures", media / "curve-labeller.svg"
        )
        figures.append(
            {"file": "media/curve-labeller.svg", "alt": "accuracy of the labeller on its pictures"}
        )
    return figures


def _scores(results: Path) -> list[dict]:
    rows = read_table(results / "score" / "summary.tsv")
    return [row | {"title": method_title(row["method"])} for row in rows]


def make_report(settings: dict, results: Path, methods: list[str], output: Path) -> None:
    """Write the page and its media.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``classes`` and ``report``.
    results : Path
        The run's folder.
    methods : list of str
        In the order of the tables.
    output : Path
        ``index.html``; its sounds and pictures go into ``media`` beside it.
    """
    classes = settings["classes"]
    clips = read_clips(results, classes)
    with folder_written_whole(output.parent / "media") as media:
        page = {
            "run": results.name,
            "made": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "versions": versions(),
            "settings": json.dumps(settings, indent=1),
            "counts": clip_counts(clips, classes),
            "bad_clips": bad_clips(clips),
            "rejected": rejected_rows(results),
            "scores": _scores(results),
            "labeller": labeller_accuracy(results),
            "ablation": ablation_section(results, media),
            "experiments": experiments_section(results, media),
            "masks": masks_section(results, media),
            "dictionaries": dictionary_table(results),
            "curves": _curves(results, media),
            "relations": relation_examples(results, settings["report"]["relation_maps"], media),
            "mixtures": listening_room(results, methods, settings["report"]["mixtures"], media),
            "times": stage_times(results),
            "ranked_by": method_title(ranking_method(methods)),
        }
    write_text(output, render(page))
    log.info("%d mixtures to listen to", len(page["mixtures"]))


def render(page: dict) -> str:
    """Return the page's HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "workflow" / "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html.j2").render(**page)
