"""Training of the semantic-mask U-Net (Nuotimaa 2022)."""

from pathlib import Path

import torch

from objectsounds.data.solos import Solos
from objectsounds.networks.mix_training import Trained, load_separator, smooth_decay
from objectsounds.networks.unet import UNet, stft, targets, warp_matrix


def build_unet(objects: int, options: dict) -> UNet:
    """Build the network from section ``unet`` of the settings."""
    return UNet(objects, options["levels"], options["channels"], options["most_channels"])


def warped(spectra: torch.Tensor, bins: int) -> torch.Tensor:
    """Return the magnitudes, shape=(..., bins, N), of complex spectrograms of shape=(..., F, N)."""
    matrix = warp_matrix(spectra.shape[-2], bins).to(spectra.device)
    return matrix @ spectra.abs()


class UnetTask:
    """Soft-target cross-entropy over the bins of mixtures of two (Nuotimaa eq. 3.1).

    Parameters
    ----------
    options : dict
        Section ``unet``.
    solos : Solos
    """

    def __init__(self, options: dict, solos: Solos):
        self.options, self.counts = options, options["sources"]
        self.length = (options["frames"] - 1) * options["hop"] + options["hop"] - 2
        self.network = build_unet(len(solos.objects), options)
        self.decay = smooth_decay(options)

    def loss(self, sources: torch.Tensor) -> torch.Tensor:
        """Return the mean cross-entropy of a batch of sources, shape=(B, L, T)."""
        spectra = stft(sources, self.options["window"], self.options["hop"])
        wanted = targets(warped(spectra, self.options["bins"]))
        given = warped(spectra.sum(dim=1), self.options["bins"])
        return torch.nn.functional.cross_entropy(self.network(given).float(), wanted)


def load_unet(path: str | Path) -> Trained:
    """Load a trained U-Net."""
    return load_separator(path, "unet", lambda saved, options: build_unet(len(saved["objects"]), options))
