"""Co-separation (Gao & Grauman, ICCV 2019): a U-Net told what to look for, and a classifier of what it found.

Clips of any number of visible objects are mixed. Nobody knows what an object of them sounds like alone; but
what the masks of a clip's objects let through must sum to the clip, and must each sound like its object.
"""

import itertools

import torch
from torch import nn
from torch.nn.functional import relu

from objectsounds.networks.unet import UNet

QUIET = 0.03  # a clip this far below its mixture (linear) says nothing of what its objects sound like
LEAST = 1e-10  # of a magnitude that is divided by, or whose logarithm is taken
MOST = 5.0  # of a target, where the sources of a bin cancel
WEIGHTS = (1e-3, 10.0)  # limits of a bin's weight


class ResidualBlock(nn.Module):
    """Two convolutions beside a shorter way, as in ResNet-18 (torchvision's is not where separators run).

    Parameters
    ----------
    given, made : int
        Channels in and out.
    stride : int
    dilations : (int, int)
        Of the two convolutions.

    Shape
    -----
    Input (P, given, R, N); output (P, made, R / stride, N / stride).
    """

    def __init__(self, given: int, made: int, stride: int, dilations: tuple[int, int] = (1, 1)):
        super().__init__()
        first, second = dilations
        self.shorter: nn.Module = nn.Identity()
        if given != made:
            self.shorter = nn.Sequential(nn.Conv2d(given, made, 1, stride, bias=False), nn.BatchNorm2d(made))
        self.longer = nn.Sequential(
            nn.Conv2d(given, made, 3, stride, first, first, bias=False),
            nn.BatchNorm2d(made),
            nn.ReLU(),
            nn.Conv2d(made, made, 3, 1, second, second, bias=False),
            nn.BatchNorm2d(made),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the features of both ways, added."""
        return relu(self.longer(features) + self.shorter(features))


class AudioClassifier(nn.Module):
    """ResNet-18 with one channel in.

    Parameters
    ----------
    classes : int
    channels : int
        Of the first layer; 64 is ResNet-18, fewer are as much narrower throughout.

    Shape
    -----
    Input (P, R, N), logarithmic magnitudes; output (P, classes).
    """

    def __init__(self, classes: int, channels: int):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, channels, 7, 2, 3, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        sizes = [channels, *(channels * 2**stage for stage in range(4))]
        self.stages = nn.Sequential(
            *(self._stage(given, made, 1 + (made > given)) for given, made in itertools.pairwise(sizes))
        )
        self.fc = nn.Linear(sizes[-1], classes)

    @staticmethod
    def _stage(given: int, made: int, stride: int) -> nn.Sequential:
        return nn.Sequential(ResidualBlock(given, made, stride), ResidualBlock(made, made, 1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the logits of the classes."""
        return self.fc(self.stages(self.stem(pictures.unsqueeze(1))).mean(dim=(2, 3)))


class CoSeparator(nn.Module):
    """The masks of objects in mixtures, and the classifier that teaches them.

    Parameters
    ----------
    objects : int
        L. Number L, one more, is the background, which no clip shows.
    levels, channels, most_channels : int
        Of the `UNet`.
    classifier_channels : int
        Of the `AudioClassifier`.

    Shape
    -----
    Input: magnitudes (B, R, N) on the warped axis; for each of P masks the number of its mixture, ``which``
    (P,), and of its object, ``told`` (P,). Output (P, R, N), in 0 to 1.
    """

    def __init__(
        self, objects: int, levels: int, channels: int, most_channels: int, classifier_channels: int
    ):
        super().__init__()
        self.objects = objects
        self.unet = UNet(1, levels, channels, most_channels, told=objects + 1)
        self.classifier = AudioClassifier(objects + 1, classifier_channels)

    def forward(self, magnitudes: torch.Tensor, which: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """Return the masks. A mixture is encoded once, however many objects are looked for in it."""
        *skips, bottom = (features[which] for features in self.unet.encoded(magnitudes))
        vectors = nn.functional.one_hot(told, self.objects + 1).to(bottom)
        tiled = vectors[:, :, None, None].expand(-1, -1, *bottom.shape[2:])
        return torch.sigmoid(self.unet.decoded(torch.cat([bottom, tiled], dim=1), skips)[:, 0])


def bin_weights(mixture: torch.Tensor) -> torch.Tensor:
    """Return the weight of each bin in the loss, shape=(..., R, N), of a mixture's magnitudes."""
    return torch.log1p(mixture).clamp(*WEIGHTS)


def clip_sums(masks: torch.Tensor, clips: torch.Tensor, count: int) -> torch.Tensor:
    """Return the sum of the masks of each clip's objects.

    Parameters
    ----------
    masks : torch.Tensor [shape=(P, R, N)]
    clips : torch.Tensor, int64 [shape=(P,)]
        Whose object each mask is.
    count : int
        How many clips there are.

    Returns
    -------
    torch.Tensor [shape=(count, R, N)]
    """
    return masks.new_zeros(count, *masks.shape[1:]).index_add(0, clips, masks)


def sum_loss(sums: torch.Tensor, sources: torch.Tensor, mixture: torch.Tensor) -> torch.Tensor:
    """Return how far the clips' masks, summed, are from the clips' shares of the mixture.

    Summed over the clips of a mixture, and the mean over mixtures.

    Parameters
    ----------
    sums : torch.Tensor [shape=(B, V, R, N)]
        Sums of the masks of each clip's objects and background.
    sources : torch.Tensor [shape=(B, V, R, N)]
        The clips' magnitudes, on the axes of the masks.
    mixture : torch.Tensor [shape=(B, R, N)]
        Magnitudes.
    """
    wanted = (sources / mixture.clamp(min=LEAST).unsqueeze(1)).clamp(max=MOST)
    distance = bin_weights(mixture).unsqueeze(1) * (sums - wanted).abs()
    return distance.mean(dim=(2, 3)).sum(dim=1).mean()
