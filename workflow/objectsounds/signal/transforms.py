"""Time-frequency transforms with an inverse.

Conventions: waveforms have shape=(T,), spectrograms shape=(F, N), frames along the last axis.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft

from objectsounds.signal.cqt import Cqt


@dataclass(frozen=True)
class Stft:
    """Centred short-time Fourier transform with a Hann window (Gao 4.2, SPEC "Spectrogram").

    Parameters
    ----------
    window : int
        Window length in samples; F = window // 2 + 1.
    hop : int
        Hop length in samples; a waveform of T samples gives N = 1 + T // hop frames.
    """

    window: int
    hop: int

    @classmethod
    def for_rate(cls, rate: int, window_seconds: float, hop_seconds: float) -> "Stft":
        """Return the transform for a sample rate in Hz, its lengths given in seconds."""
        return cls(round(rate * window_seconds), round(rate * hop_seconds))

    def forward(self, waveform: np.ndarray) -> np.ndarray:
        """Return the complex spectrogram, complex64 [shape=(F, N)], of a waveform [shape=(T,)].

        It is ``librosa.stft``'s with zeros before and after the sound.
        """
        samples = np.asarray(waveform, dtype=np.float32)
        half = self.window // 2
        padded = np.pad(samples, (half, half + max(0, self.window - samples.size)))
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.window)[:: self.hop]
        return np.ascontiguousarray(scipy.fft.rfft(frames * self._hann()).T)

    def inverse(self, spectrogram: np.ndarray, length: int) -> np.ndarray:
        """Return the waveform, float32 [shape=(length,)], of a complex spectrogram [shape=(F, N)].

        The least-squares one (Griffin & Lim 1984, eq. 6), as ``librosa.istft`` returns it.
        """
        hann, half = self._hann(), self.window // 2
        frames = scipy.fft.irfft(spectrogram.T, self.window)
        frames *= hann
        summed = self._overlap_added(frames)
        weights = self._overlap_added(np.broadcast_to(hann**2, frames.shape))
        np.divide(summed, weights, out=summed, where=weights > np.finfo(np.float32).tiny)
        waveform = summed[half : half + length]
        return np.pad(waveform, (0, length - len(waveform)))

    def _hann(self) -> np.ndarray:
        phases = 2 * np.pi / self.window * np.arange(self.window)
        return (0.5 - 0.5 * np.cos(phases)).astype(np.float32)

    def _overlap_added(self, frames: np.ndarray) -> np.ndarray:
        """Return the sum of frames, shape=(N, window), each ``hop`` after the one before, shape=(T,)."""
        count, parts = len(frames), -(-self.window // self.hop)
        total = np.zeros((count + parts - 1, self.hop), np.float32)
        for part in range(parts):
            piece = frames[:, part * self.hop : (part + 1) * self.hop]
            total[part : part + count, : piece.shape[1]] += piece
        return total.ravel()


def transform_of(settings: dict, rate: int) -> Stft | Cqt:
    """Return the transform that section ``bases`` of the settings describes, for a rate in Hz."""
    bases = settings["bases"]
    if bases["transform"] == "cqt":
        return Cqt.for_rate(rate, **bases["cqt"])
    return Stft.for_rate(rate, bases["window_seconds"], bases["hop_seconds"])


def bin_frequencies(transform: Stft | Cqt, rate: int) -> np.ndarray:
    """Return the frequencies in Hz of a transform's bins for a rate in Hz, shape=(F,)."""
    if isinstance(transform, Cqt):
        return transform.frequencies
    return np.arange(transform.window // 2 + 1) * (rate / transform.window)


def frequencies_of(settings: dict, rate: int) -> np.ndarray:
    """Return the frequencies in Hz of the bins of the settings' transform for a rate in Hz, shape=(F,)."""
    return bin_frequencies(transform_of(settings, rate), rate)
