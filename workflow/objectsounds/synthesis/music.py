"""From a planned recording to sound: a SoundFont synthesiser, a room, and a faint background noise."""

import functools
import importlib.util
from pathlib import Path

import numpy as np
import scipy.fft

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.synthesis.synthesiser import tinysoundfont

SOUNDFONT = "TimGM6mb.sf2"
PEAK = 0.97
PINK_CORNER = 30.0  # Hz, below which the background noise does not rise further


@functools.cache
def soundfont() -> Path:
    """Return the SoundFont that pretty_midi's package carries, without importing that package."""
    found = importlib.util.find_spec("pretty_midi")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / SOUNDFONT
        if path.exists():
            return path
    raise ObjectsoundsError(f"the demo plays {SOUNDFONT} of the package pretty_midi: install pretty_midi.")


def _events(notes: list, rate: int) -> list[tuple[int, int, int, int]]:
    """Return (sample, on, key, velocity) in time order; at one sample, offs come first."""
    events = []
    for onset, duration, key, velocity in notes:
        events.append((round(onset * rate), 1, key, velocity))
        events.append((round((onset + duration) * rate), 0, key, 0))
    return sorted(events)


def play(performance: dict, seconds: float, rate: int, font: Path | None = None) -> np.ndarray:
    """Render the notes of a performance by a SoundFont, by default the one that is carried.

    Returns
    -------
    np.ndarray [shape=(samples,), dtype=float32]
        Mono, at the performance's RMS level.
    """
    # A fresh synthesiser each time: voices that ring on must not reach the next performance.
    synth = tinysoundfont().Synth(samplerate=rate)
    loaded = synth.sfload(str(font or soundfont()))
    drums = performance["bank"] != 0
    synth.program_select(0, loaded, performance["bank"], performance["program"], drums)
    synth.set_tuning(0, performance["tuning"])
    samples = round(seconds * rate)
    sound = np.zeros((samples, 2), np.float32)
    now = 0
    for when, on, key, velocity in [*_events(performance["notes"], rate), (samples, 0, 0, 0)]:
        when = min(when, samples)
        if when > now:
            block = synth.generate_simple(when - now)
            sound[now:when] = np.frombuffer(block, np.float32).reshape(-1, 2)
            now = when
        if on:
            synth.noteon(0, key, velocity)
        else:
            synth.noteoff(0, key)
    mono = sound.mean(axis=1)
    level = np.sqrt(np.mean(mono.astype(np.float64) ** 2))
    return mono * np.float32(10 ** (performance["level_db"] / 20) / max(level, 1e-9))


def _response(room: dict, rate: int) -> np.ndarray:
    """Return the room's impulse response, shape=(2, taps): a direct sound and a decaying noise."""
    rng = np.random.default_rng(room["seed"])
    taps = max(2, round(room["decay"] * rate))
    tail = rng.standard_normal((2, taps)) * 10 ** (-3 * np.arange(taps) / taps)
    tail[:, : round(0.004 * rate)] = 0
    tail *= 10 ** (room["wet_db"] / 20) / np.sqrt((tail**2).sum(axis=1, keepdims=True))
    tail[:, 0] = 1
    return tail


def _tilt(performance: dict, frequencies: np.ndarray) -> np.ndarray:
    """Return gains that rise by ``tilt`` dB an octave around 1 kHz, level below 60 Hz."""
    octaves = np.log2(np.maximum(frequencies, 60.0) / 1000.0)
    return 10 ** (performance["tilt"] * octaves / 20)


def _noise(room: dict, samples: int, rate: int) -> np.ndarray:
    """Return pink stereo background noise, shape=(2, samples)."""
    rng = np.random.default_rng(room["seed"] + 1)
    spectrum = scipy.fft.rfft(rng.standard_normal((2, samples)))
    frequencies = scipy.fft.rfftfreq(samples, 1 / rate)
    noise = scipy.fft.irfft(spectrum / np.sqrt(np.maximum(frequencies, PINK_CORNER)), samples)
    return noise * 10 ** (room["noise_db"] / 20) / np.sqrt(np.mean(noise**2))


def record(recording: dict, seconds: float, rate: int, font: Path | None = None) -> np.ndarray:
    """Play a recording's performances together in their room.

    Parameters
    ----------
    recording : dict
        ``performances`` (see `score.performance`) and ``room`` (see `score.room`).
    seconds : float
    rate : int
        Hz.
    font : Path, optional
        A SoundFont file; by default the one that is carried.

    Returns
    -------
    np.ndarray [shape=(samples, 2), dtype=float32]
        Peaks at or below 0.97 of full scale.
    """
    samples = round(seconds * rate)
    response = _response(recording["room"], rate)
    size = scipy.fft.next_fast_len(samples + response.shape[1], real=True)
    frequencies = scipy.fft.rfftfreq(size, 1 / rate)
    mixed = np.zeros((2, frequencies.size), complex)
    for performance in recording["performances"]:
        spectrum = scipy.fft.rfft(play(performance, seconds, rate, font).astype(np.float64), size)
        spectrum *= _tilt(performance, frequencies)
        gains = np.sqrt([[1 - performance["pan"]], [1 + performance["pan"]]])
        mixed += gains * spectrum
    sound = scipy.fft.irfft(mixed * scipy.fft.rfft(response, size), size)[:, :samples]
    sound += _noise(recording["room"], samples, rate)
    sound *= min(1.0, PEAK / np.abs(sound).max())
    return np.ascontiguousarray(sound.T, dtype=np.float32)
