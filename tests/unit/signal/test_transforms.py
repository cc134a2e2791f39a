"""The transforms: their sizes, their exact inverses, tones in their bins, and very short sounds."""

import librosa
import numpy as np
import pytest

from objectsounds.signal.cqt import Cqt
from objectsounds.signal.masks import soft_masks
from objectsounds.signal.transforms import Stft, transform_of


def test_ten_seconds_at_48_khz_give_gaos_size():
    spectrogram = Stft.for_rate(48000, 0.1, 0.05).forward(np.zeros(480000, np.float32))
    assert spectrogram.shape == (2401, 201)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000])
@pytest.mark.parametrize("seconds", [0.03, 0.1, 1.37])
def test_the_inverse_gives_the_waveform_back(rate, seconds):
    waveform = np.random.default_rng(0).standard_normal(int(rate * seconds)).astype(np.float32)
    transform = Stft.for_rate(rate, 0.1, 0.05)
    back = transform.inverse(transform.forward(waveform), len(waveform))
    assert back.shape == waveform.shape
    np.testing.assert_allclose(back, waveform, atol=1e-5)


@pytest.mark.parametrize(("rate", "samples"), [(48000, 480000), (11025, 30001), (8000, 100)])
def test_the_stft_is_librosas(rate, samples):
    waveform = np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    transform = Stft.for_rate(rate, 0.1, 0.05)
    padded = np.pad(waveform, (0, max(0, transform.window - samples)))
    expected = librosa.stft(padded, n_fft=transform.window, hop_length=transform.hop, pad_mode="constant")
    found = transform.forward(waveform)
    assert found.dtype == np.complex64 and found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(("window", "hop"), [(800, 400), (801, 400), (800, 300), (800, 200)])
@pytest.mark.parametrize("length", [3210, 8000])
def test_the_inverse_is_librosas_where_the_spectrogram_is_of_no_sound(window, hop, length):
    generator, transform = np.random.default_rng(0), Stft(window, hop)
    spectrogram = transform.forward(generator.standard_normal(length).astype(np.float32))
    masked = spectrogram * generator.random(spectrogram.shape, dtype=np.float32)
    expected = librosa.istft(masked, n_fft=window, hop_length=hop, length=length)
    found = transform.inverse(masked, length)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_a_tone_is_where_it_should_be():
    rate = 16000
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    magnitude = np.abs(Stft.for_rate(rate, 0.1, 0.05).forward(tone))
    assert magnitude.mean(axis=1).argmax() == 44


def constant_q(rate, hop_seconds=0.01):
    return Cqt.for_rate(rate, 24, 32.7, hop_seconds)


def sine(frequency, rate, seconds):
    return np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate).astype(np.float32)


def round_trip_db(transform, waveform):
    """Return the level in dB of what the inverse misses, relative to the waveform."""
    back = transform.inverse(transform.forward(waveform), len(waveform))
    assert back.shape == waveform.shape and back.dtype == np.float32
    return 20 * np.log10(np.linalg.norm(back - waveform) / np.linalg.norm(waveform) + 1e-12)


def test_the_settings_choose_the_transform(settings):
    assert isinstance(transform_of(settings, 48000), Stft)
    bases = settings["bases"] | {"transform": "cqt"}
    assert transform_of(settings | {"bases": bases}, 48000) == constant_q(48000)


def test_the_constant_q_inverse_gives_ten_seconds_at_48_khz_back():
    noise = np.random.default_rng(0).standard_normal(480000).astype(np.float32)
    assert constant_q(48000).forward(noise).shape == (585, 1000)
    assert round_trip_db(constant_q(48000), noise) < -100


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100])
@pytest.mark.parametrize("length", [1, 7, 1000, 30011, 48000])
@pytest.mark.parametrize("hop_seconds", [0.001, 0.015])
def test_the_constant_q_inverse_gives_noise_of_any_length_back(rate, length, hop_seconds):
    noise = np.random.default_rng(0).standard_normal(length).astype(np.float32)
    assert round_trip_db(constant_q(rate, hop_seconds), noise) < -100


@pytest.mark.parametrize("frequency", [0.5, 20, 40, 440, 7990])
def test_the_constant_q_inverse_gives_low_and_high_tones_back(frequency):
    assert round_trip_db(constant_q(16000), sine(frequency, 16000, 3)) < -100


@pytest.mark.parametrize("position", [0, 777, 15999])
def test_the_constant_q_inverse_gives_an_impulse_back_and_keeps_it_in_its_frame(position):
    impulse = np.zeros(16000, np.float32)
    impulse[position] = 1
    assert round_trip_db(constant_q(16000), impulse) < -100
    loudest = np.abs(constant_q(16000).forward(impulse))[-10:].sum(axis=0).argmax()
    assert abs(loudest * constant_q(16000).hop - position) <= constant_q(16000).hop


def test_a_constant_offset_survives_the_constant_q_transform():
    assert round_trip_db(constant_q(16000), np.ones(16000, np.float32)) < -100


@pytest.mark.parametrize("bin_", [1, 60, 150, 200])
def test_a_tone_has_its_amplitude_in_its_bin_and_nothing_beyond_the_neighbours(bin_):
    transform = constant_q(16000)
    magnitude = np.abs(transform.forward(0.5 * sine(transform.centres[bin_], 16000, 10)))
    energy = np.square(magnitude).sum(axis=1)
    assert energy.argmax() == bin_
    assert energy[bin_ - 1 : bin_ + 2].sum() > 0.999 * energy.sum()
    np.testing.assert_allclose(magnitude[bin_, 450:550], 0.5, rtol=0.03)


def test_constant_q_centres_keep_their_ratio_until_they_are_evenly_spaced():
    centres = constant_q(48000).centres
    assert centres[1] == 32.7 and centres[-1] == 24000
    ratios, steps = centres[1:] / centres[:-1], np.diff(centres)
    np.testing.assert_allclose(ratios[centres[1:] < 1700], 2 ** (1 / 24))
    np.testing.assert_allclose(steps[centres[:-1] > 1750], steps[-1])
    assert 49 < steps[-1] <= 50


def test_the_size_of_a_constant_q_basis_does_not_depend_on_the_length():
    lengths = (1, 480, 48000, 481234)
    shapes = [constant_q(48000).forward(np.zeros(length, np.float32)).shape for length in lengths]
    assert {bins for bins, _ in shapes} == {585}
    assert shapes[-1][1] >= 481234 / 480


def test_constant_q_estimates_sum_to_the_mixture():
    generator = np.random.default_rng(0)
    mixture = generator.standard_normal(30000).astype(np.float32)
    spectrogram = constant_q(16000).forward(mixture)
    masks = soft_masks(generator.random((3, *spectrogram.shape), dtype=np.float32))
    estimates = [constant_q(16000).inverse(spectrogram * mask, 30000) for mask in masks]
    np.testing.assert_allclose(sum(estimates), mixture, atol=1e-5)


def test_constant_q_of_silence_is_silence():
    transform = constant_q(16000)
    spectrogram = transform.forward(np.zeros(5000, np.float32))
    assert not spectrogram.any() and not transform.inverse(spectrogram, 5000).any()
