"""The page's pictures: training curves, the labeller's ablation, robustness and relation maps."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.lines
import numpy as np
from matplotlib.figure import Figure

from objectsounds.config.method_table import SAME_RULE

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "objectsounds"  # the same figure gives the same file
INK = "#777777"  # readable on light and dark pages
COLOURS = ("#1f77b4", "#d9822b")


def new_axes(width: float, height: float):
    """Return a figure of a size in inches and its axes, all lines and words in ``INK``."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for spine in axes.spines.values():
        spine.set_color(INK)
    axes.tick_params(colors=INK, labelsize=8)
    for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
        text.set_color(INK)
        text.set_fontsize(9)
    return figure, axes


def save_figure(figure: Figure, path: Path, kind: str = "") -> None:
    """Write a figure as SVG or PNG by its suffix, or as ``kind``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = kind or path.suffix.removeprefix(".")
    options = {"metadata": {"Date": None}} if kind == "svg" else {}
    figure.savefig(path, format=kind, transparent=True, dpi=110, **options)


def save_text(figure: Figure, path: Path) -> None:
    """Write a figure as SVG with its words as words: as outlines those of a large table take megabytes."""
    with mpl.rc_context({"svg.fonttype": "none", "font.sans-serif": ["DejaVu Sans"]}):
        save_figure(figure, path)


def save_curves(history: list[dict], names: list[tuple[str, str]], title: str, path: Path) -> None:
    """Draw columns of a training history over the epochs.

    Parameters
    ----------
    history : list of dict
        One row an epoch.
    names : list of (key, label)
        Keys that no row has are left out.
    title : str
    path : Path
        An SVG file.
    """
    figure, axes = new_axes(4.2, 2.6)
    epochs = [row["epoch"] for row in history]
    for colour, (key, label) in zip(COLOURS, names, strict=False):
        if key in history[0]:
            axes.plot(epochs, [row[key] for row in history], color=colour, label=label, linewidth=1.5)
    axes.set(title=title, xlabel="epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(fontsize=8, frameon=False, labelcolor=INK)
    save_text(figure, path)


def save_ablation(rows: list[dict], path: Path) -> None:
    """Draw the labeller's mean accuracies as filled dots, and Rowe's published ones as hollow diamonds.

    Parameters
    ----------
    rows : list of dict
        The rows of ``ablation.tsv``.
    path : Path
        Written as SVG whatever its suffix.
    """
    figure, axes = new_axes(6.4, 3.8)
    places = list(dict.fromkeys((row["pool"], row["view"]) for row in rows))
    series = (
        ("mean", "this run", {"marker": "o"}, -0.15),
        (
            "published_rowe2019",
            "Rowe et al. 2019, published, 4 classes of AudioSet",
            {"marker": "D", "markerfacecolor": "none"},
            0.15,
        ),
    )
    for key, source, style, shift in series:
        for colour, normalised in zip(COLOURS, (True, False), strict=True):
            chosen = [row for row in rows if (row["normalised"] == "yes") == normalised]
            percent = [100 * float(row[key] or "nan") for row in chosen]
            heights = [places.index((row["pool"], row["view"])) + shift for row in chosen]
            label = f"{source}, {'' if normalised else 'un-'}normalised"
            axes.plot(percent, heights, linestyle="none", color=colour, label=label, **style)
    axes.set_yticks(range(len(places)), [f"{pool}, {view.replace('_', ' ')}" for pool, view in places])
    axes.set(xlim=(0, 100), ylim=(len(places) - 0.5, -0.5), xlabel="mean accuracy over the objects, %")
    axes.grid(axis="x", color=INK, alpha=0.3, linewidth=0.6)
    figure.legend(loc="outside lower center", fontsize=8, frameon=False, labelcolor=INK)
    save_figure(figure, path, "svg")


def save_robustness(rows: list[dict], path: Path) -> None:
    """Draw the SDR of the upper bound against its share of wrong labels, a line a group.

    Parameters
    ----------
    rows : list of dict
        Of ``experiments.robustness_rows``; method ``SAME_RULE``, the run on visual labels, is a star.
    path : Path
        An SVG file.
    """
    figure, axes = new_axes(5.2, 3.4)
    groups = list(dict.fromkeys(row["group"] for row in rows if row["sdr_mean"]))
    for index, group in enumerate(groups):
        colour = f"C{index}"
        own = [row for row in rows if row["group"] == group and row["sdr_mean"]]
        line = sorted((r for r in own if r["method"] != SAME_RULE), key=lambda r: float(r["wrong_labels"]))
        shares, means = (
            [float(row[key]) * factor for row in line]
            for key, factor in (("wrong_labels", 100), ("sdr_mean", 1))
        )
        axes.plot(shares, means, "o-", color=colour, label=f"{group}: true labels, corrupted", linewidth=1.5)
        if all(row["sdr_low"] for row in line):
            low, high = ([float(row[key]) for row in line] for key in ("sdr_low", "sdr_high"))
            axes.fill_between(shares, low, high, color=colour, alpha=0.15, linewidth=0)
        for row in (row for row in own if row["method"] == SAME_RULE):
            place = (100 * float(row["wrong_labels"]), float(row["sdr_mean"]))
            axes.plot(*place, "*", color=colour, markersize=12, label=f"{group}: visual labels (MIML)")
    axes.set(xlabel="clips with wrong labels, %", ylabel="mean SDR, dB", title="Robustness to wrong labels")
    if groups:
        axes.legend(fontsize=7, frameon=False, labelcolor=INK)
    save_figure(figure, path)


def save_semantic_masks(
    magnitudes: np.ndarray, panels: dict[str, np.ndarray], objects: list[str], path: Path
) -> None:
    """Draw a mixture and beside it which object each bin was given to, as a PNG (Nuotimaa fig. 4.3).

    Parameters
    ----------
    magnitudes : np.ndarray [shape=(R, N)]
    panels : dict
        Title to the objects' numbers, shape=(R, N); L stands for the background.
    objects : list of str
        The L objects.
    path : Path
    """
    figure = Figure(figsize=(2.6 * (1 + len(panels)), 2.7), layout="constrained")
    axes = figure.subplots(1, 1 + len(panels), sharey=True)
    decibels = 20 * np.log10(np.maximum(magnitudes, 1e-7))
    axes[0].imshow(decibels, origin="lower", aspect="auto", cmap="magma", vmin=decibels.max() - 70)
    axes[0].set_title("mixture", color=INK, fontsize=9)
    colours = [mpl.colormaps["tab20"](number % 20) for number in range(len(objects))] + [(0, 0, 0, 1)]
    for place, (title, labels) in zip(axes[1:], panels.items(), strict=True):
        place.imshow(np.array(colours)[labels], origin="lower", aspect="auto", interpolation="nearest")
        place.set_title(title, color=INK, fontsize=9)
    for place in axes:
        place.set_xticks([])
        place.set_yticks([])
    shown = sorted(set(np.concatenate([np.unique(labels) for labels in panels.values()])) - {len(objects)})
    dots = [mpl.lines.Line2D([], [], marker="s", linestyle="none", color=colours[n]) for n in shown]
    names = [objects[number].replace("_", " ") for number in shown]
    columns = max(1, len(names))
    figure.legend(
        dots, names, loc="outside lower center", ncols=columns, fontsize=8, frameon=False, labelcolor=INK
    )
    save_figure(figure, path)


def save_relation_map(relation: np.ndarray, objects: list[str], path: Path) -> None:
    """Draw a basis-object relation map, shape=(L, M), as SVG (Gao fig. 5)."""
    figure, axes = new_axes(4.4, 0.9 + 0.16 * len(objects))
    axes.imshow(relation, aspect="auto", cmap="viridis", vmin=0, interpolation="none")
    axes.set_yticks(range(len(objects)), [name.replace("_", " ") for name in objects])
    axes.set_xlabel("basis")
    save_text(figure, path)
