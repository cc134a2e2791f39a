"""The methods: masks sum to one, planted sounds are separated, fallbacks are explained."""

import numpy as np
import pytest

from objectsounds.dictionaries import Dictionary
from objectsounds.guided_masks import soft_masks
from objectsounds.methods import (
    Problem,
    guided_nmf,
    ideal_ratio_mask,
    unmatched_nmf,
    unmatched_objects,
    unprocessed,
)
from objectsounds.mixtures import mix
from objectsounds.score import si_sdr
from objectsounds.separate import fallback_reason
from objectsounds.transforms import Stft

RATE = 8000
TRANSFORM = Stft.for_rate(RATE, 0.1, 0.05)
OPTIONS = {"iterations": 200, "tolerance": 1e-4}


def tone(frequency, seconds=2.0, seed=0):
    t = np.arange(int(RATE * seconds)) / RATE
    swell = np.random.default_rng(seed).random(len(t) // 400 + 1).repeat(400)[: len(t)]
    return (np.sin(2 * np.pi * frequency * t) * swell).astype(np.float32)


@pytest.fixture
def problem():
    sources = {"piano": tone(400, seed=1), "violin": tone(1500, seed=2)}
    mixture, references = mix(list(sources.values()), -23.0)
    spectra = [np.abs(TRANSFORM.forward(source)).mean(axis=1) for source in sources.values()]
    words = Dictionary(["piano", "violin"], np.array([0, 1]), np.stack(spectra), ["a", "b"], {})
    named = dict(zip(sources, references, strict=True))
    return Problem(mixture, list(sources), TRANSFORM, OPTIONS, words, named)


def test_masks_sum_to_one_and_share_what_nobody_claims():
    magnitudes = np.random.default_rng(0).random((3, 5, 4))
    magnitudes[:, 2, 1] = 0
    masks = soft_masks(magnitudes)
    np.testing.assert_allclose(masks.sum(axis=0), 1)
    np.testing.assert_allclose(masks[:, 2, 1], 1 / 3)


@pytest.mark.parametrize("method", [guided_nmf, ideal_ratio_mask])
def test_planted_sounds_are_separated_and_the_estimates_sum_to_the_mixture(problem, method):
    estimates = method(problem)
    np.testing.assert_allclose(
        sum(estimates.values()), problem.mixture, atol=1e-4 * np.abs(problem.mixture).max()
    )
    for name, reference in problem.references.items():
        assert si_sdr(reference, estimates[name]) > 15


def test_the_unprocessed_mixture_is_the_mixture(problem):
    assert all((estimate == problem.mixture).all() for estimate in unprocessed(problem).values())


def test_a_single_object_gets_the_whole_mixture(problem):
    problem.objects = ["violin"]
    np.testing.assert_allclose(guided_nmf(problem)["violin"], problem.mixture, atol=1e-6)


def test_unmatched_never_draws_an_object_that_is_there_nor_one_without_bases(problem):
    names = ["piano", "violin", "drum", "flute", "harp"]
    owners = np.array([0, 1, 2, 3])  # the harp has no basis
    problem.dictionary = Dictionary(names, owners, np.ones((4, 401), np.float32), [""] * 4, {"harp": "none"})
    drawn = set()
    for seed in range(30):
        problem.seed = seed
        found = unmatched_objects(problem)
        assert set(found) == {"piano", "violin"} and set(found.values()) == {"drum", "flute"}
        drawn.add(tuple(found.values()))
    assert len(drawn) == 2
    assert set(unmatched_nmf(problem)) == {"piano", "violin"}


def test_unmatched_has_nothing_where_every_object_is_there(problem):
    assert unmatched_nmf(problem) == {}
    assert problem.left_out == dict.fromkeys(["piano", "violin"], "no absent object has bases")


def test_silence_in_silence_out(problem):
    problem.mixture = np.zeros_like(problem.mixture)
    assert not any(estimate.any() for estimate in guided_nmf(problem).values())


def test_objects_without_bases_are_left_out_and_the_reason_is_said(problem):
    problem.objects = ["piano", "drum"]
    estimates = guided_nmf(problem)
    assert list(estimates) == ["piano"]
    assert fallback_reason("drum", problem, estimates) == "empty dictionary"
    assert fallback_reason("violin", problem, estimates) == "not detected"
    assert fallback_reason("piano", problem, estimates) == ""
    assert fallback_reason("piano", problem, {"piano": np.zeros(10)}) == "silent estimate"
    problem.left_out = {}
    assert fallback_reason("drum", problem, estimates) == "no estimate"
