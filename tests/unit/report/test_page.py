"""The page's parts: what is chosen to listen to, how label errors are counted, how the result is printed."""

import logging

import h5py
import numpy as np
import pytest
from PIL import Image

from objectsounds.cli.run import format_summary, is_whole
from objectsounds.config.method_table import METHODS
from objectsounds.dictionaries.file import write_dictionary
from objectsounds.dictionaries.table import dictionary_table
from objectsounds.report.charts import pair_matrix, save_dictionaries, save_pairs, save_scores
from objectsounds.report.labels_table import confusion, label_errors
from objectsounds.report.listening import choose_mixtures, listening_room, place_of
from objectsounds.report.pack import fitting, with_pictures_inside, write_folder
from objectsounds.report.page import level, number, percent
from objectsounds.report.plots import save_relation_map
from objectsounds.report.spectrograms import (
    frequency_ticks,
    mask_shares,
    save_mask,
    save_spectrogram,
    spectrogram_db,
)
from objectsounds.report.theme import picture, themed


def test_best_median_and_worst_are_chosen_and_not_only_nice_ones():
    scores = [
        {"method": "miml", "group": "instrument", "mixture": f"m{i}", "sdr": str(10 - i)}
        for i in range(9)
        for _ in "ab"
    ]
    chosen = choose_mixtures(scores, "miml", 3)
    assert [mixture for mixture, _ in chosen] == ["m0", "m4", "m8"]
    assert [why.split()[-1] for _, why in chosen] == ["best", "median", "worst"]


def test_no_mixture_is_chosen_twice_when_there_are_few():
    scores = [{"method": "miml", "group": "g", "mixture": "only", "sdr": "1"}]
    assert len(choose_mixtures(scores, "miml", 6)) == 1
    assert choose_mixtures([], "miml", 6) == []


def test_label_errors_count_sets_and_tops_and_leave_out_the_unknown():
    targets = np.array([[1, 0], [1, 1], [0, 1], [1, 0]], np.uint8)
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.9, 0.1]])
    visible = np.array([[1, 0], [1, 0], [1, 0], [255, 255]], np.uint8)
    assert label_errors(targets, probabilities, visible) == {
        "clips": 3,
        "wrong_set": 2 / 3,
        "wrong_top": 1 / 3,
    }


def test_a_partial_stays_visible_in_a_small_spectrogram():
    magnitude = np.full((2401, 50), 1e-6)
    magnitude[777] = 1.0
    assert spectrogram_db(magnitude).max() == 0


def test_a_relation_map_becomes_a_picture(tmp_path):
    save_relation_map(
        np.random.default_rng(0).random((3, 25)), ["drum", "piano", "violin"], tmp_path / "a.svg"
    )
    shown = picture(tmp_path / "a.svg", "a map")
    assert shown["file"] == "media/a.svg" and shown["width"] > shown["height"] > 50


