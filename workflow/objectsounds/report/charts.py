"""The page's charts of scores, labels and dictionaries; each returns what its alt text says."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np

from objectsounds.config.method_table import method_of, method_title
from objectsounds.report.plots import INK, new_axes, save_text

FAINT = "#b8b2a8"
GROUPS = ("#1f77b4", "#d9822b", "#2ca02c", "#9467bd", "#d62728")
SOURCES = {  # where a dictionary's bases come from, by the lists' labels
    "alone": ("#1f77b4", "clips in which the object sounds alone"),
    "others": ("#2ca02c", "clips in which it sounds with others"),
    "absent": ("#d62728", "clips in which it does not sound"),
    "unknown": ("#9467bd", "clips of which nothing is known"),
    "played": ("#8c6d31", "performances of a SoundFont"),
    "none": (FAINT, "no clip: drawn at random"),
}


def spoken_name(name: str) -> str:
    """Return an object's name as spoken_name."""
    return name.replace("_", " ")


def db(value: float) -> str:
    """Return a figure in dB with one decimal and a minus sign."""
    text = f"{value:.1f}"
    return (text if text.strip("-0.") else "0.0").replace("-", "−")


def save_scores(rows: list[dict], path: Path) -> str:
    """Draw each method's mean SDR with its interval, a colour a group; grey diamonds were told more.

    Parameters
    ----------
    rows : list of dict
        Of ``summary.tsv``.
    path : Path
        An SVG file.
    """
    rows = [row for row in rows if row["n"] != "0"]
    methods = list(dict.fromkeys(row["method"] for row in rows))
    groups = list(dict.fromkeys(row["group"] for row in rows))
    step = 0.5 / max(1, len(groups))
    figure, axes = new_axes(5.4, 0.9 + len(methods) * (0.24 + 0.1 * len(groups)) + 0.2 * (len(groups) > 1))
    for row in rows:
        place = methods.index(row["method"]) + step * (groups.index(row["group"]) - (len(groups) - 1) / 2)
        colour, mean = GROUPS[groups.index(row["group"]) % len(GROUPS)], float(row["sdr_mean"])
        if row["sdr_low"]:
            axes.plot([float(row["sdr_low"]), float(row["sdr_high"])], [place, place], color=colour, lw=1.6)
        told = method_of(row["method"]).told
        axes.plot(mean, place, "D" if told else "o", color=colour, mfc=FAINT if told else colour, ms=6)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    names = [textwrap.fill(method_title(name) + "*" * bool(method_of(name).told), 26) for name in methods]
    axes.set_yticks(range(len(methods)), names)
    axes.set(ylim=(len(methods) - 0.4, -0.6), xlabel="mean SDR with 95 % interval, dB")
    axes.grid(axis="x", color=INK, alpha=0.25, linewidth=0.6)
    _score_legend(axes, groups, any(method_of(name).told for name in methods))
    save_text(figure, path)
    said = [
        f"{method_title(row['method'])} {db(float(row['sdr_mean']))} dB"
        + (f" on {row['group']}" if len(groups) > 1 else "")
        for row in rows
    ]
    return f"Mean SDR per method and group: {'; '.join(said)}"


def _score_legend(axes, groups: list[str], told: bool) -> None:
    marks = [
        axes.plot([], [], "o-", color=GROUPS[i % len(GROUPS)], label=group)[0]
        for i, group in enumerate(groups)
        if len(groups) > 1
    ]
    if told:
        label = "* told more than a new video tells"
        marks.append(axes.plot([], [], "D", color=INK, mfc=FAINT, linestyle="none", label=label)[0])
    if marks:
        axes.figure.legend(
            handles=marks,
            loc="outside lower center",
            ncols=min(3, len(marks)),
            fontsize=8,
            frameon=False,
            labelcolor=INK,
        )


@dataclass
class Matrix:
    """A table to draw: ``values`` of shape=(rows, columns), NaN where there is nothing."""

    values: np.ndarray
    rows: list[str]
    columns: list[str]


def _draw_matrix(matrix: Matrix, cmap: str, span: tuple[float, float], texts, labels: dict, path: Path):
    height, width = matrix.values.shape
    figure, axes = new_axes(1.7 + 0.52 * width, 1.35 + 0.34 * height)
    colours = mpl.colormaps[cmap](np.clip((matrix.values - span[0]) / (span[1] - span[0]), 0, 1))
    known = ~np.isnan(matrix.values)
    colours[~known] = 0
    axes.imshow(colours, interpolation="none", aspect="auto")
    for row, column in zip(*np.nonzero(known), strict=True):
        dark = colours[row, column, :3] @ (0.299, 0.587, 0.114) < 0.5
        axes.text(
            column,
            row,
            texts(matrix.values[row, column]),
            ha="center",
            va="center",
            fontsize=8,
            color="#fafafa" if dark else "#111111",
        )
    axes.set_xticks(range(width), matrix.columns, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(height), matrix.rows)
    axes.tick_params(length=0)
    axes.set(**labels)
    axes.spines[:].set_visible(False)
    save_text(figure, path)


