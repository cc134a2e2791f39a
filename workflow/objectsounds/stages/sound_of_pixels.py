"""Stage ``sound_of_pixels``: a network learns to separate clips by their frames (Zhao et al. 2018)."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from objectsounds.core.arguments import MANY, ONE, SOME
from objectsounds.core.progress import epochs
from objectsounds.networks.mix_training import train_separator
from objectsounds.networks.sound_of_pixels_training import PixelTask, SightedMixer

STAGE_VERSION = 1


def train_sound_of_pixels(
    settings: dict,
    clips: tuple[str | Path, str | Path | None],
    statuses: tuple[list[str], list[str]],
    start: str | Path | None,
    outputs: tuple[str | Path, str | Path],
    progress: Callable | None = None,
) -> None:
    """Train Sound of Pixels; see `train_separator`.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``mixtures.rms_db`` and ``sound_of_pixels``.
    clips : (train, val)
        Clips without their labels, as `make_solos` writes them with labels ``unasked``.
    statuses : (train, val)
        The tables of their shards.
    start : path or None
        The labeller's weights, for ``start: labeller``.
    outputs : (network, history)
    """
    options = settings["sound_of_pixels"]
    files = [
        (path, rows, options["pictures"], options["image_size"]) if path else None
        for path, rows in zip(clips, statuses, strict=True)
    ]
    train_separator(
        settings,
        "sound_of_pixels",
        partial(PixelTask, start=start),
        (files[0], files[1]),
        outputs,
        {"stage_version": STAGE_VERSION},
        progress,
        SightedMixer,
    )


OPTIONS = {
    "train": ONE | {"help": "clips without their labels"},
    "val": {"help": "clips held out"},
    "status": MANY,
    "val-status": SOME,
    "start": {"help": "the labeller's weights"},
    "output": ONE,
    "history": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    clips, statuses = (args.train, args.val), (args.status, args.val_status)
    outputs = (args.output, args.history)
    train_sound_of_pixels(settings, clips, statuses, args.start, outputs, epochs("sound_of_pixels"))
