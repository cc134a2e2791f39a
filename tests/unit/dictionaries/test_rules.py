"""The rules that choose bases: known maps give known choices, and an empty place is explained."""

import h5py
import numpy as np
import pytest
import torch

from objectsounds.config.method_table import DICTIONARIES, METHODS
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator
from objectsounds.data.bags import open_dataset
from objectsounds.dictionaries.agreement import choose as choose_agreement
from objectsounds.dictionaries.choice import whole_clips
from objectsounds.dictionaries.exemplar import choose as choose_exemplar
from objectsounds.dictionaries.file import read_dictionary
from objectsounds.dictionaries.gao import choose as choose_gao
from objectsounds.dictionaries.solo import choose as choose_solo
from objectsounds.dictionaries.surest import choose as choose_surest
from objectsounds.dictionaries.visual import choose as choose_visual
from objectsounds.networks.miml import Miml, normalise_bases
from objectsounds.networks.miml_training import load_network
from objectsounds.networks.relation_map import relation_maps
from objectsounds.stages.dictionary import make_dictionary
from objectsounds.stages.dictionary_gaussian import make_gaussian
from objectsounds.stages.train import train_network
from tests.unit.dictionaries.labelled import bags, ranked

GAO = {"axis": "bases", "threshold": 0.15, "support_threshold": 0.1, "support_count": 4, "max_bases": 50}


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


def test_gao_takes_a_basis_that_just_reaches_both_thresholds():
    options = GAO | {"threshold": 0.25, "support_threshold": 0.25, "support_count": 4}
    choice = choose_gao(np.zeros((1, 2, 4)), bags([[1, 0]]), options)
    assert (choice.objects, choice.bases, choice.scores) == ([0] * 4, [0, 1, 2, 3], [0.25] * 4)


def test_gao_can_take_the_softmax_over_objects():
    maps = np.log([[[3.0, 1, 1], [1, 1, 3]]])  # 3/4, 1/2, 1/4 for the drum
    options = GAO | {"axis": "objects", "threshold": 0.45, "support_threshold": 0.4, "support_count": 2}
    choice = choose_gao(maps, bags([[1, 1]]), options)
    found = list(zip(choice.objects, choice.bases, np.round(choice.scores, 9), strict=True))
    assert found == [(0, 0, 0.75), (0, 1, 0.5), (1, 2, 0.75), (1, 1, 0.5)]


def test_gao_says_how_many_labelled_clips_lack_support():
    choice = choose_gao(np.zeros((3, 2, 3)), bags([[1, 0], [1, 0], [1, 0]]), GAO)
    assert choice.empty["drum"].startswith("in none of 3 clips with this visual label do 4 bases reach 0.1")
    assert choice.objects == []


def sure(maps):
    """Return P by the definition: a softmax over objects of each object's best basis."""
    found = np.zeros(maps.shape[:2])
    for clip, rows in enumerate(maps):
        best = [np.exp(max(row)) for row in rows]
        found[clip] = [value / sum(best) for value in best]
    return found


def drawn_bags(clips=9, objects=3, bases=4):
    draw = np.random.default_rng(5)
    seen = draw.dirichlet(np.ones(objects), clips)
    names = ("drum", "piano", "violin")[:objects]
    labels = bags((seen > 0.25).astype(int), names, seen, draw.random((clips, objects)) > 0.6, bases)
    return draw.standard_normal((clips, objects, bases)), labels


@pytest.mark.parametrize("rule", ["surest", "agreement", "exemplar", "solo"])
def test_a_rule_of_whole_clips_is_its_definition(rule):
    maps, labels = drawn_bags()
    options = {"clips_per_object": 2, "seed": 3}
    P, V, seen = sure(maps), labels.probabilities, labels.targets == 1
    alone = (labels.audioset == 1) & (labels.audioset.sum(1) == 1)[:, None]
    order = generator(3, "dictionary", "solo").random((9, 1)) * np.ones((1, 3))
    choose, scores, fits, count = {
        "surest": (choose_surest, P, seen & (P.max(1, keepdims=True) == P), 2),
        "agreement": (choose_agreement, P * V, seen, 2),
        "exemplar": (choose_exemplar, V, seen, 1),
        "solo": (choose_solo, order, alone, 2),
    }[rule]
    choice = choose(maps, labels, options)
    expected = ranked(scores, fits, count, 4)
    found = list(zip(choice.objects, choice.clips, choice.bases, choice.scores, strict=True))
    assert [row[:3] for row in found] == [row[:3] for row in expected] and len(found) > 8
    np.testing.assert_allclose([row[3] for row in found], [row[3] for row in expected])


