"""Scores: mir_eval's definition, known ratios, and summaries that hide nothing."""

import mir_eval
import numpy as np
import pytest

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.data.score_tables import COLUMNS, SUMMARY_COLUMNS, add_improvement, summarise
from objectsounds.media.wav import write_wav
from objectsounds.signal.bss_eval import BY_ENGINE, bss_eval, bss_eval_by_window
from objectsounds.signal.measures import si_sdr
from objectsounds.signal.statistics import COMPARISON_COLUMNS
from objectsounds.stages.score import score_block, score_mixture
from objectsounds.stages.score_tables import make_tables
from objectsounds.stages.separate import COLUMNS as ESTIMATE_COLUMNS

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


OBJECTS = ["violin", "piano", "drum"]
ROW = {"mixture": "m0", "group": "instrument x3", "block": "0", "clips": "c2;c0;c1"}
ROW["objects"] = ";".join(OBJECTS)
ERRORS = {"violin": 0.1, "piano": 0.3, "drum": 0.5}


@pytest.fixture
def scored(tmp_path):
    """A mixture of three sources with an estimate of each: folders, references by object, estimates' rows."""
    draw = np.random.default_rng(7)
    references = {name: 0.1 * draw.standard_normal(RATE) for name in OBJECTS}
    mixtures, separated = tmp_path / "mixtures", tmp_path / "separated"
    for folder in (mixtures / "m0", separated / "m0"):
        folder.mkdir(parents=True)
    write_wav(mixtures / "m0" / "mixture.wav", sum(references.values()), RATE)
    rows = {}
    for number, (name, reference) in enumerate(references.items(), start=1):
        write_wav(mixtures / "m0" / f"reference_{number}.wav", reference, RATE)
        estimate = reference + ERRORS[name] * 0.1 * draw.standard_normal(RATE)
        write_wav(separated / "m0" / f"{name}.wav", estimate, RATE)
        rows[name] = {"mixture": "m0", "object": name, "file": f"m0/{name}.wav", "fallback": ""}
    return mixtures, separated, references, dict(reversed(rows.items()))


def near(value):
    return pytest.approx(value, abs=1e-3)


def test_each_estimate_is_scored_against_the_reference_of_its_object(scored):
    mixtures, separated, _, estimates = scored
    rows = score_mixture(ROW, estimates, mixtures, separated)
    assert [row["object"] for row in rows] == OBJECTS
    assert [row["clip"] for row in rows] == ["c2", "c0", "c1"]
    assert [row["other"] for row in rows] == ["piano;drum", "violin;drum", "violin;piano"]
    assert {(row["group"], row["mixture"], row["fallback"], row["n_extra"]) for row in rows} == {
        ("instrument x3", "m0", "", 0)
    }
    for row in rows:  # the noise is 20 log10(error) below the source; some of it falls into the filters
        expected = -20 * np.log10(ERRORS[row["object"]])
        assert row["sdr"] == pytest.approx(expected, abs=0.8)
        assert row["si_sdr"] == pytest.approx(expected, abs=0.3)


@pytest.mark.parametrize("file", ["m0/piano.wav", ""])
def test_the_mixture_stands_in_for_an_estimate_that_is_silent_or_missing(scored, file):
    mixtures, separated, references, estimates = scored
    write_wav(separated / "m0" / "piano.wav", np.zeros(RATE), RATE)
    estimates["piano"] |= {"file": file, "fallback": "silent estimate"}
    rows = score_mixture(ROW, estimates, mixtures, separated)
    assert [row["fallback"] for row in rows] == ["", "silent estimate", ""]
    mixture = sum(references.values())
    unprocessed = bss_eval(np.stack(list(references.values())), np.stack([mixture] * 3))
    assert (rows[1]["sdr"], rows[1]["sir"]) == (near(unprocessed[0][1]), near(unprocessed[1][1]))
    assert rows[1]["si_sdr"] == near(si_sdr(references["piano"], mixture))
    assert rows[0]["sdr"] > 15 and rows[2]["sdr"] > 5


def test_a_fallback_is_that_of_the_estimate_that_was_matched(scored):
    mixtures, separated, _, estimates = scored
    files = ["m0/piano.wav", "", "m0/drum.wav"]  # the violin's estimate is the piano's sound
    for name, file in zip(OBJECTS, files, strict=True):
        estimates[name] |= {"file": file, "fallback": "" if file else "no estimate"}
    fixed = score_mixture(ROW, estimates, mixtures, separated)
    best = score_mixture(ROW, estimates, mixtures, separated, best_matching=True)
    assert [row["fallback"] for row in fixed] == ["", "no estimate", ""] and fixed[0]["sdr"] < 0
    assert [row["fallback"] for row in best] == ["no estimate", "", ""]
    assert [row["object"] for row in best] == OBJECTS and [row["clip"] for row in best] == ["c2", "c0", "c1"]
    assert best[1]["sdr"] > 9 > 0 > best[0]["sdr"]
    assert best[1]["si_sdr"] > 9 and best[0]["si_sdr"] < 0


