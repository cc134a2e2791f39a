"""The rules that choose bases: known maps give known choices, and an empty place is explained."""

import numpy as np
import pytest

from objectsounds.dataset import Bags
from objectsounds.dictionaries import read_dictionary
from objectsounds.dictionary import choose_gao, choose_surest, make_dictionary, make_gaussian
from objectsounds.train import train_network

GAO = {"axis": "bases", "threshold": 0.15, "support_threshold": 0.1, "support_count": 4, "max_bases": 50}


def bags(targets, objects=("drum", "piano")):
    targets = np.array(targets, np.uint8)
    return Bags(
        None, [str(i) for i in range(len(targets))], list(objects), targets / 1.0, targets, targets, targets
    )


def relation(probabilities):
    """Return maps whose softmax over bases is the given table, shape=(n, L, M)."""
    return np.log(np.maximum(np.array(probabilities, float), 1e-9))


def test_gao_takes_bases_above_the_threshold_of_clips_with_enough_support():
    drum = [0.3, 0.2, 0.2, 0.2, 0.1]
    piano = [0.9, 0.025, 0.025, 0.025, 0.025]
    choice = choose_gao(relation([[drum, piano]]), bags([[1, 1]]), GAO)
    assert choice.bases == [0, 1, 2, 3] and set(choice.objects) == {0}
    assert "piano" in choice.empty and "drum" not in choice.empty


def test_gao_takes_nothing_for_an_object_that_was_not_seen():
    row = [0.3, 0.2, 0.2, 0.2, 0.1]
    choice = choose_gao(relation([[row, row]]), bags([[0, 1]]), GAO)
    assert set(choice.objects) == {1}
    assert choice.empty["drum"] == "no train clip has this visual label"


def test_gao_keeps_the_most_probable_when_there_are_too_many():
    rows = [[[0.25, 0.25, 0.25, 0.25]] * 2, [[0.4, 0.2, 0.2, 0.2]] * 2]
    choice = choose_gao(relation(rows), bags([[1, 0], [1, 0]]), GAO | {"max_bases": 2})
    assert list(zip(choice.clips, choice.bases, strict=True)) == [(1, 0), (0, 0)]


def test_surest_takes_all_bases_of_the_surest_clips():
    maps = np.zeros((4, 2, 3))
    maps[0, 0], maps[1, 0], maps[2, 0], maps[3, 1] = 1.0, 3.0, 2.0, 5.0
    choice = choose_surest(maps, bags([[1, 0], [1, 0], [1, 0], [0, 1]]), {"clips_per_object": 2})
    assert choice.clips == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert choice.bases == [0, 1, 2] * 3 and choice.objects == [0] * 6 + [1] * 3


def test_surest_takes_no_clip_whose_label_and_argmax_differ():
    maps = np.zeros((2, 2, 3))
    maps[0, 1] = 4.0  # sounds like a piano, shows a drum
    maps[1, 1] = 1.0
    choice = choose_surest(maps, bags([[1, 0], [0, 1]]), {"clips_per_object": 8})
    assert choice.clips == [1, 1, 1]
    assert "in none of 1 clips" in choice.empty["drum"]


@pytest.fixture
def trained(planted_dataset, settings, tmp_path):
    clips = [["drum"], ["piano"], ["violin"], ["drum", "piano"]] * 6
    train = planted_dataset("train", clips)
    options = {"hidden": [32], "batch_size": 8, "epochs": 30, "patience": None}
    options |= {"dropout": 0.0, "output_dropout": 0.0}
    chosen = {"seed": 1, "train": settings["train"] | options}
    train_network(chosen, train, None, "visual", tmp_path / "n.pt", tmp_path / "h.jsonl")
    return tmp_path / "n.pt", train


def test_a_dictionary_holds_the_planted_spectra_and_where_they_came_from(trained, settings, tmp_path):
    chosen = {"seed": 1, "dictionary": {"surest": {"clips_per_object": 3}}}
    make_dictionary(chosen, "surest", "visual", *trained, tmp_path / "d.h5")
    words = read_dictionary(tmp_path / "d.h5")
    for index, name in enumerate(words.objects):
        bases = words.of(name)
        assert bases.shape == (30, 18)
        energy = bases.sum(axis=1).reshape(3, 10).sum(axis=1)
        assert energy[index] / energy.sum() > 0.6
    assert len(words.clip_ids) == len(words.bases) and words.empty == {}


def test_gaussian_has_the_same_sizes_and_nothing_of_the_spectra(trained, tmp_path):
    chosen = {"seed": 1, "dictionary": {"surest": {"clips_per_object": 2}}}
    make_dictionary(chosen, "surest", "visual", *trained, tmp_path / "d.h5")
    make_gaussian({"seed": 1}, tmp_path / "d.h5", tmp_path / "g.h5")
    words, random = read_dictionary(tmp_path / "d.h5"), read_dictionary(tmp_path / "g.h5")
    assert (words.owners == random.owners).all()
    assert (random.bases >= 0).all() and (random.bases > 0).mean() > 0.99
    assert random.of("nothing").shape == (30, 0)