def test_clips_of_equal_score_are_taken_in_their_order_and_the_reason_counts_labels():
    labels = bags([[1, 0], [1, 0], [1, 1]])
    fits = np.array([[1, 0], [1, 0], [1, 0]], bool)
    choice = whole_clips(np.ones((3, 2)), fits, labels, 2, "none of {labelled}")
    assert choice.clips == [0] * 3 + [1] * 3 and choice.scores == [1.0] * 6
    assert choice.empty == {"piano": "none of 1"}


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


def test_agreement_takes_the_clips_that_both_ear_and_eye_are_sure_of():
    maps = np.zeros((4, 2, 3))
    maps[:, 0] = np.array([3.0, 3.0, 1.0, 0.0])[:, None]  # the ear: clips 0 and 1 before 2
    seen = [[0.5, 0.5], [0.9, 0.1], [0.95, 0.05], [0.1, 0.9]]  # the eye: 0 shows a second object
    labels = [[1, 1], [1, 0], [1, 0], [0, 1]]
    choice = choose_agreement(maps, bags(labels, probabilities=seen), {"clips_per_object": 1})
    assert choice.clips == [1, 1, 1, 3, 3, 3] and choice.objects == [0, 0, 0, 1, 1, 1]


def test_agreement_leaves_no_object_empty_that_is_ever_a_label():
    maps = np.zeros((2, 2, 3))
    maps[:, 1] = 4.0  # the network is surest of the piano in every clip
    choice = choose_agreement(maps, bags([[1, 0], [0, 1]]), {"clips_per_object": 8})
    assert set(choice.objects) == {0, 1} and choice.empty == {}


def test_visual_takes_the_clips_of_one_label_that_the_labeller_is_surest_of_and_asks_no_network():
    seen = [[0.95, 0.4], [0.6, 0.4], [0.7, 0.3], [0.8, 0.2], [0.1, 0.9]]
    labels = [[1, 1], [1, 0], [1, 0], [1, 0], [0, 1]]  # clip 0 shows both
    choice = choose_visual(None, bags(labels, probabilities=seen), {"clips_per_object": 2})
    found = list(zip(choice.objects, choice.clips, choice.scores, strict=True))
    assert found == [(0, 3, 0.8)] * 3 + [(0, 2, 0.7)] * 3 + [(1, 4, 0.9)] * 3 + [(1, 0, 0.4)] * 3
    assert choice.bases == [0, 1, 2] * 4 and choice.empty == {}


def test_visual_fills_up_with_clips_of_more_labels_by_their_probability_but_of_no_other_label():
    seen = [[0.5, 0.4], [0.7, 0.3], [0.3, 0.2], [0.9, 0.05]]
    labels = [[1, 1], [1, 1], [1, 0], [0, 0]]  # the surest clip lacks the label
    choice = choose_visual(None, bags(labels, probabilities=seen), {"clips_per_object": 8})
    drums = [clip for clip, owner in zip(choice.clips, choice.objects, strict=True) if owner == 0]
    assert drums == [2, 2, 2, 1, 1, 1, 0, 0, 0]
    none = choose_visual(None, bags([[1, 0]]), {"clips_per_object": 8})
    assert none.empty == {"piano": "no train clip has this label"}


def test_the_exemplar_is_the_clip_that_the_eye_is_surest_of_whether_it_has_the_label_or_not():
    seen = [[0.6, 0.4], [0.8, 0.2], [0.3, 0.7], [0.9, 0.1]]
    choice = choose_exemplar(None, bags([[1, 0], [1, 0], [0, 0], [0, 1]], probabilities=seen), {})
    assert choice.clips == [3, 3, 3, 2, 2, 2] and choice.bases == [0, 1, 2] * 2
    assert choice.objects == [0, 0, 0, 1, 1, 1] and choice.empty == {}


