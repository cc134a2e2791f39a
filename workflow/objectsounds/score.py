"""Stage ``score``: BSS-EVAL of every estimate against its reference, and the tables made of it.

Conventions: all measures in dB. The matching of estimates to references is fixed, a method must know
which object is which. The unprocessed mixture stands in for an estimate that is missing or silent.
"""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from objectsounds.audio import read_wav
from objectsounds.files import reading
from objectsounds.mixtures import PAIR_COLUMNS, groups_of
from objectsounds.separate import COLUMNS as ESTIMATE_COLUMNS
from objectsounds.tables import read_table, split_names, write_table

STAGE_VERSION = 1
MEASURES = ("sdr", "sir", "sar", "si_sdr", "sdr_improvement")
COLUMNS = ("method", "group", "mixture", "object", "clip", "other", *MEASURES, "fallback", "n_extra")
SUMMARY_COLUMNS = (
    "method",
    "group",
    "n",
    "sdr_mean",
    "sdr_median",
    "sir_mean",
    "sar_mean",
    "si_sdr_mean",
    "sdr_improvement_mean",
    "n_mixtures",
    "n_fallback",
    "sdr_mean_separated",
    "n_extra",
    "fallback_reasons",
)

log = logging.getLogger(__name__)


def bss_eval(references: np.ndarray, estimates: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return SDR, SIR and SAR in dB, each of shape=(J,), by mir_eval with the fixed matching.

    Parameters
    ----------
    references, estimates : np.ndarray [shape=(J, T)]
        None of them silent.
    """
    import mir_eval

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # mir_eval.separation leaves in 0.9: we pin below it
        sdr, sir, sar, _ = mir_eval.separation.bss_eval_sources(
            references, estimates, compute_permutation=False
        )
    return sdr, sir, sar


def si_sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Return the scale-invariant SDR in dB of waveforms of shape=(T,) (Le Roux et al. 2019)."""
    reference, estimate = np.asarray(reference, np.float64), np.asarray(estimate, np.float64)
    target = reference * (estimate @ reference) / (reference @ reference)
    noise = estimate - target
    return float(10 * np.log10((target @ target) / max(noise @ noise, np.finfo(float).tiny)))


def _read(folder: Path, name: str) -> np.ndarray:
    with reading(folder):
        return read_wav(folder / name, "float64")[0]


def score_mixture(row: dict, estimates: dict[str, dict], mixtures: Path, separated: Path) -> list[dict]:
    """Score one mixture: a row for each true object.

    Parameters
    ----------
    row : dict
        The mixture's row of the pair table.
    estimates : dict
        Object to its row of ``estimates.tsv``.
    mixtures, separated : Path
        The block's folders.
    """
    objects, clips = [row["object_1"], row["object_2"]], [row["clip_1"], row["clip_2"]]
    mixture = _read(mixtures, f"{row['mixture']}/mixture.wav")
    references = np.stack([_read(mixtures, f"{row['mixture']}/reference_{number}.wav") for number in (1, 2)])
    guesses = np.stack(
        [
            mixture if estimates[name]["fallback"] else _read(separated, estimates[name]["file"])
            for name in objects
        ]
    )
    measures = bss_eval(references, guesses)
    extra = len([name for name in estimates if name not in objects])
    return [
        {
            "group": row["group"],
            "mixture": row["mixture"],
            "object": name,
            "clip": clips[index],
            "other": objects[1 - index],
            "sdr": measures[0][index],
            "sir": measures[1][index],
            "sar": measures[2][index],
            "si_sdr": si_sdr(references[index], guesses[index]),
            "sdr_improvement": "",
            "fallback": estimates[name]["fallback"],
            "n_extra": extra,
        }
        for index, name in enumerate(objects)
    ]


def score_block(
    method: str, mixtures: str | Path, separated: str | Path, output: str | Path, progress: Callable = iter
) -> None:
    """Score a block of one method's estimates: a row per mixture and source.

    Parameters
    ----------
    method : str
    mixtures, separated : path
        The block's folders of mixtures and of estimates.
    output : path
        TSV with the columns ``COLUMNS``; SDR, SIR, SAR and SI-SDR in dB. ``sdr_improvement`` stays
        empty: ``make_tables`` knows the unprocessed mixture's SDR.
    """
    mixtures, separated = Path(mixtures), Path(separated)
    by_mixture: dict[str, dict] = {}
    for row in read_table(separated / "estimates.tsv", ESTIMATE_COLUMNS):
        by_mixture.setdefault(row["mixture"], {})[row["object"]] = row
    rows = []
    for row in progress(read_table(mixtures / "pairs.tsv", PAIR_COLUMNS)):
        for scored in score_mixture(row, by_mixture[row["mixture"]], mixtures, separated):
            rows.append({"method": method} | {key: _cell(value) for key, value in scored.items()})
    write_table(output, COLUMNS, rows)


def _cell(value: object) -> object:
    return f"{value:.4f}" if isinstance(value, float) else value


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


def summarise(method: str, group: str, rows: list[dict]) -> dict:
    """Return one line of the summary; a group without mixtures has n = 0 and empty cells."""
    values = {name: [float(row[name]) for row in rows if row[name] != ""] for name in MEASURES}
    separated = [float(row["sdr"]) for row in rows if not row["fallback"]]
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
        "sdr_median": f"{np.median(values['sdr']):.3f}" if rows else "",
        "sir_mean": _mean(values["sir"]),
        "sar_mean": _mean(values["sar"]),
        "si_sdr_mean": _mean(values["si_sdr"]),
        "sdr_improvement_mean": _mean(values["sdr_improvement"]),
        "n_mixtures": len(mixtures),
        "n_fallback": len(rows) - len(separated),
        "sdr_mean_separated": _mean(separated),
        "n_extra": sum(mixtures.values()),
        "fallback_reasons": "; ".join(f"{reason}: {count}" for reason, count in sorted(reasons.items())),
    }


def make_tables(
    classes: list[str], methods: list[str], blocks: list[str | Path], scores: str | Path, summary: str | Path
) -> None:
    """Join the blocks' scores and summarise them per method and group.

    Parameters
    ----------
    classes, methods : list of str
        The run's objects and the methods in the order of the tables.
    blocks : list of path
        The blocks' tables.
    scores, summary : path
        TSV files to write.
    """
    rows = [row for block in blocks for row in read_table(block, COLUMNS)]
    rows.sort(key=lambda row: (methods.index(row["method"]), row["mixture"]))
    add_improvement(rows)
    lines = []
    for method in methods:
        for group in groups_of(classes):
            lines.append(
                summarise(method, group, [r for r in rows if r["method"] == method and r["group"] == group])
            )
    write_table(scores, COLUMNS, rows)
    write_table(summary, SUMMARY_COLUMNS, lines)
