"""The U-Net that gives every bin of a spectrogram a probability for each object (Nuotimaa 2024).

Magnitudes are those of an unnormalised Hann window: a sine of amplitude a peaks at a * window / 4. The
targets, a softmax over magnitudes, depend on that scale and on the level of the sounds.
"""

import functools
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn.functional import interpolate, relu

WARP = 21.0  # row r of R lies at (21 ** (r / R) - 1) / 20 of the bins: nearly even below, logarithmic above
FLOOR = 1e-3  # magnitudes below this are taken as this before their logarithm is given to the network


@functools.cache
def warp_positions(bins: int, rows: int) -> np.ndarray:
    """Return where on the ``bins`` of a spectrum the ``rows`` of the warped one lie, shape=(rows,)."""
    return (WARP ** (np.arange(rows) / (rows - 1)) - 1) / (WARP - 1) * (bins - 1)


@functools.cache
def warp_matrix(bins: int, rows: int) -> torch.Tensor:
    """Return the matrix, shape=(rows, bins), that warps a spectrum to a logarithmic frequency axis.

    Every row is a mean with triangular weights as wide as the rows' distance, at least one bin, so that
    no bin is jumped over.
    """
    positions = warp_positions(bins, rows)
    width = np.maximum(1.0, np.gradient(positions))[:, None]
    weights = np.maximum(0.0, 1 - np.abs(np.arange(bins)[None] - positions[:, None]) / width)
    return torch.from_numpy((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32))


@functools.cache
def unwarp_matrix(bins: int, rows: int) -> torch.Tensor:
    """Return the matrix, shape=(bins, rows), that interpolates a warped spectrum at every bin."""
    place = np.interp(np.arange(bins), warp_positions(bins, rows), np.arange(rows))
    weights = np.maximum(0.0, 1 - np.abs(np.arange(rows)[None] - place[:, None]))
    return torch.from_numpy(weights.astype(np.float32))


def stft(waveforms: torch.Tensor, window: int, hop: int) -> torch.Tensor:
    """Return complex spectrograms, shape=(..., F, N), of waveforms of shape=(..., T); centred, Hann."""
    flat = waveforms.reshape(-1, waveforms.shape[-1])
    shape = torch.hann_window(window, device=waveforms.device)
    spectra = torch.stft(flat, window, hop, window=shape, pad_mode="constant", return_complex=True)
    return spectra.reshape(*waveforms.shape[:-1], *spectra.shape[-2:])


def istft(spectra: torch.Tensor, window: int, hop: int, length: int) -> torch.Tensor:
    """Return the waveforms, shape=(..., length), of complex spectrograms of shape=(..., F, N)."""
    shape = torch.hann_window(window, device=spectra.device)
    flat = spectra.reshape(-1, *spectra.shape[-2:])
    waveforms = torch.istft(flat, window, hop, window=shape, length=length)
    return waveforms.reshape(*spectra.shape[:-2], length)


def targets(magnitudes: torch.Tensor) -> torch.Tensor:
    """Return the softmax over objects of linear magnitudes, shape=(..., L, R, N); absent ones are zeros."""
    return torch.softmax(magnitudes, dim=-3)


