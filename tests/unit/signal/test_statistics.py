"""Intervals cover what they promise, count shared mixtures and clips, or say that they cannot be told."""

import itertools
import math

import numpy as np
import pytest

from objectsounds.core.seeds import generator
from objectsounds.data.score_tables import COLUMNS
from objectsounds.signal.statistics import (
    COMPARISON_COLUMNS,
    bootstrap_interval,
    clips_of_mixtures,
    compare,
    paired_difference,
)


def interval(values, clusters, seed=0, **options):
    return bootstrap_interval(values, clusters, generator=np.random.default_rng(seed), **options)


def coverage(draw, runs=300):
    """Return the share of intervals of ``draw(rng) -> values, clusters, clips`` around the true mean, 0."""
    rng = np.random.default_rng(20)
    hits = 0
    for _ in range(runs):
        values, clusters, clips = draw(rng)
        low, high = bootstrap_interval(values, clusters, clips=clips, generator=rng, repeats=300)
        hits += low <= 0 <= high
    return hits / runs


def shared_clips(rng, number=20, clip_spread=1.0):
    """Return a value for each pair of clips: a hard clip pulls all of its pairs."""
    pairs = list(itertools.combinations(range(number), 2))
    effects = clip_spread * rng.standard_normal(number)
    return np.array([effects[a] + effects[b] for a, b in pairs]) + rng.standard_normal(len(pairs)), pairs


def test_the_interval_of_independent_values_is_the_normal_one():
    values = np.random.default_rng(1).standard_normal(400)
    low, high = interval(values, range(400), repeats=4000)
    half = 1.96 * values.std() / np.sqrt(400)
    assert low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_95_percent_of_the_intervals_hold_the_mean_of_independent_values():
    assert coverage(lambda rng: (rng.standard_normal(50), range(50), None)) == pytest.approx(0.95, abs=0.035)


def test_of_two_runs_that_alone_differ_the_interval_is_from_one_to_the_other():
    assert interval(np.tile([1.0, 3.0], (10, 1)), range(10)) == (1.0, 3.0)


def test_runs_that_are_alike_change_nothing_but_the_draws():
    values = np.random.default_rng(3).standard_normal(60)
    one, three = interval(values, range(60)), interval(np.stack([values] * 3, axis=1), range(60))
    assert three == pytest.approx(one)


def test_the_mean_over_runs_varies_in_the_draws_as_the_mean_of_as_many_does():
    effects = np.random.default_rng(4).standard_normal(12)
    low, high = interval(np.tile(effects, (30, 1)), range(30), repeats=20000)
    expected = 1.96 * effects.std(ddof=1) / np.sqrt(12)
    assert (high - low) / 2 == pytest.approx(expected, rel=0.06)


def test_95_percent_of_the_intervals_hold_the_mean_over_runs_and_mixtures():
    def draw(rng):
        own, runs = rng.standard_normal((60, 1)), 0.7 * rng.standard_normal(30)
        return own + runs + 0.3 * rng.standard_normal((60, 30)), range(60), None

    assert coverage(draw) == pytest.approx(0.95, abs=0.04)


def mixtures_of_two(rng):
    return np.repeat(rng.standard_normal(50), 2) + 0.3 * rng.standard_normal(100)


def test_they_do_for_sources_that_depend_on_their_mixture():
    covered = coverage(lambda rng: (mixtures_of_two(rng), np.repeat(range(50), 2), None))
    assert covered == pytest.approx(0.95, abs=0.035)


def test_taking_dependent_sources_for_independent_would_cover_less():
    assert coverage(lambda rng: (mixtures_of_two(rng), range(100), None)) < 0.9


def test_drawing_clips_covers_the_mean_where_clips_recur_in_mixtures():
    def draw(rng):
        values, pairs = shared_clips(rng)
        return values, pairs, pairs

    assert coverage(draw) == pytest.approx(0.95, abs=0.04)


def test_drawing_mixtures_covers_less_than_two_thirds_there():
    def draw(rng):
        values, pairs = shared_clips(rng)
        return values, pairs, None

    assert coverage(draw) < 0.66


