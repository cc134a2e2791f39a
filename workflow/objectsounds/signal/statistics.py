"""How sure the scores are: bootstrap intervals of means and of differences between methods.

Two sources of one mixture are not independent, and a clip recurs in many mixtures: a hard clip pulls all
of them. So what is drawn again is never single values. Where the clips are known, clips are drawn;
else whole mixtures, which leaves the interval too narrow.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from objectsounds.core import seeds

COMPARISON_COLUMNS = (
    "method",
    "reference",
    "group",
    "n",
    "n_mixtures",
    "n_clips",
    "difference_mean",
    "low",
    "high",
    "wins",
    "ties",
)
UNKNOWN = (float("nan"), float("nan"))

Key = tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """How far method a is above method b on the sources that both have.

    Attributes
    ----------
    mean, low, high : float
        Mean of a - b and its interval, in the values' unit; NaN where it cannot be told.
    wins, ties : float
        Share of the sources where a > b, and where a == b (two fallbacks to the mixture are a tie).
    n, n_mixtures, n_clips : int
        Sources, mixtures and, if they were given, clips.
    """

    mean: float
    low: float
    high: float
    wins: float
    ties: float
    n: int
    n_mixtures: int
    n_clips: int


def _numbered(clusters: Iterable[Hashable]) -> tuple[np.ndarray, int]:
    """Return the clusters as numbers in order of appearance, shape=(n,), and how many there are."""
    numbers: dict[Hashable, int] = {}
    index = [numbers.setdefault(cluster, len(numbers)) for cluster in clusters]
    return np.array(index, dtype=int), len(numbers)


def _clip_sets(
    index: np.ndarray, count: int, clips: Sequence[Collection[Hashable]]
) -> list[frozenset[Hashable]]:
    """Return the clips of each cluster: those of all its values."""
    sets: list[set[Hashable]] = [set() for _ in range(count)]
    for cluster, names in zip(index, clips, strict=True):
        sets[cluster].update(names)
    if not all(sets):
        raise ValueError("clips: a value without a clip; name the clips of every value, or of none.")
    return [frozenset(names) for names in sets]


def _draws(count: int, repeats: int, generator: np.random.Generator) -> np.ndarray:
    """Return how often each of ``count`` things is drawn with replacement, shape=(repeats, count)."""
    return generator.multinomial(count, np.full(count, 1 / count), size=repeats).astype(np.float64)


def _clip_weights(
    sets: list[frozenset[Hashable]], repeats: int, generator: np.random.Generator
) -> np.ndarray:
    """Return each cluster's weight, the product of the draws of its clips, shape=(repeats, clusters)."""
    numbers = {name: number for number, name in enumerate(sorted(set().union(*sets), key=str))}
    drawn = _draws(len(numbers), repeats, generator)
    drawn = np.hstack([drawn, np.ones((repeats, 1))])  # the last column fills up the shorter sets
    members = np.full((len(sets), max(map(len, sets))), len(numbers))
    for row, names in zip(members, sets, strict=True):
        row[: len(names)] = sorted(numbers[name] for name in names)
    weights = drawn[:, members[:, 0]]
    for place in members.T[1:]:
        weights *= drawn[:, place]
    return weights


