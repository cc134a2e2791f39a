import librosa
import numpy as np
import pytest

from objectsounds.signal.cepstra import mel_cepstra, mel_filters


@pytest.mark.parametrize("rate", [16000, 1500, 48000])
def test_the_mel_filters_are_those_of_librosa(rate):
    expected = librosa.filters.mel(sr=rate, n_fft=rate // 10, n_mels=20)
    np.testing.assert_allclose(mel_filters(np.arange(rate // 20 + 1) * 10.0, 20), expected, atol=1e-6)


def test_filters_of_bins_in_a_constant_ratio_all_hold_something():
    filters = mel_filters(55 * 2 ** (np.arange(72) / 12), 20)
    assert filters.shape == (20, 72)
    assert filters.any(axis=1).all()


def test_a_spectrum_of_its_own_loudness_has_cepstra_without_level():
    spectra, filters = np.random.default_rng(0).random((801, 4)), mel_filters(np.arange(801) * 10.0, 40)

    def cepstra(of):
        return mel_cepstra(of, filters, slice(1, 20), 1e3, (filters @ of).max(axis=0))

    np.testing.assert_allclose(cepstra(spectra), cepstra(spectra * [1, 10, 1e-3, 5]))
    assert cepstra(spectra).shape == (19, 4)
    assert not cepstra(np.zeros((801, 2))).any()
