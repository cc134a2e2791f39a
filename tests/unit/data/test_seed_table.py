"""The table over seeds: means, spreads and differences of made scores that are known."""

from objectsounds.core.seeds import generator
from objectsounds.data.seed_table import SEED_COLUMNS, seed_rows

PAIRS = [("a", "b"), ("c", "d"), ("e", "f"), ("a", "d")]
SEEDS = [1, 2, 3]
NAMES = {"mixture": ["mixture"], "miml": ["miml@seed1", "miml", "miml@seed3"]}
NAMES |= {"gaussian": ["gaussian@seed1", "gaussian", "gaussian@seed3"]}


def rows_of(method, sdr, group="instrument"):
    """Return a method's rows of scores: ``sdr(mixture, source)`` of each."""
    return [
        {"method": method, "group": group, "mixture": f"{group}-{number}"}
        | {"object": f"o_{clip}", "clip": clip, "sdr": f"{sdr(number, place):.4f}"}
        for number, pair in enumerate(PAIRS)
        for place, clip in enumerate(pair)
    ]


def scores(gaussian=(-1.0, -1.0, -1.0)):
    """Return scores in which each seed lifts MIML by itself, and Gaussian bases are below it by a number."""
    rows = rows_of("mixture", lambda n, p: 0.5 * n)
    for index, lift in enumerate((0.0, 1.0, 5.0)):
        rows += rows_of(NAMES["miml"][index], lambda n, p, lift=lift: n + p + lift)
        below = lift + gaussian[index]
        rows += rows_of(NAMES["gaussian"][index], lambda n, p, below=below: n + p + below)
    return rows


def lines_of(rows, groups=("instrument",), names=NAMES, seed=0):
    found = seed_rows(rows, names, SEEDS, groups, "miml", seed=seed)
    assert all(set(line) == set(SEED_COLUMNS) for line in found)
    return {(line["method"], line["group"]): line for line in found}


def test_a_mean_is_over_seeds_and_sources_and_its_spread_is_of_the_seeds_means():
    line = lines_of(scores())["miml", "instrument"]
    assert line["sdr_mean"] == "4.000"  # 1.5 + 0.5, and 2 of the seeds
    assert (line["sdr_between_seeds"], line["sdr_lowest"], line["sdr_highest"]) == ("2.646", "2.000", "7.000")
    assert (line["seeds"], line["n"], line["n_mixtures"], line["n_clips"]) == ("1;2;3", 8, 4, 6)
    assert float(line["sdr_low"]) < 4 < float(line["sdr_high"])


def test_a_difference_is_taken_within_a_seed_so_that_what_a_seed_lifts_falls_out():
    line = lines_of(scores())["gaussian", "instrument"]
    assert (line["difference_mean"], line["difference_low"], line["difference_high"]) == ("-1.000",) * 3


def test_a_difference_that_seeds_disagree_about_has_a_wide_interval():
    line = lines_of(scores((-1.0, 0.0, 4.0)))["gaussian", "instrument"]
    assert line["difference_mean"] == "1.000"
    assert float(line["difference_low"]) < 0 < float(line["difference_high"])


def test_a_method_that_draws_nothing_has_no_seeds_and_is_compared_with_each():
    line = lines_of(scores())["mixture", "instrument"]
    assert (line["seeds"], line["sdr_between_seeds"], line["sdr_mean"]) == ("", "", "0.750")
    assert line["difference_mean"] == "-3.250"


def test_the_reference_is_not_compared_with_itself_and_nothing_is_without_it():
    assert lines_of(scores())["miml", "instrument"]["difference_mean"] == ""
    alone = {name: own for name, own in NAMES.items() if name != "miml"}
    assert lines_of(scores(), names=alone)["gaussian", "instrument"]["difference_mean"] == ""


def test_a_source_that_one_seed_lacks_is_left_out_of_all():
    rows = scores()
    rows.remove(next(row for row in rows if row["method"] == "miml@seed3"))
    assert lines_of(rows)["miml", "instrument"]["n"] == 7


def test_an_empty_group_stays_a_line():
    line = lines_of(scores(), groups=("instrument", "animal"))["miml", "animal"]
    assert (line["n"], line["n_mixtures"], line["n_clips"]) == (0, 0, 0)
    assert (line["sdr_mean"], line["difference_mean"]) == ("", "")


def test_two_seeds_have_a_spread_and_one_has_none():
    rows, names = scores(), {"miml": NAMES["miml"][:2]}
    (line,) = seed_rows(rows, names, SEEDS[:2], ["instrument"], "miml", seed=0)
    assert (line["sdr_between_seeds"], line["sdr_lowest"], line["sdr_highest"]) == ("0.707", "2.000", "3.000")
    (line,) = seed_rows(rows, {"miml": ["miml"]}, [2], ["instrument"], "miml", seed=0)
    assert (line["seeds"], line["sdr_mean"], line["sdr_between_seeds"]) == ("2", "3.000", "")


def test_a_line_does_not_depend_on_other_methods_but_on_the_seed_of_the_draws():
    rows = [row | {"sdr": f"{generator('made', *row.values()).standard_normal():.4f}"} for row in scores()]
    few = {name: NAMES[name] for name in ("miml", "gaussian")}
    assert lines_of(rows)["gaussian", "instrument"] == lines_of(rows, names=few)["gaussian", "instrument"]
    lows = {lines_of(rows, seed=seed)["gaussian", "instrument"]["difference_low"] for seed in (0, 1)}
    assert len(lows) == 2