class UNet(nn.Module):
    """Seven convolutions of stride 2 down, as many doublings up, features passed across.

    Parameters
    ----------
    objects : int
        L.
    levels : int
    channels, most_channels : int
        Of the first level, doubled at each until ``most_channels``.
    told : int
        Channels that join the features at the bottleneck.

    Shape
    -----
    Input (B, R, N), magnitudes on the warped axis, R and N multiples of ``2 ** levels``; output logits
    (B, L, R, N).
    """

    def __init__(
        self, objects: int, levels: int = 7, channels: int = 64, most_channels: int = 512, told: int = 0
    ):
        super().__init__()
        sizes = [min(channels * 2**i, most_channels) for i in range(levels)]
        self.down = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 4, 2, 1)
            for inputs, outputs in zip([1, *sizes[:-1]], sizes, strict=True)
        )
        self.down_norms = nn.ModuleList(nn.BatchNorm2d(size) for size in sizes[1:-1])
        outputs = [*reversed(sizes[:-1]), objects]
        inputs = [sizes[-1] + told, *(2 * size for size in reversed(sizes[:-1]))]
        self.up = nn.ModuleList(
            nn.Conv2d(given, made, 3, 1, 1) for given, made in zip(inputs, outputs, strict=True)
        )
        self.up_norms = nn.ModuleList(nn.BatchNorm2d(size) for size in outputs[:-1])
        self.to(memory_format=torch.channels_last)  # two thirds of the time on a processor

    def forward(self, magnitudes: torch.Tensor) -> torch.Tensor:
        """Return the logits of the objects."""
        *skips, bottom = self.encoded(magnitudes)
        return self.decoded(bottom, skips)

    def encoded(self, magnitudes: torch.Tensor) -> list[torch.Tensor]:
        """Return the features of each level, the bottleneck's last: shape=(B, C, R / 2 ** level, ...)."""
        features = torch.log(magnitudes.clamp(min=FLOOR)).unsqueeze(1)
        found = []
        for level, layer in enumerate(self.down):
            features = layer(features)
            if 0 < level < len(self.down) - 1:
                features = self.down_norms[level - 1](features)
            features = relu(features)
            found.append(features)
        return found

    def decoded(self, features: torch.Tensor, skips: list[torch.Tensor]) -> torch.Tensor:
        """Return logits, shape=(B, L, R, N), of the bottleneck's features and those passed across."""
        skips = list(skips)
        for level, layer in enumerate(self.up):
            features = interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
            features = layer(features)
            if skips:
                features = relu(self.up_norms[level](features))
                features = torch.cat([features, skips.pop()], dim=1)
        return features


def warped_probabilities(network: UNet, magnitudes: torch.Tensor, frames: int) -> torch.Tensor:
    """Return every object's probability over a spectrogram of any length, as `over_windows`."""
    return over_windows(lambda part: torch.softmax(network(part[None]), dim=1)[0], magnitudes, frames)


@torch.no_grad()
def over_windows(
    predict: Callable[[torch.Tensor], torch.Tensor], magnitudes: torch.Tensor, frames: int
) -> torch.Tensor:
    """Return what a network says of a spectrogram of any length.

    Windows of ``frames`` frames overlap by half and are averaged, each weighing most in its middle.

    Parameters
    ----------
    predict : callable
        From magnitudes, shape=(R, frames), to values, shape=(L, R, frames).
    magnitudes : torch.Tensor [shape=(R, N)]
        On the warped axis.
    frames : int
        What the network was trained on.

    Returns
    -------
    torch.Tensor [shape=(L, R, N)]
    """
    count = magnitudes.shape[1]
    hop = frames // 2
    windows = 1 + max(0, -(-(count - frames) // hop))
    padded = nn.functional.pad(magnitudes, (0, (windows - 1) * hop + frames - count))
    ramp = torch.arange(1, frames + 1, device=magnitudes.device)
    weight = torch.minimum(ramp, ramp.flip(0)).float()
    total, weights = None, torch.zeros(padded.shape[1], device=magnitudes.device)
    for first in range(0, windows * hop, hop):
        part = slice(first, first + frames)
        found = predict(padded[:, part])
        total = found.new_zeros(*found.shape[:2], padded.shape[1]) if total is None else total
        total[..., part] += found * weight
        weights[part] += weight
    return (total / weights)[..., :count]


def decide(probabilities: torch.Tensor, background: float, soft: bool) -> torch.Tensor:
    """Return the objects' masks, shape=(L, F, N), from their probabilities (times the frames', perhaps).

    Parameters
    ----------
    background : float
        Where no object has more than this times 21 / L, nothing is there: a silent bin has 1 / L.
    soft : bool
        Probabilities relative to their sum, instead of all to the most probable object.
    """
    best = probabilities.amax(dim=0, keepdim=True)
    heard = best > background * 21 / len(probabilities)
    if soft:
        masks = probabilities / probabilities.sum(dim=0, keepdim=True).clamp(min=1e-12)
    else:
        order = torch.arange(len(probabilities), device=probabilities.device)[:, None, None]
        masks = (probabilities.argmax(dim=0, keepdim=True) == order).float()
    return masks * heard
