"""Stage ``frame_predictions``: what the frame network sees in the middle frame of each clip."""

import json
from pathlib import Path

import h5py
import numpy as np
import torch

from objectsounds.core.arguments import MANY, ONE
from objectsounds.core.files import reading
from objectsounds.core.hdf5 import describe, new_hdf5
from objectsounds.core.weights import load_weights
from objectsounds.data.status import clip_folder, good_clips
from objectsounds.networks.classifiers import build
from objectsounds.networks.frame_network import network_frames, predict

STAGE_VERSION = 2


def predict_frames(settings: dict, network: str | Path, statuses: list[str], output: str | Path) -> None:
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
            images.append(network_frames(clip_folder(status, row), options["image_size"], middle=True))
    scores = predict(model.eval(), np.concatenate(images), torch.device("cpu"))
    with new_hdf5(output) as file:
        describe(file, settings, STAGE_VERSION)
        file.attrs["objects"] = json.dumps(saved["objects"])
        file.create_dataset("clip_id", data=ids, dtype=h5py.string_dtype())
        file.create_dataset("probabilities", data=torch.softmax(scores, dim=1).numpy())


OPTIONS = {"network": ONE, "status": MANY, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    predict_frames(settings, args.network, args.status, args.output)
