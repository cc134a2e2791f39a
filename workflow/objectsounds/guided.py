"""Guided separation of a sound of any rate and any number of channels, block by block.

The bases have one bin each 1 / window Hz, 10 Hz at 0.1 s, whatever the rate: masks are made at the
file's own rate from the mean magnitude of its channels, and applied to each channel. The mean of the
magnitudes rather than the magnitude of the mean: channels in antiphase would cancel to silence in a mono
mix, and their masks would know nothing of what is heard.
"""

from collections.abc import Callable, Iterator

import numpy as np

from objectsounds.blocks import CrossFade, overlapping
from objectsounds.dictionaries import Dictionary
from objectsounds.methods import masks_of_groups
from objectsounds.nmf import fit_activations, fit_with_free_bases
from objectsounds.seeds import generator
from objectsounds.sound_stream import SoundStream
from objectsounds.transforms import transform_of
from objectsounds.wishes import REST

BLOCK_SECONDS, OVERLAP_SECONDS = 30.0, 2.0
LEAST_BLOCK_SECONDS, BLOCK_SAMPLES = 6.0, 2 * 48000 * 30  # many channels at high rates get shorter blocks


def bases_at(rate: int, bases: np.ndarray, settings: dict) -> np.ndarray:
    """Return bases, shape=(F, M), for a sound of another rate than the run's (Hz).

    Of the STFT the bins are the same ones at any rate, so those above half the rate are cut. Those of the
    constant-Q transform differ a little where they are evenly spaced, and are interpolated over frequency.

    Returns
    -------
    np.ndarray [shape=(K, M)]
        The lowest K bins of the sound's transform; of what lies above, the bases know nothing.
    """
    transform, own_rate = transform_of(settings, rate), settings["clips"]["sample_rate"]
    if settings["bases"]["transform"] == "stft":
        return bases[: transform.window // 2 + 1]
    if rate == own_rate:
        return bases
    wanted, known = transform.frequencies, transform_of(settings, own_rate).frequencies
    wanted = wanted[wanted <= known[-1]]
    return np.stack([np.interp(wanted, known, column) for column in bases.T], axis=1).astype(np.float32)


class GuidedSeparator:
    """Separate blocks of a sound by the fixed bases of its objects (Gao 3.5, eq. 4 and 5).

    Parameters
    ----------
    settings : dict
        ``seed``, ``separate``, the transform's keys in ``bases``, and ``clips.sample_rate``.
    dictionary : Dictionary
    objects : list of str
        Each with bases.
    rate : int
        Of the sound, in Hz.
    rest : bool
        Whether to fit, beside the objects' bases, as many free ones that adapt to what is none of them
        (Gao 4.5). Then the estimate ``rest`` follows the objects'.
    """

    def __init__(self, settings: dict, dictionary: Dictionary, objects: list[str], rate: int, rest: bool):
        self.options, self.seed, self.rest = settings["separate"], settings["seed"], rest
        self.transform = transform_of(settings, rate)
        parts = [bases_at(rate, dictionary.of(name), settings) for name in objects]
        self.sizes, self.bases = [part.shape[1] for part in parts], np.concatenate(parts, axis=1)
        self.names = [*objects, REST] if rest else list(objects)

    def masks(self, magnitude: np.ndarray, index: int) -> np.ndarray:
        """Return the masks, shape=(J, F, N), of a block's magnitude, shape=(F, N); they sum to one.

        Above the bins that the bases know all is rest, or shared evenly among the objects.
        """
        known = magnitude[: len(self.bases)]
        limits = {key: self.options[key] for key in ("iterations", "tolerance")}
        if self.rest:
            count, draw = self.bases.shape[1], generator(self.seed, REST, index)
            fit = fit_with_free_bases(known, self.bases, count, generator=draw, **limits)
            masks = masks_of_groups(fit, [*self.sizes, count])
        else:
            masks = masks_of_groups(fit_activations(known, self.bases, **limits), self.sizes)
        if len(known) == len(magnitude):
            return masks
        above = np.zeros((len(masks), len(magnitude) - len(known), magnitude.shape[1]), np.float32)
        if self.rest:
            above[-1] = 1
        else:
            above += 1 / len(masks)
        return np.concatenate([masks, above], axis=1)

    def __call__(self, block: np.ndarray, index: int = 0) -> np.ndarray:
        """Return the estimates, float32 [shape=(J, n, C)], of a block [shape=(n, C)], as in ``names``."""
        spectrograms = [self.transform.forward(channel) for channel in block.T]
        magnitude = np.mean([np.abs(spectrogram) for spectrogram in spectrograms], axis=0)
        estimates = np.empty((len(self.names), *block.shape), np.float32)
        for estimate, mask in zip(estimates, self.masks(magnitude, index), strict=True):
            for channel, spectrogram in enumerate(spectrograms):
                estimate[:, channel] = self.transform.inverse(spectrogram * mask, len(block))
        return estimates

    def stream(
        self,
        sound: SoundStream,
        progress: Callable[[float], None] = lambda seconds: None,
        block_seconds: float | None = None,
    ) -> Iterator[np.ndarray]:
        """Yield the estimates of a whole sound piece by piece, each of shape=(J, n, C).

        Parameters
        ----------
        sound : SoundStream
        progress : callable
            Called with the seconds that are done.
        block_seconds : float, optional
            Above ``OVERLAP_SECONDS``; by default 30 s, less where they would hold too many samples.
        """
        if block_seconds is None:
            fitting = BLOCK_SAMPLES / (sound.rate * sound.channels)
            block_seconds = min(BLOCK_SECONDS, max(LEAST_BLOCK_SECONDS, fitting))
        overlap = round(OVERLAP_SECONDS * sound.rate)
        fade, done = CrossFade(overlap), 0
        blocks = overlapping(sound.read, round(block_seconds * sound.rate), overlap)
        for index, (block, last) in enumerate(blocks):
            if not len(block):
                return
            piece = fade(self(block, index), last)
            yield piece
            done += piece.shape[1]
            progress(done / sound.rate)