def _over_runs(sums: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return the mean over runs that are drawn, shape=(repeats,), of each draw's sums, shape=(repeats, S)."""
    repeats, count = sums.shape
    if count == 1:
        return sums[:, 0]
    drawn = generator.multinomial(count - 1, np.full(count, 1 / count), size=repeats)
    return (sums * drawn).sum(axis=1) / (count - 1)


def bootstrap_interval(
    values: Sequence[float] | np.ndarray,
    clusters: Sequence[Hashable],
    *,
    generator: np.random.Generator,
    clips: Sequence[Collection[Hashable]] | None = None,
    level: float = 0.95,
    repeats: int = 2000,
) -> tuple[float, float]:
    """Return a percentile bootstrap interval of the mean of values that come in clusters.

    Without ``clips`` whole clusters are drawn with replacement. Clips recur in several mixtures, so
    this interval is too narrow: pairs that share a clip count as independent. With ``clips`` the clips
    are drawn, and a mixture weighs the product of the draws of its clips: the pigeonhole bootstrap of
    Owen 2007, "The pigeonhole bootstrap", Ann. Appl. Stat. 1(2).
    It errs on the wide side: the variance of what is a mixture's own, and no clip's, is multiplied by
    2^J - 1 for J clips a mixture. Where clips do not matter at all, the interval is √3 times too wide for
    pairs and √15 times for mixtures of four. With fewer than about 20 clips that matter much, a 95 %
    interval covers about 90 %. Neither way knows that clips of one object are alike.

    Of values of several runs, runs are drawn too: what weighs a mixture in a draw does so in every run,
    and of S runs S - 1 are drawn with replacement, which gives their mean its unbiased variance (Rao & Wu
    1988, "Resampling inference with complex survey data", J. Am. Stat. Assoc. 83). Few runs tell little:
    where nothing but they differ, the interval of two is from one to the other.

    Parameters
    ----------
    values : sequence of float [shape=(n,)], or np.ndarray [shape=(n, S)]
        A column for each run, e.g. of another seed.
    clusters : sequence [shape=(n,)]
        The mixture of each value.
    generator : np.random.Generator
    clips : sequence of collections [shape=(n,)], optional
        The clips of each value's mixture. Draws depend on the set of names, not on their order.
    level : float
        Coverage aimed at, in (0, 1).
    repeats : int
        Draws. One that leaves every weight at 0, as few clips can, is left out.

    Returns
    -------
    low, high : float
        Both NaN where nothing can be told of the spread: no cluster or one, the same clips in every
        cluster, every draw left out, or a value that is not finite.

    Raises
    ------
    ValueError
        If the lengths differ or a cluster has no clip.
    """
    values = np.asarray(values, np.float64)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    index, count = _numbered(clusters)
    if len(values) != len(index):
        raise ValueError(f"{len(values)} values but {len(index)} clusters; give each value its cluster.")
    if count < 2 or not np.isfinite(values).all():
        return UNKNOWN
    if clips is None:
        weights = _draws(count, repeats, generator)
    else:
        sets = _clip_sets(index, count, clips)
        if len(set(sets)) < 2:
            return UNKNOWN
        weights = _clip_weights(sets, repeats, generator)
    sums = _over_runs(weights @ np.stack([np.bincount(index, run) for run in values.T], axis=1), generator)
    numbers = weights @ np.bincount(index)
    drawn = numbers > 0
    if not drawn.any():
        return UNKNOWN
    low, high = np.quantile(sums[drawn] / numbers[drawn], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired_difference(
    a: Mapping[Key, float],
    b: Mapping[Key, float],
    *,
    generator: np.random.Generator,
    clips: Mapping[str, Collection[str]] | None = None,
    level: float = 0.95,
    repeats: int = 2000,
) -> Difference:
    """Compare two methods on the sources that both have.

    Parameters
    ----------
    a, b : mapping of (mixture, object) to float
        A measure of each, e.g. the SDR in dB.
    generator : np.random.Generator
    clips : mapping of mixture to clip ids, optional
        As `clips_of_mixtures` returns; see `bootstrap_interval` for what it changes.
    level, repeats
        As in `bootstrap_interval`.
    """
    keys = [key for key in a if key in b]
    mixtures = [mixture for mixture, _ in keys]
    differences = np.array([a[key] - b[key] for key in keys], dtype=np.float64)
    own = None if clips is None else [clips[mixture] for mixture in mixtures]
    low, high = bootstrap_interval(
        differences, mixtures, generator=generator, clips=own, level=level, repeats=repeats
    )
    nothing = float("nan")
    return Difference(
        mean=float(differences.mean()) if keys else nothing,
        low=low,
        high=high,
        wins=float((differences > 0).mean()) if keys else nothing,
        ties=float((differences == 0).mean()) if keys else nothing,
        n=len(keys),
        n_mixtures=len(set(mixtures)),
        n_clips=len(set().union(*own or ())),
    )


def clips_of_mixtures(rows: Iterable[Mapping[str, str]]) -> dict[str, frozenset[str]]:
    """Return the clips of each mixture, from rows of ``scores.tsv``: a mixture has a row for each source."""
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["mixture"], set()).add(row["clip"])
    return {mixture: frozenset(names) for mixture, names in found.items()}


def _measured(rows: Sequence[Mapping[str, str]], measure: str) -> dict[tuple[str, str], dict[Key, float]]:
    """Return the values by (method, group) and by (mixture, object); empty cells are left out."""
    found: dict[tuple[str, str], dict[Key, float]] = {}
    for row in rows:
        if row[measure] != "":
            values = found.setdefault((row["method"], row["group"]), {})
            values[row["mixture"], row["object"]] = float(row[measure])
    return found


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}"


def compare(
    rows: Sequence[Mapping[str, str]],
    reference: str = "miml",
    *,
    seed: int,
    measure: str = "sdr",
    level: float = 0.95,
    repeats: int = 2000,
) -> list[dict]:
    """Compare every method, variants too, with the reference: a line per method and group.

    Parameters
    ----------
    rows : list of mapping
        The rows of ``scores.tsv``.
    reference : str
        The method that the others are compared with, e.g. ``miml`` or ``miml@dropout``.
    seed : int
        The run's; each line has its own generator, so a line does not depend on the others.
    measure : str
        A column of the rows, in dB.
    level, repeats
        As in `bootstrap_interval`; clips are drawn.

    Returns
    -------
    list of dict
        With the keys ``COMPARISON_COLUMNS``, in the order of the rows. Differences are the method
        minus the reference, so a positive one means that the method is better; ``wins`` is the share
        of sources where it is. Cells of what cannot be told are empty; a group without common sources
        has n = 0. Empty list without scores of the reference.
    """
    values, clips = _measured(rows, measure), clips_of_mixtures(rows)
    methods = dict.fromkeys(row["method"] for row in rows)
    groups = dict.fromkeys(row["group"] for row in rows)
    if reference not in methods:
        return []
    lines = []
    for method in (name for name in methods if name != reference):
        for group in groups:
            difference = paired_difference(
                values.get((method, group), {}),
                values.get((reference, group), {}),
                generator=seeds.generator(seed, "statistics", method, group),
                clips=clips,
                level=level,
                repeats=repeats,
            )
            lines.append({"method": method, "reference": reference, "group": group} | _cells(difference))
    return lines


def _cells(difference: Difference) -> dict:
    return {
        "n": difference.n,
        "n_mixtures": difference.n_mixtures,
        "n_clips": difference.n_clips,
        "difference_mean": _cell(difference.mean),
        "low": _cell(difference.low),
        "high": _cell(difference.high),
        "wins": _cell(difference.wins),
        "ties": _cell(difference.ties),
    }