def test_drawing_clips_gives_the_wider_interval_where_clips_matter():
    values, pairs = shared_clips(np.random.default_rng(3))
    by_mixture, by_clip = interval(values, pairs), interval(values, pairs, clips=pairs)
    assert by_clip[1] - by_clip[0] > 1.5 * (by_mixture[1] - by_mixture[0])


def test_drawing_clips_is_root_three_too_wide_where_no_clip_recurs():
    values = np.random.default_rng(4).standard_normal(500)
    own = [(f"a{i}", f"b{i}") for i in range(500)]
    narrow, wide = interval(values, own), interval(values, own, clips=own)
    assert (wide[1] - wide[0]) / (narrow[1] - narrow[0]) == pytest.approx(math.sqrt(3), rel=0.1)


def test_mixtures_of_one_and_of_three_clips_go_together():
    values, clips = [1.0, 2.0, 3.0, 4.0], [("a",), ("a", "b", "c"), ("b", "c"), ("d",)]
    low, high = interval(values, "wxyz", clips=clips)
    assert 1 <= low < 2.5 < high <= 4


def test_the_order_of_the_clips_names_changes_nothing():
    values, pairs = shared_clips(np.random.default_rng(5), 6)
    turned = [pair[::-1] for pair in pairs]
    assert interval(values, pairs, clips=pairs) == interval(values, pairs, clips=turned)


def by_hand(values, clusters, clips, draw, level, repeats):
    """Return the interval in plain loops; ``clips`` of each value, or None."""
    names = sorted({name for own in clips for name in own}) if clips else list(dict.fromkeys(clusters))
    counts = draw.multinomial(len(names), [1 / len(names)] * len(names), size=repeats)
    means = []
    for row in counts:
        times = dict(zip(names, row, strict=True))
        weights = []
        for number, cluster in enumerate(clusters):
            if clips:
                whole = {name for c, own in zip(clusters, clips, strict=True) if c == cluster for name in own}
                weights.append(math.prod(int(times[name]) for name in whole))
            else:
                weights.append(int(times[clusters[number]]))
        if sum(weights):
            means.append(sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights))
    return tuple(np.quantile(means, [(1 - level) / 2, 1 - (1 - level) / 2]))


@pytest.mark.parametrize("by_clip", [False, True])
@pytest.mark.parametrize("level", [0.95, 0.5])
def test_the_interval_is_that_of_plain_loops(by_clip, level):
    values, clusters = [1.0, 4.0, 2.0, 7.0, 3.0, -2.0, 5.0], list("aabbcde")
    clips = [("x",), ("y",), ("y", "z"), ("y", "z"), ("u", "v", "x"), ("w",), ("z",)] if by_clip else None
    found = interval(values, clusters, seed=7, clips=clips, level=level, repeats=60)
    draw = np.random.default_rng(7)
    assert found == pytest.approx(by_hand(values, clusters, clips, draw, level, 60), abs=1e-12)


def test_two_mixtures_of_different_clips_have_an_interval():
    low, high = interval([1.0, 2.0], ["m", "n"], clips=[("a", "b"), ("a", "c")])
    assert (low, high) == (1, 2)


def test_the_usual_interval_covers_95_percent_by_two_thousand_draws():
    values = np.random.default_rng(8).standard_normal(30)
    assert interval(values, range(30)) == interval(values, range(30), level=0.95, repeats=2000)
    a, b = ({("m", str(i)): float(v * sign) for i, v in enumerate(values)} for sign in (1, -1))
    clips = {"m": {"x"}}
    assert math.isnan(paired_difference(a, b, generator=np.random.default_rng(0), clips=clips).low)
    one = {(str(i), "x"): float(v) for i, v in enumerate(values)}
    other = dict.fromkeys(one, 0.0)
    usual = paired_difference(one, other, generator=np.random.default_rng(8))
    said = paired_difference(one, other, generator=np.random.default_rng(8), level=0.95, repeats=2000)
    assert usual == said and (usual.low, usual.high) == interval(values, range(30), seed=8)


