"""From raw scores to labels, and the aggregated file over its shards."""

import numpy as np
import pytest

from objectsounds.config.classes import chosen_classes
from objectsounds.config.settings import load_settings
from objectsounds.core.errors import BrokenFileError, ObjectsoundsError
from objectsounds.data.bags import UNKNOWN, open_dataset
from objectsounds.data.targets import choose_labels, object_probabilities
from objectsounds.stages.dataset import make_dataset

OPTIONS = {
    "pool": "max",
    "group_reduce": "mean",
    "scores": "logits",
    "imagenet": "full",
    "threshold": 0.3,
    "keep_argmax": True,
}
IMAGENET = [str(index) for index in range(1000)]


def imagenet_scores(**values):
    scores = np.zeros((1, 1, 1000), np.float32)
    for index, value in values.items():
        scores[0, 0, int(index[1:])] = value
    return scores


def test_logits_of_a_group_are_averaged_before_the_softmax():
    classes = chosen_classes(["piano", "violin"])  # piano: 579 and 881, violin: 889
    scores = imagenet_scores(i579=4.0, i881=2.0, i889=3.0)
    found = object_probabilities(scores, IMAGENET, classes, OPTIONS)
    np.testing.assert_allclose(found, [[0.5, 0.5]])


def test_posteriors_of_a_group_are_added_and_renormalised():
    classes = chosen_classes(["piano", "violin"])
    scores = imagenet_scores(i579=9.0, i881=9.0, i889=9.0)
    options = OPTIONS | {"scores": "probability-sum"}
    found = object_probabilities(scores, IMAGENET, classes, options)
    np.testing.assert_allclose(found, [[2 / 3, 1 / 3]])


def test_posteriors_of_a_group_are_averaged_and_renormalised():
    classes = chosen_classes(["piano", "violin"])
    scores = imagenet_scores(i579=np.log(6), i881=np.log(2), i889=np.log(12))
    options = OPTIONS | {"group_reduce": "posterior-mean"}
    found = object_probabilities(scores, IMAGENET, classes, options)
    np.testing.assert_allclose(found, [[4 / 16, 12 / 16]], rtol=1e-6)


@pytest.mark.parametrize("pool", ["max", "mean"])
def test_posteriors_are_those_of_a_frame_before_they_are_pooled(pool):
    """A frame full of violin weighs as much as one full of piano, however high their logits are."""
    scores = np.zeros((1, 2, 1000), np.float32)
    scores[0, 0, [579, 881]], scores[0, 1, 889] = 40.0, 30.0
    options = OPTIONS | {"group_reduce": "posterior-mean", "pool": pool}
    found = object_probabilities(scores, IMAGENET, chosen_classes(["piano", "violin"]), options)
    np.testing.assert_allclose(found, [[1 / 3, 2 / 3]], rtol=1e-6)  # piano has half of it a class


BREED, TABBY = "i207", "i281"


@pytest.mark.parametrize(
    ("group_reduce", "top"), [("posterior-mean", "dog"), ("max", "dog"), ("mean", "violin")]
)
def test_one_breed_of_118_that_is_seen_clearly_makes_a_dog_but_for_the_mean_of_logits(group_reduce, top):
    objects = ["dog", "violin", "cat"]
    scores = imagenet_scores(**{BREED: 12.0, "i889": 4.0, TABBY: 3.0})
    options = OPTIONS | {"group_reduce": group_reduce}
    found = object_probabilities(scores, IMAGENET, chosen_classes(objects), options)
    assert objects[found.argmax()] == top


def test_the_default_finds_the_breed():
    options = load_settings({})["dataset"]
    scores = imagenet_scores(**{BREED: 12.0, "i889": 4.0})
    found = object_probabilities(scores, IMAGENET, chosen_classes(["dog", "violin"]), options)
    assert choose_labels(found, options["threshold"], options["keep_argmax"]).tolist() == [[True, False]]


@pytest.mark.parametrize(("imagenet", "top"), [("full", "car"), ("papers", "train")])
def test_what_was_added_beside_the_papers_classes_can_be_left_out(imagenet, top):
    objects = ["car", "train"]
    scores = imagenet_scores(i609=12.0, i820=4.0)  # a jeep
    options = load_settings({})["dataset"] | {"imagenet": imagenet}
    found = object_probabilities(scores, IMAGENET, chosen_classes(objects), options)
    assert objects[found.argmax()] == top


@pytest.mark.parametrize("preset", ["gao2018", "gao2018_animals", "gao2018_instruments", "rowe2019"])
def test_the_papers_presets_label_as_the_authors_code_does(preset):
    options = load_settings({"preset": preset})["dataset"]
    assert (options["scores"], options["group_reduce"], options["imagenet"]) == ("logits", "mean", "papers")


