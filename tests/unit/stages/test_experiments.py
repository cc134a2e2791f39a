"""The experiments' tables: purity, wrong labels and plans by known answers."""

import numpy as np
import pytest

from objectsounds.config.paths import experiment_models, models_of, network_of
from objectsounds.config.settings import experiment_methods, load_settings
from objectsounds.core.arguments import NamedFile
from objectsounds.data.bags import UNKNOWN
from objectsounds.dictionaries.file import write_dictionary
from objectsounds.stages.experiments import dictionary_rows, wrong_share
from tests.unit.dictionaries.test_rules import bags


def test_purity_is_the_share_of_bases_whose_clip_holds_the_object_alone(tmp_path):
    train = bags([[1, 0], [1, 0], [0, 1]], truth=[[1, 0], [1, 1], [0, 0]])
    path, owners = tmp_path / "surest.h5", [0, 0, 0, 0, 1, 1]
    origin = {"clip_id": ["0", "0", "1", "1", "2", "2"], "basis": [0, 1, 0, 1, 0, 1], "score": [0.0] * 6}
    bases = np.ones((6, 5), np.float32)
    write_dictionary(path, {"seed": 1}, 1, "surest", ["drum", "piano"], owners, bases, origin, {})
    scores = [{"method": "miml", "sdr": "2"}, {"method": "miml", "sdr": "4"}, {"method": "x", "sdr": "9"}]
    (row,) = dictionary_rows([NamedFile("miml", path)], train, scores)
    assert (row["bases_mean"], row["bases_least"], row["clips_mean"]) == ("3.0", 2, "1.5")
    assert (row["sounding"], row["alone"]) == ("0.667", "0.333")
    assert (row["n"], row["sdr_mean"]) == (2, "3.000")


def test_wrong_labels_are_counted_by_clip_and_unknown_truths_left_out():
    truth = np.array([[1, 0], [0, 1], [UNKNOWN, UNKNOWN]], np.uint8)
    assert wrong_share(np.array([[1, 0], [1, 1], [1, 1]]), truth) == 0.5


def test_a_model_is_named_by_what_comes_before_the_first_equals_sign():
    assert NamedFile.parse("miml@cqt=a=b.h5") == NamedFile("miml@cqt", NamedFile.parse("x=a=b.h5").path)


def test_the_experiments_follow_the_run_and_name_nothing_twice():
    settings = load_settings({"preset": "demo", "variants": {"small": {"train": {"hidden": [64]}}}})
    names = experiment_methods(settings)
    first = [*settings["methods"], "miml@small"]
    assert names[: len(first)] == first and len(names) == len(set(names))
    assert {"kmeans", "solo_oracle", "upper_bound@noise30", "miml@cqt"} <= set(names)


def test_a_variant_set_to_null_is_left_out():
    settings = load_settings({"preset": "demo", "experiments": {"variants": {"cqt": None}}})
    assert "miml@cqt" not in experiment_methods(settings) and "miml@plain" in experiment_methods(settings)


@pytest.mark.parametrize(
    ("dictionary", "variant", "expected"),
    [
        ("surest", "default", "<results>/train/default/visual/network.pt"),
        ("upper_bound", "noise30", "<results>/train/noise30/audioset/network.pt"),
        ("surest", "capped", "<results>/train/default/visual/network.pt"),
        ("solo", "default", None),
    ],
)
def test_a_dictionary_comes_from_the_network_of_its_labels_and_variant(dictionary, variant, expected):
    assert network_of(load_settings({"preset": "demo"}), dictionary, variant) == expected


def test_a_clustering_baseline_is_given_no_model_and_a_guided_one_dictionary_and_labels():
    settings = load_settings({"preset": "demo"})
    assert models_of(settings, "kmeans") == {}
    assert set(models_of(settings, "miml@cqt")) == {"dictionary", "test"}
    models = experiment_models(settings, experiment_methods(settings))
    assert "default/visual" in models["networks"] and "capped/visual" not in models["networks"]
