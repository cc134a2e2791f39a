"""Transposed bases: a note moved by a semitone is the note played there; a note is harmonic, noise is not."""

import numpy as np
import pytest

from objectsounds.signal.transforms import Stft, frequencies_of, transform_of
from objectsounds.signal.transposition import harmonicity, transposed

RATE = 16000
STFT = {"bases": {"transform": "stft", "window_seconds": 0.1, "hop_seconds": 0.05}}
CQT = {"bases": {"transform": "cqt", "cqt": {"bins_per_octave": 24, "fmin": 32.7, "hop_seconds": 0.01}}}


def spectrum(pitch, settings, harmonics=12):
    """Return the mean magnitude of a note of one second, shape=(F, 1)."""
    t = np.arange(RATE) / RATE
    note = sum(np.sin(2 * np.pi * k * pitch * t) / k for k in range(1, harmonics + 1))
    return np.abs(transform_of(settings, RATE).forward(note)).mean(axis=1, keepdims=True)


def likeness(a, b):
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


@pytest.mark.parametrize("settings", [STFT, CQT], ids=["stft", "cqt"])
@pytest.mark.parametrize("semitones", [-1, 1, 2])
def test_a_transposed_note_is_the_note_that_is_played_there(settings, semitones):
    frequencies = frequencies_of(settings, RATE)
    moved = transposed(spectrum(440, settings), frequencies, semitones)
    there = spectrum(440 * 2 ** (semitones / 12), settings)
    assert likeness(moved, there) > 0.95 > 0.6 > likeness(spectrum(440, settings), there)


def test_on_the_constant_q_bins_it_is_a_shift_by_whole_bins_and_above_an_interpolation():
    frequencies = frequencies_of(CQT, RATE)
    even = int(np.argmax(np.diff(frequencies, 2) < 1e-6))  # where the spacing stops growing
    ramp = np.stack([np.random.default_rng(0).random(len(frequencies)), frequencies], axis=1)
    moved = transposed(ramp, frequencies, 1)
    np.testing.assert_allclose(moved[2:even, 0], ramp[: even - 2, 0], atol=1e-5)
    np.testing.assert_allclose(moved[even:, 1], frequencies[even:] / 2 ** (1 / 12), rtol=1e-5)


def test_no_semitone_changes_nothing_and_the_highest_bins_go_on_as_they_end():
    frequencies = frequencies_of(STFT, RATE)
    bases = np.random.default_rng(0).random((801, 2)).astype(np.float32)
    np.testing.assert_array_equal(transposed(bases, frequencies, 0), bases)
    np.testing.assert_allclose(transposed(bases, frequencies, -1)[760:], bases[[-1]].repeat(41, axis=0))


def test_frequencies_of_the_stft_are_those_of_its_bins():
    found = frequencies_of(STFT, RATE)
    assert found[1] == 10 and found[-1] == RATE / 2 and len(found) == Stft(1600, 800).window // 2 + 1


@pytest.mark.parametrize("settings", [STFT, CQT], ids=["stft", "cqt"])
@pytest.mark.parametrize("pitch", [110, 262, 523, 987])
def test_a_note_is_harmonic_and_noise_is_not(settings, pitch):
    noise = np.random.default_rng(0).standard_normal(RATE)
    frequencies = frequencies_of(settings, RATE)
    white = np.abs(transform_of(settings, RATE).forward(noise)).mean(axis=1, keepdims=True)
    values = harmonicity(np.hstack([spectrum(pitch, settings), white]), frequencies)
    assert values[0] > 0.35 and values[1] < 0.1


def test_a_single_harmonic_comb_has_all_but_its_share_of_the_axis():
    frequencies = np.arange(801) * 10.0
    comb = np.zeros((801, 1))
    comb[50:401:50] = 1  # 500 Hz
    near = 3 * 8  # points within 15 Hz of eight multiples up to 4 kHz, one of them at the edge
    assert harmonicity(comb, frequencies)[0] == pytest.approx(1 - (near - 1) / 400)


def test_a_basis_of_zeros_is_not_harmonic():
    assert harmonicity(np.zeros((801, 2)), np.arange(801) * 10.0).tolist() == [0, 0]
