"""Sound of Pixels (Zhao et al., ECCV 2018): the features of a clip's frames choose among maps of its sound.

Clips are mixed without any label. A U-Net gives K maps of the mixture, S_k, a ResNet-18 looks at the frames
of each clip and gives K features, v_k, and the clip's mask is sigmoid(sum over k of alpha_k v_k S_k + beta).
"""

import itertools
import re
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from objectsounds.networks.co_separation import LEAST, MOST, ResidualBlock, bin_weights
from objectsounds.networks.mix_training import Trained, load_separator
from objectsounds.networks.unet import UNet

RESNET_CHANNELS = 64  # of ResNet-18's first layer
DOMINANT = 0.5  # of a mixture's magnitude: a source with more of it has the bin
OURS = (  # torchvision's names of the layers of a ResNet-18, and ours
    (r"^conv1\.", "stem.0."),
    (r"^bn1\.", "stem.1."),
    (r"^layer(\d)\.", lambda found: f"stages.{int(found[1]) - 1}."),
    (r"\.conv1\.", ".longer.0."),
    (r"\.bn1\.", ".longer.1."),
    (r"\.conv2\.", ".longer.3."),
    (r"\.bn2\.", ".longer.4."),
    (r"\.downsample\.", ".shorter."),
)


class FrameFeatures(nn.Module):
    """ResNet-18 whose last stage is dilated instead of strided, with K features a place.

    Parameters
    ----------
    features : int
        K.
    channels : int
        Of the first layer; 64 is ResNet-18, fewer are as much narrower throughout.

    Shape
    -----
    Input (P, 3, H, W), normalised as ImageNet's pictures; output (P, K, H / 16, W / 16), before the sigmoid.
    """

    def __init__(self, features: int, channels: int):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, channels, 7, 2, 3, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        sizes = [channels, *(channels * 2**stage for stage in range(4))]
        *strided, last = itertools.pairwise(sizes)
        self.stages = nn.Sequential(
            *(
                nn.Sequential(ResidualBlock(given, made, 1 + (made > given)), ResidualBlock(made, made, 1))
                for given, made in strided
            ),
            nn.Sequential(ResidualBlock(*last, 1, (1, 2)), ResidualBlock(last[1], last[1], 1, (2, 2))),
        )
        self.features = nn.Conv2d(sizes[-1], features, 3, 1, 1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the features of each place."""
        return self.features(self.stages(self.stem(pictures)))

    def start_from(self, state: dict[str, torch.Tensor]) -> None:
        """Take the weights of torchvision's ResNet-18, but for its last layer."""
        named = {}
        for name, value in state.items():
            for theirs, own in OURS:
                name = re.sub(theirs, own, name)
            named[name] = value
        known = {name: value for name, value in named.items() if not name.startswith("fc.")}
        last = {name: value for name, value in self.state_dict().items() if name.startswith("features.")}
        self.load_state_dict(known | last)


class SoundOfPixels(nn.Module):
    """What separates a mixture by its clips' frames.

    Parameters
    ----------
    features : int
        K.
    levels, channels, most_channels : int
        Of the `UNet`.
    frame_channels : int
        Of `FrameFeatures`.
    """

    def __init__(self, features: int, levels: int, channels: int, most_channels: int, frame_channels: int):
        super().__init__()
        self.unet = UNet(features, levels, channels, most_channels)
        self.frames = FrameFeatures(features, frame_channels)
        self.scale = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(1))

    def seen(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the features v_k of clips, shape=(P, K), in 0 to 1: the most of their frames and places.

        Parameters
        ----------
        pictures : torch.Tensor [shape=(P, T, 3, H, W)]
            T frames of each clip.
        """
        places = self.frames(pictures.flatten(0, 1)).unflatten(0, pictures.shape[:2])
        return torch.sigmoid(places.amax(dim=(1, 3, 4)))

    def chosen(self, maps: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Return the logits of masks, shape=(B, C, R, N).

        Parameters
        ----------
        maps : torch.Tensor [shape=(B, K, R, N)]
            Of the mixtures, S_k.
        features : torch.Tensor [shape=(B, C, K)]
            Of the C clips of each, v_k.
        """
        return torch.einsum("bck,bkrn->bcrn", features * self.scale, maps) + self.bias

    def forward(self, magnitudes: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Return the masks, shape=(B, C, R, N), of magnitudes, (B, R, N), and features, (B, C, K)."""
        return torch.sigmoid(self.chosen(self.unet(magnitudes), features))


def build_sound_of_pixels(options: dict) -> SoundOfPixels:
    """Build the network from section ``sound_of_pixels`` of the settings."""
    sizes = ("features", "levels", "channels", "most_channels", "frame_channels")
    return SoundOfPixels(*(options[name] for name in sizes))


def load_sound_of_pixels(path: str | Path) -> Trained:
    """Load a trained network of Sound of Pixels."""
    return load_separator(path, "sound_of_pixels", lambda saved, options: build_sound_of_pixels(options))


def mask_targets(sources: torch.Tensor, mixture: torch.Tensor, binary: bool) -> torch.Tensor:
    """Return the masks that are to be learnt, shape=(B, C, R, N).

    Parameters
    ----------
    sources : torch.Tensor [shape=(B, C, R, N)]
        Magnitudes of the clips.
    mixture : torch.Tensor [shape=(B, R, N)]
        Magnitudes.
    binary : bool
        1 where a clip has more than half of the mixture's magnitude, else 0; not their ratio.
    """
    whole = mixture.unsqueeze(1)
    if binary:
        return (sources > DOMINANT * whole).to(sources)
    return (sources / whole.clamp(min=LEAST)).clamp(max=MOST)


def mask_loss(
    logits: torch.Tensor,
    sources: torch.Tensor,
    mixture: torch.Tensor,
    present: torch.Tensor,
    binary: bool,
) -> torch.Tensor:
    """Return the mean distance of masks from their targets, loud bins weighing more.

    Cross-entropy of binary targets, else the absolute difference, both with weight log(1 + magnitude).

    Parameters
    ----------
    logits, sources : torch.Tensor [shape=(B, C, R, N)]
        Of the masks; and the clips' magnitudes.
    mixture : torch.Tensor [shape=(B, R, N)]
        Magnitudes.
    present : torch.Tensor, bool [shape=(B, C)]
        Which of the places for clips are taken.
    binary : bool
    """
    wanted = mask_targets(sources, mixture, binary)
    if binary:
        distance = binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    else:
        distance = (torch.sigmoid(logits) - wanted).abs()
    return (bin_weights(mixture).unsqueeze(1) * distance).mean(dim=(2, 3))[present].mean()


@torch.no_grad()
def heat_map(
    network: SoundOfPixels,
    magnitudes: torch.Tensor,
    maps: torch.Tensor,
    places: torch.Tensor,
    unwarp: torch.Tensor,
) -> torch.Tensor:
    """Return how much sound comes from each place of a frame: the energy that its own mask lets through.

    Parameters
    ----------
    network : SoundOfPixels
    magnitudes : torch.Tensor [shape=(F, N)]
        Of the sound.
    maps : torch.Tensor [shape=(K, R, N)]
        S_k of the sound, on the warped axis.
    places : torch.Tensor [shape=(K, h, w)]
        What `FrameFeatures` gives of the frame.
    unwarp : torch.Tensor [shape=(F, R)]
        Brings masks to the magnitudes' axis: on the warped one low sounds would count several times.

    Returns
    -------
    torch.Tensor [shape=(h, w)]
    """
    rows = torch.sigmoid(places).permute(1, 2, 0)
    energies = [
        (unwarp @ torch.sigmoid(network.chosen(maps[None], row[None]))[0] * magnitudes).square().sum((1, 2))
        for row in rows
    ]
    return torch.stack(energies)
