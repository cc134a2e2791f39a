"""Training of Sound of Pixels (Zhao et al., ECCV 2018)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np
import torch

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import reading
from objectsounds.core.weights import load_weights
from objectsounds.data.solos import Sighted, Solos, open_sighted
from objectsounds.networks.classifiers import load_labeller, normalised, resized
from objectsounds.networks.frame_network import read_picture
from objectsounds.networks.mix_training import Mixer
from objectsounds.networks.sound_of_pixels import RESNET_CHANNELS, build_sound_of_pixels, mask_loss
from objectsounds.networks.unet import stft
from objectsounds.networks.unet_training import warped

DROPS = (0.4, 0.8)  # of the training, after which the learning rate is multiplied by lr_decay
SPARE = 1.1  # size of the frames that crops are cut from, in image sizes
ARCHITECTURE = "resnet18"


def drawn_pictures(folder: Path, count: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return frames of a clip, cropped and perhaps mirrored, float32 [shape=(count, 3, size, size)].

    They are in the order of the clip; none is drawn twice where there are enough.
    """
    paths = sorted(folder.iterdir())
    chosen = np.sort(rng.choice(len(paths), count, replace=len(paths) < count))
    spare = round(SPARE * size)
    images = resized([read_picture(paths[i]) for i in chosen], spare, spare)
    top, left = rng.integers(spare - size + 1, size=2)
    images = images[:, top : top + size, left : left + size]
    return normalised(images[:, :, ::-1] if rng.random() < 0.5 else images).numpy()


@dataclass
class SightedMixer(Mixer):
    """Draws sections of different clips, whatever is seen in them, at one level, with frames of each.

    Attributes
    ----------
    loud : np.ndarray
        The clips that are not silent.
    """

    opens: ClassVar[Callable[[Any], Solos]] = staticmethod(open_sighted)
    solos: Sighted

    def __post_init__(self):
        super().__post_init__()
        self.loud = np.flatnonzero(self.solos.rms > 0)

    def lacking(self) -> str:
        """Return what is missing for a mixture, and the remedy; empty if nothing is."""
        if len(self.loud) >= min(self.counts):
            return ""
        return (
            f"{self.solos.path} holds {len(self.loud)} clips that are not silent, mixtures need "
            f"{min(self.counts)}; add clips."
        )

    def draw(self, rng: np.random.Generator, file: h5py.File) -> tuple[np.ndarray, ...]:
        """Return clips' sections, their frames and which of the C places for clips are taken.

        Returns
        -------
        sections : np.ndarray, float32 [shape=(C, length)]
        pictures : np.ndarray, float32 [shape=(C, T, 3, size, size)]
        present : np.ndarray, bool [shape=(C,)]
        """
        most, size = max(self.counts), self.solos.size
        sections = np.zeros((most, self.length), np.float32)
        pictures = np.zeros((most, self.solos.count, 3, size, size), np.float32)
        count = min(int(rng.choice(self.counts)), len(self.loud))
        for place, clip in enumerate(rng.choice(self.loud, count, replace=False)):
            sections[place] = self.section(rng, file, int(clip))
            pictures[place] = drawn_pictures(self.solos.folders[clip], self.solos.count, size, rng)
        return sections, pictures, np.arange(most) < count


class PixelTask:
    """Masks of the clips of a mixture by their frames.

    Parameters
    ----------
    options : dict
        Section ``sound_of_pixels``.
    solos : Solos
    start : path or None
        The labeller's weights, for ``start: labeller``.
    """

    def __init__(self, options: dict, solos: Solos, start: str | Path | None = None):
        self.options, self.counts = options, options["sources"]
        self.length = options["frames"] * options["hop"] - 1
        self.network = build_sound_of_pixels(options)
        if options["start"] != "scratch":
            self.network.frames.start_from(starting_weights(options, start))

    def decay(self, step: int) -> float:
        """Return what the learning rate is multiplied by at a step."""
        steps = self.options["epochs"] * self.options["steps_per_epoch"]
        return self.options["lr_decay"] ** sum(step >= steps * part for part in DROPS)

    def loss(self, sources: torch.Tensor, pictures: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of a batch of mixtures.

        Parameters
        ----------
        sources : torch.Tensor [shape=(B, C, T)]
            The clips that are mixed.
        pictures : torch.Tensor [shape=(B, C, frames, 3, H, W)]
            Of each clip.
        present : torch.Tensor, bool [shape=(B, C)]
            Which of the places for clips are taken.
        """
        spectra = stft(sources, self.options["window"], self.options["hop"])
        parts = warped(spectra, self.options["bins"])
        mixture = warped(spectra.sum(dim=1), self.options["bins"])
        seen = self.network.seen(pictures[present])
        features = seen.new_zeros(*present.shape, seen.shape[-1])
        features[present] = seen
        logits = self.network.chosen(self.network.unet(mixture), features).float()
        return mask_loss(logits, parts, mixture, present, self.options["targets"] == "binary")


def starting_weights(options: dict, labeller: str | Path | None) -> dict[str, torch.Tensor]:
    """Return a ResNet-18's weights: ImageNet's, or the labeller's.

    Raises
    ------
    ObjectsoundsError
        If there are none, or they do not fit.
    """
    if options["frame_channels"] != RESNET_CHANNELS:
        raise ObjectsoundsError(
            f"sound_of_pixels.frame_channels: {options['frame_channels']} does not fit start: "
            f"{options['start']}, whose network has {RESNET_CHANNELS}; set that, or start: scratch."
        )
    if options["start"] == "imagenet":
        wanted = {"kind": "imagenet", "architecture": ARCHITECTURE, "device": "cpu"}
        try:
            return load_labeller({"labeller": wanted}, None).network.state_dict()
        except ObjectsoundsError as error:
            raise ObjectsoundsError(
                f"sound_of_pixels.start: ImageNet's weights of {ARCHITECTURE} are not to be had ({error}) "
                "Set start: labeller or scratch to do without."
            ) from error
    if labeller is None:
        raise ObjectsoundsError(
            "sound_of_pixels.start: 'labeller' needs labeller.kind: pictures; or set imagenet or scratch."
        )
    with reading(labeller):
        saved = load_weights(Path(labeller))
    if saved["architecture"] != ARCHITECTURE:
        raise ObjectsoundsError(
            f"sound_of_pixels.start: the labeller is a {saved['architecture']}, not a {ARCHITECTURE}; "
            "set labeller.pictures.architecture, or start: imagenet or scratch."
        )
    return saved["state_dict"]
