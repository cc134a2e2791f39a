"""The page's pictures: training curves, the labeller's ablation, relation maps and spectrograms."""

import itertools
from pathlib import Path

import matplotlib as mpl
import matplotlib.lines
import numpy as np
from matplotlib.figure import Figure

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "objectsounds"  # the same figure gives the same file
INK = "#777777"  # readable on light and dark pages
COLOURS = ("#1f77b4", "#d9822b")


def _axes(width: float, height: float):
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for spine in axes.spines.values():
        spine.set_color(INK)
    axes.tick_params(colors=INK, labelsize=8)
    for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
        text.set_color(INK)
        text.set_fontsize(9)
    return figure, axes


def _save(figure: Figure, path: Path, kind: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = kind or path.suffix.removeprefix(".")
    options = {"metadata": {"Date": None}} if kind == "svg" else {}
    figure.savefig(path, format=kind, transparent=True, dpi=110, **options)


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
    figure, axes = _axes(4.2, 2.6)
    epochs = [row["epoch"] for row in history]
    for colour, (key, label) in zip(COLOURS, names, strict=False):
        if key in history[0]:
            axes.plot(epochs, [row[key] for row in history], color=colour, label=label, linewidth=1.5)
    axes.set(title=title, xlabel="epoch")
    axes.legend(fontsize=8, frameon=False, labelcolor=INK)
    _save(figure, path)


def save_ablation(rows: list[dict], path: Path) -> None:
    """Draw the labeller's mean accuracies as filled dots, and Rowe's published ones as hollow diamonds.

    Parameters
    ----------
    rows : list of dict
        The rows of ``ablation.tsv``.
    path : Path
        Written as SVG whatever its suffix.
    """
    figure, axes = _axes(6.4, 3.8)
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
    _save(figure, path, "svg")


def save_robustness(rows: list[dict], path: Path) -> None:
    """Draw the SDR of the upper bound against its share of wrong labels, a line a group.

    Parameters
    ----------
    rows : list of dict
        Of ``experiments.robustness_rows``; method ``miml``, the run on visual labels, is a star.
    path : Path
        An SVG file.
    """
    figure, axes = _axes(5.2, 3.4)
    groups = list(dict.fromkeys(row["group"] for row in rows if row["sdr_mean"]))
    for index, group in enumerate(groups):
        colour = f"C{index}"
        own = [row for row in rows if row["group"] == group and row["sdr_mean"]]
        line = sorted((r for r in own if r["method"] != "miml"), key=lambda r: float(r["wrong_labels"]))
        shares, means = (
            [float(row[key]) * factor for row in line]
            for key, factor in (("wrong_labels", 100), ("sdr_mean", 1))
        )
        axes.plot(shares, means, "o-", color=colour, label=f"{group}: true labels, corrupted", linewidth=1.5)
        if all(row["sdr_low"] for row in line):
            low, high = ([float(row[key]) for row in line] for key in ("sdr_low", "sdr_high"))
            axes.fill_between(shares, low, high, color=colour, alpha=0.15, linewidth=0)
        for row in (row for row in own if row["method"] == "miml"):
            place = (100 * float(row["wrong_labels"]), float(row["sdr_mean"]))
            axes.plot(*place, "*", color=colour, markersize=12, label=f"{group}: visual labels (MIML)")
    axes.set(xlabel="clips with wrong labels, %", ylabel="mean SDR, dB", title="Robustness to wrong labels")
    if groups:
        axes.legend(fontsize=7, frameon=False, labelcolor=INK)
    _save(figure, path)


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
    _save(figure, path)


def save_relation_map(relation: np.ndarray, objects: list[str], path: Path) -> None:
    """Draw a basis-object relation map, shape=(L, M), as a PNG (Gao fig. 5)."""
    figure, axes = _axes(4.2, 0.9 + 0.16 * len(objects))
    axes.imshow(relation, aspect="auto", cmap="viridis", vmin=0)
    axes.set_yticks(range(len(objects)), objects)
    axes.set_xlabel("basis")
    _save(figure, path)


def spectrogram_db(magnitude: np.ndarray, rows: int = 160, columns: int = 320) -> np.ndarray:
    """Return a magnitude spectrogram, shape=(F, N), as a small picture in dB on a logarithmic frequency axis.

    Each picture row is the maximum over the bins that it covers, so that no partial gets lost.
    """
    bins = magnitude.shape[0]
    edges = np.unique(np.geomspace(3, bins, rows + 1).astype(int))
    small = np.stack([magnitude[a:b].max(axis=0) for a, b in itertools.pairwise(edges)])
    step = max(1, small.shape[1] // columns)
    return 20 * np.log10(np.maximum(small[:, ::step], 1e-7))


def save_spectrogram(decibels: np.ndarray, top: float, path: Path, span: float = 70.0) -> None:
    """Save a picture in dB as a PNG whose colours run from ``top`` - ``span`` to ``top``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mpl.image.imsave(path, decibels[::-1], cmap="magma", vmin=top - span, vmax=top)
