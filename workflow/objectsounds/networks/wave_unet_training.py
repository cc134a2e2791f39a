"""Training of the Wave-U-Net (Stoller et al. 2018; VIMSS)."""

from pathlib import Path

import torch

from objectsounds.config.method_table import Conditioning
from objectsounds.data.solos import Solos
from objectsounds.networks.mix_training import Trained, load_separator, smooth_decay
from objectsounds.networks.wave_unet import WaveUNet, cropped, lengths


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
        self.decay = smooth_decay(options)

    def loss(self, sources: torch.Tensor) -> torch.Tensor:
        """Return the mean squared error of a batch of sources, shape=(B, L, T)."""
        label = sources.abs().amax(dim=2).gt(0).float()
        found = self.network(sources.sum(dim=1), label).float()
        return torch.nn.functional.mse_loss(found, cropped(sources, found.shape[-1]))


def load_wave_unet(path: str | Path) -> Trained:
    """Load a trained Wave-U-Net."""
    return load_separator(
        path,
        "wave_unet",
        lambda saved, options: build_wave_unet(
            len(saved["objects"]), options, Conditioning.parse(saved["conditioning"])
        ),
    )
