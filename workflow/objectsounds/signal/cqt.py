"""An invertible constant-Q transform on one regular grid: a non-stationary Gabor frame.

librosa's inverse is approximate. The libraries with an exact one were tried before this was written:
nsgt 0.19 and cqt-nsgt-pytorch 0.0.10 stop with an error under NumPy 2.4, cqt-pytorch 0.0.5 loses the
lowest band (round trip of noise -27 dB), cicuetea 1.0.0 puts a frame at every sample of its regular grid,
and Essentia (AGPL) keeps the outer bands off it. At 24 bins an octave, 10 s at 48 kHz give them five times
the numbers of the STFT or more, since the highest band sets the frame rate; here its width has a limit.

References
----------
Velasco, Holighaus, Doerfler, Grill: Constructing an invertible constant-Q transform with
non-stationary Gabor frames. DAFx 2011.
Holighaus, Doerfler, Velasco, Grill: A framework for invertible, real-time constant-Q transforms.
IEEE Transactions on Audio, Speech, and Language Processing 21(4), 2013.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.fft


@dataclass(frozen=True)
class Cqt:
    """Constant-Q transform with an exact inverse, its frames ``hop`` samples apart.

    Each bin is a band of the spectrum of the whole waveform, from the centre of the bin below to that of
    the bin above. A band no wider than the frame rate is kept whole by one inverse FFT of length N (the
    painless case of the papers); the bins are therefore spaced by a constant ratio until a band is
    that wide, and evenly from there to half the sample rate. The first bin takes all that lies below
    ``fmin`` as well, so nothing is lost.

    Parameters
    ----------
    rate : int
        Hz.
    hop : int
        Samples; a waveform of T samples gives N >= T / hop frames, whatever its bin.
    bins_per_octave : int
    fmin : float
        Centre of the second bin in Hz; must be below the frame rate, rate / hop.
    """

    rate: int
    hop: int
    bins_per_octave: int
    fmin: float

    @classmethod
    def for_rate(cls, rate: int, bins_per_octave: int, fmin: float, hop_seconds: float) -> "Cqt":
        """Return the transform for a sample rate in Hz, its hop given in seconds."""
        return cls(rate, round(rate * hop_seconds), bins_per_octave, fmin)

    @cached_property
    def centres(self) -> np.ndarray:
        """Centres of the bins in Hz, shape=(F,); F depends on the rate, never on a waveform's length."""
        ratio = 2 ** (1 / self.bins_per_octave)
        widest, nyquist = self.rate / self.hop / 2, self.rate / 2
        top = min(widest / (ratio - 1), nyquist)
        count = int(np.log(top / self.fmin) / np.log(ratio)) + 1
        constant_q = self.fmin * ratio ** np.arange(-1, count)
        steps = int(np.ceil((nyquist - constant_q[-1]) / widest))
        even = np.linspace(constant_q[-1], nyquist, steps + 1)[1:]
        return np.concatenate([constant_q, even])

    @property
    def frequencies(self) -> np.ndarray:
        """Frequency of each bin in Hz, shape=(F,), as methods ask of any transform with uneven bins."""
        return self.centres

    def frames(self, length: int) -> int:
        """Return N: enough for the waveform, and for the narrowest band to hold a line of its spectrum."""
        longest = self.rate / (self.centres[1] - self.centres[0])
        return scipy.fft.next_fast_len(int(np.ceil(max(length, longest) / self.hop)))

    def _bands(self, frames: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return where each line of the spectrum goes: its lower bin, its place, its two weights.

        A line lies in the bands of two neighbours, whose weights' squares add up to one: the frame is
        tight and its own dual. Places count modulo N, which leaves coefficients with the phase that
        filtering would give them.
        """
        lines = np.arange(frames * self.hop // 2 + 1)
        frequencies = lines * (self.rate / (frames * self.hop))
        position = np.interp(frequencies, self.centres, np.arange(len(self.centres)))
        lower = np.minimum(position.astype(int), len(self.centres) - 2)
        angle = (np.pi / 2 * (position - lower)).astype(np.float32)
        return lower, lines % frames, np.cos(angle), np.sin(angle)

    def forward(self, waveform: np.ndarray) -> np.ndarray:
        """Return the coefficients, complex64 [shape=(F, N)], of a waveform [shape=(T,)].

        A sine has the magnitude of its amplitude. The waveform counts as periodic with N * hop samples.
        """
        frames = self.frames(len(waveform))
        spectrum = scipy.fft.rfft(np.asarray(waveform, dtype=np.float32), frames * self.hop)
        lower, place, falling, rising = self._bands(frames)
        bands = np.zeros((len(self.centres), frames), np.complex64)
        bands[lower, place] = spectrum * falling
        bands[lower + 1, place] = spectrum * rising
        return scipy.fft.ifft(bands, axis=1, overwrite_x=True) * np.float32(2 / self.hop)

    def inverse(self, spectrogram: np.ndarray, length: int) -> np.ndarray:
        """Return the waveform, float32 [shape=(length,)], of coefficients [shape=(F, N)]."""
        frames = spectrogram.shape[1]
        bands = scipy.fft.fft(spectrogram.astype(np.complex64, copy=False), axis=1)
        lower, place, falling, rising = self._bands(frames)
        spectrum = bands[lower, place] * falling + bands[lower + 1, place] * rising
        waveform = scipy.fft.irfft(spectrum, frames * self.hop) * np.float32(self.hop / 2)
        return waveform[:length]
