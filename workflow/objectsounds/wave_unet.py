"""Stage ``wave_unet``: a Wave-U-Net learns from mixtures of solo clips, told what is seen or not (VIMSS)."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from objectsounds.mixing import Trained, load_separator, train_separator
from objectsounds.registry import Conditioning
from objectsounds.solos import Solos
from objectsounds.wave_network import WaveUNet, cropped, lengths

STAGE_VERSION = 2


def build_wave_unet(objects: int, options: dict, conditioning: Conditioning) -> WaveUNet:
    """Build the network from section ``wave_unet`` of the settings."""
    return WaveUNet(
        objects,
        options["levels"],
        options["channels"],
        conditioning.kind,
        conditioning.place,
        options["difference"],
    )


class WaveTask:
    """The mean squared error over all sources, silent ones too.

    Parameters
    ----------
    conditioning : Conditioning
    options : dict
        Section ``wave_unet``.
    solos : Solos
    """

    def __init__(self, conditioning: Conditioning, options: dict, solos: Solos):
        self.counts = options["sources"]
        self.length, _ = lengths(options["levels"], options["bottleneck"])
        self.network = build_wave_unet(len(solos.objects), options, conditioning)

    def loss(self, sources: torch.Tensor) -> torch.Tensor:
        """Return the mean squared error of a batch of sources, shape=(B, L, T)."""
        label = sources.abs().amax(dim=2).gt(0).float()
        found = self.network(sources.sum(dim=1), label).float()
        return torch.nn.functional.mse_loss(found, cropped(sources, found.shape[-1]))


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


def load_wave_unet(path: str | Path) -> Trained:
    """Load a trained Wave-U-Net."""
    return load_separator(
        path,
        "wave_unet",
        lambda saved, options: build_wave_unet(
            len(saved["objects"]), options, Conditioning.parse(saved["conditioning"])
        ),
    )
