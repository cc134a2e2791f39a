"""The published figures are all there, as printed, and never stand for ours."""

import itertools

import pytest

from objectsounds.config.method_table import METHODS
from objectsounds.report.published import (
    BESIDE_COLUMNS,
    COLUMNS,
    GAO_SDR,
    beside,
    published_for,
    read_published,
)
from objectsounds.stages.ablation_table import PUBLISHED

PLANNED = {"kmeans", "mfcc", "visual_exemplar", "unmatched", "gaussian", "upper_bound", "miml", "miml_gao"}
GROUPS = ("instrument", "animal", "vehicle", "cross-domain")
GAO_TABLE_1 = {
    "upper_bound": (2.05, 0.35, 0.60, 2.79),
    "kmeans": (-2.85, -3.76, -2.71, -3.32),
    "mfcc": (0.47, -0.21, -0.05, 1.49),
    "visual_exemplar": (-2.41, -4.75, -2.21, -2.28),
    "unmatched": (-2.12, -2.46, -1.99, -1.93),
    "gaussian": (-8.74, -9.12, -7.39, -8.21),
    "miml_gao": (1.83, 0.23, 0.49, 2.53),
}


def numbers(source, measure):
    return [float(row["value"]) for row in read_published(source, measure)]


def test_every_row_has_every_column_and_a_number():
    for row in read_published():
        assert tuple(row) == COLUMNS
        assert row["source"] and row["dataset"] and row["title"] and row["measure"]
        float(row["value"])


def test_no_row_is_there_twice():
    keys = [tuple(row[key] for key in COLUMNS if key != "value") for row in read_published()]
    assert len(keys) == len(set(keys))


def test_methods_are_this_projects():
    named = {row["method"] for row in read_published()} - {""}
    assert named <= set(METHODS) | PLANNED | {"ideal_ratio_mask"}


def test_a_method_has_one_figure_of_a_measure_in_a_group():
    keys = [(row["method"], row["group"], row["measure"]) for row in read_published() if row["method"]]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("method", GAO_TABLE_1)
def test_gaos_table_1_is_whole(method):
    assert tuple(float(published_for(method, group)["value"]) for group in GROUPS) == GAO_TABLE_1[method]


def test_gaos_table_1_holds_nothing_else():
    assert (
        len(read_published(GAO_SDR)) == len(GAO_TABLE_1) * len(GROUPS) == len(read_published(GAO_SDR, "SDR"))
    )


def test_gaos_table_2_is_whole_and_its_averages_are_of_the_three_videos():
    rows = read_published("Gao et al. 2018, table 2", "NSDR")
    assert [row["value"] for row in rows if row["method"] == "miml_gao"] == ["12.3", "7.88", "11.4", "10.5"]
    assert len(rows) == 16
    for _, line in itertools.groupby(rows, key=lambda row: row["title"]):
        *videos, average = (float(row["value"]) for row in line)
        assert sum(videos) / 3 == pytest.approx(average, abs=0.05)


def test_gaos_clips_are_whole():
    assert numbers("Gao et al. 2018, section 4.1", "clips") == [
        *(104000, 2900, 1000, 22000, 1200, 500, 58000, 2400, 600),
        *(15, 4, 4),
    ]


def test_rowes_twelve_accuracies_are_those_of_the_ablations_table():
    percent = [100 * value for values in PUBLISHED.values() for value in values]
    assert numbers("Rowe et al. 2019, table 1", "accuracy") == pytest.approx(percent)


def test_rowes_test_figures_are_whole():
    assert numbers("Rowe et al. 2019, table 2", "accuracy") == [42.15, 56.32]
    assert numbers("Rowe et al. 2019, table 2", "loss") == [0.6455, 0.5457]


@pytest.mark.parametrize(
    ("measure", "values"),
    [
        ("SDR", [0.653, 4.741, 5.146, 2.78, 7.52, 11.08]),
        ("SIR", [0.575, 13.580, 13.361, 6.70, 13.01, 18.00]),
        ("SAR", [71.406, 8.372, 9.679, 9.21, 11.53, 13.22]),
        ("Dice", [0.132, 0.205, 0.198, 0.180]),
        ("IoU", [0.086, 0.146, 0.138, 0.121]),
        ("accuracy", [0.813]),
    ],
)
def test_nuotimaas_figures_are_whole(measure, values):
    assert numbers("Nuotimaa 2024", measure) == values


def test_a_figure_is_kept_as_printed_with_its_unit():
    row = published_for("miml_gao", "Guitar Solo", "NSDR")
    assert (row["value"], row["unit"], row["title"], row["dataset"]) == ("11.4", "dB", "Ours", "AV-Bench")


@pytest.mark.parametrize("method", ["miml_gao@dropout", "miml", "ideal_ratio_mask", ""])
def test_what_was_not_published_has_no_figure(method):
    assert published_for(method, "instrument") is None


def test_beside_joins_where_both_exist_and_keeps_them_apart():
    summary = [
        {"method": "gaussian", "group": "animal", "sdr_mean": "-1.000"},
        {"method": "gaussian", "group": "vehicle", "sdr_mean": ""},
        {"method": "miml", "group": "animal", "sdr_mean": "5.000"},
        {"method": "miml_gao@dropout", "group": "animal", "sdr_mean": "5.000"},
        {"method": "mixture", "group": "instrument", "sdr_mean": "0.000"},
    ]
    (row,) = beside(summary)
    assert tuple(row) == BESIDE_COLUMNS
    assert (row["method"], row["group"], row["sdr_mean"], row["published_sdr"]) == (
        *("gaussian", "animal"),
        *("-1.000", "-9.12"),
    )
    assert (row["published_source"], row["published_dataset"]) == (GAO_SDR, "AudioSet-SingleSource")


def test_a_figure_over_everything_stands_beside_a_run_of_one_group():
    summary = [
        {"method": name, "group": "instrument", "sdr_mean": "6.000"} for name in ("unet_combined", "gaussian")
    ]
    found = {row["method"]: (row["published_sdr"], row["published_dataset"]) for row in beside(summary)}
    assert found == {"unet_combined": ("5.146", "MUSIC-21"), "gaussian": ("-8.74", "AudioSet-SingleSource")}