def test_the_solo_oracle_takes_true_solo_clips_alone_whatever_is_seen():
    truth = [[1, 0], [1, 1], [0, 1], [1, 0]] * 5
    seen = [[0, 1]] * 20
    choice = choose_solo(None, bags(seen, truth=truth), {"clips_per_object": 4, "seed": 1})
    drums, pianos = ({c for c, o in zip(choice.clips, choice.objects, strict=True) if o == i} for i in (0, 1))
    assert len(drums) == len(pianos) == 4
    assert all(truth[clip] == [1, 0] for clip in drums) and all(truth[clip] == [0, 1] for clip in pianos)
    other = choose_solo(None, bags(seen, truth=truth), {"clips_per_object": 4, "seed": 2})
    assert other.clips != choice.clips


def test_the_solo_oracle_says_which_object_never_sounds_alone():
    choice = choose_solo(None, bags([[1, 1]], truth=[[1, 1]]), {"clips_per_object": 4, "seed": 1})
    assert choice.empty["drum"] == "it sounds alone in no train clip"


def settings_with(clips):
    chosen = {"transpose": 0, "surest": {"clips_per_object": clips}}
    return {"seed": 1, "train": {"basis_norm": "max"}, "dictionary": chosen}


@pytest.mark.parametrize("rule", ["surest", "agreement", "gao"])
def test_the_upper_bound_chooses_among_the_clips_of_the_lists_labels_not_of_what_is_seen(
    planted_dataset, tmp_path, monkeypatch, rule
):
    sounds = [["drum"], ["piano"], ["violin"], ["drum"]]
    seen = [["piano"], ["violin"], ["drum"], ["violin"]]
    train = planted_dataset("train", sounds, labels=seen)
    maps = np.zeros((4, 3, 6))
    for clip, place in enumerate([0, 1, 2, 0]):  # the network hears what sounds
        maps[clip, place] = 2.0
    monkeypatch.setattr("objectsounds.stages.dictionary._read_network", lambda *_: (maps, "max"))
    chosen = settings_with(2)
    chosen["dictionary"]["gao"] = GAO | {"max_bases": 12}
    made = {}
    for labels in ("audioset", "visual"):
        make_dictionary(chosen, rule, labels, "network", train, tmp_path / f"{labels}.h5")
        words = read_dictionary(tmp_path / f"{labels}.h5")
        made[labels] = {name: set() for name in words.objects}
        for owner, clip in zip(words.owners, words.clip_ids, strict=True):
            made[labels][words.objects[owner]].add(clip)
    assert made["audioset"] == {"drum": {"train_0", "train_3"}, "piano": {"train_1"}, "violin": {"train_2"}}
    assert made["visual"] != made["audioset"] and "train_1" not in made["visual"]["piano"]


def test_the_upper_bound_alone_learns_from_the_lists_labels():
    found = {name: source.supervision for name, source in DICTIONARIES.items()}
    assert [name for name, labels in found.items() if labels == "audioset"] == ["upper_bound"]
    assert METHODS["upper_bound"].dictionary == "upper_bound" and METHODS["miml"].dictionary == "consensus"


def test_rules_that_ask_no_network_need_none(planted_dataset, tmp_path):
    train = planted_dataset("train", [["drum"], ["piano"], ["violin"]] * 3)
    for rule in ("exemplar", "solo", "visual"):
        make_dictionary(settings_with(2), rule, "visual", None, train, tmp_path / f"{rule}.h5")
        words = read_dictionary(tmp_path / f"{rule}.h5")
        assert words.of("drum").shape == (30, 6 if rule == "exemplar" else 12)
        np.testing.assert_allclose(words.bases.max(axis=1), 1)


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
    chosen = settings_with(3)
    make_dictionary(chosen, "surest", "visual", *trained, tmp_path / "d.h5")
    words = read_dictionary(tmp_path / "d.h5")
    for index, name in enumerate(words.objects):
        bases = words.of(name)
        assert bases.shape == (30, 18)
        energy = bases.sum(axis=1).reshape(3, 10).sum(axis=1)
        assert energy[index] / energy.sum() > 0.6
    assert len(words.clip_ids) == len(words.bases) and words.empty == {}


