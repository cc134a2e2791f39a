"""Scores: mir_eval's definition, known ratios, and summaries that hide nothing."""

import mir_eval
import numpy as np
import pytest

from objectsounds.bss_eval import bss_eval
from objectsounds.errors import ObjectsoundsError
from objectsounds.score import add_improvement, si_sdr, summarise

RATE = 8000


def mir_evals(references, estimates, best_matching=False):
    with pytest.warns(FutureWarning):
        return mir_eval.separation.bss_eval_sources(references, estimates, compute_permutation=best_matching)


def coloured(count, length=RATE, seed=0, limit=0.3):
    """Return noise of which little is left above a share ``limit`` of the band."""
    rng = np.random.default_rng(seed)
    spectra = rng.standard_normal((count, length // 2 + 1)) + 1j * rng.standard_normal(
        (count, length // 2 + 1)
    )
    frequencies = np.linspace(0, 1, length // 2 + 1)
    return np.fft.irfft(spectra * np.where(frequencies < limit, 1 / (1 + 30 * frequencies), 1e-4), length)


@pytest.mark.parametrize(("count", "best_matching"), [(1, False), (2, False), (3, True)])
@pytest.mark.parametrize("make", [lambda n: np.random.default_rng(0).standard_normal((n, RATE)), coloured])
def test_scores_are_mir_evals(make, count, best_matching):
    references = make(count)
    noise = np.random.default_rng(1).standard_normal(references.shape) * references.std()
    estimates = references + 0.3 * np.roll(references, 1, axis=0) + 0.1 * noise
    ours, theirs = (
        bss_eval(references, estimates, best_matching),
        mir_evals(references, estimates, best_matching),
    )
    for mine, his in zip(ours, theirs, strict=True):
        finite = his < 200  # the SIR of a single source is a division by rounding errors
        np.testing.assert_allclose(mine[finite], his[finite], atol=1e-5)
        assert (mine[~finite] > 200).all()


@pytest.mark.parametrize("error", [1e-3, 1e-5, 1e-7])
def test_scores_far_above_100_db_are_still_mir_evals(error):
    references = coloured(2)
    estimates = references + error * np.random.default_rng(3).standard_normal((2, RATE)) * references.std()
    for mine, his in zip(bss_eval(references, estimates), mir_evals(references, estimates), strict=True):
        np.testing.assert_allclose(mine, his, atol=1e-3)


def test_the_mixture_itself_has_no_artefacts_but_those_of_rounding():
    references = coloured(2).astype(np.float32).astype(np.float64)
    estimates = np.stack([references.sum(axis=0).astype(np.float32)] * 2).astype(np.float64)
    ours, theirs = bss_eval(references, estimates), mir_evals(references, estimates)
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-6)
    np.testing.assert_allclose(ours[2], theirs[2], atol=1e-2)
    assert ours[2].min() > 120


def test_references_that_are_copies_still_have_an_sdr():
    reference = coloured(1)
    noise = 0.1 * reference.std() * np.random.default_rng(4).standard_normal((2, RATE))
    sdr, sir, _, _ = bss_eval(np.repeat(reference, 2, axis=0), reference + noise)
    alone = bss_eval(reference, reference + noise[:1])[0][0]
    assert sdr[0] == pytest.approx(alone, abs=1e-3)
    assert sir.min() > 60


@pytest.mark.parametrize("length", [100, 5000])
def test_short_signals_have_finite_scores(length):
    rng = np.random.default_rng(5)
    references = rng.standard_normal((2, length))
    assert not np.isnan(bss_eval(references, references + rng.standard_normal((2, length)))[0]).any()


@pytest.mark.parametrize("which", ["references", "estimates"])
@pytest.mark.parametrize("bad", [0.0, np.nan])
def test_silence_and_nan_are_refused(which, bad):
    signals = {"references": coloured(2), "estimates": coloured(2, seed=1)}
    signals[which][1] = bad
    with pytest.raises(ObjectsoundsError, match=which):
        bss_eval(**signals)


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
