"""Trust: what it is told from, and that it falls where the objects cannot be told apart."""

import numpy as np
import pytest

from objectsounds.methods.guided_masks import guided_masks, trust_of
from objectsounds.methods.refinement import Refinement
from objectsounds.methods.trust import Trust, trust_in
from objectsounds.signal.transforms import Stft

RATE, STFT = 16000, Stft(1600, 800)
FREQUENCIES = np.arange(801) * 10.0
LIMITS = {"iterations": 50, "tolerance": 1e-4}


def notes(draw, count=20):
    """Return spectra of notes with few harmonics, shape=(F, count)."""
    pitches = draw.uniform(200, 600, count)
    return np.stack(
        [sum(np.exp(-(((FREQUENCIES - k * f) / 15) ** 2)) for k in (1, 2, 3)) for f in pitches], 1
    )


def hisses(draw, count=20):
    """Return spectra of noise above 3 kHz, shape=(F, count)."""
    return draw.gamma(2.0, 1.0, (801, count)) * (FREQUENCIES > 3000)[:, None]


def trust_of_mixture(first, second, learnt):
    """Return the trust in a mixture of two objects' spectra that is separated by bases learnt elsewhere."""
    draw = np.random.default_rng(1)
    magnitude = sum(part @ draw.gamma(0.5, 1.0, (part.shape[1], 80)) for part in (first, second))
    bases = [part.astype(np.float32) for part in learnt]
    refinement = Refinement(3, (6,))
    trust = trust_of(refinement, bases, STFT, RATE)
    guided_masks(magnitude.astype(np.float32), bases, refinement=refinement, **LIMITS)
    return trust


def test_objects_of_other_colours_are_trusted_more_than_objects_of_one():
    unlike, alike = [], []
    for seed in (2, 4, 6):
        draw, learnt = np.random.default_rng(seed), np.random.default_rng(seed + 20)
        unlike.append(trust_of_mixture(notes(draw, 3), hisses(draw, 3), [notes(learnt), hisses(learnt)]))
        alike.append(trust_of_mixture(notes(draw, 3), notes(draw, 3), [notes(learnt), notes(learnt)]))
    colours = [np.mean([trust.measures()[0] for trust in part]) for part in (unlike, alike)]
    values = [np.mean([trust.value() for trust in part]) for part in (unlike, alike)]
    assert colours[0] > 0.9 and 0.4 < colours[1] < 0.75
    assert values[0] > 0.85 and values[0] > values[1] + 0.2


def test_trust_rises_with_both_measures_and_is_a_probability():
    assert trust_in(0.5, 10.0) < trust_in(0.7, 10.0) < trust_in(0.9, 10.0)
    assert trust_in(0.7, 5.0) < trust_in(0.7, 10.0) < trust_in(0.7, 15.0)
    assert 0 < trust_in(0.5, 0.0) < 0.2 and 0.8 < trust_in(1.0, 20.0) < 1


def test_an_agreement_beyond_those_measured_says_no_more():
    assert trust_in(0.5, 90.0) == trust_in(0.5, 20.0) and trust_in(0.9, -40.0) == trust_in(0.9, 0.0)


def test_masks_that_refining_did_not_change_agree_and_halved_ones_by_what_is_left():
    trust = Trust([np.eye(801, 3), np.eye(801, 3)], FREQUENCIES)
    masks = np.full((2, 801, 4), 0.5)
    refined = np.stack([0.4 * np.ones((801, 4)), 0.6 * np.ones((801, 4))])
    trust.add_components(np.eye(801, 3), np.ones(3), np.full((2, 3), 0.5))
    trust.add_masks(np.ones((801, 4)), masks, refined)
    expected = np.mean([20 * np.log10(0.4 / 0.1), 20 * np.log10(0.6 / 0.1)])
    assert trust.measures() == pytest.approx((0.5, expected))
    same = Trust([np.eye(801, 3), np.eye(801, 3)], FREQUENCIES)
    same.add_components(np.eye(801, 3), np.ones(3), np.full((2, 3), 0.5))
    same.add_masks(np.ones((801, 4)), masks, masks)
    assert same.measures()[1] == pytest.approx(120) and same.value() == trust_in(0.5, 20.0)


def test_a_loud_block_counts_more_than_a_quiet_one():
    trust = Trust([np.eye(801, 3), np.eye(801, 3)], FREQUENCIES)
    even, moved = np.full((2, 801, 4), 0.5), np.stack([np.full((801, 4), 0.1), np.full((801, 4), 0.9)])
    trust.add_components(np.eye(801, 3), np.ones(3), np.full((2, 3), 0.5))
    trust.add_masks(np.ones((801, 4)), even, even * [[[0.98]], [[1.02]]])
    before = trust.measures()[1]
    trust.add_masks(1e-3 * np.ones((801, 4)), even, moved)
    assert trust.measures()[1] == pytest.approx(before, abs=0.1)
    trust.add_masks(np.ones((801, 4)), even, moved)
    assert trust.measures()[1] < before - 10


def test_of_silence_nothing_is_told():
    refinement = Refinement(3, (2,))
    bases = [np.eye(801, 2, dtype=np.float32), np.eye(801, 2, -5, dtype=np.float32)]
    trust = trust_of(refinement, bases, STFT, RATE)
    guided_masks(np.zeros((801, 5), np.float32), bases, refinement=refinement, **LIMITS)
    assert trust.value() is None


@pytest.mark.parametrize(("components", "count"), [((), 2), ((6,), 1)])
def test_of_one_object_and_of_masks_without_components_nothing_is_told(components, count):
    bases = [np.ones((801, 2), np.float32)] * count
    assert trust_of(None, bases, STFT, RATE) is None
    assert trust_of(Refinement(3, components), bases, STFT, RATE) is None


def test_a_guess_among_three_objects_is_a_third():
    draw = np.random.default_rng(5)
    trust = trust_of(Refinement(3, (6,)), [notes(draw).astype(np.float32)] * 3, STFT, RATE)
    trust.add_components(notes(draw), np.ones(20), np.full((3, 20), 1 / 3))
    trust.add_masks(np.ones((801, 4)), np.full((3, 801, 4), 1 / 3), np.full((3, 801, 4), 1 / 3))
    assert trust.measures()[0] == pytest.approx(1 / 3)


def test_asking_for_it_changes_no_mask():
    draw = np.random.default_rng(4)
    magnitude = draw.random((801, 30)).astype(np.float32)
    bases = [part.astype(np.float32) for part in (notes(draw), hisses(draw))]
    asked = Refinement(3, (6,))
    trust_of(asked, bases, STFT, RATE)
    masks = [guided_masks(magnitude, bases, refinement=r, **LIMITS) for r in (asked, Refinement(3, (6,)))]
    np.testing.assert_array_equal(*masks)


def test_blocks_that_are_measured_apart_give_the_trust_of_the_whole():
    draw = np.random.default_rng(0)
    together = Trust([notes(draw), hisses(draw)], FREQUENCIES)
    gathered = together.empty()
    for _ in range(3):
        magnitude, masks = draw.random((801, 30)), draw.dirichlet([1, 1], (2, 801, 30)).transpose(0, 3, 1, 2)
        spectra, energy, shares = notes(draw, 4), draw.random(4), draw.dirichlet([1, 1], 4).T
        block = gathered.empty()
        for trust in (together, block):
            trust.add_masks(magnitude, *masks)
            trust.add_components(spectra, energy, shares)
        gathered.add(block)
    assert together.measures() == pytest.approx(gathered.measures(), rel=1e-12)
    assert gathered.empty().measures() is None and gathered.measures() is not None
