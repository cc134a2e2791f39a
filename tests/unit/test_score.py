"""Scores: mir_eval's definition, known ratios, and summaries that hide nothing."""

import mir_eval
import numpy as np
import pytest

from objectsounds.score import add_improvement, bss_eval, si_sdr, summarise

RATE = 8000


def test_scores_are_mir_evals():
    rng = np.random.default_rng(0)
    references = rng.standard_normal((2, RATE))
    estimates = references + 0.3 * references[::-1] + 0.1 * rng.standard_normal((2, RATE))
    ours = bss_eval(references, estimates)
    with pytest.warns(FutureWarning):
        theirs = mir_eval.separation.bss_eval_sources(references, estimates, compute_permutation=False)
    for mine, his in zip(ours[:3], theirs, strict=False):
        np.testing.assert_allclose(mine, his)


def test_the_best_matching_finds_swapped_estimates_and_the_fixed_one_does_not():
    references = np.random.default_rng(2).standard_normal((2, RATE))
    swapped = references[::-1] + 0.01
    fixed, best = bss_eval(references, swapped), bss_eval(references, swapped, best_matching=True)
    assert fixed[0].max() < 0 and best[0].min() > 20
    assert best[3].tolist() == [1, 0] and fixed[3].tolist() == [0, 1]


def test_a_mixture_of_equal_sources_scores_about_zero():
    references = np.random.default_rng(1).standard_normal((2, 4 * RATE))
    sdr, *_ = bss_eval(references, np.stack([references.sum(axis=0)] * 2))
    np.testing.assert_allclose(sdr, 0, atol=0.5)


def test_si_sdr_of_a_known_ratio_and_of_another_level():
    a, b = np.array([1.0, 1, 1, 1]), np.array([1.0, -1, 1, -1])
    assert si_sdr(a, a + 0.1 * b) == pytest.approx(20)
    assert si_sdr(a, 7 * (a + 0.1 * b)) == pytest.approx(20)


def test_a_summary_counts_fallbacks_and_gives_the_mean_with_and_without_them():
    row = {
        "mixture": "m",
        "clip": "c",
        "sir": "1",
        "sar": "1",
        "si_sdr": "1",
        "sdr_improvement": "1",
        "n_extra": "0",
    }
    rows = [row | {"sdr": "10", "fallback": ""}, row | {"sdr": "0", "fallback": "not detected", "sar": "150"}]
    line = summarise("miml", "instrument", rows)
    assert (line["n"], line["n_fallback"], line["sdr_mean"], line["sdr_mean_separated"]) == (
        2,
        1,
        "5.000",
        "10.000",
    )
    assert line["fallback_reasons"] == "not detected: 1" and line["sar_mean"] == "1.000"


def test_an_empty_group_is_a_line_and_not_left_out():
    line = summarise("miml", "animal", [])
    assert line["n"] == 0 and line["sdr_mean"] == ""


def test_the_improvement_is_over_the_mixtures_own_score():
    rows = [
        {"method": m, "mixture": "a", "object": "piano", "sdr": s}
        for m, s in (("mixture", "1"), ("miml", "4"))
    ]
    add_improvement(rows)
    assert [row["sdr_improvement"] for row in rows] == ["0.0000", "3.0000"]
    alone = [rows[1].copy()]
    add_improvement(alone)
    assert alone[0]["sdr_improvement"] == ""
