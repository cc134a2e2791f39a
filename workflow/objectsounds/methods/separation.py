"""One mixture separated by one method, at the method's own rate."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from objectsounds.config.method_table import Method
from objectsounds.core.seeds import seed_of
from objectsounds.core.tables import join_names, split_names
from objectsounds.data.bags import Bags
from objectsounds.data.block_files import read_block_wav
from objectsounds.dictionaries.file import Dictionary
from objectsounds.media.wav import resampled
from objectsounds.methods.guided_masks import bases_at
from objectsounds.methods.problem import Problem
from objectsounds.signal.transforms import transform_of

SILENT = 1e-8


def detected_objects(bags: Bags, clip_ids: list[str]) -> list[str]:
    """Return the objects detected in any of the clips: their visual labels, max-pooled (Gao 4.4)."""
    rows = [bags.clip_ids.index(clip_id) for clip_id in clip_ids]
    found = bags.targets[rows].max(axis=0)
    return [name for name, hit in zip(bags.objects, found, strict=True) if hit]


def showing_clips(bags: Bags, clip_ids: list[str], objects: list[str]) -> dict[str, str]:
    """Return for each detected object the clip in which it is seen, of several that where it is surest."""
    rows = [bags.clip_ids.index(clip_id) for clip_id in clip_ids]
    sure = np.where(bags.targets[rows] > 0, bags.probabilities[rows], -1.0)
    return {name: clip_ids[int(sure[:, bags.objects.index(name)].argmax())] for name in objects}


def fallback_reason(
    name: str, asked: list[str], left_out: dict[str, str], estimates: dict[str, np.ndarray]
) -> str:
    """Return why a true object gets the unprocessed mixture as its estimate; empty if it does not.

    ``left_out`` says of the objects that were asked for and have no estimate why.
    """
    if name in estimates:
        return "" if np.sqrt(np.mean(np.square(estimates[name]))) > SILENT else "silent estimate"
    return left_out.get(name, "no estimate" if name in asked else "not detected")


def dictionary_at(rate: int, dictionary: Dictionary, settings: dict, learnt_rate: int) -> Dictionary:
    """Return a dictionary with its bases for sounds of another rate (Hz); see `bases_at`."""

    def moved() -> Dictionary:
        return replace(dictionary, bases=bases_at(rate, dictionary.bases.T, settings, learnt_rate).T, made={})

    return dictionary.once(("rate", rate, learnt_rate), moved)


def read_mixture(folder: Path, row: dict) -> tuple[np.ndarray, int, dict[str, np.ndarray]]:
    """Return a mixture of a block [shape=(T,)], its rate in Hz, and the references by object [shape=(T,)]."""
    mixture, rate = read_block_wav(folder / row["mixture"] / "mixture.wav")
    references = {
        name: read_block_wav(folder / row["mixture"] / f"reference_{number}.wav")[0]
        for number, name in enumerate(split_names(row["objects"]), start=1)
    }
    return mixture, rate, references


def function_of(method: Method) -> Callable[[Problem], dict[str, np.ndarray]]:
    """Return the function behind a method."""
    module, _, function = method.function.partition(".")
    return getattr(importlib.import_module(f"objectsounds.methods.{module}"), function)


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
    mixture, rate, references = read_mixture(folder, row)
    true, clips = list(references), split_names(row["clips"])
    objects = detected_objects(bags, clips) if method.detects else true
    alone = model is not None and method.dictionary is None  # not beside bases
    own = model.rate if alone else min(settings["separate"]["rate"] or rate, rate)
    heard = resampled(mixture, rate, own)
    problem = Problem(
        heard,
        objects,
        transform_of(settings, own),
        settings["separate"],
        dictionary=dictionary_at(own, dictionary, settings, rate) if dictionary is not None else None,
        references={} if method.guided else {n: resampled(x, rate, own) for n, x in references.items()},
        rate=own,
        seed=seed_of(settings["seed"], "separate", row["mixture"]),
        clips=clips,
        clip_of=showing_clips(bags, clips, objects)
        if method.detects
        else dict(zip(true, clips, strict=True)),
        model=model,
        sources=len(true),
    )
    estimates = function_of(method)(problem)
    estimates = {name: resampled(sound, own, rate, len(mixture)) for name, sound in estimates.items()}
    rows = estimate_rows(row["mixture"], true, objects, problem.left_out, estimates, method.detects)
    return estimates, rows, rate


def estimate_rows(
    mixture: str,
    true: list[str],
    asked: list[str],
    left_out: dict[str, str],
    estimates: dict[str, np.ndarray],
    detects: bool,
) -> list[dict]:
    """Return the rows of ``estimates.tsv``: the true objects, then what was detected beside them."""
    rows, detected = [], join_names(asked) if detects else ""
    for name in true + [extra for extra in estimates if extra not in true]:
        reason = fallback_reason(name, asked, left_out, estimates) if name in true else ""
        file = f"{mixture}/{name}.wav" if name in estimates else ""
        cells = {"mixture": mixture, "object": name, "file": file}
        rows.append(cells | {"fallback": reason, "detected": detected})
    return rows