def test_the_file_holds_the_chosen_columns_and_the_clip_place_and_score_of_each(planted_dataset, tmp_path):
    train = planted_dataset("train", [["drum"], ["piano"], ["violin"], ["drum", "piano"]] * 2)
    make_dictionary(settings_with(1), "exemplar", "visual", None, train, tmp_path / "d.h5")
    data = open_dataset(train)
    with h5py.File(tmp_path / "d.h5") as file:
        clips, places, scores = (file[name][()] for name in ("clip_id", "basis", "score"))
        bases, owners = file["bases"][()], file["object"][()]
    assert len(bases) == 18
    for row in range(18):
        clip = data.clip_ids.index(clips[row].decode())
        W = data.read_bases(slice(None))[clip]
        np.testing.assert_allclose(bases[row], W[:, places[row]] / W[:, places[row]].max(), rtol=1e-6)
        assert scores[row] == pytest.approx(data.probabilities[clip, owners[row]])
        assert places[row] == row % 6 and owners[row] == row // 6


def test_a_network_of_other_objects_is_refused(trained, planted_dataset, tmp_path):
    path = tmp_path / "other.pt"
    saved = torch.load(trained[0], weights_only=True)
    torch.save(saved | {"objects": ["violin", "piano", "drum"]}, path)
    with pytest.raises(ObjectsoundsError, match="knows other objects"):
        make_dictionary(settings_with(1), "surest", "visual", path, trained[1], tmp_path / "d.h5")


def test_maps_of_many_clips_are_those_of_each_alone(planted_dataset):
    data = open_dataset(planted_dataset("train", [["drum"], ["piano"], ["violin"]] * 2 + [["drum"]]))
    torch.manual_seed(0)
    network = Miml(30, 3, hidden=(8,)).eval()
    maps = relation_maps(network, data, "l2", batch=3)
    assert maps.shape == (7, 3, 6)
    for clip in range(7):
        W = normalise_bases(torch.from_numpy(data.read_bases(slice(clip, clip + 1))), "l2")
        with torch.no_grad():
            np.testing.assert_allclose(maps[clip], network.relation_map(W)[0].numpy(), atol=1e-6)


def test_the_dictionary_asks_the_network_with_the_norm_that_it_learnt_with(trained, tmp_path):
    network, _ = load_network(trained[0])
    data = open_dataset(trained[1])
    make_dictionary(
        settings_with(2) | {"train": {"basis_norm": "none"}}, "surest", "visual", *trained, tmp_path / "d.h5"
    )
    choice = choose_surest(relation_maps(network, data, "max"), data, {"clips_per_object": 2})
    words = read_dictionary(tmp_path / "d.h5")
    assert words.clip_ids == [data.clip_ids[clip] for clip in choice.clips]
    np.testing.assert_allclose(words.bases.max(axis=1), 1)


def test_gaussian_draws_by_seed_and_object_and_came_from_no_clip(trained, tmp_path):
    make_dictionary(settings_with(1), "exemplar", "visual", None, trained[1], tmp_path / "d.h5")
    make_gaussian({"seed": 7}, tmp_path / "d.h5", tmp_path / "g.h5")
    found = read_dictionary(tmp_path / "g.h5")
    for name in found.objects:
        draw = generator(7, "dictionary", "gaussian", name).standard_normal((6, 30), dtype=np.float32)
        np.testing.assert_array_equal(found.of(name).T, np.abs(draw))
    with h5py.File(tmp_path / "g.h5") as file:
        assert set(file["basis"][()]) == {-1} and not file["score"][()].any()
    assert set(found.clip_ids) == {""} and found.empty == {}


def test_gaussian_has_the_same_sizes_and_nothing_of_the_spectra(trained, tmp_path):
    chosen = settings_with(2)
    make_dictionary(chosen, "surest", "visual", *trained, tmp_path / "d.h5")
    make_gaussian({"seed": 1}, tmp_path / "d.h5", tmp_path / "g.h5")
    words, random = read_dictionary(tmp_path / "d.h5"), read_dictionary(tmp_path / "g.h5")
    assert (words.owners == random.owners).all()
    assert (random.bases >= 0).all() and (random.bases > 0).mean() > 0.99
    assert random.of("nothing").shape == (30, 0)
