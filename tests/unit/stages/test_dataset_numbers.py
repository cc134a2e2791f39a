"""Scores to labels by hand, wrong labels as they are drawn, and what a reader of the aggregated file gets."""

import json

import h5py
import numpy as np
import pytest

from objectsounds.config.classes import chosen_classes
from objectsounds.core.errors import BrokenFileError
from objectsounds.core.seeds import fraction, generator
from objectsounds.data.bags import UNKNOWN, open_dataset
from objectsounds.data.targets import (
    choose_labels,
    corrupt_labels,
    object_probabilities,
    pool_frames,
    softmax,
)
from objectsounds.stages.dataset import make_dataset

OPTIONS = {"pool": "max", "group_reduce": "mean", "scores": "logits", "imagenet": "full"}


def test_softmax_along_each_axis_by_hand_and_without_overflow():
    values = np.log([[1.0, 2, 1], [3, 2, 3]])
    np.testing.assert_allclose(softmax(values), [[0.25, 0.5, 0.25], [3 / 8, 2 / 8, 3 / 8]])
    np.testing.assert_allclose(softmax(values, axis=0), [[0.25, 0.5, 0.25], [0.75, 0.5, 0.75]])
    assert softmax(np.float32([1000, 1000])).tolist() == [0.5, 0.5]
    assert softmax(np.float32([0, 1])).dtype == np.float64


def test_frames_are_pooled_and_classes_are_not():
    scores = np.array([[[1.0, 8], [3, 2], [2, 5]], [[0, 0], [0, 3], [6, 0]]])  # (2, 3, 2)
    assert pool_frames(scores, "max").tolist() == [[3, 8], [6, 3]]
    assert pool_frames(scores, "mean").tolist() == [[2, 5], [2, 1]]


def imagenet(rows):
    scores = np.full((1, len(rows), 1000), -5.0)
    for frame, values in enumerate(rows):
        for index, value in values.items():
            scores[0, frame, index] = value
    return scores


@pytest.mark.parametrize(
    ("changes", "piano", "violin"),
    [  # piano is 579 and 881, violin 889; two frames
        ({}, (4 + 2) / 2, 3),
        ({"group_reduce": "max"}, 4, 3),
        ({"pool": "mean"}, (2 + 2) / 2, 1.5),
        ({"pool": "mean", "group_reduce": "max"}, 2, 1.5),
    ],
    ids=["mean of maxima", "maximum of maxima", "mean of means", "maximum of means"],
)
def test_logits_of_a_group_by_hand(changes, piano, violin):
    scores = imagenet([{579: 4.0, 881: 2.0, 889: 0.0}, {579: 0.0, 881: 2.0, 889: 3.0}])
    names = [str(i) for i in range(1000)]
    found = object_probabilities(scores, names, chosen_classes(["violin", "piano"]), OPTIONS | changes)
    assert found.shape == (1, 2) and found[0, 1] == pytest.approx(1 / (1 + np.exp(violin - piano)))
    assert found.sum() == pytest.approx(1)


def test_posteriors_of_a_trained_labellers_classes_by_hand():
    scores = np.log([[[1.0, 2, 5]], [[4, 4, 2]], [[1, 8, 1]]])  # 3 clips, 1 frame, 3 classes
    options = OPTIONS | {"scores": "probability-sum"}
    found = object_probabilities(
        scores, ["violin", "drum", "piano"], chosen_classes(["piano", "violin"]), options
    )
    np.testing.assert_allclose(found, [[5 / 6, 1 / 6], [1 / 3, 2 / 3], [0.5, 0.5]])


def test_a_probability_at_the_threshold_is_no_label():
    probabilities = np.array([[0.5, 0.3, 0.2]])
    assert choose_labels(probabilities, 0.3, False).tolist() == [[True, False, False]]
    assert choose_labels(probabilities, 0.6, True).tolist() == [[True, False, False]]
    assert choose_labels(np.empty((0, 3)), 0.3, True).shape == (0, 3)


def test_wrong_labels_are_those_that_are_drawn_for_the_clip():
    labels = np.array([[1, 0, 0, 0, 0], [0, 1, 1, 0, 0], [1, 1, 1, 1, 0], [0, 0, 0, 0, 0]], np.uint8)
    labels = np.concatenate([labels, np.full((1, 5), UNKNOWN, np.uint8), np.ones((1, 5), np.uint8)])
    ids = list("abcdef")
    found, expected = corrupt_labels(labels, ids, 1.0, 9), labels.copy()
    for row in range(3):
        true, wrong = np.flatnonzero(labels[row]), np.flatnonzero(labels[row] == 0)
        expected[row] = 0
        expected[
            row, generator(9, "label noise", ids[row]).choice(wrong, min(len(true), len(wrong)), False)
        ] = 1
    assert found.tolist() == expected.tolist()
    first = min(range(3), key=lambda row: fraction(9, "label noise", ids[row]))
    third = (corrupt_labels(labels, ids, 0.34, 9) != labels).any(axis=1)
    assert np.flatnonzero(third).tolist() == [first]


