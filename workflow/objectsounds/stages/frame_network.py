"""Stage ``frame_network``: a ResNet-18 learns from the frames of solo clips what is seen (Nuotimaa 3.3).

Its predictions for a clip are those for the frame in its middle.
"""

from collections.abc import Callable
from pathlib import Path

from objectsounds.core.arguments import MANY, ONE, SOME
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.progress import epochs
from objectsounds.data.solos import open_solos
from objectsounds.networks.frame_network import FrameTraining, solo_frames
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


OPTIONS = {
    "train": ONE | {"help": "solo clips"},
    "val": {"help": "solo clips held out"},
    "status": MANY,
    "val-status": SOME,
    "start": {"help": "the labeller's weights"},
    "output": ONE,
    "history": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    solos, statuses = (args.train, args.val), (args.status, args.val_status)
    outputs = (args.output, args.history)
    train_frame_network(settings, solos, statuses, args.start, outputs, epochs("frame network"))
