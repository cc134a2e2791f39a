"""Stage ``wave_unet``: a Wave-U-Net learns from mixtures of solo clips, told what is seen or not (VIMSS)."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from objectsounds.config.method_table import Conditioning
from objectsounds.core.arguments import ONE
from objectsounds.core.progress import epochs
from objectsounds.networks.mix_training import train_separator
from objectsounds.networks.wave_unet_training import WaveTask

STAGE_VERSION = 2


def train_wave_unet(
    settings: dict,
    conditioning: str,
    files: tuple[str | Path, str | Path | None],
    outputs: tuple[str | Path, str | Path],
    progress: Callable | None = None,
) -> None:
    """Train a Wave-U-Net; see `train_separator`.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``mixtures.rms_db`` and ``wave_unet``.
    conditioning : str
        ``none``, or ``<conditioning>_<place>``.
    """
    task = partial(WaveTask, Conditioning.parse(conditioning))
    about = {"stage_version": STAGE_VERSION, "conditioning": conditioning}
    train_separator(settings, "wave_unet", task, files, outputs, about, progress)


OPTIONS = {
    "conditioning": {"default": "none", "help": "none, or <conditioning>_<place>"},
    "train": ONE | {"help": "solo clips"},
    "val": {},
    "output": ONE,
    "history": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    files, outputs = (args.train, args.val), (args.output, args.history)
    train_wave_unet(settings, args.conditioning, files, outputs, epochs("wave_unet"))
