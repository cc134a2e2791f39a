"""Masks refined by the mixture: smoothed over time, and by its own components."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from objectsounds.config.method_table import NO_REFINEMENT, separate_options
from objectsounds.dictionaries.file import Dictionary
from objectsounds.methods.guided_masks import guided_masks, refinement_of
from objectsounds.methods.refinement import Refinement
from objectsounds.methods.separation import dictionary_at
from objectsounds.signal.masks import soft_masks
from objectsounds.signal.transforms import Stft

DRAW = np.random.default_rng(0)
OPTIONS = {"smooth_seconds": 0.25, "components": [4], "timbre": True}


@pytest.fixture
def two_notes():
    """Two sounds of four bins each, and what bases explain of them: one bin of each wrongly."""
    gains = np.random.default_rng(1).random((2, 60)) * (np.random.default_rng(2).random((2, 60)) > 0.4)
    truth = np.zeros((2, 8, 60))
    truth[0, :4], truth[1, 4:] = gains[0], gains[1]
    explained = 0.9 * truth + 0.1 * truth[::-1]
    explained[:, [1, 6]] = explained[::-1, [1, 6]]
    return truth, explained


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("components", [(), (2, 5)])
def test_masks_add_up_to_one_and_know_no_level(count, components):
    explained = DRAW.random((count, 20, 30))
    magnitude = explained.sum(axis=0)
    refine = Refinement(3, components)
    masks = refine(magnitude, explained)
    assert masks.shape == (count, 20, 30)
    np.testing.assert_allclose(masks.sum(axis=0), 1, rtol=1e-6)
    np.testing.assert_allclose(refine(1e-6 * magnitude, 1e-6 * explained), masks, atol=1e-3)


def test_silence_is_shared_evenly():
    masks = Refinement(3, (2,))(np.zeros((6, 5), np.float32), np.zeros((2, 6, 5)))
    np.testing.assert_allclose(masks, 0.5)


def test_without_components_it_is_a_mean_over_time():
    explained = DRAW.random((2, 20, 30))
    expected = soft_masks(uniform_filter1d(explained, 5, axis=2, mode="nearest"))
    np.testing.assert_array_equal(Refinement(5)(explained.sum(axis=0), explained), expected)
    np.testing.assert_array_equal(Refinement()(explained.sum(axis=0), explained), soft_masks(explained))


def test_a_bin_goes_where_the_rest_of_its_note_goes(two_notes):
    truth, explained = two_notes
    sounding = truth[0, 1] > 0.1
    before = soft_masks(explained)[0, 1, sounding].mean()
    after = Refinement(1, (2,))(truth.sum(axis=0), explained)[0, 1, sounding].mean()
    assert before < 0.4
    assert after > before + 0.2


class Certain:
    """A timbre that knows of two objects, and gives everything to the second."""

    count = 2

    def evidence(self, spectra):
        return np.array([[-2.0], [2.0]]).repeat(spectra.shape[1], axis=1)


def test_timbre_moves_components_and_leaves_free_bases_to_what_they_explain(two_notes):
    truth, _ = two_notes
    even = np.full((3, 8, 60), 1 / 3) * truth.sum(axis=0)
    plain = Refinement(1, (2,))(truth.sum(axis=0), even)
    moved = Refinement(1, (2,), timbre=Certain())(truth.sum(axis=0), even)
    sounding = truth.sum(axis=0) > 0.1
    np.testing.assert_allclose(plain[:, sounding], 1 / 3, atol=1e-3)
    assert (moved[1, sounding] > moved[2, sounding]).all()
    assert (moved[2, sounding] > moved[0, sounding]).all()


def test_the_same_seed_gives_the_same_masks_and_another_others():
    explained = DRAW.random((2, 40, 30))
    first, again, other = (Refinement(1, (6,), seed)(explained.sum(axis=0), explained) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@pytest.fixture
def two():
    """Return a dictionary of two objects, three clips each."""
    clips = [f"{name}{number}" for name in "ab" for number in range(3) for _ in range(2)]
    return Dictionary(["a", "b"], np.repeat([0, 1], 6), DRAW.random((12, 41), dtype=np.float32), clips, {})


def asked(dictionary, names="ab", **changes):
    options = {"refine": OPTIONS | changes}
    bases = [dictionary.of(name) for name in names]
    return refinement_of(options, dictionary, list(names), bases, Stft(80, 40), 800, 7)


def test_the_settings_say_what_is_refined(two):
    found = asked(two)
    assert (found.frames, found.components, found.seed) == (5, (4,), 7)
    assert found.timbre.count == 2
    assert asked(two, timbre=False).timbre is None
    assert asked(two, components=[]).timbre is None
    assert asked(two, smooth_seconds=0).frames == 1
    bases, options = [DRAW.random((41, 6))] * 2, {"refine": OPTIONS, "bands": True}
    banded = refinement_of(options, two, ["a", "b"], bases, Stft(80, 40), 800, 7)
    assert banded.bands and not found.bands
    assert refinement_of({"refine": NO_REFINEMENT}, two, ["a"], [], Stft(80, 40), 800, 7) is None
    assert refinement_of({}, two, ["a"], [], Stft(80, 40), 800, 7) is None


def test_colours_are_learnt_once_for_a_dictionary_and_its_objects(two):
    colours = asked(two).timbre
    assert asked(two).timbre is colours
    assert asked(two, "ba").timbre is not colours
    other = refinement_of(
        {"refine": OPTIONS}, two, ["a", "b"], [DRAW.random((41, 6))] * 2, Stft(80, 40), 400, 7
    )
    assert other.timbre is not colours  # the same bins mean other frequencies
    moved = dictionary_at(800, two, {"bases": {"transform": "stft"}}, 800)
    assert moved is dictionary_at(800, two, {"bases": {"transform": "stft"}}, 800)
    assert asked(moved).timbre is not colours


def test_an_objects_colour_is_that_of_its_own_bases(two):
    dull = np.exp(-np.arange(41, dtype=np.float32) / 4)
    two.bases = np.repeat([dull, dull[::-1]], 6, axis=0) * DRAW.uniform(0.5, 1.5, (12, 41)).astype(np.float32)
    for names in ("ab", "ba"):
        found = asked(two, names).timbre.evidence(two.of("a"))
        assert (found[names.index("a")] > found[names.index("b")]).all()


def test_what_is_published_is_not_refined():
    options = {"refine": OPTIONS, "block_sparsity": 0.1}
    assert separate_options("miml", options) == options
    for name in ("miml_gao", "visual_exemplar", "miml_gao@dropout"):
        plain = {"refine": NO_REFINEMENT, "block_sparsity": 0, "bands": False}
        assert separate_options(name, options) == plain


def test_guided_masks_above_the_bins_of_the_bases_stay_shared():
    magnitude, bases = DRAW.random((12, 9)), [DRAW.random((8, 3)), DRAW.random((8, 3))]
    limits = {"iterations": 20, "tolerance": 0}
    masks = guided_masks(magnitude, bases, refinement=Refinement(3, (2,)), **limits)
    np.testing.assert_allclose(masks.sum(axis=0), 1, rtol=1e-6)
    assert (masks[:, 8:] == 0.5).all()
    assert np.abs(masks - guided_masks(magnitude, bases, **limits))[:, :8].max() > 1e-3


def test_one_component_goes_by_the_square_of_what_is_explained_of_the_mixture():
    explained = DRAW.random((2, 20, 30)) * [[[1.0]], [[0.4]]]
    magnitude = explained.sum(axis=0) * DRAW.random((20, 30))
    masks = soft_masks(explained)
    taken = (magnitude * masks).sum(axis=(1, 2)) ** 2
    expected = np.sqrt(masks * (taken / taken.sum())[:, None, None])
    found = Refinement(1, (1,))(magnitude, explained)
    np.testing.assert_allclose(found, expected / expected.sum(axis=0), rtol=1e-4)
