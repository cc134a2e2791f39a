"""Mixtures, methods and scores: sums are kept, planted sounds are separated, fallbacks are explained."""

import mir_eval
import numpy as np
import pytest

from objectsounds.dictionaries import Dictionary
from objectsounds.errors import ObjectsoundsError
from objectsounds.methods import Problem, guided_nmf, ideal_ratio_mask, soft_masks, unprocessed
from objectsounds.mixtures import choose_pairs, groups_of, mix
from objectsounds.registry import METHODS
from objectsounds.score import bss_eval, si_sdr, summarise
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


def test_sources_are_brought_to_one_level_and_their_sum_is_the_mixture():
    mixture, references = mix([tone(300) * 0.01, tone(900, seconds=3.0) * 5], -23.0)
    for reference in references:
        assert 20 * np.log10(np.sqrt(np.mean(reference**2))) == pytest.approx(-23, abs=0.01)
    np.testing.assert_allclose(mixture, references[0] + references[1], atol=1e-7)
    assert len(mixture) == 2 * RATE


def test_silence_cannot_be_mixed():
    with pytest.raises(ObjectsoundsError, match="silent"):
        mix([np.zeros(100, np.float32), np.ones(100, np.float32)], -23.0)


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


def test_silence_in_silence_out(problem):
    problem.mixture = np.zeros_like(problem.mixture)
    assert not any(estimate.any() for estimate in guided_nmf(problem).values())


def test_objects_without_bases_are_left_out_and_the_reason_is_said(problem):
    problem.objects = ["piano", "drum"]
    estimates = guided_nmf(problem)
    assert list(estimates) == ["piano"]
    method = METHODS["miml"]
    assert (
        fallback_reason("drum", method, problem.objects, problem.dictionary, estimates) == "empty dictionary"
    )
    assert fallback_reason("violin", method, problem.objects, problem.dictionary, estimates) == "not detected"
    assert fallback_reason("piano", method, problem.objects, problem.dictionary, estimates) == ""
    silent = {"piano": np.zeros(10)}
    assert fallback_reason("piano", method, problem.objects, problem.dictionary, silent) == "silent estimate"


def test_scores_are_mir_evals():
    rng = np.random.default_rng(0)
    references = rng.standard_normal((2, RATE))
    estimates = references + 0.3 * references[::-1] + 0.1 * rng.standard_normal((2, RATE))
    ours = bss_eval(references, estimates)
    with pytest.warns(FutureWarning):
        theirs = mir_eval.separation.bss_eval_sources(references, estimates, compute_permutation=False)
    for mine, his in zip(ours, theirs, strict=False):
        np.testing.assert_allclose(mine, his)


def test_a_mixture_of_equal_sources_scores_about_zero(problem):
    references = np.stack(list(problem.references.values())).astype(float)
    sdr, _, _ = bss_eval(references, np.stack([problem.mixture] * 2).astype(float))
    np.testing.assert_allclose(sdr, 0, atol=0.5)


def test_si_sdr_of_a_known_ratio_and_of_another_level():
    a, b = np.array([1.0, 1, 1, 1]), np.array([1.0, -1, 1, -1])
    assert si_sdr(a, a + 0.1 * b) == pytest.approx(20)
    assert si_sdr(a, 7 * (a + 0.1 * b)) == pytest.approx(20)


def pair_settings(classes, max_pairs=250):
    return {"seed": 1, "classes": classes, "mixtures": {"max_pairs": max_pairs, "blocks": 3, "rms_db": -23}}


def test_pairs_hold_two_different_objects_and_every_group_is_named():
    sources = [("a", "piano"), ("b", "piano"), ("c", "violin"), ("d", "dog")]
    pairs = choose_pairs(sources, pair_settings(["piano", "violin", "dog"]))
    assert {(p["clip_1"], p["clip_2"]) for p in pairs} == {
        ("a", "c"),
        ("b", "c"),
        ("a", "d"),
        ("b", "d"),
        ("c", "d"),
    }
    assert {p["group"] for p in pairs} == {"instrument", "cross-domain"}
    assert groups_of(["piano", "violin", "dog"]) == ["instrument", "animal", "cross-domain"]


def test_too_many_pairs_are_sampled_by_seed_and_dealt_to_all_blocks():
    sources = [(f"p{i}", "piano") for i in range(20)] + [(f"v{i}", "violin") for i in range(20)]
    first, second = (choose_pairs(sources, pair_settings(["piano", "violin"], 30)) for _ in range(2))
    assert first == second and len(first) == 30
    assert {p["block"] for p in first} == {0, 1, 2}
    assert len({p["mixture"] for p in first}) == 30


def test_a_summary_counts_fallbacks_and_gives_the_mean_with_and_without_them():
    row = {"mixture": "m", "sir": "1", "sar": "1", "si_sdr": "1", "sdr_improvement": "1", "n_extra": "0"}
    rows = [row | {"sdr": "10", "fallback": ""}, row | {"sdr": "0", "fallback": "not detected"}]
    line = summarise("miml", "instrument", rows)
    assert (line["n"], line["n_fallback"], line["sdr_mean"], line["sdr_mean_separated"]) == (
        2,
        1,
        "5.000",
        "10.000",
    )
    assert line["fallback_reasons"] == "not detected: 1"


def test_an_empty_group_is_a_line_and_not_left_out():
    line = summarise("miml", "animal", [])
    assert line["n"] == 0 and line["sdr_mean"] == ""
