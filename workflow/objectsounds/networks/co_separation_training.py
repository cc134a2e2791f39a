"""Training of co-separation (Gao & Grauman, ICCV 2019)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np
import torch
from torch.nn.functional import cross_entropy

from objectsounds.data.solos import Labelled, Solos, open_labelled
from objectsounds.networks.co_separation import LEAST, QUIET, CoSeparator, clip_sums, sum_loss
from objectsounds.networks.mix_training import Mixer, Trained, load_separator
from objectsounds.networks.unet import stft
from objectsounds.networks.unet_training import warped

DROPS = (3, 6)  # sevenths of the training after which the learning rate is multiplied by lr_decay


def build_co_separator(objects: int, options: dict) -> CoSeparator:
    """Build the network from section ``co_separation`` of the settings."""
    return CoSeparator(
        objects,
        options["levels"],
        options["channels"],
        options["most_channels"],
        options["classifier_channels"],
    )


@dataclass
class PairMixer(Mixer):
    """Draws sections of two clips that have no label in common, at one level, with their labels.

    An object is drawn before a clip that shows it, so that rare ones are heard as often.

    Attributes
    ----------
    shown : np.ndarray, bool [shape=(K, L)]
        The sets of labels that there are.
    members : list of np.ndarray
        The clips of each set.
    apart : np.ndarray, bool [shape=(K, K)]
        Which sets have no label in common.
    """

    opens: ClassVar[Callable[[Any], Solos]] = staticmethod(open_labelled)
    solos: Labelled

    def __post_init__(self):
        super().__post_init__()
        loud = np.flatnonzero(self.solos.rms > 0)
        self.shown, kinds = np.unique(self.solos.confidence[loud] > 0, axis=0, return_inverse=True)
        self.members = [loud[kinds == kind] for kind in range(len(self.shown))]
        self.apart = self.shown.astype(int) @ self.shown.T == 0

    def lacking(self) -> str:
        """Return what is missing for a mixture, and the remedy; empty if nothing is."""
        if self.apart.any():
            return ""
        return (
            f"{self.solos.path} holds no two clips, not silent, without a label in common; "
            "add clips of other objects, or change dataset.threshold."
        )

    def draw(self, rng: np.random.Generator, file: h5py.File) -> tuple[np.ndarray, ...]:
        """Return two clips' sections, float32 [shape=(2, length)], and their labels' confidence, (2, L)."""
        first = self._kind(rng, self.apart.any(axis=1))
        second = self._kind(rng, self.apart[first])
        clips = [int(rng.choice(self.members[kind])) for kind in (first, second)]
        sections = np.stack([self.section(rng, file, clip) for clip in clips])
        return sections, self.solos.confidence[clips]

    def _kind(self, rng: np.random.Generator, allowed: np.ndarray) -> int:
        """Draw an object of the allowed sets, and one of those that have it, as often as it has clips."""
        label = rng.choice(np.flatnonzero(self.shown[allowed].any(axis=0)))
        kinds = np.flatnonzero(allowed & self.shown[:, label])
        sizes = np.array([len(self.members[kind]) for kind in kinds])
        return int(rng.choice(kinds, p=sizes / sizes.sum()))


class CoSeparationTask:
    """Masks that sum to their clip and sound like their object.

    Parameters
    ----------
    options : dict
        Section ``co_separation``.
    solos : Solos
    """

    def __init__(self, options: dict, solos: Solos):
        self.options, self.counts = options, [2]
        self.length = options["frames"] * options["hop"] - 1
        self.network = build_co_separator(len(solos.objects), options)

    def decay(self, step: int) -> float:
        """Return what the learning rate is multiplied by at a step."""
        steps = self.options["epochs"] * self.options["steps_per_epoch"]
        return self.options["lr_decay"] ** sum(step >= steps * part / 7 for part in DROPS)

    def loss(self, sources: torch.Tensor, confidence: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of a batch of mixtures.

        Parameters
        ----------
        sources : torch.Tensor [shape=(B, 2, T)]
            The clips that are mixed.
        confidence : torch.Tensor [shape=(B, 2, L)]
            Of their labels; 0 where a clip does not have one.
        """
        spectra = stft(sources, self.options["window"], self.options["hop"])
        parts = warped(spectra, self.options["bins"])
        mixture = warped(spectra.sum(dim=1), self.options["bins"])
        which, clip, label = confidence.nonzero(as_tuple=True)
        number = torch.arange(len(sources), device=sources.device)
        told = torch.cat([label, torch.full_like(number, self.network.objects)])
        mixed = torch.cat([which, number])
        masks = self.network(mixture, mixed, told).float()
        own, background = masks.split([len(label), len(number)])
        sums = clip_sums(own, 2 * which + clip, 2 * len(sources)).unflatten(0, (-1, 2))
        heard = parts.square().mean(dim=(2, 3)).sqrt()
        sounding = heard > QUIET * heard.amax(dim=1, keepdim=True)
        sure = torch.cat(
            [confidence[which, clip, label] * sounding[which, clip], torch.ones_like(heard[:, 0])]
        )
        classes = self._class_loss(masks * mixture[mixed], told, sure)
        return sum_loss(sums + background.unsqueeze(1), parts, mixture) + classes

    def _class_loss(self, found: torch.Tensor, told: torch.Tensor, sure: torch.Tensor) -> torch.Tensor:
        """Return the weighted cross-entropy of what separated magnitudes, shape=(P, R, N), sound like."""
        losses = cross_entropy(
            self.network.classifier(torch.log(found + LEAST)).float(), told, reduction="none"
        )
        return self.options["classifier_weight"] * (losses * sure).sum() / sure.sum().clamp(min=LEAST)


def load_co_separation(path: str | Path) -> Trained:
    """Load a trained co-separation network."""
    return load_separator(
        path, "co_separation", lambda saved, options: build_co_separator(len(saved["objects"]), options)
    )
