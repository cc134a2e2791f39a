"""What is seen in a video of any length: each section of it as the run looks at a clip."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.data.targets import choose_labels, object_probabilities
from objectsounds.media.frames import NoPictureError, as_stored, frame_times, read_frames
from objectsounds.video.model_file import Model


@dataclass
class Detection:
    """The objects seen in a video's sections.

    Attributes
    ----------
    names : list of str
        The L objects of the model.
    probabilities : np.ndarray [shape=(S, L)]
        Of each section with a picture; rows sum to one.
    labels : np.ndarray, bool [shape=(S, L)]
        What counts as detected in each section.
    """

    names: list[str]
    probabilities: np.ndarray
    labels: np.ndarray

    def rows(self) -> list[dict]:
        """Return for each object that was ever detected its name, sections, share and probability.

        The probability is the mean over the sections in which it was detected. The most seen come first.
        """
        counts = self.labels.sum(axis=0)
        order = sorted(np.flatnonzero(counts), key=lambda c: (-counts[c], -self.probabilities[:, c].sum()))
        return [
            {
                "object": self.names[c],
                "sections": int(counts[c]),
                "share": float(counts[c] / len(self.labels)),
                "probability": float(self.probabilities[self.labels[:, c], c].mean()),
            }
            for c in order
        ]

    def objects(self, min_share: float) -> list[str]:
        """Return the objects detected in at least this share of the sections, in the model's order."""
        shares = self.labels.mean(axis=0)
        return [name for name, share in zip(self.names, shares, strict=True) if share >= min_share]


def sections_of(seconds: float, settings: dict) -> list[tuple[float, float]]:
    """Return start and length (s) of the sections of a video; a last one too short for a clip is left out."""
    length, least = settings["catalogue"]["section_seconds"], settings["clips"]["min_seconds"]
    count = max(1, math.ceil((seconds - least) / length))
    return [(index * length, min(length, seconds - index * length)) for index in range(count)]


def look(
    model: Model, labeller, path: Path, seconds: float, progress: Callable[[float], None] = lambda done: None
) -> Detection:
    """Detect the objects of every section of a video as the run does in a clip.

    Parameters
    ----------
    model : Model
    labeller : networks.Labeller
    path : Path
    seconds : float
        Length of the file in s.
    progress : callable
        Called with the seconds that are done.

    Raises
    ------
    ObjectsoundsError
        If the file has no picture.
    """
    options, scores = model.settings["clips"], []
    for start, length in sections_of(seconds, model.settings):
        times = frame_times(start, length, options["frames"])
        try:
            shown = read_frames(path, times, options["frame_size"])
        except NoPictureError:
            break
        scores.append(labeller.scores(np.stack([as_stored(frame) for frame in shown.frames])))
        progress(start + length)
    if not scores:
        raise ObjectsoundsError(
            f"{path.name} has no picture to see its objects in; name them with --objects "
            f"({', '.join(model.objects)})."
        )
    rules = model.settings["dataset"]
    stacked = np.stack(scores)
    probabilities = object_probabilities(stacked, labeller.class_names, model.classes, rules)
    return Detection(
        model.objects,
        probabilities,
        choose_labels(probabilities, rules["threshold"], rules["keep_argmax"]),
    )


def save_frames(path: Path, seconds: float, count: int, size: int, folder: Path) -> list[str]:
    """Save pictures from evenly over a video as JPEG; return their names, none where it has no picture."""
    names = []
    for time in frame_times(0, seconds, count):
        try:
            frame = read_frames(path, [time], size).frames[0]
        except NoPictureError:
            return []
        names.append(f"frame_{len(names)}.jpg")
        cv2.imwrite(str(folder / names[-1]), frame, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return names