def test_frames_are_max_pooled():
    classes = chosen_classes(["piano", "violin"])
    scores = np.array([[[5.0, 0.0], [0.0, 5.0]]], np.float32)
    found = object_probabilities(scores, ["piano", "violin"], classes, OPTIONS)
    np.testing.assert_allclose(found, [[0.5, 0.5]])


def test_the_most_probable_object_is_kept_though_it_is_below_the_threshold():
    probabilities = np.array([[0.26, 0.25, 0.25, 0.24], [0.45, 0.35, 0.1, 0.1]])
    assert choose_labels(probabilities, 0.3, True).tolist() == [
        [True, False, False, False],
        [True, True, False, False],
    ]
    assert choose_labels(probabilities, 0.3, False).tolist()[0] == [False] * 4


def test_an_object_that_the_labeller_does_not_know_is_named():
    with pytest.raises(ObjectsoundsError, match="does not know violin"):
        object_probabilities(
            np.zeros((1, 1, 2)), ["piano", "drum"], chosen_classes(["piano", "violin"]), OPTIONS
        )


@pytest.mark.parametrize("copy", [False, True])
def test_bases_of_the_clips_in_use_come_through_in_order(
    planted_shard, objects_table, settings, tmp_path, copy
):
    first = planted_shard("a", [["piano"], ["drum"], ["violin"]], seed=1)
    second = planted_shard("b", [["drum", "piano"], ["violin"]], seed=2)
    objects = objects_table("train", {"a_0": ["piano"], "a_2": ["violin"], "b_1": ["drum", "violin"]})
    chosen = settings | {"dataset": settings["dataset"] | {"copy": copy}}
    make_dataset(chosen, objects, [first, second], tmp_path / "out" / "train.h5")
    bags = open_dataset(tmp_path / "out" / "train.h5")
    assert bags.clip_ids == ["a_0", "a_2", "b_1"]
    energy = bags.read_bases(slice(None)).sum(axis=2).reshape(3, 3, 10).sum(axis=2)
    assert energy.argmax(axis=1).tolist() == [1, 2, 2]
    np.testing.assert_array_equal(bags.read_bases(np.array([2, 0])), bags.read_bases(slice(None))[[2, 0]])
    assert bags.targets.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1]]
    assert bags.audioset.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 1]]


def test_a_missing_shard_is_said_and_not_read_as_zeros(planted_dataset, tmp_path):
    path = planted_dataset("a", [["piano"], ["drum"]])
    (tmp_path / "a-bases.h5").unlink()
    with pytest.raises(ObjectsoundsError, match="missing"):
        open_dataset(path)


def test_a_cut_shard_is_moved_aside(planted_shard, objects_table, settings, tmp_path):
    shard = planted_shard("a", [["piano"]])
    shard[0].write_bytes(shard[0].read_bytes()[:500])
    with pytest.raises(BrokenFileError, match="made again"):
        make_dataset(settings, objects_table("a", {"a_0": ["piano"]}), [shard], tmp_path / "train.h5")
    assert not shard[0].exists()


def test_a_split_without_clips_says_where_to_look(planted_shard, objects_table, settings, tmp_path):
    objects = objects_table("a", {"another": ["piano"]})
    with pytest.raises(ObjectsoundsError, match=r"status\.tsv"):
        make_dataset(settings, objects, [planted_shard("a", [["piano"]])], tmp_path / "train.h5")


def test_a_larger_share_of_wrong_labels_corrupts_the_same_clips_and_more():
    from objectsounds.data.targets import corrupt_labels

    rng = np.random.default_rng(0)
    labels = np.zeros((400, 6), np.uint8)
    labels[np.arange(400), rng.integers(0, 6, 400)] = 1
    labels[:100, 0] = 1
    labels[390:] = UNKNOWN
    ids = [f"clip{i}" for i in range(400)]
    assert (corrupt_labels(labels, ids, 0.0, 1) == labels).all()
    changed = []
    for share in (0.1, 0.3, 0.5):
        found = corrupt_labels(labels, ids, share, 1)
        wrong = (found != labels).any(axis=1)
        assert wrong.sum() == round(share * 390) and not wrong[390:].any()
        assert (found[wrong] + labels[wrong]).max() == 1  # none of a corrupted clip's true labels is kept
        assert (found.sum(axis=1) == labels.sum(axis=1)).all()
        changed.append(set(np.flatnonzero(wrong)))
    assert changed[0] < changed[1] < changed[2]


def test_a_clip_that_is_cut_off_is_not_read_as_something_else(planted_dataset, tmp_path):
    path = planted_dataset("a", [["piano"], ["drum"]])
    bags = open_dataset(path)
    assert bags.stored_bases(np.array([1])).any()
    shard = tmp_path / "a-bases.h5"
    shard.write_bytes(shard.read_bytes()[: bags.reader.offsets[1] + 10])
    with pytest.raises(ObjectsoundsError, match="cut short"):
        bags.stored_bases(np.array([1]))
