"""The features that Sound of Pixels sees in clips, kept apart from it: separation opens no pictures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from objectsounds.core.hdf5 import opened


@dataclass
class ClipFeatures:
    """What is seen in clips, as features without names.

    Attributes
    ----------
    clip_ids : list of str
    features : np.ndarray, float32 [shape=(n, K)]
        In 0 to 1, the most over a clip's frames and places.
    """

    clip_ids: list[str]
    features: np.ndarray

    def of(self, clips: list[str]) -> np.ndarray:
        """Return the features of some clips, shape=(len(clips), K)."""
        return self.features[[self.clip_ids.index(clip) for clip in clips]]


def read_clip_features(path: str | Path) -> ClipFeatures:
    """Read what stage ``pixel_features`` wrote."""
    with opened(path, "clip_id", "features") as file:
        return ClipFeatures([name.decode() for name in file["clip_id"][()]], file["features"][()])