def pair_matrix(scores: list[dict], method: str, classes: list[str]) -> Matrix:
    """Return a method's mean SDR of each object (rows) by what it was mixed with (columns), then by anything.

    Parameters
    ----------
    scores : list of dict
        Rows of ``scores.tsv``.
    method : str
    classes : list of str
    """
    own = [row for row in scores if row["method"] == method]
    objects: dict[str, list[str]] = {}
    for row in own:
        objects.setdefault(row["mixture"], []).append(row["object"])
    cells: dict[tuple[str, str], list[float]] = {}
    for row in own:
        for other in [name for name in objects[row["mixture"]] if name != row["object"]] + [""]:
            cells.setdefault((row["object"], other), []).append(float(row["sdr"]))
    seen = [name for name in classes if (name, "") in cells]
    values = [[np.mean(cells.get((a, b), np.nan)) for b in [*seen, ""]] for a in seen]
    shape = (len(seen), len(seen) + 1)
    columns = [*map(spoken_name, seen), "anything"]
    return Matrix(np.array(values, float).reshape(shape), list(map(spoken_name, seen)), columns)


def save_pairs(matrix: Matrix, path: Path) -> str:
    """Draw `pair_matrix`."""
    span = max(1.0, float(np.nanmax(np.abs(matrix.values))))
    labels = {"xlabel": "mixed with", "ylabel": "SDR of, dB"}
    _draw_matrix(matrix, "PuOr", (-span, span), db, labels, path)
    pairs = matrix.values[:, :-1]
    best, worst = (
        np.unravel_index(place, pairs.shape) for place in (np.nanargmax(pairs), np.nanargmin(pairs))
    )
    said = [
        f"{name} {matrix.rows[row]} out of {matrix.columns[column]}, {db(pairs[row, column])} dB"
        for name, (row, column) in (("best", best), ("worst", worst))
    ]
    return f"Mean SDR of each object by what it was mixed with: {'; '.join(said)}"


def save_confusion(shares: np.ndarray, counts: list[int], objects: list[str], truth: str, path: Path) -> str:
    """Draw how often each object (columns) is a label of the clips that hold another alone (rows).

    Parameters
    ----------
    shares : np.ndarray [shape=(L, L)]
        NaN in the rows of objects without such clips.
    counts : list of int
        The clips of each row.
    objects : list of str
    truth : str
        What the rows are: "sounds", "is seen".
    path : Path
        An SVG file.
    """
    rows = [f"{spoken_name(name)} ({count})" for name, count in zip(objects, counts, strict=True)]
    matrix = Matrix(shares, rows, [spoken_name(name) for name in objects])
    labels = {"xlabel": "visual label", "ylabel": f"what alone {truth} (clips)"}
    _draw_matrix(matrix, "Blues", (0, 1), lambda share: f"{100 * share:.0f}", labels, path)
    found = [
        f"{spoken_name(name)} {100 * shares[i, i]:.0f} %"
        for i, name in enumerate(objects)
        if not np.isnan(shares[i, i])
    ]
    return f"Share of clips labelled with an object where it alone {truth}: {', '.join(found) or 'not known'}"


def save_dictionaries(tables: list[dict], path: Path) -> str:
    """Draw how many bases each dictionary holds for each object, and what sounds in the clips they are from.

    Parameters
    ----------
    tables : list of dict
        Of `dictionaries.dictionary_table`, their cells with counts under ``sources``.
    path : Path
        An SVG file.
    """
    objects = [cell["object"] for cell in tables[0]["cells"]]
    figure, axes = new_axes(5.4, 1.1 + len(tables) * (0.35 + 0.17 * len(objects)))
    ticks, names, used = [], [], set()
    for number, table in enumerate(tables):
        for index, cell in enumerate(table["cells"]):
            place, left = number * (len(objects) + 1.6) + index, 0
            for kind, count in cell["sources"].items():
                axes.barh(place, count, left=left, color=SOURCES[kind][0], height=0.75)
                left += count
                used |= {kind} if count else set()
            ticks.append(place)
            names.append(spoken_name(cell["object"]))
            if not left:
                axes.text(0, place, "\xa0none", va="center", color=INK, size=8)
        place = number * (len(objects) + 1.6) - 0.85
        axes.text(0, place, table["title"], va="center", color=INK, size=9, weight="bold")
    axes.set_yticks(ticks, names)
    axes.set(ylim=(ticks[-1] + 0.8, -1.5), xlabel="bases")
    for kind in (kind for kind in SOURCES if kind in used):
        axes.barh(0, 0, color=SOURCES[kind][0], label=SOURCES[kind][1])
    axes.figure.legend(loc="outside lower center", fontsize=8, frameon=False, labelcolor=INK)
    axes.spines[["top", "right"]].set_visible(False)
    save_text(figure, path)
    said = []
    for table in tables:
        counts = [f"{spoken_name(cell['object'])} {cell['bases']}" for cell in table["cells"]]
        said.append(f"{table['name']}: {', '.join(counts)}")
    return f"Bases an object in each dictionary: {'; '.join(said)}"
