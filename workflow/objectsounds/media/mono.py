"""The sound of a section of a file as one channel, as the stage ``clips`` takes it."""

from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np

from objectsounds.media.decoder import Medium
from objectsounds.media.ffmpeg import MediaError, NoSoundError
from objectsounds.media.wav import resampled

JITTER = 0.015  # s by which time stamps may differ from the count of samples: containers round them
LOW_FREQUENCY = ("LFE", "LFE2")  # effect channels, which a mix to one channel leaves out
CANCELLED = 0.01  # of the channels' mean power: where their mean has less, they cancel each other
HEARD_GAP = 0.05  # s without sound that are worth telling


@dataclass
class MonoSound:
    """A section's sound.

    Attributes
    ----------
    waveform : np.ndarray, float32 [shape=(T,)]
        Peaks are at most 1.
    notes : list of str
        What was done to it: what is missing, what was turned down.
    """

    waveform: np.ndarray
    notes: list[str] = field(default_factory=list)


@dataclass
class Run:
    """Samples without a gap, from a file time (s) on."""

    start: float
    rate: int
    pieces: list[np.ndarray]
    length: int = 0

    @property
    def end(self) -> float:
        """The file time in s at which it ends."""
        return self.start + self.length / self.rate

    def add(self, samples: np.ndarray) -> None:
        """Append samples, shape=(n,)."""
        self.pieces.append(samples)
        self.length += len(samples)


def channels_of(frame: av.AudioFrame) -> np.ndarray:
    """Return a decoded frame as float32 [shape=(C, n)], full scale 1."""
    values, count = frame.to_ndarray(), len(frame.layout.channels)
    if not frame.format.is_planar:
        values = values.reshape(-1, count).T
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    bits = 8 * values.dtype.itemsize
    middle = 128 if values.dtype.kind == "u" else 0
    return ((values.astype(np.float64) - middle) / 2 ** (bits - 1)).astype(np.float32)


def mixed_down(frame: av.AudioFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of a frame's channels, shape=(n,), and those channels, shape=(C, n).

    Channels of low-frequency effects are left out: they are a part of the others, made for a subwoofer.
    """
    channels = channels_of(frame)
    full = [i for i, channel in enumerate(frame.layout.channels) if channel.name not in LOW_FREQUENCY]
    channels = channels[full] if full else channels
    return channels.mean(axis=0), channels


def decode_mono(
    path: str | Path, rate: int, timeout: float, *, start: float = 0.0, seconds: float = float("inf")
) -> MonoSound:
    """Decode a section of a file's first audio track, mixed down to one channel.

    The channels are averaged, so that the mix is never louder than they are. Where they cancel each other,
    the loudest is taken instead. Before the track's start, in gaps and after its end there is silence, up
    to the end of the file.

    Parameters
    ----------
    path : path
    rate : int
        Hz to bring it to.
    timeout : float
        Seconds that decoding may take.
    start, seconds : float
        The section, in s of file time.

    Returns
    -------
    MonoSound
        Empty if the file ends before ``start``.

    Raises
    ------
    NoSoundError
        If there is no audio track.
    MediaError
        If it cannot be decoded in ``timeout`` s.
    """
    with Medium(path, timeout) as medium:
        if medium.sound is None:
            raise NoSoundError(f"{Path(path).name} has no sound: there is no audio track in it.")
        runs, powers, mix_power = _read(medium, start, start + seconds)
        notes = []
        if len(powers) and mix_power < CANCELLED * powers.mean():
            loudest = int(powers.argmax())
            runs, _, _ = _read(medium, start, start + seconds, loudest)
            notes.append(f"its {len(powers)} channels cancel each other: channel {loudest + 1} is taken")
        end = start + seconds
        if not runs or runs[-1].end < end - 1 / rate:
            end = min(end, medium.seconds)
        waveform, missing = _placed(runs, rate, start, max(0.0, end - start))
        damaged = medium.damaged
    if missing > HEARD_GAP:
        notes.append(f"{missing:.2f} s without sound are silence")
    if damaged and not waveform.any():
        raise MediaError(f"{Path(path).name} cannot be decoded: all its sound is damaged")
    if damaged:
        notes.append(f"{damaged} packets of sound could not be decoded")
    peak = float(np.abs(waveform).max(initial=0))
    if peak > 1:
        waveform /= np.float32(peak)
        notes.append(f"turned down by {20 * np.log10(peak):.1f} dB: it would clip")
    return MonoSound(waveform, notes)


def _read(
    medium: Medium, start: float, end: float, channel: int | None = None
) -> tuple[list[Run], np.ndarray, float]:
    """Return the runs of a section, the power of each channel and that of their mean, summed over samples."""
    runs: list[Run] = []
    powers, mix_power = np.zeros(0), 0.0
    for time, frame in medium.frames("sound", start):
        if time >= end:
            break
        mix, channels = mixed_down(frame)
        if len(channels) > len(powers):
            powers = np.pad(powers, (0, len(channels) - len(powers)))
        if time + len(mix) / frame.rate > start:
            powers[: len(channels)] += np.square(channels, dtype=np.float64).sum(axis=1)
            mix_power += float(np.square(mix, dtype=np.float64).sum())
        if not runs or runs[-1].rate != frame.rate or abs(time - runs[-1].end) > JITTER:
            runs.append(Run(time, frame.rate, []))
        runs[-1].add(mix if channel is None else channels[min(channel, len(channels) - 1)])
    return runs, powers, mix_power


def _placed(runs: list[Run], rate: int, start: float, seconds: float) -> tuple[np.ndarray, float]:
    """Return the runs at their times, float32 [shape=(T,)], and how many seconds none of them covers."""
    waveform = np.zeros(round(seconds * rate), np.float32)
    covered = np.zeros(len(waveform), bool)
    for run in runs:
        sound = resampled(np.concatenate(run.pieces), run.rate, rate)
        at = round((run.start - start) * rate)
        begin, end = max(0, at), min(len(waveform), at + len(sound))
        if begin < end:
            waveform[begin:end] = sound[begin - at : end - at]
            covered[begin:end] = True
    return waveform, float(np.sum(~covered)) / rate