def test_a_picture_has_its_colours_for_dark_and_for_light_pages(tmp_path):
    save_relation_map(np.eye(3), ["drum", "piano", "violin"], tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert "#777777" in text
    changed = themed(text)
    assert "#777777" not in changed and "prefers-color-scheme: dark" in changed and "var(--c1)" in changed


def test_the_masks_of_a_row_sum_to_one_where_something_sounds_and_are_black_elsewhere():
    magnitudes = np.random.default_rng(0).random((3, 401, 50)) + 0.1
    magnitudes[:, :, 40:] = 1e-9
    shares = mask_shares(magnitudes, floor=1e-3)
    np.testing.assert_allclose(shares[:, :, :40].sum(axis=0), 1)
    assert not shares[:, :, 40:].any()
    loud = mask_shares(np.stack([magnitudes[0] * 0, magnitudes[1]]), floor=1e-3)
    assert loud[0].max() == 0 and loud[1][:, :40].min() == 1


def test_a_common_scale_gives_a_quieter_sound_a_darker_picture(tmp_path):
    decibels = np.array([[0.0, -35.0, -70.0, -100.0]])
    for name, top in (("own", 0.0), ("common", 20.0)):
        save_spectrogram(decibels, top, tmp_path / f"{name}.png")
    own, common = (
        np.asarray(Image.open(tmp_path / f"{name}.png").convert("L"), int)[0] for name in ("own", "common")
    )
    assert (np.diff(own) <= 0).all() and own[0] > 200 and own[2] == own[3] < 5
    assert (common[:2] < own[:2]).all()


def test_a_mask_is_black_for_nothing_and_white_for_all(tmp_path):
    save_mask(np.array([[0.0, 1.0], [0.5, 0.5]]), tmp_path / "mask.png")
    pixels = np.asarray(Image.open(tmp_path / "mask.png").convert("L"), int)
    assert pixels[1].tolist() == [0, 255] and 100 < pixels[0, 0] < 160  # the lowest frequency is below


def test_ticks_are_labelled_from_high_to_low_inside_the_picture():
    ticks = frequency_ticks(48000, 1201)
    assert [tick["label"] for tick in ticks] == ["100 Hz", "1 kHz", "10 kHz"]
    assert 96 > ticks[0]["top"] > ticks[1]["top"] > ticks[2]["top"] > 4


SUMMARY = {"n": "8", "sdr_mean": "-1.04", "sdr_low": "-2", "sdr_high": "0"}


def test_the_alt_text_of_the_scores_says_the_figures(tmp_path):
    rows = [SUMMARY | {"method": name, "group": group} for name in ("miml", "kmeans") for group in ("a", "b")]
    rows.append(dict.fromkeys(SUMMARY, "") | {"method": "miml", "group": "empty", "n": "0"})
    alt = save_scores(rows, tmp_path / "scores.svg")
    assert "MIML, clips that others explain −1.0 dB on a" in alt and "empty" not in alt
    assert (tmp_path / "scores.svg").stat().st_size > 1000


def test_limits_and_best_matchings_are_told_more_and_ours_is_not():
    told = {name for name, method in METHODS.items() if method.told}
    assert {"ideal_ratio_mask", "ideal_binary_mask", "solo_oracle", "upper_bound", "kmeans", "mfcc"} <= told
    assert not told & {"mixture", "miml", "miml_agreement", "miml_gao", "gaussian", "unmatched"}


def test_the_matrix_of_pairs_has_what_is_separated_in_rows_and_what_it_was_mixed_with_in_columns(tmp_path):
    scores = [
        {"method": method, "mixture": mixture, "object": name, "sdr": sdr}
        for method, mixture, name, sdr in (
            *(("miml", "m0", "drum", "4"), ("miml", "m0", "piano", "-2"), ("miml", "m1", "drum", "6")),
            *(("miml", "m1", "piano", "2"), ("miml", "m2", "drum", "8"), ("miml", "m2", "violin", "1")),
            ("mixture", "m0", "drum", "100"),
        )
    ]
    matrix = pair_matrix(scores, "miml", ["drum", "piano", "violin"])
    assert matrix.columns == ["drum", "piano", "violin", "anything"]
    nan = np.nan
    expected = [[nan, 5, 8, 6], [0, nan, nan, 0], [1, nan, nan, 1]]
    np.testing.assert_array_equal(matrix.values, expected)
    alt = save_pairs(matrix, tmp_path / "pairs.svg")
    assert "best drum out of violin, 8.0 dB; worst piano out of drum, 0.0 dB" in alt


def test_a_confusion_counts_clips_with_one_true_object_alone():
    truth = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [255, 255, 255]], np.uint8)
    targets = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 1, 1]], np.uint8)
    shares, counts = confusion(targets, truth)
    assert counts == [2, 1, 0]
    np.testing.assert_array_equal(shares, [[0.5, 0.5, 0], [0, 1, 1], [np.nan] * 3])


def test_a_dictionarys_bases_are_counted_by_what_sounds_in_their_clips(tmp_path):
    path = tmp_path / "dictionary" / "default" / "surest.h5"
    clips = ["solo", "solo", "duet", "other", "strange", "", "soundfont 3"]
    bases = np.ones((7, 4), np.float32)
    empty = {"piano": "nothing"}
    origin = {"clip_id": clips}
    write_dictionary(path, {"seed": 0}, 1, "surest", ["drum", "piano"], [0] * 7, bases, origin, empty)
    with h5py.File(path) as file:
        assert file.attrs["rule"] == "surest" and list(file["clip_id"].asstr()) == clips
    truth = {"solo": np.array([1, 0]), "duet": np.array([1, 1]), "other": np.array([0, 1])}
    table = dictionary_table(tmp_path, [path], truth | {"strange": np.array([255, 255])})[0]
    expected = {"alone": 2, "others": 1, "absent": 1, "unknown": 1, "played": 1, "none": 1}
    assert table["cells"][0]["sources"] == expected
    assert table["cells"][1]["bases"] == 0 and table["cells"][1]["why"] == "nothing"
    alt = save_dictionaries([table | {"title": "surest"}], tmp_path / "d.svg")
    assert alt.endswith("surest: drum 7, piano 0")


