"""Stage ``score``: BSS-EVAL of every estimate against its reference.

Conventions: all measures in dB. The matching of estimates to references is fixed, a method must know
which object is which; only methods that cannot know it are also scored with the best matching. The
unprocessed mixture stands in for an estimate that is missing or silent.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from objectsounds.config.external_table import check_external, completed, register
from objectsounds.config.method_table import method_of
from objectsounds.core.arguments import ONE
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import is_of_this_run
from objectsounds.core.progress import tracker
from objectsounds.core.tables import join_names, split_names, write_table
from objectsounds.data.block_files import read_block_table, read_block_wav
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.data.score_tables import COLUMNS
from objectsounds.signal.bss_eval import BY_ENGINE, bss_eval_by_window
from objectsounds.signal.measures import MEASURES
from objectsounds.stages.separate import COLUMNS as ESTIMATE_COLUMNS
from objectsounds.stages.separate_external import separate_external

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
    window_seconds: float | None = None,
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
    window_seconds : float, optional
        Length of the windows over which SDR, SIR and SAR are medians; else they are of the whole sounds.
    """
    objects, clips = split_names(row["objects"]), split_names(row["clips"])
    mixture, rate = read_block_wav(mixtures / row["mixture"] / "mixture.wav", "float64")
    numbers = range(1, len(objects) + 1)
    references = np.stack([_read(mixtures, f"{row['mixture']}/reference_{number}.wav") for number in numbers])
    guesses = np.stack(
        [
            mixture if estimates[name]["fallback"] else _read(separated, estimates[name]["file"])
            for name in objects
        ]
    )
    score = BY_ENGINE[engine]
    if window_seconds:
        score = partial(bss_eval_by_window, score, samples=round(window_seconds * rate))
    sdr, sir, sar, taken = score(references, guesses, best_matching)
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
        Keys ``score.engine`` and ``score.window_seconds``.
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
    rows, how = [], (settings["score"]["engine"], settings["score"]["window_seconds"])
    best = method_of(method).best_matching
    for row in progress(read_block_table(mixtures / "mixtures.tsv", MIXTURE_COLUMNS)):
        for scored in score_mixture(row, by_mixture[row["mixture"]], mixtures, separated, best, *how):
            rows.append({"method": method} | {key: _cell(value) for key, value in scored.items()})
    write_table(output, COLUMNS, rows)


def score_folder(
    settings: dict,
    method: str,
    mixtures: str | Path,
    separated: str | Path,
    output: str | Path,
    progress: Callable = iter,
) -> None:
    """Score a person's folder of estimates, ``<mixture>/<object>.wav``, of a block of mixtures.

    Parameters
    ----------
    settings : dict
        Keys ``seed`` and ``score.engine``.
    method : str
        What the table calls it.
    mixtures, separated : path
        The block's folder, and the person's.
    output : path
        As `score_block`.

    Raises
    ------
    ObjectsoundsError
        If it holds an estimate of none of the mixtures, or the name is a method's of this project.
    """
    rows = read_block_table(Path(mixtures) / "mixtures.tsv", MIXTURE_COLUMNS)
    files = [f"{row['mixture']}/{name}.wav" for row in rows for name in split_names(row["objects"])]
    if not any((Path(separated) / file).is_file() for file in files):
        example = f", as {files[0]}" if files else ""
        raise ObjectsoundsError(
            f"{separated} holds no estimate of a mixture of {mixtures}; put them there as "
            f"<mixture>/<object>.wav{example}."
        )
    declared = completed({method: {"estimates": str(separated), "objects": "named"}})
    check_external(declared)
    register(declared)
    with tempfile.TemporaryDirectory() as place:
        taken = Path(place) / "separated"
        separate_external({"seed": settings["seed"], "external": declared}, method, mixtures, taken)
        score_block(settings, method, mixtures, taken, output, progress)


def _cell(value: object) -> object:
    return f"{value:.4f}" if isinstance(value, float) else value


OPTIONS = {"method": ONE, "mixtures": ONE, "separated": ONE, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does; a folder that is not of a run is a person's."""
    own = is_of_this_run(args.separated) or (Path(args.separated) / "estimates.tsv").exists()
    scored = score_block if own else score_folder
    scored(settings, args.method, args.mixtures, args.separated, args.output, tracker(args.method))
