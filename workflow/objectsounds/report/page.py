"""The parts of the page, and its templates."""

from pathlib import Path

import jinja2

from objectsounds.config import paths as plan
from objectsounds.config.method_table import method_of, method_title, variant_of
from objectsounds.core.files import read_json_lines
from objectsounds.core.tables import read_table
from objectsounds.data.bags import open_dataset
from objectsounds.dictionaries.table import dictionary_table
from objectsounds.report.ablation_table import ablation_section
from objectsounds.report.charts import (
    pair_matrix,
    save_confusion,
    save_dictionaries,
    save_pairs,
    save_scores,
    spoken_name,
)
from objectsounds.report.clips_table import bad_clips, clip_counts, leaked_clips, read_clips, rejected_rows
from objectsounds.report.experiments_table import experiments_section
from objectsounds.report.labels_table import labeller_accuracy
from objectsounds.report.listening import ranking_method
from objectsounds.report.overview import main_results
from objectsounds.report.plots import save_curves
from objectsounds.report.templating import templates
from objectsounds.report.theme import picture
from objectsounds.signal.measures import MEASURES

CURVES = (("loss", "margin loss"), ("map", "class-wise mAP"), ("map_authors", "mAP as in Gao's code"))


def _of_run(results: Path, path: str) -> Path:
    return Path(path.replace("<results>", str(results), 1))


def run_dictionaries(settings: dict, results: Path, methods: list[str]) -> dict[Path, list[str]]:
    """Return the dictionaries of the run's methods with the methods' titles; others are of old settings."""
    found: dict[Path, list[str]] = {}
    for name in methods:
        path = plan.dictionary_file(settings, name)
        if path:
            found.setdefault(_of_run(results, path), []).append(method_title(name))
    return found


def run_networks(settings: dict, results: Path, methods: list[str]) -> dict[Path, str]:
    """Return the trained networks of the run's methods, with what to call them."""
    found = {}
    for name in ("miml", *methods):
        dictionary = method_of(name).dictionary
        path = plan.network_of(settings, dictionary, variant_of(name)) if dictionary else None
        if path:
            variant, supervision = Path(path).parts[-3:-1]
            title = "MIML" if supervision == "visual" else "Upper bound’s MIML"
            found[_of_run(results, path)] = title + ("" if variant == "default" else f" ({variant})")
    return found


def run_separators(settings: dict, results: Path, methods: list[str]) -> dict[Path, str]:
    """Return the networks of the run's learned methods, with what to call them."""
    found = {}
    for name in methods:
        variant = "" if variant_of(name) == "default" else f" ({variant_of(name)})"
        own, frames = plan.learned_network(settings, name), plan.frame_network(settings, name)
        if own:  # both U-Net methods have one network
            title = "U-Net" if method_of(name).network == "unet" else method_of(name).title
            found[_of_run(results, own)] = title + variant
        if frames and frames != own:
            found[_of_run(results, frames)] = "Frame network" + variant
    return found


def _curve(history: list[dict], columns: list[tuple[str, str]], title: str, file: Path) -> dict:
    save_curves(history, columns, title, file)
    ends = [f"{label} {history[-1][key]:.2f}" for key, label in columns if key in history[-1]]
    alt = f"{title} over {len(history)} epochs, at the end {', '.join(ends)}"
    return picture(file, alt)


def curves_part(
    networks: dict[Path, str], separators: dict[Path, str], results: Path, media: Path
) -> list[dict]:
    figures = []
    for path, title in networks.items():
        history = read_json_lines(path.with_name("history.jsonl"))
        for key, name in CURVES:
            file = media / f"curve-{'-'.join(path.parts[-3:-1])}-{key}.svg"
            columns = [(f"train_{key}", "train"), (f"val_{key}", "val")]
            figures.append(_curve(history, columns, f"{title}: {name}", file))
    for path, title in separators.items():
        name = "-".join(path.parent.relative_to(results).parts)
        columns = [("train_loss", "train"), ("val_loss", "val")]
        history = read_json_lines(path.with_name("history.jsonl"))
        figures.append(_curve(history, columns, f"{title}: loss", media / f"curve-{name}.svg"))
    labeller = results / "labeller" / "history.jsonl"
    if labeller.exists():
        columns = [("train_accuracy", "train"), ("val_accuracy", "val")]
        file = media / "curve-labeller.svg"
        figures.append(_curve(read_json_lines(labeller), columns, "Labeller: accuracy on pictures", file))
    return figures


