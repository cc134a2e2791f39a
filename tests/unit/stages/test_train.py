"""The network and its training: the loss of the paper, planted bases learnt, exact resumption."""

import json
import os
import signal

import numpy as np
import pytest
import torch

from objectsounds.core.devices import choose_device
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import read_json_lines
from objectsounds.networks.miml import Miml, margin_loss, normalise_bases
from objectsounds.networks.miml_training import load_network
from objectsounds.signal.multilabel import authors_map, class_map, top_accuracy
from objectsounds.stages.train import train_network

CLIPS = [["drum"], ["piano"], ["violin"], ["drum", "piano"], ["piano", "violin"], ["drum", "violin"]] * 4


def eq3(scores, targets):
    """Gao eq. 3, word for word."""
    total = 0.0
    for j in np.flatnonzero(targets):
        for i in np.flatnonzero(~targets):
            total += max(0.0, 1 - (scores[j] - scores[i]))
    return total / len(scores)


def test_the_loss_is_equation_3():
    rng = np.random.default_rng(0)
    scores, targets = rng.standard_normal((5, 7)), rng.random((5, 7)) < 0.4
    expected = np.mean([eq3(s, t) for s, t in zip(scores, targets, strict=True)])
    found = margin_loss(torch.tensor(scores), torch.tensor(targets))
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_a_bag_without_labels_costs_nothing():
    assert margin_loss(torch.randn(2, 4), torch.zeros(2, 4, dtype=torch.bool)).item() == 0


def test_shapes_and_poolings_are_those_of_figure_3():
    network = Miml(bins=30, objects=5, hidden=(16,), sub_concepts=4).eval()
    bases = torch.rand(2, 30, 7)
    assert network.relation_map(bases).shape == (2, 5, 7)
    torch.testing.assert_close(network(bases), network.relation_map(bases).amax(2))


def test_a_bags_scores_do_not_depend_on_the_order_of_its_bases():
    network = Miml(bins=30, objects=5, hidden=(16,)).eval()
    bases = torch.rand(2, 30, 7)
    torch.testing.assert_close(network(bases), network(bases.flip(2)))


@pytest.mark.parametrize(("norm", "size"), [("max", 1.0), ("l1", 1.0), ("l2", 1.0)])
def test_normalised_bases_have_size_one_and_zeros_stay(norm, size):
    bases = torch.rand(3, 20, 4)
    bases[0, :, 0] = 0
    found = normalise_bases(bases, norm)
    measure = {"max": found.amax(1), "l1": found.sum(1), "l2": found.norm(dim=1)}[norm]
    assert measure[0, 0] == 0 and torch.isfinite(found).all()
    torch.testing.assert_close(measure[1:], torch.full((2, 4), size))


def small(settings, **changes):
    options = {"hidden": [32], "batch_size": 8, "epochs": 30, "patience": None, "checkpoint_every": 1}
    options |= {"dropout": 0.0, "output_dropout": 0.0}
    return {"seed": 1, "train": settings["train"] | options | changes}


def test_planted_objects_are_learnt(planted_dataset, settings, tmp_path):
    train, val = planted_dataset("train", CLIPS, seed=1), planted_dataset("val", CLIPS, seed=2)
    train_network(small(settings), train, val, "visual", tmp_path / "n.pt", tmp_path / "h.jsonl")
    history = read_json_lines(tmp_path / "h.jsonl")
    assert len(history) == 30
    assert min(row["val_loss"] for row in history) < 0.1 * history[0]["val_loss"]
    network, saved = load_network(tmp_path / "n.pt")
    assert saved["objects"] == ["drum", "piano", "violin"]
    bases = torch.zeros(1, 30, 6)
    bases[0, 10:20] = 1  # piano's bins
    assert network(bases).argmax().item() == 1


def test_a_killed_training_goes_on_exactly_where_it_was(planted_dataset, settings, tmp_path):
    train, val = planted_dataset("train", CLIPS, seed=1), planted_dataset("val", CLIPS, seed=2)
    options = small(settings, epochs=12, dropout=0.3)

    class KilledError(Exception):
        pass

    def kill(epoch, _epochs, _row):
        if epoch == 6:
            raise KilledError

    whole, halves = tmp_path / "whole", tmp_path / "halves"
    train_network(options, train, val, "visual", whole / "n.pt", whole / "h.jsonl")
    with pytest.raises(KilledError):
        train_network(options, train, val, "visual", halves / "n.pt", halves / "h.jsonl", kill)
    seen = []
    train_network(
        options, train, val, "visual", halves / "n.pt", halves / "h.jsonl", lambda e, *_: seen.append(e)
    )
    assert seen == [7, 8, 9, 10, 11]
    assert (whole / "h.jsonl").read_text() == (halves / "h.jsonl").read_text()
    one, two = (load_network(folder / "n.pt")[0].state_dict() for folder in (whole, halves))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not (halves / "checkpoint.pt").exists()


