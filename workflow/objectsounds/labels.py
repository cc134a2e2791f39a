"""Stage ``labels``: what the image classifier sees in every frame of a shard's clips.

Raw scores are kept per frame. Pooling, grouping and thresholds come later, so that editing one never
runs the classifier again.
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import cv2
import h5py
import numpy as np

from objectsounds.ahead import done_ahead
from objectsounds.hdf5 import describe, new_hdf5
from objectsounds.networks import load_labeller
from objectsounds.status import broken_clip, clip_folder, good_clips

STAGE_VERSION = 2

log = logging.getLogger(__name__)


def read_clip_frames(status: str | Path, row: dict[str, str]) -> np.ndarray:
    """Read the frames of one good clip.

    Returns
    -------
    np.ndarray, uint8 [shape=(frames, H, W, 3)]
        RGB.

    Raises
    ------
    BrokenFileError
        If one is missing or unreadable; the shard's status has then been moved aside.
    """
    frames = []
    for index in range(int(row["frames"])):
        path = clip_folder(status, row) / "frames" / f"{index:02d}.jpg"
        data = np.fromfile(path, np.uint8) if path.is_file() else np.empty(0, np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if image is None or (frames and image.shape != frames[0].shape):
            broken_clip(status, f"{path} is missing or unreadable")
        frames.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return np.stack(frames)


def label_shard(
    settings: dict, status: str | Path, weights: Path | None, output: str | Path, progress: Callable = iter
) -> None:
    """Compute the raw class scores of every frame of a shard.

    Parameters
    ----------
    settings : dict
        Key ``labeller``.
    status : path
        The shard's ``status.tsv``, beside which its clips lie.
    weights : Path or None
        See ``networks.load_labeller``.
    output : path
        HDF5 with ``clip_id`` (n,) and ``scores`` (n, frames, C) float32, one clip a chunk; with no
        good clip both have length 0.
    progress : callable
        Wraps the clips.
    """
    rows = good_clips(status)
    labeller = load_labeller(settings, weights)
    # One clip is one batch, whatever the shard: the last digits depend on the size of the batch.
    batches = done_ahead(
        lambda row: labeller.input_of(read_clip_frames(status, row)),
        progress(rows),
        int(settings["labeller"].get("threads", 1)),
    )
    scores = [labeller.scores_of_input(batch) for batch in batches]
    table = np.stack(scores) if scores else np.empty((0, 1, len(labeller.class_names)), np.float32)
    with new_hdf5(output) as file:
        describe(file, settings, STAGE_VERSION)
        file.attrs["class_names"] = json.dumps(labeller.class_names)
        file.attrs["labeller"] = labeller.identity
        file.create_dataset("clip_id", data=[row["clip_id"] for row in rows], dtype=h5py.string_dtype())
        file.create_dataset("scores", data=table, chunks=(1, *table.shape[1:]) if rows else None)
    log.info("%d clips by %s", len(rows), labeller.identity)
