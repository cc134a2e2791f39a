"""Reading and writing WAV files; a cut one is an error, not a shorter sound."""

import struct
from pathlib import Path

import numpy as np
import soundfile

from objectsounds.core.damage import check_wav_size

MOST_BYTES = 2**32 - 1  # that a RIFF header can tell of


def write_wav(path: str | Path, waveform: np.ndarray, rate: int, subtype: str = "FLOAT") -> None:
    """Write a waveform of shape=(T,), as 32-bit float or with ``PCM_16`` as 16-bit integers."""
    soundfile.write(path, waveform, rate, subtype=subtype, format="WAV")


def read_wav(path: str | Path, dtype: str = "float32") -> tuple[np.ndarray, int]:
    """Read a WAV file that this run wrote.

    Returns
    -------
    waveform : np.ndarray [shape=(T,)]
    rate : int
        Hz.

    Raises
    ------
    DamagedError
        If the file is shorter than its header says; libsndfile would return what is left.
    RuntimeError
        If it is missing or no WAV file (``soundfile.LibsndfileError``).
    """
    waveform, rate = soundfile.read(path, dtype=dtype)
    check_wav_size(path)
    return waveform, rate


class WavWriter:
    """Write a WAV file of 32-bit floats piece by piece; above 4 GB it becomes RF64 (EBU Tech 3306).

    Parameters
    ----------
    path : path
    form : bytes
        The content of the chunk ``fmt``: rate, channels and, for many of them, where they sound.
    most_bytes : int
        The largest size that a plain WAV file may have.
    """

    def __init__(self, path: str | Path, form: bytes, most_bytes: int = MOST_BYTES):
        self.frame_bytes = struct.unpack_from("<H", form, 12)[0]
        self.written, self.most_bytes = 0, most_bytes
        self.file = open(path, "w+b")  # noqa: SIM115 - closed by close()
        reserved = b"JUNK" + struct.pack("<I", 28) + bytes(28)  # becomes ds64 where it is needed
        head = b"RIFF" + bytes(4) + b"WAVE" + reserved + b"fmt " + struct.pack("<I", len(form)) + form
        self.fact = len(head) + 8
        self.file.write(head + b"fact" + struct.pack("<II", 4, 0) + b"data" + bytes(4))
        self.start = self.file.tell()

    def write(self, samples: np.ndarray) -> None:
        """Append samples of shape=(n, channels)."""
        self.file.write(np.ascontiguousarray(samples, dtype="<f4").tobytes())
        self.written += len(samples)

    def scale(self, factor: float) -> None:
        """Multiply all that was written by a factor."""
        self.file.seek(self.start)
        while data := self.file.read(2**22):
            self.file.seek(-len(data), 1)
            self.file.write((np.frombuffer(data, "<f4") * np.float32(factor)).tobytes())
            self.file.seek(0, 1)  # a read may only follow a write after a seek

    def close(self) -> None:
        """Write the sizes into the header and close the file."""
        self.file.seek(0, 2)
        data, riff = self.written * self.frame_bytes, self.file.tell() - 8
        if riff > self.most_bytes:
            self._put(0, b"RF64" + struct.pack("<I", MOST_BYTES))
            self._put(12, b"ds64" + struct.pack("<IQQQI", 28, riff, data, self.written, 0))
        else:
            self._put(4, struct.pack("<I", riff))
        self._put(self.fact, struct.pack("<I", min(self.written, MOST_BYTES)))
        self._put(self.start - 4, struct.pack("<I", data if riff <= self.most_bytes else MOST_BYTES))
        self.file.close()

    def _put(self, place: int, data: bytes) -> None:
        self.file.seek(place)
        self.file.write(data)


def level_db(waveform: np.ndarray) -> float:
    """Return the RMS level in dB full scale, -inf for silence."""
    power = float(np.mean(np.square(waveform, dtype=np.float64))) if waveform.size else 0.0
    return 10 * np.log10(power) if power > 0 else float("-inf")


def resampled(waveform: np.ndarray, rate: int, target: int, length: int | None = None) -> np.ndarray:
    """Return a waveform at another rate, float32.

    Parameters
    ----------
    waveform : np.ndarray [shape=(T,)]
    rate, target : int
        Hz.
    length : int, optional
        Samples to cut it, or pad it with zeros, to.
    """
    if rate != target:
        import soxr

        waveform = soxr.resample(waveform, rate, target, quality="HQ")
    if length is not None:
        waveform = np.pad(waveform[:length], (0, max(0, length - len(waveform))))
    return np.asarray(waveform, np.float32)
