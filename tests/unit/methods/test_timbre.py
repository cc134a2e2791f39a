"""Objects told apart by the colour of their bases, at any pitch."""

import librosa
import numpy as np
import pytest
import scipy.fft

from objectsounds.methods.timbre import UNSURE, Timbre, features

FREQUENCIES = np.arange(801) * 10.0


def notes(pitches, slope, seed=0):
    """Harmonics of pitches in Hz that fall by ``slope`` dB an octave, with a little noise."""
    draw = np.random.default_rng(seed)
    bases = np.zeros((801, len(pitches)))
    for column, pitch in enumerate(pitches):
        for harmonic in range(1, int(8000 / pitch) + 1):
            level = 10 ** (slope * np.log2(harmonic) / 20)
            bases[:, column] += level * np.exp(-(((FREQUENCIES - harmonic * pitch) / 12) ** 2))
    return bases + 1e-3 * draw.random(bases.shape)


def timbre_of(bases, clips):
    return Timbre([features(part, FREQUENCIES) for part in bases], clips, FREQUENCIES)


def clips(count, each):
    return [f"clip{number}" for number in range(count) for _ in range(each)]


@pytest.fixture(scope="module")
def dull_and_bright():
    pitches = np.random.default_rng(1).uniform(110, 440, 40)
    return timbre_of([notes(pitches, -12), notes(pitches, -3)], [clips(4, 10)] * 2)


def test_notes_that_no_clip_played_go_to_the_object_of_their_colour(dull_and_bright):
    new = np.random.default_rng(2).uniform(120, 430, 12)
    dull, bright = dull_and_bright.evidence(notes(new, -12)), dull_and_bright.evidence(notes(new, -3))
    assert (dull[0] > dull[1]).mean() > 0.9
    assert (bright[1] > bright[0]).mean() > 0.9


def test_the_evidence_is_bounded_and_adds_up_to_nothing(dull_and_bright):
    found = dull_and_bright.evidence(notes([100, 200, 300], -12))
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found.sum(axis=0), 0, atol=1e-9)
    assert np.abs(found).max() <= -np.log(UNSURE)


def test_objects_that_sound_alike_give_little_evidence():
    pitches = np.random.default_rng(3).uniform(110, 440, 80)
    alike = timbre_of([notes(pitches[:40], -6, 1), notes(pitches[40:], -6, 2)], [clips(4, 10)] * 2)
    assert np.abs(alike.evidence(notes(np.linspace(110, 440, 20), -6, 3))).mean() < 0.6


def test_three_objects_each_get_their_own():
    pitches = np.random.default_rng(4).uniform(110, 440, 40)
    slopes = (-18, -9, 0)
    timbre = timbre_of([notes(pitches, slope) for slope in slopes], [clips(4, 10)] * 3)
    for owner, slope in enumerate(slopes):
        found = timbre.evidence(notes([130, 210, 330], slope))
        assert found.shape == (3, 3)
        assert (found.argmax(axis=0) == owner).all()


@pytest.mark.parametrize("counts", [(1, 4), (4, 1)])
def test_with_one_clip_of_an_object_nothing_is_learnt(counts):
    bases = [notes(np.linspace(110, 440, 20), slope) for slope in (-12, -3)]
    timbre = timbre_of(bases, [clips(count, 20 // count) for count in counts])
    assert not timbre.evidence(notes([200, 300], -12)).any()


def test_features_do_not_see_a_level_and_bear_silence():
    spectra = notes([110, 220, 330], -6)
    np.testing.assert_allclose(features(spectra, FREQUENCIES), features(1e-4 * spectra, FREQUENCIES))
    assert np.isfinite(features(np.zeros((801, 2)), FREQUENCIES)).all()


def test_two_clips_an_object_are_enough_to_learn_from():
    pitches = np.random.default_rng(1).uniform(110, 440, 20)
    timbre = timbre_of([notes(pitches, -12), notes(pitches, -3)], [clips(2, 10)] * 2)
    assert np.abs(timbre.evidence(notes([200, 300], -12))).max() > 0.3


class Sure:
    """A classifier that is wholly sure of the first object."""

    def predict_proba(self, points):
        return np.array([[1.0, 0.0]]).repeat(len(points), axis=0)


def test_nothing_is_surer_than_one_in_a_thousand(dull_and_bright):
    timbre = timbre_of([np.ones((801, 2))] * 2, [["a", "a"], ["b", "b"]])
    timbre.model = Sure()
    half = np.log((1 - UNSURE) / UNSURE) / 2
    np.testing.assert_allclose(timbre.evidence(notes([200, 300], -6)), [[half] * 2, [-half] * 2])


def test_the_features_are_their_definitions():
    line, flat = np.zeros(801), np.ones(801)
    line[100] = 0.5
    found = features(np.stack([line, flat], axis=1), FREQUENCIES)
    filters = librosa.filters.mel(sr=16000, n_fft=1600, n_mels=40)
    for row, spectrum in zip(found, (2 * line, flat), strict=True):
        mel = filters @ spectrum
        expected = scipy.fft.dct(np.log10(1 + 1e3 * mel / mel.max()), norm="ortho")[1:20]
        np.testing.assert_allclose(row[:19], expected, atol=1e-4)
    mean = 1 / 801 + 1e-5
    assert found[1, 20:].tolist() == pytest.approx([0, np.log(4001)], abs=1e-3)
    assert found[0, 20] == pytest.approx(np.log(1e-5) * 800 / 801 - np.log(mean), abs=1e-3)
    assert found[0, 21] == pytest.approx(np.log(1000 / 801 / mean + 1), abs=1e-3)
