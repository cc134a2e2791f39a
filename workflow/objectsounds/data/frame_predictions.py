"""What the frame network says of clips, kept apart from it: reading needs no classifier of pictures."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from objectsounds.core.hdf5 import opened


@dataclass
class FramePredictions:
    """What the frame network says of clips.

    Attributes
    ----------
    objects : list of str
    clip_ids : list of str
    probabilities : np.ndarray [shape=(n, L)]
        Of the frame in each clip's middle.
    """

    objects: list[str]
    clip_ids: list[str]
    probabilities: np.ndarray

    def of(self, clips: list[str]) -> np.ndarray:
        """Return the probabilities of some clips, shape=(len(clips), L)."""
        return self.probabilities[[self.clip_ids.index(clip) for clip in clips]]


def read_frame_predictions(path: str | Path) -> FramePredictions:
    """Read what `frame_network.predict_frames` wrote."""
    with opened(path, "clip_id", "probabilities") as file:
        ids = [name.decode() for name in file["clip_id"][()]]
        return FramePredictions(json.loads(file.attrs["objects"]), ids, file["probabilities"][()])
