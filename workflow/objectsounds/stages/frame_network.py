"""Stage ``frame_network``: a ResNet-18 learns from the frames of solo clips what is seen (Nuotimaa 3.3).

Its word on a clip is that on the frame in its middle.
"""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import reading
from objectsounds.core.hdf5 import describe, new_hdf5
from objectsounds.core.weights import load_weights
from objectsounds.data.solos import open_solos
from objectsounds.data.status import clip_folder, good_clips
from objectsounds.networks.classifiers import build
from objectsounds.networks.frame_network import FrameTraining, _read_frames, predict, solo_frames
from objectsounds.networks.labeller import SPARE
from objectsounds.networks.training import checkpoint_of

STAGE_VERSION = 2


def train_frame_network(
    settings: dict,
    solos: tuple[str | Path, str | Path | None],
    statuses: tuple[list[str], list[str]],
    start: str | Path | None,
    outputs: tuple[str | Path, str | Path],
    progress: Callable | None = None,
) -> None:
    """Train the frame network.

    Parameters
    ----------
    settings : dict
        Keys ``seed`` and ``frame_network``.
    solos : (train, val)
        The solo clips; without any in val the training loss is watched.
    statuses : (train, val)
        Their shards' tables.
    start : path or None
        The labeller's weights.
    outputs : (network, history)
    progress : callable, optional
        Called as ``progress(epoch, epochs, row)``.
    """
    size = round(SPARE * settings["frame_network"]["image_size"])
    train = open_solos(solos[0])
    frames = solo_frames(train, statuses[0], size)
    held = solo_frames(open_solos(solos[1]), statuses[1], size) if solos[1] else None
    if not len(frames[0]):
        raise ObjectsoundsError(f"frame_network: {solos[0]} holds no clip; lower dataset.threshold.")
    held = held if held is not None and len(held[0]) else None
    start = Path(start) if start else None
    training = FrameTraining(
        settings, frames, held, train.objects, start, checkpoint_of(outputs[0]), STAGE_VERSION
    )
    about = {"objects": train.objects, "stage_version": STAGE_VERSION}
    training.run(*outputs, about, progress)


def say_frames(settings: dict, network: str | Path, statuses: list[str], output: str | Path) -> None:
    """Write what the frame network says of the good clips of some shards.

    Parameters
    ----------
    settings : dict
        Key ``frame_network``.
    network : path
    statuses : list of path
    output : path
        HDF5 with ``clip_id`` (n,) and ``probabilities`` (n, L); attribute ``objects``.
    """
    with reading(network):
        saved = load_weights(Path(network))
    options = settings["frame_network"]
    torch.set_num_threads(options["threads"])
    model = build(options["architecture"], len(saved["objects"]))
    model.load_state_dict(saved["state_dict"])
    ids, images = [], []
    for status in statuses:
        for row in good_clips(status):
            ids.append(row["clip_id"])
            images.append(_read_frames(clip_folder(status, row), options["image_size"], middle=True))
    scores = predict(model.eval(), np.concatenate(images), torch.device("cpu"))
    with new_hdf5(output) as file:
        describe(file, settings, STAGE_VERSION)
        file.attrs["objects"] = json.dumps(saved["objects"])
        file.create_dataset("clip_id", data=ids, dtype=h5py.string_dtype())
        file.create_dataset("probabilities", data=torch.softmax(scores, dim=1).numpy())
