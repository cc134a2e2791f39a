"""Stage ``pixel_features``: what Sound of Pixels sees in all frames of each clip."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch

from objectsounds.core.arguments import MANY, ONE
from objectsounds.core.hdf5 import describe, new_hdf5
from objectsounds.core.progress import tracker
from objectsounds.data.status import clip_folder, good_clips
from objectsounds.networks.classifiers import normalised
from objectsounds.networks.frame_network import network_frames
from objectsounds.networks.sound_of_pixels import load_sound_of_pixels

STAGE_VERSION = 1


def write_pixel_features(
    settings: dict,
    network: str | Path,
    statuses: list[str],
    output: str | Path,
    progress: Callable = iter,
) -> None:
    """Write the features of the good clips of some shards.

    Parameters
    ----------
    settings : dict
        Key ``sound_of_pixels.threads``.
    network : path
    statuses : list of path
    output : path
        HDF5 with ``clip_id`` (n,) and ``features`` (n, K).
    progress : callable
        Wraps the shards.
    """
    torch.set_num_threads(settings["sound_of_pixels"]["threads"])
    trained = load_sound_of_pixels(network)
    size, count = trained.options["image_size"], trained.options["features"]
    ids, found = [], [np.empty((0, count), np.float32)]
    for status in progress(statuses):
        for row in good_clips(status):
            pictures = normalised(network_frames(clip_folder(status, row), size))
            ids.append(row["clip_id"])
            with torch.inference_mode():
                found.append(trained.network.seen(pictures[None]).numpy())
    with new_hdf5(output) as file:
        describe(file, settings, STAGE_VERSION)
        file.create_dataset("clip_id", data=ids, dtype=h5py.string_dtype())
        file.create_dataset("features", data=np.concatenate(found))


OPTIONS = {"network": ONE, "status": MANY, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    write_pixel_features(settings, args.network, args.status, args.output, tracker("pixel_features"))
