"""Stage ``labels``: what the image classifier sees in every frame of a shard's clips.

Raw scores are kept per frame. Pooling, grouping and thresholds come later, so that editing one never
runs the classifier again.
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from objectsounds.core.arguments import ONE
from objectsounds.core.hdf5 import describe, new_hdf5
from objectsounds.core.prefetch import prefetched
from objectsounds.core.progress import tracker
from objectsounds.data.clip_frames import read_clip_frames
from objectsounds.data.status import good_clips
from objectsounds.networks.classifiers import load_labeller

STAGE_VERSION = 2

log = logging.getLogger(__name__)


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
    batches = prefetched(
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


OPTIONS = {"status": ONE, "weights": {"help": "of the trained labeller"}, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    weights = Path(args.weights) if args.weights else None
    label_shard(settings, Path(args.status), weights, Path(args.output), tracker("labels"))
