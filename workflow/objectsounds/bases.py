"""Stage ``bases``: each clip's spectrogram is factored into M bases; H is thrown away (Gao 3.1)."""

import logging
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from objectsounds.hdf5 import describe, new_hdf5
from objectsounds.nmf import factorize
from objectsounds.seeds import generator
from objectsounds.status import good_clips, read_audio
from objectsounds.transforms import transform_of

STAGE_VERSION = 1

log = logging.getLogger(__name__)


def bases_of(waveform: np.ndarray, rate: int, clip_id: str, settings: dict):
    """Factor one clip (Gao eq. 2).

    Parameters
    ----------
    waveform : np.ndarray [shape=(T,)]
    rate : int
        Hz.
    clip_id : str
        Seeds the starting point, so that a clip's bases do not depend on its shard.
    settings : dict
        Keys ``seed`` and ``bases``.

    Returns
    -------
    objectsounds.nmf.Factorization
        ``bases`` of shape=(F, M), as scaled by the factorisation.
    """
    options = settings["bases"]
    magnitude = np.abs(transform_of(settings, rate).forward(waveform))
    return factorize(
        magnitude,
        options["count"],
        generator=generator(settings["seed"], "bases", clip_id),
        iterations=options["iterations"],
        tolerance=options["tolerance"],
    )


def make_bases(settings: dict, status: str | Path, output: str | Path, progress: Callable = iter) -> None:
    """Factor the good clips of one shard.

    Writes an HDF5 file with datasets ``clip_id`` (n,), ``bases`` (n, F, M) float32, one clip a
    chunk, ``divergence`` (n,), ``iterations`` (n,) and ``frames`` (n,), the number N of frames.
    """
    rows = good_clips(status)
    with new_hdf5(output) as file:
        describe(file, settings, STAGE_VERSION)
        file.create_dataset("clip_id", data=[row["clip_id"] for row in rows], dtype=h5py.string_dtype())
        measures = {name: np.zeros(len(rows)) for name in ("divergence", "iterations", "frames")}
        for index, row in enumerate(progress(rows)):
            result = bases_of(*read_audio(status, row), row["clip_id"], settings)
            if index == 0:
                shape = result.bases.shape
                file.create_dataset("bases", (len(rows), *shape), "float32", chunks=(1, *shape))
            file["bases"][index] = result.bases
            measures["divergence"][index] = result.divergence
            measures["iterations"][index] = result.iterations
            measures["frames"][index] = result.activations.shape[1]
        if not rows:
            file.create_dataset("bases", (0, 0, settings["bases"]["count"]), "float32")
        for name, values in measures.items():
            file.create_dataset(name, data=values)
    log.info("%d clips, %.0f iterations on average", len(rows), measures["iterations"].mean() if rows else 0)
