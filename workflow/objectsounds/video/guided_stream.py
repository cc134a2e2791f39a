"""Guided separation of a sound of any rate and any number of channels, block by block.

The bases have one bin each 1 / window Hz, 10 Hz at 0.1 s, whatever the rate: masks are made at the
file's own rate from the mean magnitude of its channels, and applied to each channel. The mean of the
magnitudes rather than the magnitude of the mean: channels in antiphase would cancel to silence in a mono
mix, and their masks would know nothing of what is heard.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from objectsounds.config.video_options import REST
from objectsounds.core.prefetch import prefetched
from objectsounds.core.seeds import generator
from objectsounds.dictionaries.file import Dictionary
from objectsounds.media.sound_stream import SoundStream
from objectsounds.methods.guided_masks import (
    bases_at,
    clip_sparsity,
    guided_masks,
    refinement_of,
    trust_of,
)
from objectsounds.methods.trust import Trust
from objectsounds.signal.crossfade import CrossFade, overlapping
from objectsounds.signal.transforms import transform_of
from objectsounds.video.levels import Levels

BLOCK_SECONDS, OVERLAP_SECONDS = 30.0, 2.0
LEAST_BLOCK_SECONDS, BLOCK_SAMPLES = 6.0, 2 * 48000 * 30  # many channels at high rates get shorter blocks


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
        learnt = settings["clips"]["sample_rate"]
        self.bases = [bases_at(rate, dictionary.of(name), settings, learnt) for name in objects]
        self.sparsity = clip_sparsity(self.options, dictionary, objects)
        self.refinement = refinement_of(
            self.options, dictionary, objects, self.bases, self.transform, rate, self.seed
        )
        self._trust = None if rest else trust_of(self.refinement, self.bases, self.transform, rate)
        self.names = [*objects, REST] if rest else list(objects)
        self.levels = Levels(self.names)

    @property
    def trust(self) -> float | None:
        """How far what was separated so far can be trusted, 0 to 1; None where that is not known."""
        return self._trust.value() if self._trust is not None else None

    def masks(self, magnitude: np.ndarray, index: int) -> tuple[np.ndarray, Trust | None]:
        """Return masks [shape=(J, F, N)] of a block's magnitude [shape=(F, N)], and its part of the trust."""
        limits = {key: self.options[key] for key in ("iterations", "tolerance")}
        free = generator(self.seed, REST, index) if self.rest else None
        refinement, trust = self.refinement, None
        if self._trust is not None:
            trust = self._trust.empty()
            refinement = replace(refinement, trust=trust)
        prior = {"sparsity": self.sparsity, "refinement": refinement}
        bands = self.options.get("bands", False)  # older model files have no such key
        return guided_masks(magnitude, self.bases, free=free, bands=bands, **prior, **limits), trust

    def _separated(self, block: np.ndarray, index: int) -> tuple[np.ndarray, Trust | None]:
        """Return the estimates of a block and its part of the trust; changes nothing that blocks share."""
        missing = -len(block) % self.transform.hop + 1  # or one window alone sees the end, by its edge
        padded = np.pad(block, ((0, missing), (0, 0)))
        spectrograms = [self.transform.forward(channel) for channel in padded.T]
        magnitude = np.mean([np.abs(spectrogram) for spectrogram in spectrograms], axis=0)
        masks, trust = self.masks(magnitude, index)
        estimates = np.empty((len(self.names), *block.shape), np.float32)
        for estimate, mask in zip(estimates, masks, strict=True):
            for channel, spectrogram in enumerate(spectrograms):
                estimate[:, channel] = self.transform.inverse(spectrogram * mask, len(padded))[: len(block)]
        return estimates, trust

    def __call__(self, block: np.ndarray, index: int = 0) -> np.ndarray:
        """Return the estimates, float32 [shape=(J, n, C)], of a block [shape=(n, C)], as in ``names``."""
        estimates, trust = self._separated(block, index)
        if trust is not None:
            self._trust.add(trust)
        return estimates

    def stream(
        self,
        sound: SoundStream,
        progress: Callable[[float], None] = lambda seconds: None,
        block_seconds: float | None = None,
        cores: int = 1,
    ) -> Iterator[np.ndarray]:
        """Yield the estimates of a whole sound piece by piece, each of shape=(J, n, C).

        Parameters
        ----------
        sound : SoundStream
        progress : callable
            Called with the seconds that are done.
        block_seconds : float, optional
            Above ``OVERLAP_SECONDS``; by default 30 s, less where they would hold too many samples.
        cores : int
            Blocks that are worked on at a time, each by a thread; the result does not depend on it.
        """
        if block_seconds is None:
            fitting = BLOCK_SAMPLES / (sound.rate * sound.channels)
            block_seconds = min(BLOCK_SECONDS, max(LEAST_BLOCK_SECONDS, fitting))
        overlap = round(OVERLAP_SECONDS * sound.rate)
        fade, done = CrossFade(overlap), 0
        blocks = overlapping(sound.read, round(block_seconds * sound.rate), overlap)
        for estimates, trust, last in self._in_order(blocks, cores):
            if trust is not None:
                self._trust.add(trust)
            piece = fade(estimates, last)
            self.levels.add(piece)
            yield piece
            done += piece.shape[1]
            progress(done / sound.rate)

    def _in_order(
        self, blocks: Iterator[tuple[np.ndarray, bool]], cores: int
    ) -> Iterator[tuple[np.ndarray, Trust | None, bool]]:
        """Yield each block's estimates, its part of the trust, and whether it is the last."""

        def job(numbered: tuple[int, tuple[np.ndarray, bool]]) -> tuple[np.ndarray, Trust | None, bool]:
            index, (block, last) = numbered
            return *self._separated(block, index), last

        filled = ((index, (block, last)) for index, (block, last) in enumerate(blocks) if len(block))
        yield from map(job, filled) if cores == 1 else prefetched(job, filled, cores)
