"""Reading and writing WAV files; a cut one is an error, not a shorter sound."""

import struct
from pathlib import Path

import numpy as np
import soundfile


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
    ValueError
        If the file is shorter than its header says; libsndfile would return what is left.
    RuntimeError
        If it is missing or no WAV file (``soundfile.LibsndfileError``).
    """
    path = Path(path)
    waveform, rate = soundfile.read(path, dtype=dtype)
    with open(path, "rb") as file:
        _, size = struct.unpack("<4sI", file.read(8))
    if size + 8 != path.stat().st_size:
        raise ValueError(f"{path.name} is cut: {path.stat().st_size} of {size + 8} bytes")
    return waveform, rate


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
        import librosa

        waveform = librosa.resample(waveform, orig_sr=rate, target_sr=target, res_type="soxr_hq")
    if length is not None:
        waveform = np.pad(waveform[:length], (0, max(0, length - len(waveform))))
    return np.asarray(waveform, np.float32)
