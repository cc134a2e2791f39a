"""The network by hand: its layers, its poolings, how it begins, and what a basis is divided by."""

import numpy as np
import pytest
import torch

from objectsounds.networks.miml import Miml, build_network, margin_loss, normalise_bases


def test_a_basis_is_divided_by_its_maximum_its_sum_or_its_length():
    bases = torch.tensor([[[3.0, 0], [4.0, 0], [0.0, 2]]])  # shape (1, 3, 2)
    found = {norm: normalise_bases(bases, norm)[0].T.tolist() for norm in ("max", "l1", "l2", "none")}
    assert found["max"] == [[0.75, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(found["l1"], [[3 / 7, 4 / 7, 0], [0, 0, 1]], rtol=1e-6)
    np.testing.assert_allclose(found["l2"], [[0.6, 0.8, 0], [0, 0, 1]], rtol=1e-6)
    assert found["none"] == [[3, 4, 0], [0, 0, 2]]


def test_a_quiet_basis_is_divided_as_a_loud_one_is():
    loud = torch.rand(2, 5, 3)
    for norm in ("max", "l1", "l2"):
        torch.testing.assert_close(normalise_bases(loud * 1e-3, norm), normalise_bases(loud, norm))


def test_the_layers_stand_in_rowes_order_with_their_dropouts():
    network = Miml(bins=11, objects=3, hidden=(7, 5), sub_concepts=2, dropout=0.1, output_dropout=0.5)
    kinds = [type(layer).__name__ for layer in network.siamese]
    block = ["Conv1d", "Dropout", "BatchNorm1d", "ReLU", "Dropout"]
    assert kinds == [*block, *block, "Dropout"]
    assert [type(layer).__name__ for layer in network.concepts] == ["Conv1d", "BatchNorm1d", "ReLU"]
    assert [layer.p for layer in network.siamese if isinstance(layer, torch.nn.Dropout)] == [0.1] * 4 + [0.5]
    convolutions = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv1d)]
    assert [tuple(layer.weight.shape) for layer in convolutions] == [(7, 11, 1), (5, 7, 1), (6, 5, 1)]


def test_weights_begin_as_the_authors_draw_them():
    torch.manual_seed(0)
    network = Miml(bins=300, objects=20, hidden=(400,), sub_concepts=10)
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv1d):
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
            assert abs(layer.weight.mean().item()) < 5e-4 and not layer.bias.any()
        if isinstance(layer, torch.nn.BatchNorm1d):
            assert layer.weight.mean().item() == pytest.approx(1, abs=0.01)
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.3) and not layer.bias.any()


def test_scores_are_the_best_basis_of_the_best_sub_concept():
    objects, concepts, bins, count = 2, 3, 4, 5
    network = Miml(bins, objects, hidden=(), sub_concepts=concepts).eval()
    torch.manual_seed(1)
    bases, weights = torch.rand(2, bins, count), torch.randn(objects * concepts, bins)
    with torch.no_grad():
        network.concepts[0].weight.copy_(weights[..., None])
        network.concepts[1].weight.fill_(1)
        maps, scores = network.relation_map(bases), network(bases)
    for bag in range(2):
        for target in range(objects):
            best = [
                max(
                    max(0.0, float(weights[target * concepts + k] @ bases[bag, :, basis]))
                    for k in range(concepts)
                )
                for basis in range(count)
            ]
            np.testing.assert_allclose(maps[bag, target].numpy(), best, rtol=1e-4, atol=1e-6)
            assert scores[bag, target].item() == pytest.approx(max(best), rel=1e-4)


def test_the_settings_say_how_the_network_is_built():
    options = {"hidden": [9, 8], "sub_concepts": 2, "dropout": 0.2, "output_dropout": 0.4}
    network = build_network(13, 5, options)
    assert (network.objects, network.sub_concepts) == (5, 2)
    assert [layer.p for layer in network.siamese if isinstance(layer, torch.nn.Dropout)] == [0.2] * 4 + [0.4]
    assert network(torch.rand(2, 13, 3)).shape == (2, 5)


def test_the_loss_of_one_bag_by_hand():
    scores = torch.tensor([[0.0, 2.0, 0.5, 0.0]])  # labels 1 and 3: margins 1 - (2 - 0), ... 1 - (0 - 0.5)
    loss = margin_loss(scores, torch.tensor([[False, True, False, True]]))
    assert loss.item() == pytest.approx((0 + 0 + 1.0 + 1.5) / 4)


def test_the_loss_of_a_bag_with_every_label_is_zero():
    assert margin_loss(torch.randn(3, 4), torch.ones(3, 4, dtype=torch.bool)).item() == 0


def test_without_settings_the_network_is_gaos():
    network = Miml(30, 5)
    sizes = [tuple(layer.weight.shape) for layer in network.modules() if isinstance(layer, torch.nn.Conv1d)]
    assert sizes == [(1024, 30, 1), (20, 1024, 1)]
    assert not any(layer.p for layer in network.modules() if isinstance(layer, torch.nn.Dropout))
