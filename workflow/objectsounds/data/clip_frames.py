"""The stored frames of a clip, read for a classifier."""

from pathlib import Path

import cv2
import numpy as np

from objectsounds.data.status import broken_clip, clip_folder


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
