"""Stage ``pixel_features``: what Sound of Pixels sees in the frames of each clip, and where in some."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch

from objectsounds.core.arguments import MANY, ONE
from objectsounds.core.hdf5 import describe, new_hdf5
from objectsounds.core.progress import tracker
from objectsounds.data.clip_features import SHOWN
from objectsounds.data.status import clip_folder, good_clips, spread_frames
from objectsounds.networks.classifiers import normalised
from objectsounds.networks.frame_network import network_frames
from objectsounds.networks.sound_of_pixels import load_sound_of_pixels

STAGE_VERSION = 2


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
        HDF5 with ``clip_id`` (n,) and ``features`` (n, K); of `SHOWN` frames a clip, m in all,
        ``frame_clip`` and ``frame`` (m,), the clip and the file's name, and ``places`` (m, K, h, w).
    progress : callable
        Wraps the shards.
    """
    torch.set_num_threads(settings["sound_of_pixels"]["threads"])
    trained = load_sound_of_pixels(network)
    size, count = trained.options["image_size"], trained.options["features"]
    ids, seen = [], [np.empty((0, count), np.float32)]
    shown, places = [], []
    for status in progress(statuses):
        for row in good_clips(status):
            folder = clip_folder(status, row)
            pictures, some = normalised(network_frames(folder, size)), spread_frames(folder, SHOWN)
            ids.append(row["clip_id"])
            shown += [(row["clip_id"], path.name) for path in some]
            with torch.inference_mode():
                seen.append(trained.network.seen(pictures[None]).numpy())
                places.append(trained.network.frames(pictures[[int(path.stem) for path in some]]).numpy())
    with new_hdf5(output) as file:
        describe(file, settings, STAGE_VERSION)
        file.create_dataset("clip_id", data=ids, dtype=h5py.string_dtype())
        file.create_dataset("features", data=np.concatenate(seen))
        file.create_dataset("frame_clip", data=[clip for clip, _ in shown], dtype=h5py.string_dtype())
        file.create_dataset("frame", data=[name for _, name in shown], dtype=h5py.string_dtype())
        file.create_dataset("places", data=np.concatenate(places) if places else np.empty((0, count, 0, 0)))


OPTIONS = {"network": ONE, "status": MANY, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    write_pixel_features(settings, args.network, args.status, args.output, tracker("pixel_features"))
