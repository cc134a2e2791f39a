"""Stage ``separate``: one method on one block of mixtures."""

import importlib
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from objectsounds.audio import resampled, write_wav
from objectsounds.block_files import read_block_table, read_block_wav
from objectsounds.dataset import Bags, open_dataset
from objectsounds.dictionaries import Dictionary, read_dictionary
from objectsounds.files import folder_written_whole
from objectsounds.guided_masks import bases_at
from objectsounds.methods import Problem
from objectsounds.mixtures import MIXTURE_COLUMNS
from objectsounds.registry import Method, method_of
from objectsounds.seeds import seed_of
from objectsounds.tables import join_names, split_names, write_table
from objectsounds.transforms import transform_of

STAGE_VERSION = 4
COLUMNS = ("mixture", "object", "file", "fallback", "detected")
SILENT = 1e-8

log = logging.getLogger(__name__)


def detected_objects(bags: Bags, clip_ids: list[str]) -> list[str]:
    """Return the objects detected in any of the clips: their visual labels, max-pooled (Gao 4.4)."""
    rows = [bags.clip_ids.index(clip_id) for clip_id in clip_ids]
    found = bags.targets[rows].max(axis=0)
    return [name for name, hit in zip(bags.objects, found, strict=True) if hit]


def fallback_reason(name: str, problem: Problem, estimates: dict[str, np.ndarray]) -> str:
    """Return why a true object gets the unprocessed mixture as its estimate; empty if it does not."""
    if name in estimates:
        return "" if np.sqrt(np.mean(np.square(estimates[name]))) > SILENT else "silent estimate"
    return problem.left_out.get(name, "no estimate" if name in problem.objects else "not detected")


def dictionary_at(rate: int, words: Dictionary, settings: dict, learnt_rate: int) -> Dictionary:
    """Return a dictionary with its bases for sounds of another rate (Hz); see `bases_at`."""
    return replace(words, bases=bases_at(rate, words.bases.T, settings, learnt_rate).T)


def _read_mixture(folder: Path, row: dict) -> tuple[np.ndarray, int, dict[str, np.ndarray]]:
    mixture, rate = read_block_wav(folder / row["mixture"] / "mixture.wav")
    references = {
        name: read_block_wav(folder / row["mixture"] / f"reference_{number}.wav")[0]
        for number, name in enumerate(split_names(row["objects"]), start=1)
    }
    return mixture, rate, references


def separate_mixture(
    method: Method,
    settings: dict,
    folder: Path,
    row: dict,
    dictionary: Dictionary | None,
    bags: Bags | None,
    model: object | None = None,
) -> tuple[dict[str, np.ndarray], list[dict], int]:
    """Separate one mixture, at the method's own rate; estimates are brought back to the mixture's.

    Returns
    -------
    estimates : dict
        Object to waveform [shape=(T,)].
    rows : list of dict
        One per true object and per object that was detected beside them, with the reason of a fallback.
    rate : int
        Hz.
    """
    mixture, rate, references = _read_mixture(folder, row)
    true, clips = list(references), split_names(row["clips"])
    objects = detected_objects(bags, clips) if method.detects else true
    own = model.rate if model is not None else settings["separate"]["rate"] or rate
    heard = resampled(mixture, rate, own)
    problem = Problem(heard, objects, transform_of(settings, own), settings["separate"], model=model)
    problem.rate, problem.seed = own, seed_of(settings["seed"], "separate", row["mixture"])
    problem.clips, problem.sources = clips, len(true)
    if dictionary is not None:
        problem.dictionary = dictionary_at(own, dictionary, settings, rate)
    if not method.guided:
        problem.references = {name: resampled(sound, rate, own) for name, sound in references.items()}
    module, _, function = method.function.partition(".")
    estimates = getattr(importlib.import_module(f"objectsounds.{module}"), function)(problem)
    estimates = {name: resampled(sound, own, rate, len(mixture)) for name, sound in estimates.items()}
    return estimates, _rows(row["mixture"], true, problem, estimates, method.detects), rate


def _rows(mixture: str, true: list[str], problem: Problem, estimates: dict, detects: bool) -> list[dict]:
    """Return the rows of ``estimates.tsv``: the true objects, then what was detected beside them."""
    rows, detected = [], join_names(problem.objects) if detects else ""
    for name in true + [extra for extra in estimates if extra not in true]:
        reason = fallback_reason(name, problem, estimates) if name in true else ""
        file = f"{mixture}/{name}.wav" if name in estimates else ""
        cells = {"mixture": mixture, "object": name, "file": file}
        rows.append(cells | {"fallback": reason, "detected": detected})
    return rows


def _learned(settings: dict, method: Method, network: str | Path | None, frames: str | Path | None):
    """Return a learned method's model, None for other methods."""
    if method.network is None:
        return None
    from objectsounds.learned import load_learned

    return load_learned(settings, method, network, frames)


def separate_block(
    settings: dict,
    name: str,
    mixtures: str | Path,
    output: str | Path,
    dictionary: str | Path | None = None,
    test: str | Path | None = None,
    progress: Callable = iter,
    network: str | Path | None = None,
    frames: str | Path | None = None,
) -> None:
    """Separate the mixtures of a block.

    Parameters
    ----------
    settings : dict
        Keys ``separate`` and the transform's in ``bases``.
    name : str
        The method, perhaps with its variant.
    mixtures : path
        A block's folder.
    output : path
        Folder to write: ``estimates.tsv`` and ``<mixture>/<object>.wav``, 32-bit float.
    dictionary, test : path, optional
        For guided methods: the dictionary, and the aggregated HDF5 with the test clips' visual labels.
    progress : callable
        Wraps the mixtures.
    network, frames : path, optional
        For learned methods: the trained network, and what the frame network says of the test clips.
    """
    method = method_of(name)
    words = read_dictionary(dictionary) if dictionary else None
    bags = open_dataset(test, bases=False) if test else None
    model = _learned(settings, method, network, frames)
    mixtures = Path(mixtures)
    table = []
    with folder_written_whole(output) as folder:
        for row in progress(read_block_table(mixtures / "mixtures.tsv", MIXTURE_COLUMNS)):
            estimates, rows, rate = separate_mixture(method, settings, mixtures, row, words, bags, model)
            (folder / row["mixture"]).mkdir()
            for object_name, waveform in estimates.items():
                write_wav(folder / row["mixture"] / f"{object_name}.wav", waveform, rate)
            table += rows
        write_table(folder / "estimates.tsv", COLUMNS, table)
    fallbacks = sum(bool(row["fallback"]) for row in table)
    log.info("%s: %d estimates, %d fallbacks to the mixture", name, len(table), fallbacks)
