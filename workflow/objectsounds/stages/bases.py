"""Stage ``bases``: each clip's spectrogram is factored into M bases; H is thrown away (Gao 3.1)."""

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import h5py
import numpy as np

from objectsounds.core.arguments import ONE
from objectsounds.core.hdf5 import describe, new_hdf5
from objectsounds.core.progress import tracker
from objectsounds.core.seeds import generator
from objectsounds.data.status import good_clips, read_audio
from objectsounds.signal.nmf import Factorization, factorize
from objectsounds.signal.nmf_reference import factorize_by_scikit_learn
from objectsounds.signal.transforms import transform_of

STAGE_VERSION = 2
STORED = {"half": "float16", "single": "float32"}

log = logging.getLogger(__name__)


def bases_of(clips: Iterable[tuple[str, np.ndarray, int]], settings: dict) -> Iterator[Factorization]:
    """Factor clips (Gao eq. 2).

    Parameters
    ----------
    clips : iterable of (str, np.ndarray [shape=(T,)], int)
        The clip's name, which seeds its starting point, so that a clip's bases do not depend on its shard;
        its waveform; its sample rate in Hz.
    settings : dict
        Keys ``seed`` and ``bases``.

    Yields
    ------
    objectsounds.signal.nmf.Factorization
        ``bases`` of shape=(F, M).
    """
    options = settings["bases"]
    arguments = {name: options[name] for name in ("count", "iterations", "tolerance")}
    seed = settings["seed"]
    problems = (
        (np.abs(transform_of(settings, rate).forward(waveform)), generator(seed, "bases", clip_id))
        for clip_id, waveform, rate in clips
    )
    if options["solver"] == "fast" and options["device"] != "cpu":
        yield from _on_device(problems, options["device"], arguments)
        return
    solve = factorize if options["solver"] == "fast" else factorize_by_scikit_learn
    for magnitude, drawn in problems:
        yield solve(magnitude, generator=drawn, **arguments)


def _on_device(problems: Iterable, name: str, arguments: dict) -> Iterator[Factorization]:
    from objectsounds.core.devices import choose_device
    from objectsounds.signal.nmf_batch import BATCH, factorize_batch

    device = choose_device(name, "bases.device")
    problems = iter(problems)
    while batch := list(islice(problems, BATCH)):
        magnitudes, drawn = (list(column) for column in zip(*batch, strict=True))
        yield from factorize_batch(magnitudes, generators=drawn, device=device, **arguments)


def make_bases(settings: dict, status: str | Path, output: str | Path, progress: Callable = iter) -> None:
    """Factor the good clips of one shard.

    Writes an HDF5 file with datasets ``clip_id`` (n,), ``bases`` (n, F, M), one clip a chunk, in
    float16 or float32 (``bases.stored``), ``divergence`` (n,), ``iterations`` (n,) and ``frames`` (n,),
    the number N of frames.
    """
    rows, stored = good_clips(status), STORED[settings["bases"]["stored"]]
    with new_hdf5(output) as file:
        describe(file, settings, STAGE_VERSION)
        file.create_dataset("clip_id", data=[row["clip_id"] for row in rows], dtype=h5py.string_dtype())
        measures = {name: np.zeros(len(rows)) for name in ("divergence", "iterations", "frames")}
        clips = ((row["clip_id"], *read_audio(status, row)) for row in progress(rows))
        for index, result in enumerate(bases_of(clips, settings)):
            if index == 0:
                shape = result.bases.shape
                file.create_dataset("bases", (len(rows), *shape), stored, chunks=(1, *shape))
            file["bases"][index] = result.bases
            measures["divergence"][index] = result.divergence
            measures["iterations"][index] = result.iterations
            measures["frames"][index] = result.activations.shape[1]
        if not rows:
            file.create_dataset("bases", (0, 0, settings["bases"]["count"]), stored)
        for name, values in measures.items():
            file.create_dataset(name, data=values)
    log.info("%d clips, %.0f iterations on average", len(rows), measures["iterations"].mean() if rows else 0)


OPTIONS = {"status": ONE, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    make_bases(settings, args.status, args.output, tracker("bases"))
