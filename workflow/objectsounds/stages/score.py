"""Stage ``score``: BSS-EVAL of every estimate against its reference.

Conventions: all measures in dB. The matching of estimates to references is fixed, a method must know
which object is which; only methods that cannot know it are also scored with the best matching. The
unprocessed mixture stands in for an estimate that is missing or silent.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from objectsounds.config.method_table import method_of
from objectsounds.core.arguments import ONE
from objectsounds.core.progress import tracker
from objectsounds.core.tables import join_names, split_names, write_table
from objectsounds.data.block_files import read_block_table, read_block_wav
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.data.score_tables import COLUMNS
from objectsounds.signal.bss_eval import BY_ENGINE
from objectsounds.signal.measures import MEASURES
from objectsounds.stages.separate import COLUMNS as ESTIMATE_COLUMNS

STAGE_VERSION = 4


def _read(folder: Path, name: str) -> np.ndarray:
    return read_block_wav(folder / name, "float64")[0]


def score_mixture(
    row: dict,
    estimates: dict[str, dict],
    mixtures: Path,
    separated: Path,
    best_matching: bool = False,
    engine: str = "fast",
) -> list[dict]:
    """Score one mixture: a row for each true object.

    Parameters
    ----------
    row : dict
        The mixture's row of the table of mixtures.
    estimates : dict
        Object to its row of ``estimates.tsv``.
    mixtures, separated : Path
        The block's folders.
    best_matching : bool
        See `bss_eval`.
    engine : str
        A key of ``bss_eval.BY_ENGINE``.
    """
    objects, clips = split_names(row["objects"]), split_names(row["clips"])
    mixture = _read(mixtures, f"{row['mixture']}/mixture.wav")
    numbers = range(1, len(objects) + 1)
    references = np.stack([_read(mixtures, f"{row['mixture']}/reference_{number}.wav") for number in numbers])
    guesses = np.stack(
        [
            mixture if estimates[name]["fallback"] else _read(separated, estimates[name]["file"])
            for name in objects
        ]
    )
    sdr, sir, sar, taken = BY_ENGINE[engine](references, guesses, best_matching)
    extra = len([name for name in estimates if name not in objects])
    return [
        {
            "group": row["group"],
            "mixture": row["mixture"],
            "object": name,
            "clip": clips[index],
            "other": join_names(other for other in objects if other != name),
            "sdr": sdr[index],
            "sir": sir[index],
            "sar": sar[index],
            **{
                measure: item.function(references[index], guesses[taken[index]])
                for measure, item in MEASURES.items()
            },
            "sdr_improvement": "",
            "fallback": estimates[objects[taken[index]]]["fallback"],
            "n_extra": extra,
        }
        for index, name in enumerate(objects)
    ]


def score_block(
    settings: dict,
    method: str,
    mixtures: str | Path,
    separated: str | Path,
    output: str | Path,
    progress: Callable = iter,
) -> None:
    """Score a block of one method's estimates: a row per mixture and source.

    Parameters
    ----------
    settings : dict
        Key ``score.engine``.
    method : str
    mixtures, separated : path
        The block's folders of mixtures and of estimates.
    output : path
        TSV with the columns ``COLUMNS``; SDR, SIR, SAR and SI-SDR in dB. ``sdr_improvement`` stays
        empty: ``make_tables`` knows the unprocessed mixture's SDR.
    """
    mixtures, separated = Path(mixtures), Path(separated)
    by_mixture: dict[str, dict] = {}
    for row in read_block_table(separated / "estimates.tsv", ESTIMATE_COLUMNS):
        by_mixture.setdefault(row["mixture"], {})[row["object"]] = row
    rows, engine = [], settings["score"]["engine"]
    best = method_of(method).best_matching
    for row in progress(read_block_table(mixtures / "mixtures.tsv", MIXTURE_COLUMNS)):
        for scored in score_mixture(row, by_mixture[row["mixture"]], mixtures, separated, best, engine):
            rows.append({"method": method} | {key: _cell(value) for key, value in scored.items()})
    write_table(output, COLUMNS, rows)


def _cell(value: object) -> object:
    return f"{value:.4f}" if isinstance(value, float) else value


OPTIONS = {"method": ONE, "mixtures": ONE, "separated": ONE, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    score_block(settings, args.method, args.mixtures, args.separated, args.output, tracker(args.method))