def titled(path: Path) -> list[dict]:
    """Return the rows of a table with their methods' titles."""
    return [row | {"title": method_title(row["method"])} for row in read_table(path)]


def scores_part(settings: dict, results: Path, methods: list[str], media: Path) -> dict:
    """Return the tables of scores, and draw them."""
    summary = read_table(results / "score" / "summary.tsv")
    own = ranking_method(methods)
    matrix = pair_matrix(read_table(results / "score" / "scores.tsv"), own, settings["classes"])
    file = media / "scores.svg"
    figures = {"scores": picture(file, save_scores(summary, file))}
    if matrix.values.size:
        file = media / "pairs.svg"
        figures["pairs"] = picture(file, save_pairs(matrix, file))
    told = {method_title(name): method_of(name).told for name in methods if method_of(name).told}
    return {
        "scores": titled(results / "score" / "summary.tsv"),
        "seeds": titled(results / "score" / "seeds.tsv") if settings["seeds"] else [],
        "measures": {f"{name}_mean": item.title for name, item in MEASURES.items()},
        "score_figures": figures,
        "told": told,
        "main_results": main_results(summary, methods),
        "ranked_by": method_title(own),
        "left_out": read_table(results / "mixtures" / "left_out.tsv"),
    }


def labels_part(results: Path, media: Path) -> dict:
    found = labeller_accuracy(results)
    figures = []
    for truth, (shares, counts) in found["confusions"].items():
        file = media / f"confusion-{truth.replace(' ', '-')}.svg"
        alt = save_confusion(shares, counts, found["objects"], truth, file)
        figures.append(picture(file, alt))
    return found | {"figures": figures}


def dictionaries_part(settings: dict, results: Path, methods: list[str], media: Path) -> dict:
    train = open_dataset(results / "dataset" / "default" / "train.h5", bases=False)
    truth = dict(zip(train.clip_ids, train.audioset, strict=True))
    used = run_dictionaries(settings, results, methods)
    tables = dictionary_table(results, list(used), truth) if used else []
    for table, titles in zip(tables, used.values(), strict=True):
        table["title"] = f"{table['name']}, for {' and '.join(titles)}"
    figure = None
    if tables:
        file = media / "dictionaries.svg"
        figure = picture(file, save_dictionaries(tables, file))
    return {"dictionaries": tables, "dictionary_figure": figure}


def ablation_part(results: Path, media: Path) -> dict:
    rows = ablation_section(results, media)
    alt = "mean accuracy of the twelve ways to look at the frames, beside the published figures"
    return {
        "ablation": rows,
        "ablation_figure": picture(media / "ablation.svg", alt) if rows else None,
    }


def experiments_part(settings: dict, results: Path, media: Path) -> dict:
    found, file = experiments_section(settings, results, media), media / "experiments.svg"
    if not found:
        return {"experiments": {}, "experiment_figures": {}}
    robust = "SDR of the upper bound against the share of wrong labels, beside the run on visual labels"
    figures = {
        "scores": picture(file, save_scores(found["summary"], file)),
        "robustness": picture(media / "robustness.svg", robust),
    }
    return {"experiments": found, "experiment_figures": figures}


def data_part(settings: dict, results: Path) -> dict:
    clips = read_clips(results, settings["classes"])
    return {
        "counts": clip_counts(clips, settings["classes"]),
        "bad_clips": bad_clips(clips),
        "rejected": rejected_rows(results),
        "leaked": leaked_clips(results),
    }


def percent(value: float | str | None, decimals: int = 1) -> str:
    """Return a share as a percentage, a dash for an empty cell."""
    return "–" if value in (None, "") else f"{100 * float(value):.{decimals}f} %"


def number(value: float | str | None, decimals: int = 2) -> str:
    """Return a figure with a minus sign, a dash for an empty cell."""
    if value in (None, ""):
        return "–"
    text = f"{float(value):.{decimals}f}"
    return (text.removeprefix("-") if not text.strip("-0.") else text).replace("-", "−")


def level(value: float | str | None) -> str:
    """Return a figure in dB as `number` does; above 100 dB only rounding is left to be measured."""
    return "> 100" if value not in (None, "") and float(value) > 100 else number(value)


def page_templates() -> jinja2.Environment:
    """Return the templates with the filters that the page's need."""
    environment = templates()
    environment.filters |= {"number": number, "level": level, "percent": percent, "words": spoken_name}
    return environment


def render(page: dict) -> str:
    """Return the page's HTML."""
    return page_templates().get_template("page.html.j2").render(**page)
