"""Fingerprints of sounds: the same recording is known again in another format, at another level or start.

Landmarks as of Wang 2003, "An industrial-strength audio search algorithm", ISMIR: peaks of the spectrogram,
in pairs of two frequencies and the time between them. Two sounds are of one recording if many landmarks that
both have lie apart by one and the same time, over several seconds. That two instruments play the same note
gives such landmarks too, but all within that note. What a sequencer plays twice in the same tuning may be
taken for one recording.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter
from scipy.signal import get_window, resample_poly

RATE = 8000  # Hz, above which lossy formats keep least
WINDOW, HOP = 1024, 256  # samples: bins of 7.8 Hz, frames of 32 ms
NEAR_BINS, NEAR_FRAMES = 12, 6  # on either side, within which a peak is the largest
FLOOR_DB = 60.0  # below the loudest bin of all no peak is taken
PEAKS_A_SECOND = 30
PAIRS = 6  # a peak is paired with as many of those after it
FARTHEST_FRAMES, FARTHEST_BINS = 63, 127  # between the peaks of a pair
STEP_SECONDS = 0.5
# Of 10 s of one recording, re-encoded at 32 kbit/s, a hundred landmarks agree; of different ones up to five.
LEAST_LANDMARKS, LEAST_STEPS = 16, 3


@dataclass(frozen=True)
class Landmarks:
    """The landmarks of a sound.

    Attributes
    ----------
    hashes : np.ndarray, uint32 [shape=(n,)]
        Two frequencies and the frames between them.
    frames : np.ndarray, int32 [shape=(n,)]
        When the first of the two is.
    """

    hashes: np.ndarray
    frames: np.ndarray


def _spectrogram(waveform: np.ndarray, rate: int) -> np.ndarray:
    """Return the magnitudes in dB of a sound at ``RATE``, shape=(F, N)."""
    common = np.gcd(rate, RATE)
    sound = resample_poly(waveform.astype(np.float64), RATE // common, rate // common)
    count = 1 + (len(sound) - WINDOW) // HOP
    if count < 1:
        return np.empty((WINDOW // 2 + 1, 0))
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    magnitude = np.abs(np.fft.rfft(frames * get_window("hann", WINDOW), axis=1)).T
    return 20 * np.log10(np.maximum(magnitude, 1e-12))


def _peaks(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frames and bins of the most prominent peaks, in order of time."""
    if not level.size or not np.isfinite(level).all() or level.max() <= -200:
        return np.empty(0, int), np.empty(0, int)
    largest = maximum_filter(level, size=(2 * NEAR_BINS + 1, 2 * NEAR_FRAMES + 1), mode="nearest")
    bins, frames = np.nonzero((level == largest) & (level > level.max() - FLOOR_DB))
    kept = bins > 2  # no hum and no offset
    bins, frames = bins[kept], frames[kept]
    second = (frames * HOP) // RATE
    rank = np.lexsort((-level[bins, frames], second))
    place = np.arange(len(rank)) - np.searchsorted(second[rank], second[rank])
    chosen = rank[place < PEAKS_A_SECOND]
    order = chosen[np.lexsort((bins[chosen], frames[chosen]))]
    return frames[order], bins[order]


def landmarks(waveform: np.ndarray, rate: int) -> Landmarks:
    """Return the landmarks of a sound.

    Parameters
    ----------
    waveform : np.ndarray [shape=(T,)]
    rate : int
        Hz.
    """
    frames, bins = _peaks(_spectrogram(waveform, rate))
    hashes: list[np.ndarray] = []
    starts: list[np.ndarray] = []
    paired = np.zeros(len(frames), int)
    for step in range(1, len(frames)):
        apart, rise = frames[step:] - frames[:-step], bins[step:] - bins[:-step]
        if apart.min() > FARTHEST_FRAMES:
            break
        fits = (apart > 0) & (apart <= FARTHEST_FRAMES) & (np.abs(rise) <= FARTHEST_BINS)
        fits &= paired[:-step] < PAIRS
        paired[:-step] += fits
        code = (bins[:-step] << 14) | ((rise + FARTHEST_BINS) << 6) | apart
        hashes.append(code[fits])
        starts.append(frames[:-step][fits])
    if not hashes:
        return Landmarks(np.empty(0, np.uint32), np.empty(0, np.int32))
    return Landmarks(np.concatenate(hashes).astype(np.uint32), np.concatenate(starts).astype(np.int32))


@dataclass(frozen=True)
class Match:
    """A sound that is of the same recording as another.

    Attributes
    ----------
    number : int
        Of the sound in the index.
    landmarks : int
        How many agree.
    seconds : float
        How much of the sound they are spread over, in steps of ``STEP_SECONDS``.
    offset : float
        s by which what is common comes later in the sound of the index.
    """

    number: int
    landmarks: int
    seconds: float
    offset: float


class Index:
    """The landmarks of many sounds, in which other sounds are looked up."""

    def __init__(self, sounds: Sequence[Landmarks]):
        numbers = [np.full(len(sound.hashes), number, np.int32) for number, sound in enumerate(sounds)]
        hashes = np.concatenate([np.empty(0, np.uint32), *(sound.hashes for sound in sounds)])
        order = np.argsort(hashes, kind="stable")
        self.hashes = hashes[order]
        self.numbers = np.concatenate([np.empty(0, np.int32), *numbers])[order]
        self.frames = np.concatenate([np.empty(0, np.int32), *(sound.frames for sound in sounds)])[order]

    def _agreeing(self, sound: Landmarks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return of each pair of equal landmarks the number, the frames between and the sound's frame."""
        first = np.searchsorted(self.hashes, sound.hashes, "left")
        counts = np.searchsorted(self.hashes, sound.hashes, "right") - first
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        place, frames = np.repeat(first, counts) + within, np.repeat(sound.frames, counts)
        return self.numbers[place], self.frames[place] - frames, frames

    def matches(self, sound: Landmarks) -> list[Match]:
        """Return the sounds that are of the same recording, the surest first."""
        numbers, apart, frames = self._agreeing(sound)
        found = []
        for number in np.flatnonzero(np.bincount(numbers) >= LEAST_LANDMARKS):
            own = numbers == number
            match = _best(int(number), apart[own], frames[own])
            if match.landmarks >= LEAST_LANDMARKS and match.seconds >= LEAST_STEPS * STEP_SECONDS:
                found.append(match)
        return sorted(found, key=lambda match: (-match.landmarks, match.number))


def _best(number: int, apart: np.ndarray, frames: np.ndarray) -> Match:
    """Return the match at the offset that most landmarks agree in, to a frame on either side."""
    votes = np.bincount(apart - apart.min() + 1, minlength=apart.max() - apart.min() + 3)
    offset = int(np.convolve(votes, (1, 2, 1), "same").argmax()) + int(apart.min()) - 1
    agree = np.abs(apart - offset) <= 1
    steps = np.unique((frames[agree] * HOP / RATE) // STEP_SECONDS)
    return Match(number, int(agree.sum()), len(steps) * STEP_SECONDS, offset * HOP / RATE)