def test_figures_have_a_minus_sign_a_dash_where_there_is_none_and_no_negative_zero():
    assert [number(text) for text in ("-1.5", "-0.001", "", None)] == ["−1.50", "0.00", "–", "–"]
    assert [percent(value, 0) for value in (0.5, "0.25", "")] == ["50 %", "25 %", "–"]
    assert [level(text) for text in ("151.5", "-3", "")] == ["> 100", "−3.00", "–"]


@pytest.fixture
def small_page(tmp_path):
    """A page of two mixtures beside its media."""
    (tmp_path / "media").mkdir()
    for name, size in (("plot.svg", 10), ("a.mp3", 15_000_000), ("b.mp3", 6_000_000)):
        (tmp_path / "media" / name).write_bytes(b"x" * size)
    return tmp_path, '<img src="media/plot.svg" alt="a plot"><button data-sound="media/a.mp3">'


def test_the_packed_folder_holds_the_mixtures_that_fit_and_what_its_page_names(small_page, tmp_path):
    folder, html = small_page
    mixtures = [{"bytes": 15_000_000}, {"bytes": 6_000_000}]
    assert fitting(mixtures, '<img src="media/plot.svg">', folder) == mixtures[:1]
    write_folder(html, folder, tmp_path / "packed")
    found = {path.name for path in (tmp_path / "packed").rglob("*") if path.is_file()}
    assert found == {"index.html", "plot.svg", "a.mp3"}


def test_the_packed_file_has_its_pictures_inside(small_page):
    folder, html = small_page
    assert 'src="data:image/svg+xml;base64,eHh4' in with_pictures_inside(html, folder)


def test_an_empty_group_is_printed_with_dashes():
    row = dict.fromkeys(("sdr_mean", "sdr_median", "sir_mean", "sar_mean"), "")
    text = format_summary([row | {"method": "miml@dropout", "group": "animal", "n": "0", "n_fallback": "0"}])
    assert "(dropout)" in text and " -  " in text


def test_a_result_is_shown_after_a_whole_run_alone():
    assert is_whole(["--cores", "all"]) and is_whole([])
    for arguments in (["--cores", "2", "catalogue"], ["-n"], ["--config", "seed=1"], ["--cores", "1", "-n"]):
        assert not is_whole(arguments)


def test_what_a_killed_job_left_behind_is_no_block(tmp_path):
    for block in (".1.2069.tmp", "1"):
        (tmp_path / "separate" / "miml" / block / "m0").mkdir(parents=True)
    assert place_of(tmp_path, "separate/miml", "m0").parent.name == "1"


def test_mixtures_beyond_the_limit_are_left_out_and_the_log_says_so(tmp_path, monkeypatch, caplog):
    from objectsounds.report import listening

    rows = [
        {"method": "miml", "group": "g", "mixture": f"m{i}", "object": "drum", "sdr": str(-i), "fallback": ""}
        for i in range(3)
    ]
    tables = {"scores.tsv": rows, "mixtures.tsv": [{"mixture": f"m{i}"} for i in range(3)]}
    monkeypatch.setattr(listening, "read_table", lambda path: tables[path.name])

    def prepare(results, row, methods, scores, media, heat):
        folder = media / "mixtures" / row["mixture"]
        folder.mkdir(parents=True)
        (folder / "mixture.mp3").write_bytes(b"x" * 600_000)
        return {"mixture": row["mixture"]}

    monkeypatch.setattr(listening, "_prepare", prepare)
    with caplog.at_level(logging.WARNING):
        room = listening_room(tmp_path, ["miml"], {"mixtures": 3, "max_megabytes": 1.5}, tmp_path / "media")
    assert [item["mixture"] for item in room["mixtures"]] == ["m0", "m1"] and room["left_out"] == 1
    assert not (tmp_path / "media" / "mixtures" / "m2").exists()
    assert "2 of 3 mixtures find room in report.max_megabytes, 1.5 MB" in caplog.text