def test_what_was_detected_beside_the_true_objects_is_counted_and_not_scored(scored):
    mixtures, separated, _, estimates = scored
    for name in ("harp", "flute"):
        estimates[name] = {"mixture": "m0", "object": name, "file": f"m0/{name}.wav", "fallback": ""}
    rows = score_mixture(ROW, estimates, mixtures, separated)
    assert [row["object"] for row in rows] == OBJECTS and {row["n_extra"] for row in rows} == {2}


@pytest.mark.parametrize("best_matching", [False, True])
def test_scores_by_window_are_the_medians_of_mir_evals_frames(best_matching):
    references = coloured(2, 5 * RATE + 300)
    noise = np.repeat([0.01, 0.1, 0.03, 0.3, 0.2, 1], RATE)[: references.shape[1]]
    estimates = references + 0.2 * references[::-1] + noise * coloured(2, references.shape[1], seed=5)
    references[0, 2 * RATE : 3 * RATE] = 0
    if best_matching:
        estimates = estimates[::-1]
    *scores, order = bss_eval_by_window(bss_eval, references, estimates, best_matching, RATE)
    assert order.tolist() == ([1, 0] if best_matching else [0, 1])
    with pytest.warns(FutureWarning):
        frames = mir_eval.separation.bss_eval_sources_framewise(references, estimates[order], RATE, RATE)[:3]
    assert np.isnan(frames[0][:, 2]).all() and frames[0].shape == (2, 5)
    for ours, theirs in zip(scores, frames, strict=True):
        np.testing.assert_allclose(ours, np.nanmedian(theirs, axis=1), atol=1e-6)
    whole = bss_eval(references, estimates, best_matching)
    assert np.abs(whole[0] - scores[0]).min() > 0.5
    brief = references[:, : RATE // 2], estimates[:, : RATE // 2]
    for engine in BY_ENGINE.values():
        one = bss_eval_by_window(engine, *brief, best_matching, RATE)
        np.testing.assert_allclose(one, engine(*brief, best_matching), atol=1e-9)


@pytest.mark.parametrize("engine", ["fast", "mir_eval"])
@pytest.mark.parametrize(("method", "matched"), [("miml", False), ("kmeans", True), ("kmeans_fixed", False)])
def test_a_block_is_scored_by_the_methods_own_matching(scored, tmp_path, engine, method, matched):
    mixtures, separated, _, estimates = scored
    files = dict(zip(OBJECTS, ["piano", "violin", "drum"], strict=True))
    rows = [row | {"file": f"m0/{files[name]}.wav", "detected": ""} for name, row in estimates.items()]
    write_table(separated / "estimates.tsv", ESTIMATE_COLUMNS, rows)
    write_table(mixtures / "mixtures.tsv", MIXTURE_COLUMNS, [ROW])
    settings, output = {"score": {"engine": engine, "window_seconds": None}}, tmp_path / "scores.tsv"
    score_block(settings, method, mixtures, separated, output)
    found = read_table(output, COLUMNS)
    assert [(row["method"], row["object"]) for row in found] == [(method, name) for name in OBJECTS]
    assert [float(row["sdr"]) > 4 for row in found] == [matched, matched, True]
    assert all(len(row["sdr"].partition(".")[2]) == 4 for row in found)
    assert {row["sdr_improvement"] for row in found} == {""}
    settings["score"]["window_seconds"] = 0.25
    score_block(settings, method, mixtures, separated, output)
    by_window = read_table(output, COLUMNS)
    assert all(row["sdr"] != other["sdr"] for row, other in zip(found, by_window, strict=True))
    assert [row["si_sdr"] for row in found] == [row["si_sdr"] for row in by_window]


def score_row(method, mixture, name, sdr, **cells):
    clips = {"m0": {"piano": "a", "violin": "b"}, "m1": {"piano": "a", "dog": "d"}}[mixture]
    other = next(item for item in clips if item != name)
    row = {"method": method, "group": "instrument" if mixture == "m0" else "cross-domain", "mixture": mixture}
    row |= {"object": name, "clip": clips[name], "other": other, "sdr": sdr, "sir": sdr + 3, "sar": sdr + 5}
    return row | {"si_sdr": sdr - 1, "sdr_improvement": "", "fallback": "", "n_extra": 0} | cells


@pytest.fixture
def tables(tmp_path):
    """The tables of two methods whose scores are known: summary by (method, group), scores, comparisons."""
    blocks = {
        "mixture": [
            score_row("mixture", "m0", "piano", 1.0),
            score_row("mixture", "m0", "violin", -1.5),
            score_row("mixture", "m1", "piano", 0.5),
            score_row("mixture", "m1", "dog", 0.25),
        ],
        "miml": [
            score_row("miml", "m1", "piano", 0.5, fallback="not detected", n_extra=2),
            score_row("miml", "m1", "dog", 8.0, n_extra=2),
            score_row("miml", "m0", "piano", 4.0, n_extra=1),
            score_row("miml", "m0", "violin", -1.5, fallback="no absent object has bases", n_extra=1),
        ],
    }
    paths = []
    for method, rows in blocks.items():
        for number in range(2):  # a block a file
            paths.append(tmp_path / f"{method}-{number}.tsv")
            write_table(paths[-1], COLUMNS, rows[2 * number : 2 * number + 2])
    settings = {"seed": 1, "classes": ["piano", "violin", "dog"], "mixtures": {"sources": [2]}}
    outputs = [tmp_path / f"{name}.tsv" for name in ("scores", "summary", "comparisons")]
    lines = make_tables(settings, ["miml", "mixture"], paths, *outputs)
    summary = read_table(outputs[1], SUMMARY_COLUMNS)
    assert [{key: str(value) for key, value in line.items()} for line in lines] == summary
    return {(row["method"], row["group"]): row for row in summary}, *map(read_table, (outputs[0], outputs[2]))


def test_the_summary_has_a_line_for_each_method_and_group_in_their_order(tables):
    groups = ("instrument", "animal", "cross-domain")
    assert list(tables[0]) == [(method, group) for method in ("miml", "mixture") for group in groups]
    assert tables[0]["miml", "animal"]["n"] == "0" and tables[0]["miml", "animal"]["sdr_mean"] == ""


def test_the_headline_figures_are_those_counted_by_hand(tables):
    line = tables[0]["miml", "instrument"]
    assert (line["n"], line["n_mixtures"], line["n_extra"]) == ("2", "1", "1")
    assert (line["sdr_mean"], line["sdr_median"]) == ("1.250", "1.250")  # (4 - 1.5) / 2
    assert (line["n_fallback"], line["sdr_mean_separated"]) == ("1", "4.000")
    assert line["fallback_reasons"] == "no absent object has bases: 1"
    assert (line["sir_mean"], line["sar_mean"]) == ("7.000", "9.000")  # of what was separated alone
    assert line["si_sdr_mean"] == "0.250"
    assert line["sdr_improvement_mean"] == "1.500"  # (4 - 1 + 0) / 2
    line = tables[0]["miml", "cross-domain"]
    assert (line["sdr_mean"], line["sdr_mean_separated"], line["n_extra"]) == ("4.250", "8.000", "2")
    assert (line["sdr_improvement_mean"], line["fallback_reasons"]) == ("3.875", "not detected: 1")
    line = tables[0]["mixture", "cross-domain"]
    assert (line["sdr_mean"], line["n_fallback"], line["sdr_improvement_mean"]) == ("0.375", "0", "0.000")
    assert line["sdr_mean_separated"] == "0.375" and line["fallback_reasons"] == ""


def test_the_scores_stand_in_the_order_of_the_methods_with_what_was_gained(tables):
    found = [(row["method"], row["mixture"], row["object"], row["sdr_improvement"]) for row in tables[1]]
    assert found == [
        ("miml", "m0", "piano", "3.0000"),
        ("miml", "m0", "violin", "0.0000"),
        ("miml", "m1", "piano", "0.0000"),
        ("miml", "m1", "dog", "7.7500"),
        ("mixture", "m0", "piano", "0.0000"),
        ("mixture", "m0", "violin", "0.0000"),
        ("mixture", "m1", "piano", "0.0000"),
        ("mixture", "m1", "dog", "0.0000"),
    ]


def test_the_other_methods_are_compared_with_miml(tables):
    assert tuple(tables[2][0]) == COMPARISON_COLUMNS
    found = {row["group"]: row for row in tables[2]}
    assert {(row["method"], row["reference"]) for row in tables[2]} == {("mixture", "miml")}
    assert float(found["instrument"]["difference_mean"]) == -1.5
    assert float(found["cross-domain"]["difference_mean"]) == -3.875


def test_reasons_of_fallbacks_are_counted_apart():
    row = score_row("miml", "m0", "piano", 1.0)
    reasons = ["not detected", "empty dictionary", "no absent object has bases", "not detected", ""]
    rows = [row | {"fallback": reason} for reason in reasons]
    line = summarise("unmatched", "instrument", rows)
    assert line["fallback_reasons"] == "empty dictionary: 1; no absent object has bases: 1; not detected: 2"
    assert line["n_fallback"] == 4


def test_an_interval_is_drawn_by_the_seed():
    rows = [
        {"method": "miml", "group": "instrument", "mixture": f"m{i}", "object": name, "clip": f"{name}{i}"}
        | {"other": "", "sdr": str(float(i % 5)), "sir": "1", "sar": "1", "si_sdr": "1"}
        | {"sdr_improvement": "", "fallback": "", "n_extra": "0"}
        for i in range(12)
        for name in ("piano", "violin")
    ]
    bounds = [summarise("miml", "instrument", rows, seed)["sdr_low"] for seed in (1, 1, 2, 3)]
    assert bounds[0] == bounds[1] and len(set(bounds)) > 1
