"""The page's parts: what is chosen to listen to, how label errors are counted, how the result is printed."""

import numpy as np

from objectsounds.labels_table import label_errors
from objectsounds.listening import choose_mixtures
from objectsounds.plots import save_relation_map, spectrogram_db
from objectsounds.run import format_summary, is_whole


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
        np.random.default_rng(0).random((3, 25)), ["drum", "piano", "violin"], tmp_path / "a.png"
    )
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_an_empty_group_is_printed_with_dashes():
    row = dict.fromkeys(("sdr_mean", "sdr_median", "sir_mean", "sar_mean"), "")
    text = format_summary([row | {"method": "miml@dropout", "group": "animal", "n": "0", "n_fallback": "0"}])
    assert "(dropout)" in text and " -  " in text


def test_a_result_is_shown_after_a_whole_run_alone():
    assert is_whole(["--cores", "all"]) and is_whole([])
    for arguments in (["--cores", "2", "catalogue"], ["-n"], ["--config", "seed=1"], ["--cores", "1", "-n"]):
        assert not is_whole(arguments)
