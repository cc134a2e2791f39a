"""Stage ``ablation``: the labeller under the preprocessings of Rowe's table 1.

Six preprocessings are scored here, three views times two scales of the pixels. Pooling over frames by
maximum and by sum, and what is right, come later in ``ablation_table``. Nothing else uses these scores:
the run's own labels are always those of the stage ``labels``.
"""

import itertools
import json
import logging
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from objectsounds.core.arguments import ONE
from objectsounds.core.hdf5 import describe, new_hdf5
from objectsounds.core.progress import tracker
from objectsounds.core.seeds import generator
from objectsounds.data.clip_frames import read_clip_frames
from objectsounds.data.status import good_clips
from objectsounds.networks.classifiers import (
    IMAGENET_CROP,
    IMAGENET_RESIZE,
    Labeller,
    load_labeller,
    normalised,
    resized,
    unnormalised,
)

STAGE_VERSION = 3
VIEWS = ("centre_crop", "random_flip", "random_crop")
SCALES = {"no": unnormalised, "yes": normalised}
PREPROCESSINGS = tuple(itertools.product(VIEWS, SCALES))

log = logging.getLogger(__name__)


def clip_views(frames: np.ndarray, labeller: Labeller, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return what the classifier is shown of a clip's frames.

    Parameters
    ----------
    frames : np.ndarray [shape=(n, H, W, 3), dtype=uint8]
    labeller : Labeller
        Its sizes. One that takes frames whole, as a network trained on pictures does, has its random
        crops cut from frames that are larger than the crop by ImageNet's ratio, 256 to 224.
    rng : np.random.Generator
        Mirrors each frame or not and places its crop, each frame by itself.

    Returns
    -------
    dict
        Each of ``VIEWS``, uint8 [shape=(n, crop, crop, 3)]. ``centre_crop`` is what `labels` sees.
    """
    crop = labeller.crop
    size = labeller.resize if labeller.resize > crop else round(crop * IMAGENET_RESIZE / IMAGENET_CROP)
    centre, large = resized(frames, labeller.resize, crop), resized(frames, size, size)
    mirrored = rng.random(len(frames)) < 0.5
    corners = rng.integers(0, size - crop + 1, (len(frames), 2))
    return {
        "centre_crop": centre,
        "random_flip": np.where(mirrored[:, None, None, None], centre[:, :, ::-1], centre),
        "random_crop": np.stack(
            [
                image[top : top + crop, left : left + crop]
                for image, (top, left) in zip(large, corners, strict=True)
            ]
        ),
    }


def _clip_scores(frames: np.ndarray, labeller: Labeller, rng: np.random.Generator) -> np.ndarray:
    """Return the scores of each preprocessing, shape=(6, n, C): normalised or not, of the same views."""
    views = clip_views(frames, labeller, rng)
    return np.stack([labeller.scores_of_input(SCALES[scale](views[view])) for view, scale in PREPROCESSINGS])


def score_views(
    settings: dict, status: str | Path, weights: Path | None, output: str | Path, progress: Callable = iter
) -> None:
    """Compute the raw class scores of every frame of a shard under each preprocessing.

    Parameters
    ----------
    settings : dict
        Keys ``seed`` and ``labeller``.
    status : path
        The shard's ``status.tsv``, beside which its clips lie.
    weights : Path or None
        See ``networks.load_labeller``.
    output : path
        HDF5 with ``clip_id`` (n,) and ``scores`` (n, 6, frames, C) float32, one clip a chunk; the
        attribute ``views`` names view and normalisation of the 6.
    progress : callable
        Wraps the clips.
    """
    rows = good_clips(status)
    labeller = load_labeller(settings, weights)
    # Seeded by the clip, and one clip a batch, so that nothing depends on the shard.
    scores = [
        _clip_scores(
            read_clip_frames(status, row), labeller, generator(settings["seed"], "ablation", row["clip_id"])
        )
        for row in progress(rows)
    ]
    empty = np.empty((0, len(PREPROCESSINGS), 1, len(labeller.class_names)), np.float32)
    table = np.stack(scores) if scores else empty
    with new_hdf5(output) as file:
        describe(file, settings, STAGE_VERSION)
        file.attrs["class_names"] = json.dumps(labeller.class_names)
        file.attrs["labeller"] = labeller.identity
        file.attrs["views"] = json.dumps(PREPROCESSINGS)
        file.create_dataset("clip_id", data=[row["clip_id"] for row in rows], dtype=h5py.string_dtype())
        file.create_dataset("scores", data=table, chunks=(1, *table.shape[1:]) if rows else None)
    log.info("%d clips, %d preprocessings by %s", len(rows), len(PREPROCESSINGS), labeller.identity)


OPTIONS = {"status": ONE, "weights": {"help": "of the trained labeller"}, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    weights = Path(args.weights) if args.weights else None
    score_views(settings, args.status, weights, args.output, tracker("ablation"))
