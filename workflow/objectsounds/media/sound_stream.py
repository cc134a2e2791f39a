"""The sound of any file as a stream, at its own rate and with its own channels."""

import struct
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av
import numpy as np

from objectsounds.media.decoder import Medium
from objectsounds.media.ffmpeg import MediaError, NoSoundError
from objectsounds.media.mono import JITTER, channels_of

SILENCE = 1 << 20  # samples of silence in one piece, at most
SPEAKERS = ("FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR")
SPEAKERS += ("TBL", "TBC", "TBR")  # in the order of the bits of a WAV file's channel mask
FLOAT_SAMPLES = struct.pack("<IHH8s", 3, 0, 16, bytes.fromhex("800000aa00389b71"))  # its GUID


class SoundStream:
    """The first audio track of a file, read piece by piece; a context manager.

    Its time is file time, from 0 to the end of the file: a track that starts later, has a gap or ends early
    is silent there. Where rate or channels change within the track, they are brought to the first ones.

    Parameters
    ----------
    path : path
        Anything that ffmpeg can decode.

    Attributes
    ----------
    rate : int
        Hz.
    channels : int
    form : bytes
        The chunk ``fmt`` of a WAV file like it, of 32-bit floats.
    seconds : float
        Length of the file.

    Raises
    ------
    NoSoundError
        If there is no audio track, or nothing in it.
    MediaError
        If the file cannot be decoded.
    """

    def __init__(self, path: str | Path):
        self.path, self.medium = Path(path), Medium(path)
        try:
            if self.medium.sound is None:
                raise NoSoundError(f"{self.path.name} has no sound: there is no audio track in it.")
            self.seconds = self.medium.seconds
            found = self.medium.frames("sound")
            first = next(found, None)
            if first is None and self.medium.damaged:
                raise MediaError(f"{self.path.name} cannot be decoded: all its sound is damaged.")
            if first is None:
                raise NoSoundError(f"{self.path.name} has no sound: its audio track is empty.")
        except BaseException:
            self.close()
            raise
        self.rate, self.layout = first[1].rate, first[1].layout
        self.channels = len(self.layout.channels)
        self.form = form_of(self.rate, [channel.name for channel in self.layout.channels])
        self.pieces = self._filled(self._alike(chain([first], found)))
        self.rest = np.zeros((0, self.channels), np.float32)

    def _alike(self, frames: Iterator[tuple[float, av.AudioFrame]]) -> Iterator[tuple[float, np.ndarray]]:
        """Yield (file time in s, samples of shape=(n, C)), all at one rate and with the same channels."""
        form, resampler = None, None
        for time, frame in frames:
            if (frame.rate, frame.layout.name) == (self.rate, self.layout.name):
                form = None
                yield time, channels_of(frame).T
                continue
            if form != (frame.rate, frame.layout.name, frame.format.name):
                form = (frame.rate, frame.layout.name, frame.format.name)
                resampler = av.AudioResampler("fltp", self.layout, self.rate)
            made = [channels_of(part).T for part in resampler.resample(frame)]
            yield time, np.concatenate([np.zeros((0, self.channels), np.float32), *made])

    def _filled(self, pieces: Iterator[tuple[float, np.ndarray]]) -> Iterator[np.ndarray]:
        """Yield samples of shape=(n, C) from file time 0 on, with silence where there are none."""
        position, end = 0, round(self.seconds * self.rate)
        for time, samples in pieces:
            at = round(time * self.rate)
            at = position if abs(at - position) <= JITTER * self.rate else at
            yield from self._silence(min(at, end) - position)
            yield samples[max(0, position - at) : max(0, end - at)]  # a last packet holds more than it lasts
            position = max(position, min(end, at + len(samples)))
        yield from self._silence(end - position)

    def _silence(self, count: int) -> Iterator[np.ndarray]:
        for start in range(0, count, SILENCE):
            yield np.zeros((min(SILENCE, count - start), self.channels), np.float32)

    def said(self) -> str:
        """Return what is wrong with the file as far as it was read; empty if nothing is."""
        return f"{self.medium.damaged} packets of sound could not be decoded" if self.medium.damaged else ""

    def read(self, samples: int) -> np.ndarray:
        """Return the next samples, float32 [shape=(n, channels)]; n < ``samples`` only at the end."""
        parts, count = [self.rest], len(self.rest)
        while count < samples and (piece := next(self.pieces, None)) is not None:
            parts.append(piece)
            count += len(piece)
        whole = np.concatenate(parts)
        self.rest = whole[samples:]
        return whole[:samples]

    def close(self) -> None:
        """Close the file."""
        self.medium.close()

    def __enter__(self) -> "SoundStream":
        return self

    def __exit__(self, *error) -> None:
        self.close()


def form_of(rate: int, speakers: list[str]) -> bytes:
    """Return the chunk ``fmt`` of a WAV file of 32-bit floats; above two channels it says where they sound.

    Parameters
    ----------
    rate : int
        Hz.
    speakers : list of str
        FFmpeg's short names of the channels, as FL.
    """
    count = len(speakers)
    if count <= 2:
        return struct.pack("<HHIIHHH", 3, count, rate, 4 * count * rate, 4 * count, 32, 0)
    mask = sum(1 << SPEAKERS.index(name) for name in set(speakers) & set(SPEAKERS))
    mask = mask if mask.bit_count() == count else 0  # 0: not said
    plain = struct.pack("<HHIIHH", 0xFFFE, count, rate, 4 * count * rate, 4 * count, 32)
    return plain + struct.pack("<HHI", 22, 32, mask) + FLOAT_SAMPLES
