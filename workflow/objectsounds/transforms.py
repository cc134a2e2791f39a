"""Time-frequency transforms with an inverse.

Conventions: waveforms have shape=(T,), spectrograms shape=(F, N), frames along the last axis.
"""

from dataclasses import dataclass

import librosa
import numpy as np

from objectsounds.cqt import Cqt


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
        """Return the complex spectrogram, complex64 [shape=(F, N)], of a waveform [shape=(T,)]."""
        padded = np.asarray(waveform, dtype=np.float32)
        if padded.size < self.window:
            padded = np.pad(padded, (0, self.window - padded.size))
        return librosa.stft(padded, n_fft=self.window, hop_length=self.hop, pad_mode="constant")

    def inverse(self, spectrogram: np.ndarray, length: int) -> np.ndarray:
        """Return the waveform, float32 [shape=(length,)], of a complex spectrogram [shape=(F, N)]."""
        padded = max(length, self.window)
        waveform = librosa.istft(spectrogram, n_fft=self.window, hop_length=self.hop, length=padded)
        return waveform[:length]


def transform_of(settings: dict, rate: int) -> Stft | Cqt:
    """Return the transform that section ``bases`` of the settings describes, for a rate in Hz."""
    bases = settings["bases"]
    if bases["transform"] == "cqt":
        return Cqt.for_rate(rate, **bases["cqt"])
    return Stft.for_rate(rate, bases["window_seconds"], bases["hop_seconds"])
