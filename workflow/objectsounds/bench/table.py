"""The table of comparisons: how its rows are measured, judged and written."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from objectsounds.core.files import write_text
from objectsounds.core.tables import write_table

COLUMNS = ("what", "ours", "peer", "peer_name", "ratio", "goal", "equal_result")
NOT_MEASURED = "not measured here"


@dataclass
class Comparison:
    """Ours against a peer.

    Attributes
    ----------
    what : str
        What is done, once; with the inputs' size.
    peer_name : str
    goal : float or None
        The ratio that is wanted.
    ours, peer : list of float
        For each input: seconds, or another measure of which less is better.
    equal, shown : bool, str
        Whether the results are equal, and the figures that say so; an empty ``shown`` is not measured.
    unit : str
    curves : dict
        Of ours and the peer, by name: for each input the seconds and a measure of which less is better,
        both as a share of our final ones.
    """

    what: str
    peer_name: str
    goal: float | None
    ours: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)
    equal: bool = False
    shown: str = ""
    unit: str = "s"
    curves: dict[str, list[tuple[np.ndarray, np.ndarray]]] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Mean of the peer's over mean of ours: larger is better."""
        return float(np.mean(self.peer) / np.mean(self.ours))

    @property
    def reached(self) -> bool:
        """Whether the goal is reached at equal results."""
        return self.equal and (self.goal is None or self.ratio >= self.goal)

    def row(self) -> dict[str, str]:
        """Return the row of the table."""
        goal = "" if self.goal is None else f"{self.goal:.3g}"
        cells = {"what": self.what, "peer_name": self.peer_name, "goal": goal}
        if not self.shown:
            return cells | dict.fromkeys(("ours", "peer", "ratio", "equal_result"), NOT_MEASURED)
        return cells | {
            "ours": f"{np.mean(self.ours):.3g} {self.unit}",
            "peer": f"{np.mean(self.peer):.3g} {self.unit}",
            "ratio": f"{self.ratio:.3g}",
            "equal_result": f"{'yes' if self.equal else 'NO'}: {self.shown}",
        }


def timed(call: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Return the fewest seconds of computing that a call took in ``repeats``, and its result.

    Time of this process, not of the clock: a neighbour on the machine does not count, and a second thread
    would.
    """
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        best = min(best, time.process_time() - start)
    return best, result


def elapsed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of the clock that a call took, where waiting counts too, and its result."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def judge_divergences(
    comparison: Comparison, ours: Sequence[float], peer: Sequence[float], limit: float
) -> None:
    """Note whether our divergences are in the mean at most ``limit`` (a share) above the peer's.

    The mean is of the ratios, geometric: loud clips count no more than quiet ones.
    """
    ratios = np.asarray(ours) / np.asarray(peer)
    mean = float(np.exp(np.log(ratios).mean()))
    comparison.equal = mean <= 1 + limit
    comparison.shown = (
        f"divergence {100 * (mean - 1):+.2f} % in the mean of {len(ratios)}, "
        f"{100 * (ratios.min() - 1):+.1f} to {100 * (ratios.max() - 1):+.1f} %"
    )


def judge_scores(comparison: Comparison, ours: np.ndarray, peer: np.ndarray, limit: float) -> None:
    """Note whether scores in dB, of one shape, differ by no more than ``limit``.

    Scores above 100 dB, of which the rounding of the inputs decides, are left out.
    """
    counted = np.minimum(ours, peer) < 100
    largest = float(np.abs(ours - peer)[counted].max())
    comparison.equal = largest <= limit
    comparison.shown = f"at most {largest:.1g} dB apart in {counted.sum()} scores"


def write_comparisons(folder: Path, comparisons: list[Comparison]) -> None:
    """Write ``table.tsv``, a plot of the ratios beside their goals, ``ratios.svg``, and one of curves."""
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "table.tsv", COLUMNS, [comparison.row() for comparison in comparisons])
    _plot(folder / "ratios.svg", [comparison for comparison in comparisons if comparison.shown])
    curves = {name: lines for comparison in comparisons for name, lines in comparison.curves.items()}
    if curves:
        _plot_curves(folder / "curves.svg", curves)


def renew_section(page: Path, comparisons: list[Comparison]) -> None:
    """Put the table between the marks ``<!-- bench -->`` and ``<!-- end of bench -->`` of a page."""
    heads = ("what", "against", "times as good", "goal", "equal results")
    names = ("what", "peer_name", "ratio", "goal", "equal_result")
    lines = [heads, ("---",) * len(heads)]
    lines += [tuple(comparison.row()[name] for name in names) for comparison in comparisons]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    before, start, rest = page.read_text(encoding="utf-8").partition("<!-- bench -->\n")
    _, end, after = rest.partition("<!-- end of bench -->")
    if start and end:
        write_text(page, before + start + table + end + after)


def _plot(path: Path, comparisons: list[Comparison]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 0.5 + 0.5 * len(comparisons)), layout="constrained")
    axes = figure.add_subplot()
    for place, comparison in enumerate(comparisons):
        axes.barh(place, comparison.ratio, color="tab:blue" if comparison.reached else "tab:red")
        if comparison.goal:
            axes.plot([comparison.goal] * 2, [place - 0.45, place + 0.45], color="black")
    names = [f"{comparison.what}\nagainst {comparison.peer_name}" for comparison in comparisons]
    axes.set_yticks(range(len(comparisons)), names, fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("times as fast as the peer; the line is the goal")
    figure.savefig(path)


def _plot_curves(path: Path, curves: dict[str, list[tuple[np.ndarray, np.ndarray]]]) -> None:
    """Plot the mean over the inputs, where all have been begun."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    for name, lines in curves.items():
        first = max(times[0] for times, _ in lines)
        last = min(times[-1] for times, _ in lines)
        marks = np.geomspace(first, last, 60)
        mean = np.mean([np.interp(marks, *line) for line in lines], axis=0)
        axes.plot(marks, mean, label=name, linewidth=2.5 if name == "ours" else 1.2)
    axes.set(xscale="log", yscale="log", xlabel="core-seconds, as a share of ours")
    axes.set_ylabel("divergence, as a share of ours at its end")
    axes.legend(fontsize=8)
    figure.savefig(path)