def test_nothing_in_common_is_told_as_nothing():
    found = paired_difference({("m", "cat"): 1.0}, {("n", "cat"): 1.0}, generator=np.random.default_rng(0))
    assert all(math.isnan(value) for value in (found.mean, found.low, found.wins, found.ties))
    assert (found.n, found.n_mixtures, found.n_clips) == (0, 0, 0)


def test_small_differences_are_wins_or_losses_and_only_equal_values_ties():
    b = {(str(i), "x"): 0.0 for i in range(8)}
    a = dict(zip(b, [0.5, 0.1, 1.0, 3.0, 0.0, -0.5, -1.0, -3.0], strict=True))
    found = paired_difference(
        a, b, generator=np.random.default_rng(0), clips={str(i): {str(i)} for i in range(8)}
    )
    assert (found.wins, found.ties, found.n_clips) == (4 / 8, 1 / 8, 8)


def test_a_constant_has_an_interval_without_width():
    assert interval([2.0] * 6, [0, 0, 1, 1, 2, 2]) == (2, 2)


def test_a_lower_level_gives_a_narrower_interval():
    values = np.random.default_rng(6).standard_normal(100)
    wide, narrow = interval(values, range(100)), interval(values, range(100), level=0.5)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize(
    ("values", "clusters", "clips"),
    [
        ([], [], None),
        ([1.0, 2.0], ["m", "m"], None),
        ([1.0, 2.0], ["m", "n"], [("a", "b"), ("b", "a")]),
        ([1.0, math.inf], ["m", "n"], None),
        ([1.0, math.nan], ["m", "n"], None),
    ],
    ids=["nothing", "one mixture", "the same clips everywhere", "infinite", "not a number"],
)
def test_what_cannot_be_told_is_not_a_number(values, clusters, clips):
    assert all(map(math.isnan, interval(values, clusters, clips=clips)))


def test_a_value_without_its_cluster_is_refused():
    with pytest.raises(ValueError, match="2 values but 1 clusters"):
        interval([1.0, 2.0], ["m"])


def test_a_mixture_without_clips_is_refused():
    with pytest.raises(ValueError, match="without a clip"):
        interval([1.0, 2.0], ["m", "n"], clips=[("a",), ()])


def test_a_paired_difference_is_over_the_sources_that_both_have():
    a = {("m", "cat"): 3.0, ("m", "dog"): 1.0, ("n", "cat"): 2.0, ("n", "frog"): 9.0}
    b = {("m", "cat"): 1.0, ("m", "dog"): 1.0, ("n", "cat"): 3.0, ("o", "dog"): 9.0}
    found = paired_difference(a, b, generator=np.random.default_rng(0))
    assert (found.mean, found.n, found.n_mixtures, found.n_clips) == (pytest.approx(1 / 3), 3, 2, 0)
    assert (found.wins, found.ties) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert (found.low, found.high) == (-1, 1)  # only one of the two mixtures drawn


def test_methods_without_a_common_source_have_no_difference():
    found = paired_difference(
        {("m", "cat"): 1.0}, {("n", "cat"): 1.0}, generator=np.random.default_rng(0), clips={}
    )
    assert found.n == found.n_mixtures == found.n_clips == 0
    assert all(map(math.isnan, (found.mean, found.low, found.high, found.wins, found.ties)))


def scores(sdr, pairs=(("a", "b"), ("a", "c"), ("b", "c")), group="instrument"):
    """Return rows of scores.tsv: ``sdr`` maps a method to the SDR of a mixture's number and source."""
    blank = dict.fromkeys(COLUMNS, "")
    return [
        blank
        | {"method": method, "group": group, "mixture": f"{group}-{number}", "sdr": value(number, place)}
        | {"object": f"o_{clip}", "clip": clip, "other": f"o_{pair[1 - place]}"}
        for method, value in sdr.items()
        for number, pair in enumerate(pairs)
        for place, clip in enumerate(pair)
    ]


