"""Stage ``unet``: the semantic-mask U-Net learns from mixtures of solo clips whose each bin is (Nuotimaa)."""

from collections.abc import Callable
from pathlib import Path

from objectsounds.core.arguments import ONE
from objectsounds.core.progress import epochs
from objectsounds.networks.mix_training import train_separator
from objectsounds.networks.unet_training import UnetTask

STAGE_VERSION = 2


def train_unet(
    settings: dict,
    files: tuple[str | Path, str | Path | None],
    outputs: tuple[str | Path, str | Path],
    progress: Callable | None = None,
) -> None:
    """Train the U-Net; see `train_separator`.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``mixtures.rms_db`` and ``unet``.
    """
    train_separator(settings, "unet", UnetTask, files, outputs, {"stage_version": STAGE_VERSION}, progress)


OPTIONS = {"train": ONE | {"help": "solo clips"}, "val": {}, "output": ONE, "history": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    train_unet(settings, (args.train, args.val), (args.output, args.history), epochs("unet"))
