"""The Wave-U-Net (Stoller et al. 2018) that is told which objects are seen (VIMSS).

No convolution is padded, so an output sample has seen real context alone and the output is shorter than
the input: with 12 levels and 9 samples at the bottleneck 147443 samples give 16389.
"""

import torch
from torch import nn
from torch.nn.functional import leaky_relu

CONDITIONINGS = ("concatenation", "additive", "multiplicative")
PLACES = ("bottleneck", "every_layer", "output")
DOWN, UP = 15, 5  # samples of the convolutions' kernels
SLOPE = 0.2


def lengths(levels: int, bottleneck: int) -> tuple[int, int]:
    """Return the samples of input and output that belong to a number of samples at the bottleneck."""
    given = bottleneck + DOWN - 1
    for _ in range(levels):
        given = 2 * given - 1 + DOWN - 1
    taken = bottleneck
    for _ in range(levels):
        taken = 2 * taken - 1 - (UP - 1)
    return given, taken


class Conditioned(nn.Module):
    """A convolution, whose features a label can shift or scale, and a leaky ReLU.

    With ``concatenation`` the label joins the input as channels that are constant over time; with
    ``additive`` a linear map of it is added to the features, with ``multiplicative`` it scales them,
    both before the nonlinearity (Dumoulin et al. 2018).

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    kernel : int
        Samples.
    objects : int
        Length of the label; 0 for a layer that is not told.
    conditioning : str or None
        One of ``CONDITIONINGS``.

    Shape
    -----
    Input (B, inputs, T), label (B, objects); output (B, outputs, T - kernel + 1).
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, objects: int = 0, conditioning: str | None = None
    ):
        super().__init__()
        self.conditioning = conditioning if objects else None
        extra = objects if self.conditioning == "concatenation" else 0
        self.convolution = nn.Conv1d(inputs + extra, outputs, kernel)
        if self.conditioning in ("additive", "multiplicative"):
            self.told = nn.Linear(objects, outputs, bias=False)

    def forward(self, features: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Return the features of the next layer."""
        if self.conditioning == "concatenation":
            # Each item's own label, along its own samples: (B, L) to (B, L, T).
            told = label.unsqueeze(2).expand(-1, -1, features.shape[2])
            features = torch.cat([features, told], dim=1)
        features = self.convolution(features)
        if self.conditioning == "additive":
            features = features + self.told(label).unsqueeze(2)
        elif self.conditioning == "multiplicative":
            features = features * (1 + self.told(label).unsqueeze(2))
        return leaky_relu(features, SLOPE)


def _initialise(module: nn.Module) -> None:
    """Begin without biases: what PyTorch draws for them is loud beside the sounds."""
    if isinstance(module, nn.Conv1d):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.1)


def upsampled(features: torch.Tensor) -> torch.Tensor:
    """Put the mean of each two samples between them: (B, C, n) to (B, C, 2 n - 1)."""
    between = (features[..., 1:] + features[..., :-1]) / 2
    pairs = torch.stack([features[..., :-1], between], dim=3).flatten(2)
    return torch.cat([pairs, features[..., -1:]], dim=2)


def cropped(features: torch.Tensor, length: int) -> torch.Tensor:
    """Return the middle ``length`` samples of features of shape=(..., T)."""
    first = (features.shape[-1] - length) // 2
    return features[..., first : first + length]


class WaveUNet(nn.Module):
    """Takes a waveform apart into one for each object.

    Parameters
    ----------
    objects : int
        L, which is the number of sources K; absent ones are to be silent.
    levels : int
    channels : int
        Level i has ``channels * (i + 1)``, the bottleneck one step more (24: up to 312).
    conditioning, place : str or None
        One of ``CONDITIONINGS`` and of ``PLACES``. ``output`` is the last hidden layer: on the output
        layer itself, which is linear in each sample, a label could only add a constant.
    difference : bool
        The last source is the mixture less all others, so that they always sum to it.

    Shape
    -----
    Input (B, T), label (B, L) of zeros and ones; output (B, L, T'), the middle T' samples of the input's
    T; pairs that fit are `lengths`'.
    """

    def __init__(
        self,
        objects: int,
        levels: int = 12,
        channels: int = 24,
        conditioning: str | None = None,
        place: str | None = None,
        difference: bool = True,
    ):
        super().__init__()
        self.levels, self.difference = levels, difference
        sizes = [channels * (i + 1) for i in range(levels + 1)]

        def layer(inputs: int, outputs: int, kernel: int, where: str) -> Conditioned:
            told = objects if place in ("every_layer", where) else 0
            return Conditioned(inputs, outputs, kernel, told, conditioning)

        self.down = nn.ModuleList(
            layer(inputs, outputs, DOWN, "down")
            for inputs, outputs in zip([1, *sizes[:-2]], sizes[:-1], strict=True)
        )
        self.bottleneck = layer(sizes[-2], sizes[-1], DOWN, "bottleneck")
        self.up = nn.ModuleList(
            layer(sizes[i + 1] + sizes[i], sizes[i], UP, "output" if i == 0 else "up")
            for i in reversed(range(levels))
        )
        # One filter a source: sources that shared one could never differ.
        self.output = nn.Conv1d(sizes[0] + 1, objects - difference, 1)
        self.apply(_initialise)

    def forward(self, mixture: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Return the sources, shape=(B, L, T')."""
        wave = mixture.unsqueeze(1)
        features, skips = wave, []
        for layer in self.down:
            features = layer(features, label)
            skips.append(features)
            features = features[..., ::2]
        features = self.bottleneck(features, label)
        for layer, skip in zip(self.up, reversed(skips), strict=True):
            features = upsampled(features)
            features = torch.cat([features, cropped(skip, features.shape[-1])], dim=1)
            features = layer(features, label)
        middle = cropped(wave, features.shape[-1])
        sources = torch.tanh(self.output(torch.cat([features, middle], dim=1)))
        if self.difference:
            sources = torch.cat([sources, middle - sources.sum(dim=1, keepdim=True)], dim=1)
        return sources


@torch.no_grad()
def separate_waveform(
    network: WaveUNet, mixture: torch.Tensor, label: torch.Tensor, bottleneck: int
) -> torch.Tensor:
    """Separate a waveform of any length, block by block and without seams.

    Blocks begin at multiples of ``2 ** levels`` samples, where every layer decimates as it would in one
    long input, and each is given its whole context; only before the beginning and behind the end zeros
    stand in for it.

    Parameters
    ----------
    mixture : torch.Tensor [shape=(T,)]
    label : torch.Tensor [shape=(L,)]
    bottleneck : int
        Samples at the bottleneck of a block, which says how long blocks are.

    Returns
    -------
    torch.Tensor [shape=(L, T)]
    """
    given, taken = lengths(network.levels, bottleneck)
    hop = taken // 2**network.levels * 2**network.levels
    context = (given - taken) // 2
    blocks = -(-len(mixture) // hop)
    padded = nn.functional.pad(mixture, (context, blocks * hop + given - len(mixture) - context))
    parts = [
        network(padded[None, block * hop : block * hop + given], label[None])[0, :, :hop]
        for block in range(blocks)
    ]
    return torch.cat(parts, dim=1)[:, : len(mixture)]