@pytest.fixture
def aggregated(settings, objects_table, tmp_path):
    """Return a function that aggregates shards: clip in use to its objects, and options of ``dataset``."""

    def make(shards, objects, **options):
        table, output = objects_table("in-use", objects), tmp_path / "out.h5"
        make_dataset(settings | {"dataset": settings["dataset"] | options}, table, shards, output)
        return output

    return make


def test_the_file_tells_what_sounds_what_is_seen_and_what_is_not_known(planted_shard, aggregated):
    shard = planted_shard("a", [["drum"]] * 3, labels=[["piano"], ["violin"], ["drum"]])
    bags = open_dataset(aggregated([shard], {"a_0": ["drum", "violin"], "a_1": [], "a_2": ["piano"]}))
    assert bags.audioset.tolist() == [[1, 0, 1], [UNKNOWN] * 3, [0, 1, 0]]
    assert bags.visible.tolist() == bags.audioset.tolist() == bags.corrupted.tolist()
    assert bags.targets.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    high, low = np.exp([8.0, 0.0]) / (np.exp(8) + 2)
    np.testing.assert_allclose(bags.probabilities[0], [low, high, low])
    assert bags.supervision("visual") is bags.targets and bags.supervision("audioset") is bags.corrupted
    assert bags.bases_shape == (3, 30, 6) and bags.objects == ["drum", "piano", "violin"]


@pytest.mark.parametrize("copy", [False, True])
def test_scattered_clips_of_three_shards_come_through(planted_shard, aggregated, settings, copy):
    shards, used, expected = [], {}, []
    for number, kept in enumerate(([0, 1, 3, 6], [], [2, 4, 5])):
        clips = [["drum"], ["piano"], ["violin"]] * 2 + [["drum"]]
        shards.append(planted_shard(f"s{number}", clips, seed=number))
        with h5py.File(shards[-1][-2], "r+") as file:
            drawn = np.random.default_rng(number).random(file["bases"].shape, dtype=np.float32)
            file["bases"][...] = drawn
        used |= {f"s{number}_{i}": clips[i] for i in kept}
        expected += [drawn[i] for i in kept]
    path = aggregated(shards, used, copy=copy, label_noise=0.5)
    bags = open_dataset(path)
    assert bags.clip_ids == list(used)
    np.testing.assert_array_equal(bags.read_bases(slice(None)), expected)
    np.testing.assert_array_equal(bags.read_bases(np.array([5, 1])), [expected[5], expected[1]])
    wrong = corrupt_labels(bags.audioset, list(used), 0.5, settings["seed"])
    assert bags.corrupted.tolist() == wrong.tolist() != bags.audioset.tolist()
    with h5py.File(path) as file:
        assert file["bases"].is_virtual != copy
        assert json.loads(file.attrs["sources"]) == ["s0-bases.h5", "s2-bases.h5"]


def test_bases_and_labels_of_different_clips_are_refused(planted_shard, aggregated):
    one, other = planted_shard("a", [["drum"], ["piano"]]), planted_shard("b", [["drum"], ["piano"]])
    with pytest.raises(BrokenFileError, match="hold different clips"):
        aggregated([(*one[:-1], other[-1])], {"a_0": ["drum"]})
    assert not other[-1].exists() and one[-2].exists()


def test_bases_are_given_as_float32_however_they_are_stored(planted_shard, aggregated):
    shard = planted_shard("a", [["drum"], ["piano"]])
    with h5py.File(shard[-2], "r+") as file:
        stored = file["bases"][()].astype(np.float16)
        del file["bases"]
        file.create_dataset("bases", data=stored, chunks=(1, 30, 6))
    bags = open_dataset(aggregated([shard], {"a_0": ["drum"], "a_1": ["piano"]}))
    assert bags.stored_bases(slice(None)).dtype == bags.bases_type == np.float16
    assert bags.read_bases(np.array([1])).dtype == np.float32
    np.testing.assert_array_equal(bags.read_bases(np.array([1]))[0], stored[1])
