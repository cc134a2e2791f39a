"""The features that Sound of Pixels sees in clips, kept apart from it: what reads them opens no pictures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.hdf5 import opened

SHOWN = 2  # frames of a clip whose places are kept: those that the page shows


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


def read_clip_places(path: str | Path, clip_id: str) -> tuple[list[str], np.ndarray]:
    """Read what stage ``pixel_features`` wrote of each place of some frames of a clip.

    Returns
    -------
    (list of str, np.ndarray, float32 [shape=(P, K, h, w)])
        Names of the frames' files, and the features of their places, before the sigmoid.

    Raises
    ------
    ObjectsoundsError
        If the file knows no such clip.
    """
    with opened(path, "frame_clip", "frame", "places") as file:
        rows = np.flatnonzero(file["frame_clip"][()] == clip_id.encode())
        if not len(rows):
            raise ObjectsoundsError(f"{path} knows no clip {clip_id}: run stage pixel_features again.")
        return [name.decode() for name in file["frame"][rows]], file["places"][rows]
