"""Scores summarised per method and group."""

import numpy as np

from objectsounds.core.seeds import generator
from objectsounds.core.tables import split_names
from objectsounds.signal.measures import MEASURES
from objectsounds.signal.statistics import bootstrap_interval, clips_of_mixtures

MEASURED = ("sdr", "sir", "sar", *MEASURES, "sdr_improvement")
COLUMNS = ("method", "group", "mixture", "object", "clip", "other", *MEASURED, "fallback", "n_extra")
SUMMARY_COLUMNS = (
    "method",
    "group",
    "n",
    "sdr_mean",
    "sdr_low",
    "sdr_high",
    "sdr_median",
    "sir_mean",
    "sar_mean",
    *(f"{name}_mean" for name in MEASURES),
    "sdr_improvement_mean",
    "n_mixtures",
    "n_fallback",
    "sdr_mean_separated",
    "n_extra",
    "fallback_reasons",
)


def add_improvement(rows: list[dict]) -> None:
    """Fill in ``sdr_improvement``, the SDR above that of method ``mixture``, where that method was run."""
    before = {
        (row["mixture"], row["object"]): float(row["sdr"]) for row in rows if row["method"] == "mixture"
    }
    for row in rows:
        start = before.get((row["mixture"], row["object"]))
        row["sdr_improvement"] = "" if start is None else f"{float(row['sdr']) - start:.4f}"


def _mean(values: list[float]) -> str:
    return f"{np.mean(values):.3f}" if values else ""


def _interval(rows: list[dict], seed: int, method: str, group: str) -> tuple[str, str]:
    """Return the 95 % bootstrap interval of the mean SDR; clips are drawn, as they recur in mixtures."""
    clips = clips_of_mixtures(rows)
    mixtures = [row["mixture"] for row in rows]
    bounds = bootstrap_interval(
        [float(row["sdr"]) for row in rows],
        mixtures,
        generator=generator(seed, "statistics", "mean", method, group),
        clips=[clips[mixture] for mixture in mixtures],
    )
    return tuple("" if np.isnan(bound) else f"{bound:.3f}" for bound in bounds)


def summarise(method: str, group: str, rows: list[dict], seed: int = 0) -> dict:
    """Return one line of the summary; a group without mixtures has n = 0 and empty cells.

    SIR and SAR are means over the sources that were separated: the unprocessed mixture that stands in
    for a fallback has no artefacts at all, which says nothing.
    """
    parts = [row for row in rows if not row["fallback"]]
    values = {
        name: [float(row[name]) for row in (parts if name in ("sir", "sar") else rows) if row[name] != ""]
        for name in MEASURED
    }
    separated = [float(row["sdr"]) for row in parts]
    low, high = _interval(rows, seed, method, group)
    reasons: dict[str, int] = {}
    for row in rows:
        for reason in split_names(row["fallback"]):
            reasons[reason] = reasons.get(reason, 0) + 1
    mixtures = {row["mixture"]: int(row["n_extra"]) for row in rows}
    return {
        "method": method,
        "group": group,
        "n": len(rows),
        "sdr_mean": _mean(values["sdr"]),
        "sdr_low": low,
        "sdr_high": high,
        "sdr_median": f"{np.median(values['sdr']):.3f}" if rows else "",
        "sir_mean": _mean(values["sir"]),
        "sar_mean": _mean(values["sar"]),
        **{f"{name}_mean": _mean(values[name]) for name in MEASURES},
        "sdr_improvement_mean": _mean(values["sdr_improvement"]),
        "n_mixtures": len(mixtures),
        "n_fallback": len(rows) - len(separated),
        "sdr_mean_separated": _mean(separated),
        "n_extra": sum(mixtures.values()),
        "fallback_reasons": "; ".join(f"{reason}: {count}" for reason, count in sorted(reasons.items())),
    }
