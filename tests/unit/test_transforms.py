"""The STFT: its size at Gao's settings, its inverse, and very short sounds."""

import numpy as np
import pytest

from objectsounds.transforms import Stft


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


def test_a_tone_is_where_it_should_be():
    rate = 16000
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    magnitude = np.abs(Stft.for_rate(rate, 0.1, 0.05).forward(tone))
    assert magnitude.mean(axis=1).argmax() == 44
