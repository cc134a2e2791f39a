"""One training step after the other: batches, losses, rates and what is kept, against plain PyTorch."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator, seed_of
from objectsounds.data.bags import UNKNOWN, open_dataset
from objectsounds.networks.miml import build_network, margin_loss, normalise_bases
from objectsounds.networks.miml_training import (
    BagLoader,
    Trainer,
    _epoch_order,
    load_network,
    measures,
    predict,
)
from objectsounds.networks.training import Training, checkpoint_of, evaluating
from objectsounds.stages.train import train_network

CPU = torch.device("cpu")
CLIPS = [["drum"], ["piano"], ["violin"], ["drum", "piano"], ["piano", "violin"], ["drum"], ["violin"]]
OPTIONS = {"hidden": [8], "batch_size": 3, "epochs": 3, "patience": None, "checkpoint_every": 1}
OPTIONS |= {"dropout": 0.0, "output_dropout": 0.0, "learning_rate": 0.01, "weight_decay": 0.1}
OPTIONS |= {"lr_decay": 0.5, "lr_decay_every": 2, "basis_norm": "l2"}


@pytest.fixture
def options(settings):
    return {"seed": 4, "train": settings["train"] | OPTIONS}


@pytest.fixture
def bags(planted_dataset):
    return open_dataset(planted_dataset("train", CLIPS))


def test_batches_hold_the_wanted_clips_normalised_beside_their_labels(bags, options):
    loader = BagLoader(bags, bags.targets, options["train"], CPU)
    order = np.array([6, 1, 4, 0, 2])
    found = list(loader.batches(order))
    assert [len(bases) for bases, _ in found] == [3, 2]
    whole = normalise_bases(torch.from_numpy(bags.read_bases(slice(None))), "l2")
    torch.testing.assert_close(torch.cat([bases for bases, _ in found]), whole[order])
    assert torch.cat([labels for _, labels in found]).tolist() == bags.targets[order].astype(bool).tolist()


def test_bases_stay_in_memory_where_they_just_fit(bags, options):
    size = bags.read_bases(slice(None)).nbytes
    for bytes_, fits in ((size, True), (size - 1, False)):
        loader = BagLoader(bags, bags.targets, options["train"] | {"memory_gb": bytes_ / 1e9}, CPU)
        assert (loader.memory is not None) == fits


@pytest.mark.parametrize(("spare", "moved"), [(0, True), (-1, False)])
def test_bases_go_to_a_gpu_of_which_they_fill_at_most_half_of_what_is_free(
    bags, options, monkeypatch, spare, moved
):
    asked, device = [], SimpleNamespace(type="cuda")
    free = 2 * bags.read_bases(slice(None)).nbytes + spare
    total = 0 if moved else 10**12
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, total))
    monkeypatch.setattr(torch.Tensor, "to", lambda self, device: asked.append(device) or self)
    BagLoader(bags, bags.targets, options["train"], device)
    assert asked == [device] * moved


def test_an_epochs_order_is_drawn_by_seed_and_number_and_drops_a_last_batch_of_one():
    drawn = generator(4, "train", 2).permutation(7)
    assert _epoch_order(4, 2, 7, 4).tolist() == drawn.tolist()
    assert _epoch_order(4, 2, 7, 3).tolist() == _epoch_order(4, 2, 7, 2).tolist() == drawn[:-1].tolist()
    assert _epoch_order(4, 3, 7, 4).tolist() != drawn.tolist()
    assert _epoch_order(4, 2, 1, 3).tolist() == [0]


def test_predictions_are_without_dropout_and_their_loss_is_the_mean_over_clips(bags, options):
    torch.manual_seed(0)
    network = build_network(30, 3, options["train"] | {"dropout": 0.5, "output_dropout": 0.5})
    scores, loss = predict(network, BagLoader(bags, bags.targets, options["train"], CPU))
    with torch.no_grad():
        wanted = network.eval()(normalise_bases(torch.from_numpy(bags.read_bases(slice(None))), "l2"))
    np.testing.assert_allclose(scores, wanted.numpy(), atol=1e-6)
    assert loss == pytest.approx(margin_loss(wanted, torch.from_numpy(bags.targets == 1)).item(), rel=1e-5)


def test_measures_are_named_after_the_split():
    scores, labels = np.array([[9.0, 0, 5], [0, 0.5, 9], [0, 9, 0.5]]), np.eye(3)
    found = measures("val", scores, 0.25, labels)
    assert found["val_loss"] == 0.25 and found["val_accuracy"] == pytest.approx(1 / 3)
    # The second and third are ranked second in their class, of which one is labelled.
    assert found["val_map"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert found["val_map_authors"] == pytest.approx((1 + 1 / 3 + 1 / 3) / 3)


def plain_training(bags, settings, epochs):
    """Train as the docstrings say, with nothing of `Trainer`; returns the network and the running losses."""
    options = settings["train"]
    torch.manual_seed(seed_of(4, "train", "network"))
    network, losses = build_network(30, 3, options), []
    adam = torch.optim.Adam(network.parameters(), lr=0.01, weight_decay=0.1)
    whole = normalise_bases(torch.from_numpy(bags.read_bases(slice(None))), "l2")
    labels = torch.from_numpy(bags.targets == 1)
    for epoch in range(epochs):
        for group in adam.param_groups:
            group["lr"] = 0.01 * 0.5 ** (epoch // 2)
        order, total = _epoch_order(4, epoch, 7, 3), 0.0
        for start in range(0, len(order), 3):
            rows = order[start : start + 3]
            adam.zero_grad()
            loss = margin_loss(network.train()(whole[rows]), labels[rows])
            loss.backward()
            adam.step()
            total += loss.item() * len(rows)
        losses.append(total / len(order))
    return network, losses


def test_the_training_is_adam_over_shuffled_batches_at_a_rate_that_falls_in_steps(bags, options, tmp_path):
    trainer = Trainer(options, bags, None, "visual", tmp_path / "c.pt", 1)
    rows = [trainer.epoch() for _ in range(3)]
    network, losses = plain_training(bags, options, 3)
    assert [row["learning_rate"] for row in rows] == [0.01, 0.01, 0.005]
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    np.testing.assert_allclose([row["running_loss"] for row in rows], losses, rtol=1e-4)
    for name, value in trainer.network.state_dict().items():
        torch.testing.assert_close(value, network.state_dict()[name], rtol=1e-3, atol=1e-4)


def test_the_best_weights_by_the_watched_loss_are_kept(planted_dataset, options, tmp_path):
    wrong = [["violin"] if "drum" in clip else ["drum"] for clip in CLIPS]
    paths = planted_dataset("train", CLIPS), planted_dataset("val", CLIPS, labels=wrong)
    options["train"] |= {"epochs": 12, "learning_rate": 0.05}
    train_network(options, *paths, "visual", tmp_path / "n.pt", tmp_path / "h.jsonl")
    losses = [json.loads(line)["val_loss"] for line in (tmp_path / "h.jsonl").read_text().splitlines()]
    network, saved = load_network(tmp_path / "n.pt")
    assert saved["epoch"] == int(np.argmin(losses)) < 11 and not network.training
    val = open_dataset(paths[1])
    _, loss = predict(network, BagLoader(val, val.targets, options["train"], CPU))
    assert loss == pytest.approx(min(losses), rel=1e-5)
    assert saved["options"] == options["train"] and (saved["bins"], saved["objects"]) == (30, val.objects)


def test_only_known_labels_are_learnt_from(bags, options, tmp_path):
    bags.targets[:] = np.where(bags.targets == 1, 1, UNKNOWN)
    trainer = Trainer(options, bags, None, "visual", tmp_path / "c.pt", 1)
    assert trainer.train.labels.numpy().tolist() == (bags.targets == 1).tolist()
    bags.targets[:] = UNKNOWN
    with pytest.raises(ObjectsoundsError, match="no clip has a label of kind 'visual'"):
        Trainer(options, bags, None, "visual", tmp_path / "c.pt", 1)


def test_a_checkpoint_of_other_data_is_not_gone_on_from(bags, options, tmp_path):
    def trainer(supervision="visual", settings=options, val=None):
        return Trainer(settings, bags, val, supervision, tmp_path / "c.pt", 1)

    first = trainer()
    first.epoch()
    first.save()
    again = trainer()
    again.resume()
    assert len(again.history) == 1
    others = [trainer("audioset"), trainer(val=bags), trainer(settings=options | {"seed": 5})]
    bags.clip_ids[0] = "another"
    others.append(trainer())
    bags.clip_ids[0] = "train_0"
    bags.targets[0] = [0, 1, 0]
    others.append(trainer())
    for other in others:
        other.resume()
        assert other.history == []


class Counting(Training):
    """Epochs whose losses are given."""

    def __init__(self, options, losses, checkpoint):
        super().__init__({"seed": 1, "counting": options}, "counting", checkpoint)
        self.losses = losses
        network = torch.nn.Linear(2, 1)
        optimiser = torch.optim.SGD(network.parameters(), 0.1)
        self.begin(network, optimiser, torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0), "same")

    def learn(self, number):
        with torch.no_grad():
            self.network.weight.fill_(number)
        return {"train_loss": 9.0, "val_loss": self.losses[number]}


def counting(tmp_path, losses, **changes):
    options = {"device": "cpu", "threads": 1, "mixed_precision": True, "epochs": len(losses)}
    options |= {"patience": None, "checkpoint_every": 100}
    return Counting(options | changes, losses, checkpoint_of(tmp_path / "n.pt"))


@pytest.mark.parametrize(
    ("patience", "epochs"), [(None, 6), (1, 3), (2, 4), (4, 6)], ids=["never", "one", "two", "four"]
)
def test_patience_counts_epochs_since_the_best(tmp_path, patience, epochs):
    training = counting(tmp_path, [3.0, 2.0, 2.0, 2.5, 2.0, 2.1], patience=patience)
    training.run(tmp_path / "n.pt", tmp_path / "h.jsonl", {"word": "kept"}, None)
    assert len(training.history) == epochs and training.best["epoch"] == 1
    saved = torch.load(tmp_path / "n.pt", weights_only=True)
    assert saved["state_dict"]["weight"].tolist() == [[1, 1]]
    assert (saved["epoch"], saved["word"]) == (1, "kept")
    lines = [json.loads(line) for line in (tmp_path / "h.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == list(range(epochs)) and lines[0]["learning_rate"] == 0.1


def test_the_checkpoint_is_written_as_often_as_asked_and_gone_at_the_end(tmp_path):
    training, there = counting(tmp_path, [5.0, 4, 3, 2, 1], checkpoint_every=2), []
    path = tmp_path / "checkpoint.pt"

    def look(epoch, epochs, row):
        there.append((epoch, epochs, row["val_loss"], path.exists()))
        path.unlink(missing_ok=True)

    training.run(tmp_path / "n.pt", tmp_path / "h.jsonl", {}, look)
    assert there == [(0, 5, 5, False), (1, 5, 4, True), (2, 5, 3, False), (3, 5, 2, True), (4, 5, 1, False)]
    assert not path.exists()


def test_a_loss_that_is_no_number_stops_the_training(tmp_path):
    training = counting(tmp_path, [1.0])
    training.check(torch.tensor(1e30))
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ObjectsoundsError, match=r"lower counting\.learning_rate"):
            training.check(torch.tensor(bad))


def test_mixed_precision_is_for_gpus_alone_and_threads_are_set(tmp_path):
    before = torch.get_num_threads()
    training = counting(tmp_path, [1.0], threads=2)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)
    with training.mixed_precision():
        assert training.network(torch.rand(1, 2)).dtype == torch.float32
        assert not torch.is_autocast_enabled("cpu")


def test_the_network_begins_by_the_seed_alone(tmp_path):
    weights = [counting(tmp_path, [1.0]).network.weight.tolist() for _ in range(2)]
    torch.manual_seed(seed_of(1, "counting", "network"))
    assert weights == [torch.nn.Linear(2, 1).weight.tolist()] * 2


def test_a_network_is_evaluated_without_gradients_and_trained_again_after(tmp_path):
    network = counting(tmp_path, [1.0]).network
    with evaluating(network):
        assert not network.training and not network(torch.rand(1, 2)).requires_grad
    assert network.training and network(torch.rand(1, 2)).requires_grad
