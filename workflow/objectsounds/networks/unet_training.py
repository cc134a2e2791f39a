"""Training of the U-Net whose masks are probabilities of objects (Nuotimaa 2024)."""

from pathlib import Path

import torch

from objectsounds.data.solos import Solos
from objectsounds.networks.co_separation import LEAST, bin_weights
from objectsounds.networks.mix_training import Trained, load_separator, smooth_decay
from objectsounds.networks.unet import UNet, stft, targets, warp_matrix


def build_unet(objects: int, options: dict) -> UNet:
    """Build the network from section ``unet`` of the settings."""
    return UNet(objects, options["levels"], options["channels"], options["most_channels"])


def warped(spectra: torch.Tensor, bins: int) -> torch.Tensor:
    """Return the magnitudes, shape=(..., bins, N), of complex spectrograms of shape=(..., F, N)."""
    matrix = warp_matrix(spectra.shape[-2], bins).to(spectra.device)
    return matrix @ spectra.abs()


def share_loss(
    logits: torch.Tensor, magnitudes: torch.Tensor, mixture: torch.Tensor, present: torch.Tensor
) -> torch.Tensor:
    """Return the cross-entropy between the shares that a mixture's objects have of its bins and their masks.

    Masks are a softmax over the objects that are in the mixture, as they are where these are known. Loud
    bins weigh more, as in co-separation.

    Parameters
    ----------
    logits, magnitudes : torch.Tensor [shape=(B, L, R, N)]
    mixture : torch.Tensor [shape=(B, R, N)]
        Magnitudes.
    present : torch.Tensor, bool [shape=(B, L)]
        Which objects are in the mixture.
    """
    absent = ~present[:, :, None, None]
    masks = torch.log_softmax(logits.masked_fill(absent, -torch.inf), dim=1).masked_fill(absent, 0)
    shares = magnitudes / magnitudes.sum(dim=1, keepdim=True).clamp(min=LEAST)
    return -(bin_weights(mixture) * (shares * masks).sum(dim=1)).mean()


class UnetTask:
    """Mixtures of solo clips whose bins' probabilities are learnt, by section ``unet``'s ``targets``.

    ``softmax`` is the soft-target cross-entropy over all objects (Nuotimaa eq. 3.1), ``ratio`` `share_loss`.

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
        """Return the mean cross-entropy of a batch of sources, shape=(B, L, T), zeros for absent objects."""
        # Most sources are silent, and a spectrogram of each would take longer than the network.
        present, bins = sources.abs().amax(dim=2) > 0, self.options["bins"]
        mixture = warped(self._spectra(sources.sum(dim=1)), bins)
        heard = warped(self._spectra(sources[present]), bins)
        magnitudes = heard.new_zeros(*present.shape, *heard.shape[1:])
        magnitudes[present] = heard
        logits = self.network(mixture).float()
        if self.options["targets"] == "ratio":
            return share_loss(logits, magnitudes, mixture, present)
        return torch.nn.functional.cross_entropy(logits, targets(magnitudes))

    def _spectra(self, waveforms: torch.Tensor) -> torch.Tensor:
        return stft(waveforms, self.options["window"], self.options["hop"])


def load_unet(path: str | Path) -> Trained:
    """Load a trained U-Net."""
    return load_separator(path, "unet", lambda saved, options: build_unet(len(saved["objects"]), options))