def test_every_other_method_and_variant_is_compared_with_the_reference():
    sdr = {
        "miml": lambda n, p: f"{n}",
        "gaussian": lambda n, p: f"{n - 2}",
        "miml@x": lambda n, p: f"{n + p}",
    }
    lines = compare(scores(sdr), seed=0)
    assert [line["method"] for line in lines] == ["gaussian", "miml@x"]
    gaussian, variant = lines
    assert tuple(gaussian) == COMPARISON_COLUMNS
    assert (gaussian["difference_mean"], gaussian["low"], gaussian["high"]) == ("-2.000",) * 3
    assert (gaussian["n"], gaussian["n_mixtures"], gaussian["n_clips"]) == (6, 3, 3)
    assert (gaussian["wins"], gaussian["ties"]) == ("0.000", "0.000")
    assert (variant["difference_mean"], variant["wins"], variant["ties"]) == ("0.500",) * 3


def random_scores(*methods):
    pairs = list(itertools.combinations("abcdefgh", 2))
    tables = {name: generator(7, name).standard_normal((len(pairs), 2)) for name in methods}
    return scores({name: lambda n, p, t=table: f"{t[n, p]:.4f}" for name, table in tables.items()}, pairs)


def test_a_comparison_is_the_same_again_and_does_not_depend_on_other_methods():
    lines = compare(random_scores("miml", "gaussian"), seed=0)
    assert lines == compare(random_scores("miml", "gaussian"), seed=0)
    more = compare(random_scores("miml", "mixture", "gaussian"), seed=0)
    assert more[1] == lines[0] and len(more) == 2


def test_a_comparison_draws_by_seed_method_and_group_and_by_clip():
    rows = random_scores("miml", "gaussian")
    a, b = (
        {(row["mixture"], row["object"]): float(row["sdr"]) for row in rows if row["method"] == name}
        for name in ("gaussian", "miml")
    )
    draw = generator(5, "statistics", "gaussian", "instrument")
    expected = paired_difference(a, b, generator=draw, clips=clips_of_mixtures(rows))
    (line,) = compare(rows, seed=5)
    assert (line["low"], line["high"]) == (f"{expected.low:.3f}", f"{expected.high:.3f}")
    (other,) = compare(rows, seed=6)
    assert (line["low"], line["high"]) != (other["low"], other["high"])


def test_groups_are_compared_by_themselves_and_empty_ones_stay_a_line():
    one, two = {"miml": lambda n, p: "1"}, {"miml": lambda n, p: "1", "gaussian": lambda n, p: "4"}
    lines = compare(scores(two) + scores(one, group="animal"), seed=0)
    assert [(line["group"], line["n"], line["difference_mean"]) for line in lines] == [
        ("instrument", 6, "3.000"),
        ("animal", 0, ""),
    ]


def test_empty_cells_are_left_out():
    sdr = {"miml": lambda n, p: "1", "gaussian": lambda n, p: "" if n == 0 else "2"}
    assert compare(scores(sdr), seed=0)[0]["n"] == 4


def test_without_the_reference_nothing_is_compared():
    assert compare(scores({"gaussian": lambda n, p: "1"}), seed=0) == []


def test_the_clips_of_a_mixture_are_those_of_its_sources():
    rows = scores({"miml": lambda n, p: "1"}, [("a", "b"), ("b", "c")])
    assert clips_of_mixtures(rows) == {"instrument-0": {"a", "b"}, "instrument-1": {"b", "c"}}


def test_a_line_names_both_methods_and_any_measure_and_reference_can_be_taken():
    rows = scores({"miml": lambda n, p: "1", "gaussian": lambda n, p: "4"})
    rows = [row | {"sir": str(float(row["sdr"]) * 10)} for row in rows]
    (line,) = compare(rows, seed=0)
    assert (line["method"], line["reference"], line["difference_mean"]) == ("gaussian", "miml", "3.000")
    (turned,) = compare(rows, "gaussian", seed=0, measure="sir")
    assert (turned["method"], turned["reference"]) == ("miml", "gaussian")
    assert (turned["difference_mean"], turned["wins"], turned["ties"]) == ("-30.000", "0.000", "0.000")
