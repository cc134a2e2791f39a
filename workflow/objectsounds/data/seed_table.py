"""Scores over several seeds: means, intervals in which seeds and clips are drawn, and the seeds' spread.

All seeds separate the same mixtures, so a difference between methods is taken within a seed and a source.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from objectsounds.config.method_table import method_of
from objectsounds.core.seeds import generator
from objectsounds.core.tables import join_names
from objectsounds.signal.statistics import bootstrap_interval, clips_of_mixtures

SEED_COLUMNS = (
    "method",
    "group",
    "seeds",
    "n",
    "n_mixtures",
    "n_clips",
    "sdr_mean",
    "sdr_low",
    "sdr_high",
    "sdr_between_seeds",
    "sdr_lowest",
    "sdr_highest",
    "difference_mean",
    "difference_low",
    "difference_high",
)

Source = tuple[str, str]  # mixture and object


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}"


def _values(
    known: Mapping[str, Mapping[Source, float]], names: Sequence[str]
) -> tuple[list[Source], np.ndarray]:
    """Return the sources that all of some methods have, and the SDR of each, shape=(n, len(names))."""
    first, *others = [known.get(name, {}) for name in names]
    sources = [source for source in first if all(source in other for other in others)]
    table = [[known[name][source] for name in names] for source in sources]
    return sources, np.array(table, np.float64).reshape(len(sources), len(names))


class _Group:
    """The scores of a group of mixtures, by method and source."""

    def __init__(self, rows: Sequence[Mapping[str, str]], seed: int):
        self.known: dict[str, dict[Source, float]] = {}
        for row in rows:
            self.known.setdefault(row["method"], {})[row["mixture"], row["object"]] = float(row["sdr"])
        self.clips, self.seed = clips_of_mixtures(rows), seed

    def interval(self, sources: list[Source], values: np.ndarray, *parts: str) -> tuple[str, str]:
        """Return the cells of the 95 % interval of a mean over sources and seeds."""
        mixtures = [mixture for mixture, _ in sources]
        clips = [self.clips[mixture] for mixture in mixtures]
        draw = generator(self.seed, "statistics", "seeds", *parts)
        low, high = bootstrap_interval(values, mixtures, generator=draw, clips=clips)
        return _cell(low), _cell(high)

    def mean(self, names: Sequence[str], *parts: str) -> dict:
        """Return the cells that tell of a method's own scores under each of its names."""
        sources, values = _values(self.known, names)
        if not sources:
            return {"n": 0, "n_mixtures": 0, "n_clips": 0}
        mixtures = {mixture for mixture, _ in sources}
        low, high = self.interval(sources, values, "mean", *parts)
        means = values.mean(axis=0)
        several = len(names) > 1
        return {
            "n": len(sources),
            "n_mixtures": len(mixtures),
            "n_clips": len(set().union(*(self.clips[mixture] for mixture in mixtures))),
            "sdr_mean": _cell(means.mean()),
            "sdr_low": low,
            "sdr_high": high,
            "sdr_between_seeds": _cell(means.std(ddof=1)) if several else "",
            "sdr_lowest": _cell(means.min()) if several else "",
            "sdr_highest": _cell(means.max()) if several else "",
        }

    def difference(self, names: Sequence[str], references: Sequence[str], *parts: str) -> dict:
        """Return the cells that tell how far a method is above another of the same seed."""
        pairs = max(len(names), len(references))
        names, references = ([*those] * (pairs if len(those) == 1 else 1) for those in (names, references))
        sources, values = _values(self.known, [*names, *references])
        if not sources:
            return {}
        apart = values[:, :pairs] - values[:, pairs:]
        low, high = self.interval(sources, apart, "difference", *parts)
        return {"difference_mean": _cell(apart.mean()), "difference_low": low, "difference_high": high}


def seed_rows(
    rows: Sequence[Mapping[str, str]],
    names: Mapping[str, Sequence[str]],
    seeds: Sequence[int],
    groups: Sequence[str],
    reference: str,
    *,
    seed: int,
) -> list[dict]:
    """Return a line per method and group.

    Parameters
    ----------
    rows : sequence of mapping
        The rows of ``scores.tsv``.
    names : mapping
        Method to its names in the rows: one for each seed, or a single one for a method that draws nothing.
    seeds : sequence of int
        In the order of the names.
    groups : sequence of str
        In the order of the table.
    reference : str
        The method that the others are compared with, a key of ``names`` where it was run.
    seed : int
        Of the draws of the intervals; each line has its own generator.

    Returns
    -------
    list of dict
        With the keys ``SEED_COLUMNS``; SDR and differences in dB. ``sdr_between_seeds`` is the standard
        deviation of the seeds' means, ``sdr_lowest`` and ``sdr_highest`` are the least and the greatest of
        them; these cells and ``seeds`` are empty where the method draws nothing. Differences are the
        method minus the reference.
    """
    lines = []
    by_group = {group: _Group([row for row in rows if row["group"] == group], seed) for group in groups}
    for method, own in names.items():
        for group, scores in by_group.items():
            line = dict.fromkeys(SEED_COLUMNS, "") | {"method": method, "group": group}
            line["seeds"] = join_names(map(str, seeds)) if method_of(method).draws else ""
            line |= scores.mean(own, method, group)
            if reference in names and method != reference:
                line |= scores.difference(own, names[reference], method, group)
            lines.append(line)
    return lines
