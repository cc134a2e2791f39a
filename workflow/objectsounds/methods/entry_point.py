"""Calls a Python function from outside of this project for a list of jobs.

``python -m`` with the function, settings and jobs: in a process of its own, so that a function that hangs or
brings Python down costs one mixture and no more.
"""

import importlib
import importlib.metadata
import json
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from objectsounds.config.external_table import GROUP
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.media.wav import read_wav, write_wav
from objectsounds.methods.external import REASON
from objectsounds.methods.problem import Problem
from objectsounds.signal.transforms import transform_of


def function_of(name: str) -> Callable[[Problem], dict | Iterable]:
    """Return the function of an entry point's name, or of ``module:function`` found from the working folder.

    Raises
    ------
    ObjectsoundsError
        If it cannot be imported.
    """
    module, _, attribute = name.partition(":")
    if not attribute:
        return importlib.metadata.entry_points(group=GROUP)[name].load()
    sys.path.insert(0, str(Path.cwd()))
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ObjectsoundsError(f"entry_point {name!r} cannot be imported: {error}") from error


def problem_of(job: dict, settings: dict) -> Problem:
    """Return the problem of a job's files."""
    mixture, rate = read_wav(job["mixture"])
    references = sorted(Path(job["references"]).glob("*.wav")) if "references" in job else []
    frames = Path(job["frames"]) if "frames" in job else None
    return Problem(
        mixture,
        job["objects"],
        transform_of(settings, rate),
        {},
        references={path.stem: read_wav(path)[0] for path in references},
        rate=rate,
        seed=job["seed"],
        sources=job["sources"],
        frames=sorted(str(path) for path in frames.rglob("*.jpg")) if frames else [],
    )


def named(estimates: dict | Iterable, objects: list[str]) -> dict[str, np.ndarray]:
    """Return estimates by object; a function may return them without names, in the objects' order."""
    if isinstance(estimates, dict):
        return {str(name): np.asarray(sound) for name, sound in estimates.items() if name in objects}
    return {name: np.asarray(sound) for name, sound in zip(objects, estimates, strict=False)}


def main(name: str, settings: str, jobs: str) -> None:
    """Call the function for each job; where it raises, say what and go on: that mixture has no estimate."""
    function = function_of(name)
    for job in json.loads(Path(jobs).read_text(encoding="utf-8")):
        problem = problem_of(job, json.loads(settings))
        try:
            estimates = named(function(problem), problem.objects)
        except Exception as error:
            traceback.print_exc()
            (Path(job["output"]) / REASON).write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
            continue
        for estimate, waveform in estimates.items():
            write_wav(Path(job["output"]) / f"{estimate}.wav", waveform, problem.rate)


if __name__ == "__main__":
    main(*sys.argv[1:])