def test_a_request_to_stop_saves_the_epoch_that_had_begun(planted_dataset, settings, tmp_path):
    args = (planted_dataset("train", CLIPS), None, "visual", tmp_path / "n.pt", tmp_path / "h.jsonl")
    options = small(settings, epochs=12, checkpoint_every=100)

    def ask(epoch, *_):
        if epoch == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(ObjectsoundsError, match="after 5 epochs"):
        train_network(options, *args, ask)
    seen = []
    train_network(options, *args, lambda epoch, *_: seen.append(epoch))
    assert seen[0] == 5 and seen[-1] == 11


def test_other_settings_do_not_go_on_from_an_old_checkpoint(planted_dataset, settings, tmp_path):
    train = planted_dataset("train", CLIPS)

    def kill(epoch, *_):
        if epoch == 3:
            raise KeyboardInterrupt

    args = (train, None, "visual", tmp_path / "n.pt", tmp_path / "h.jsonl")
    with pytest.raises(KeyboardInterrupt):
        train_network(small(settings), *args, kill)
    seen = []
    train_network(small(settings, learning_rate=1e-4, epochs=2), *args, lambda e, *_: seen.append(e))
    assert seen == [0, 1]


def test_a_garbled_checkpoint_is_moved_aside_and_training_starts_anew(planted_dataset, settings, tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    seen = []
    train_network(
        small(settings, epochs=2), planted_dataset("train", CLIPS), None, "visual",
        tmp_path / "n.pt", tmp_path / "h.jsonl", lambda e, *_: seen.append(e),
    )  # fmt: skip
    assert seen == [0, 1] and (tmp_path / "checkpoint.pt.broken").exists()


def test_training_stops_when_the_watched_loss_stays(planted_dataset, settings, tmp_path):
    wrong = [["violin"] if clip == ["drum"] else ["drum"] for clip in CLIPS]
    train, val = planted_dataset("train", CLIPS), planted_dataset("val", CLIPS, labels=wrong)
    options = small(settings, epochs=200, patience=4)
    train_network(options, train, val, "visual", tmp_path / "n.pt", tmp_path / "h.jsonl")
    history = read_json_lines(tmp_path / "h.jsonl")
    best = int(np.argmin([row["val_loss"] for row in history]))
    assert len(history) == best + 1 + 4 < 200


def test_the_best_weights_are_kept_or_the_last_ones_even_after_a_break(planted_dataset, settings, tmp_path):
    wrong = [["violin"] if clip == ["drum"] else ["drum"] for clip in CLIPS]
    train, val = planted_dataset("train", CLIPS), planted_dataset("val", CLIPS, labels=wrong)
    kept = {}

    def kill(epoch, *_):
        if epoch == 7:
            raise KeyboardInterrupt

    for name, keep in (("best", "best"), ("last", "last"), ("broken off", "last")):
        options = small(settings, epochs=12, keep=keep)
        files = train, val, "visual", tmp_path / name / "n.pt", tmp_path / name / "h.jsonl"
        if name == "broken off":
            with pytest.raises(KeyboardInterrupt):
                train_network(options, *files, kill)
        train_network(options, *files)
        network, saved = load_network(tmp_path / name / "n.pt")
        kept[name] = saved["epoch"], network.state_dict()
    losses = [json.loads(line)["val_loss"] for line in (tmp_path / "last/h.jsonl").read_text().splitlines()]
    assert len(losses) == 12 and kept["best"][0] == int(np.argmin(losses)) < 11 == kept["last"][0]
    shorter = small(settings, epochs=kept["best"][0] + 1, keep="last")
    train_network(shorter, train, val, "visual", tmp_path / "n.pt", tmp_path / "h.jsonl")
    cases = [(kept["best"][1], load_network(tmp_path / "n.pt")[0].state_dict())]
    cases.append((kept["last"][1], kept["broken off"][1]))
    for one, two in cases:
        assert all(torch.equal(one[name], two[name]) for name in one)
    assert any((kept["best"][1][name] != kept["last"][1][name]).any() for name in kept["best"][1])


def test_reading_from_the_file_gives_the_same_network_as_from_memory(planted_dataset, settings, tmp_path):
    train, states = planted_dataset("train", CLIPS), []
    for name, memory in (("memory", 8.0), ("file", 0.0)):
        options = small(settings, epochs=3, memory_gb=memory)
        train_network(options, train, None, "visual", tmp_path / f"{name}.pt", tmp_path / "h.jsonl")
        states.append(load_network(tmp_path / f"{name}.pt")[0].state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_said():
    with pytest.raises(ObjectsoundsError, match="no GPU"):
        choose_device("cuda", "train.device")
    assert choose_device("auto", "train.device").type == "cpu"


def test_measures_of_known_predictions():
    scores = np.array([[9.0, 0, 0], [0, 9.0, 0], [0, 0, 9.0]])
    labels = np.eye(3)
    assert class_map(scores, labels) == authors_map(scores, labels) == top_accuracy(scores, labels) == 1
    assert top_accuracy(scores, np.roll(labels, 1, axis=0)) == 0
    assert class_map(scores[:, ::-1], labels) < 0.6
