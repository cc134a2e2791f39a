"""Objects told apart by the colour of their bases, at any pitch."""

import numpy as np
import pytest

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


def clips(count, each):
    return [f"clip{number}" for number in range(count) for _ in range(each)]


@pytest.fixture(scope="module")
def dull_and_bright():
    pitches = np.random.default_rng(1).uniform(110, 440, 40)
    return Timbre([notes(pitches, -12), notes(pitches, -3)], [clips(4, 10)] * 2, FREQUENCIES)


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
    alike = Timbre([notes(pitches[:40], -6, 1), notes(pitches[40:], -6, 2)], [clips(4, 10)] * 2, FREQUENCIES)
    assert np.abs(alike.evidence(notes(np.linspace(110, 440, 20), -6, 3))).mean() < 0.6


def test_three_objects_each_get_their_own():
    pitches = np.random.default_rng(4).uniform(110, 440, 40)
    slopes = (-18, -9, 0)
    timbre = Timbre([notes(pitches, slope) for slope in slopes], [clips(4, 10)] * 3, FREQUENCIES)
    for owner, slope in enumerate(slopes):
        found = timbre.evidence(notes([130, 210, 330], slope))
        assert found.shape == (3, 3)
        assert (found.argmax(axis=0) == owner).all()


@pytest.mark.parametrize("counts", [(1, 4), (4, 1)])
def test_with_one_clip_of_an_object_nothing_is_learnt(counts):
    bases = [notes(np.linspace(110, 440, 20), slope) for slope in (-12, -3)]
    timbre = Timbre(bases, [clips(count, 20 // count) for count in counts], FREQUENCIES)
    assert not timbre.evidence(notes([200, 300], -12)).any()


def test_features_do_not_see_a_level_and_bear_silence():
    spectra = notes([110, 220, 330], -6)
    np.testing.assert_allclose(features(spectra, FREQUENCIES), features(1e-4 * spectra, FREQUENCIES))
    assert np.isfinite(features(np.zeros((801, 2)), FREQUENCIES)).all()
