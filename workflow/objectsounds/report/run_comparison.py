"""Two finished runs compared on the mixtures that both have, and what else differs between them.

A mixture is told by its clips and objects, whatever a run calls it. Differences are the second run's value
minus the first's, source by source, so that only what differs between the runs is left in them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import read_json
from objectsounds.core.seeds import generator
from objectsounds.core.tables import read_table
from objectsounds.data.score_tables import COLUMNS
from objectsounds.signal.statistics import paired_difference

DIFFERENCE_COLUMNS = (
    "method",
    "group",
    "n",
    "n_mixtures",
    "n_clips",
    "mean_a",
    "mean_b",
    "difference_mean",
    "low",
    "high",
    "wins",
    "ties",
)
SEPARATED = ("sir", "sar")  # say nothing of the mixture that stands in for an estimate

Values = dict[tuple[str, str], float]  # by mixture's content and object


@dataclass
class Run:
    """A finished run: its rows of scores, and its record, empty where it has none.

    Attributes
    ----------
    folder : Path
    record : dict
        As `run_record` returns.
    clips : dict
        Content of a mixture to its clips.
    groups : dict
        Content of a mixture to its group.
    rows : list of (content, row)
    """

    folder: Path
    record: dict
    clips: dict[str, frozenset[str]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[str, dict]] = field(default_factory=list)

    @property
    def methods(self) -> list[str]:
        """Return the methods in the order of the table."""
        return list(dict.fromkeys(row["method"] for _, row in self.rows))

    def values(self, method: str, measure: str) -> Values:
        """Return a measure of each source that a method was scored on; empty cells are left out."""
        return {
            (content, row["object"]): float(row[measure])
            for content, row in self.rows
            if row["method"] == method
            and row[measure] != ""
            and not (measure in SEPARATED and row["fallback"])
        }


def read_run(folder: Path) -> Run:
    """Read what a run's folder says of its scores and settings.

    Raises
    ------
    ObjectsoundsError
        If it is no folder of a run, or holds no scores.
    """
    if not (folder / "catalogue").is_dir():
        raise ObjectsoundsError(f"{folder} is no folder of results: it holds no catalogue.")
    path, record = folder / "score" / "scores.tsv", folder / "report" / "run.json"
    rows = read_table(path, COLUMNS) if path.exists() else []
    if not rows:
        why = "holds no row" if path.exists() else "is missing"
        raise ObjectsoundsError(f"{folder} has no scores ({path} {why}): finish the run first.")
    run = Run(folder, read_json(record) if record.exists() else {})
    sources: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        sources.setdefault(row["mixture"], set()).add((row["clip"], row["object"]))
    contents = {name: json.dumps(sorted(pairs)) for name, pairs in sources.items()}
    run.clips = {contents[name]: frozenset(clip for clip, _ in pairs) for name, pairs in sources.items()}
    run.groups = {contents[row["mixture"]]: row["group"] for row in rows}
    run.rows = [(contents[row["mixture"]], row) for row in rows]
    return run


def _flat(settings: Mapping, prefix: str = "") -> dict[str, object]:
    """Return settings by dotted keys; a list is one value."""
    found: dict[str, object] = {}
    for key, value in settings.items():
        inside = isinstance(value, Mapping) and value
        found |= _flat(value, f"{prefix}{key}.") if inside else {f"{prefix}{key}": value}
    return found


def differing_settings(a: Mapping, b: Mapping) -> list[dict]:
    """Return the settings that two runs do not share: ``key``, ``a`` and ``b``, None where one has none."""
    left, right = _flat(a), _flat(b)
    return [
        {"key": key, "a": left.get(key), "b": right.get(key)}
        for key in sorted({*left, *right})
        if key not in left or key not in right or left[key] != right[key]
    ]


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}"


def _difference(method: str, group: str, a: Values, b: Values, clips: dict[str, frozenset[str]]) -> dict:
    """Return the line of a method on the sources of a group that both runs have."""
    shared = [source for source in a if source in b]
    found = paired_difference(b, a, generator=generator(0, "compare", method, group), clips=clips)
    means = [float(np.mean([run[source] for source in shared])) for run in (a, b)]
    return {
        "method": method,
        "group": group,
        "n": found.n,
        "n_mixtures": found.n_mixtures,
        "n_clips": found.n_clips,
        "mean_a": _cell(means[0]),
        "mean_b": _cell(means[1]),
        "difference_mean": _cell(found.mean),
        "low": _cell(found.low),
        "high": _cell(found.high),
        "wins": _cell(found.wins),
        "ties": _cell(found.ties),
    }


def _differences(a: Run, b: Run, shared: set[str], measure: str) -> list[dict]:
    lines = []
    for method in (name for name in a.methods if name in b.methods):
        left, right = a.values(method, measure), b.values(method, measure)
        for group in dict.fromkeys(a.groups[content] for content in a.groups if content in shared):
            own = {source: value for source, value in left.items() if a.groups[source[0]] == group}
            if own.keys() & right.keys():
                lines.append(_difference(method, group, own, right, a.clips))
    return lines


def compare_runs(a: Run, b: Run, measure: str = "sdr") -> dict:
    """Compare two runs, method by method and group by group.

    Parameters
    ----------
    a, b : Run
    measure : str
        A column of ``scores.tsv``, in dB; of SIR and SAR the sources are left out that have no estimate.

    Returns
    -------
    dict
        For JSON: ``measure``; ``a`` and ``b``, each with ``folder``, ``version``, ``commit``, ``recorded``
        (whether its settings are known), and what it has alone: ``methods`` and the number of ``mixtures``;
        ``mixtures``, the number that both have; ``differences``, lines with the keys
        ``DIFFERENCE_COLUMNS``, where a positive difference means that the second run's value is higher,
        ``wins`` is the share of sources where it is, and the interval is of 95 % with clips drawn;
        ``settings`` as `differing_settings` returns, and ``data``, the names of the digests that differ.
        The last two are empty unless both runs have a record.

    Raises
    ------
    ObjectsoundsError
        If they share no mixture or no method.
    """
    shared = a.clips.keys() & b.clips.keys()
    if not shared:
        raise ObjectsoundsError(
            f"{a.folder} and {b.folder} share no mixture of the same clips and objects: compare runs of the "
            "same test clips, classes, seed and mixtures."
        )
    if not set(a.methods) & set(b.methods):
        raise ObjectsoundsError(
            f"{a.folder} and {b.folder} share no method ({', '.join(a.methods)}; {', '.join(b.methods)}): "
            "run one with a method of the other."
        )
    told = bool(a.record and b.record)
    data = [run.record["data"] if told else {} for run in (a, b)]
    return {
        "measure": measure,
        "a": _alone(a, b),
        "b": _alone(b, a),
        "mixtures": len(shared),
        "differences": _differences(a, b, set(shared), measure),
        "settings": differing_settings(a.record["settings"], b.record["settings"]) if told else [],
        "data": sorted(name for name in {*data[0], *data[1]} if data[0].get(name) != data[1].get(name)),
    }


def _alone(run: Run, other: Run) -> dict:
    """Return what a run is, and what the other has not."""
    return {
        "folder": str(run.folder),
        "version": run.record.get("objectsounds"),
        "commit": run.record.get("commit"),
        "recorded": bool(run.record),
        "methods": [name for name in run.methods if name not in other.methods],
        "mixtures": len(run.clips.keys() - other.clips.keys()),
    }
