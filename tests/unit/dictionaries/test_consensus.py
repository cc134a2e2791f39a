"""The rule ``consensus``: clips that the other clips of their object explain."""

import numpy as np
import pytest

from objectsounds.config.method_table import DICTIONARIES
from objectsounds.data.bags import Bags
from objectsounds.dictionaries.agreement import choose as choose_agreement
from objectsounds.dictionaries.consensus import choose as choose_consensus
from objectsounds.dictionaries.consensus import explained_shares, merge_bins
from objectsounds.dictionaries.visual_consensus import choose as choose_visual_consensus
from objectsounds.signal.nmf import fit_activations
from tests.unit.dictionaries.labelled import ranked


def planted(seed=0):
    """Return clips of two objects, each a band of its own; in clips 3 and 7 the other sounds off screen."""
    draw = np.random.default_rng(seed)
    bases = draw.random((8, 30, 4), dtype=np.float32) * 0.01
    for clip in (0, 1, 2, 3):
        bases[clip, :15] += draw.random((15, 4), dtype=np.float32)
    for clip in (4, 5, 6, 7):
        bases[clip, 15:] += draw.random((15, 4), dtype=np.float32)
    bases[3, 15:, 2:] += draw.random((15, 2), dtype=np.float32)  # clip 3: the piano is off screen
    bases[7, :15, 2:] += draw.random((15, 2), dtype=np.float32)  # clip 7: the drum is
    return bases


class Planted(Bags):
    def read_bases(self, rows):
        return planted()[rows]


def planted_bags():
    labels = np.array([[1, 0]] * 4 + [[0, 1]] * 4, np.uint8)
    seen = np.array(
        [[0.8, 0.2]] * 3 + [[0.9, 0.1]] + [[0.2, 0.8]] * 3 + [[0.1, 0.9]]
    )  # surest of the wrong ones
    ids = [str(clip) for clip in range(8)]
    return Planted(None, ids, ["drum", "piano"], seen, labels, labels, labels, labels, (8, 30, 4))


def test_consensus_leaves_the_clip_in_which_an_unseen_object_sounds():
    options = {"clips_per_object": 3, "candidates": 8, "rounds": 2}
    first = choose_agreement(np.zeros((8, 2, 4)), planted_bags(), options)
    assert {3, 7} <= set(first.clips)  # what eye and ear alone would take
    choice = choose_consensus(np.zeros((8, 2, 4)), planted_bags(), options)
    assert set(choice.clips) == {0, 1, 2, 4, 5, 6}


def test_a_clip_is_no_witness_for_itself():
    bases = merge_bins(planted())
    shares = explained_shares(bases, [np.array([0]), np.array([4])])
    assert shares[1, 0] > 0.95 and shares[5, 1] > 0.95
    assert shares[0, 0] == 0 and shares[0, 1] == pytest.approx(1)  # only the other object's clip is left
    assert 0.2 < shares[3, 1] < 0.3  # two of its four bases are half piano


def test_consensus_looks_at_the_candidates_alone_and_leaves_no_label_empty():
    options = {"clips_per_object": 1, "candidates": 1, "rounds": 3}
    choice = choose_consensus(np.zeros((8, 2, 4)), planted_bags(), options)
    assert set(choice.clips) == {3, 7} and choice.empty == {}


def test_merged_bins_keep_the_low_ones_and_lose_no_energy():
    bases = np.random.default_rng(0).random((2, 2401, 3), dtype=np.float32)
    merged = merge_bins(bases)
    assert merged.shape[1] < 300 and np.allclose(merged.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(merged[:, :199] * bases.sum(axis=1, keepdims=True), bases[:, :199], rtol=1e-4)


def test_merged_bins_of_a_short_axis_are_the_bins_and_zeros_stay_zero():
    bases = np.random.default_rng(0).random((2, 30, 3))
    bases[1, :, 2] = 0
    merged = merge_bins(bases)
    assert merged.shape == (2, 30, 3) and not merged[1, :, 2].any()
    for clip, basis in ((0, 0), (0, 2), (1, 1)):
        np.testing.assert_allclose(
            merged[clip, :, basis], bases[clip, :, basis] / bases[clip, :, basis].sum()
        )


def test_each_bin_is_in_one_band_and_the_bands_above_the_low_bins_grow():
    owner = [int(merge_bins(np.eye(900)[:, [bin_]][None])[0, :, 0].argmax()) for bin_ in range(900)]
    assert owner[:200] == list(range(200)) and sorted(owner) == owner
    sizes = np.bincount(owner)
    assert len(sizes) == max(owner) + 1 <= 280 and sizes[-1] > sizes[200] >= 1


def test_shares_count_a_clips_sound_by_energy_whatever_the_norm_of_the_words():
    bases = merge_bins(planted())
    chosen = [np.array([0, 1]), np.array([4])]
    shares = explained_shares(bases, chosen)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    louder = bases.copy()
    louder[[0, 1]] *= 5
    np.testing.assert_allclose(explained_shares(louder, chosen), shares, atol=1e-3)
    only = explained_shares(bases, [np.array([2]), np.array([], int)])
    assert not only[2].any() and only[0].tolist() == [1, 0]


def many_clips(clips=35, objects=3, bases=4):
    """Return more clips than a batch holds, mostly of one object's band, a little of the next one's."""
    draw = np.random.default_rng(2)
    W = draw.random((clips, 30, bases), dtype=np.float32) * 0.02
    for clip in range(clips):
        own, other = clip % objects, (clip + 1) % objects
        W[clip, 10 * own : 10 * own + 10] += draw.random((10, bases), dtype=np.float32)
        amount = np.float32(draw.random())
        W[clip, 10 * other : 10 * other + 10] += amount * draw.random((10, bases), dtype=np.float32)
    return merge_bins(W), [np.arange(owner, 30, objects) for owner in range(objects)]


def fitted_shares(bases, chosen):
    """Return the shares by their definition: each clip fitted to the end by all columns but its own."""
    shares = np.zeros((len(bases), len(chosen)))
    for clip in range(len(bases)):
        others = [(owner, row) for owner, rows in enumerate(chosen) for row in rows if row != clip]
        fit = fit_activations(
            bases[clip],
            np.concatenate([bases[row] for _, row in others], axis=1),
            iterations=2000,
            tolerance=0,
        )
        for (owner, _), energy in zip(others, fit.activations.reshape(len(others), -1).sum(1), strict=True):
            shares[clip, owner] += energy
    return shares / shares.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("kept", [400, 60])  # all columns, and half of them
def test_shares_are_those_of_a_fit_to_the_end_in_every_batch(monkeypatch, kept):
    monkeypatch.setattr("objectsounds.dictionaries.consensus.KEPT", kept)
    bases, chosen = many_clips()
    told: list[tuple] = []
    found = explained_shares(bases, chosen, lambda *args: told.append(args))
    expected = fitted_shares(bases, chosen)
    assert expected.max(axis=1).std() > 0.05
    np.testing.assert_allclose(found, expected, atol=0.06)
    assert abs(found - expected).mean() < 0.01
    assert told == [(16, 35, "clips"), (32, 35, "clips"), (35, 35, "clips")]


def test_a_clip_of_a_later_batch_is_no_witness_for_itself_either():
    bases, _ = many_clips()
    shares = explained_shares(bases, [np.array([33]), np.array([34]), np.array([], int)])
    assert shares[33].tolist() == [0, 1, 0] and shares[34].tolist() == [1, 0, 0]
    assert 0 < shares[32, 0] < 1


def test_bases_of_silence_explain_nothing_and_are_not_explained():
    bases = merge_bins(planted())
    bases[1], bases[5, :, 0] = 0, 0
    shares = explained_shares(bases, [np.array([0, 1]), np.array([4, 5])])
    assert np.isfinite(shares).all() and not shares[1].any() and shares[0].sum() == pytest.approx(1)


def test_consensus_ends_once_a_round_would_choose_the_same_clips(monkeypatch):
    rounds = []

    def counted(bases, chosen, progress):
        rounds.append([sorted(rows.tolist()) for rows in chosen])
        return explained_shares(bases, chosen, progress)

    monkeypatch.setattr("objectsounds.dictionaries.consensus.explained_shares", counted)
    options = {"clips_per_object": 3, "candidates": 8}
    maps = np.zeros((8, 2, 4))
    choice = choose_consensus(maps, planted_bags(), options | {"rounds": 10})
    assert rounds == [[[0, 1, 3], [4, 5, 7]], [[0, 1, 2], [4, 5, 6]]]
    again = choose_consensus(maps, planted_bags(), options | {"rounds": 2})
    assert (choice.clips, choice.scores) == (again.clips, again.scores)


def test_without_rounds_consensus_ranks_as_agreement_does():
    maps = np.random.default_rng(1).standard_normal((8, 2, 4))
    options = {"clips_per_object": 2, "candidates": 8, "rounds": 0}
    choice, agreed = (rule(maps, planted_bags(), options) for rule in (choose_consensus, choose_agreement))
    assert (choice.clips, choice.scores) == (agreed.clips, agreed.scores)


def test_a_round_ranks_candidates_by_the_share_explained_times_what_is_seen():
    options = {"clips_per_object": 3, "candidates": 3, "rounds": 1}
    labels, maps = planted_bags(), np.random.default_rng(1).standard_normal((8, 2, 4))
    first = choose_agreement(maps, labels, options)
    rows = np.array(sorted(set(first.clips)))
    bases = merge_bins(planted()[rows])
    own = [np.flatnonzero(np.isin(rows, first.clips[:12])), np.flatnonzero(np.isin(rows, first.clips[12:]))]
    shares = explained_shares(bases, own) * labels.probabilities[rows]
    choice = choose_consensus(maps, labels, options)
    expected = ranked(shares, labels.targets[rows] == 1, 3, 4)
    assert choice.clips == [int(rows[row[1]]) for row in expected]
    np.testing.assert_allclose(choice.scores, [row[3] for row in expected], atol=1e-4)


def test_consensus_of_labels_that_nobody_has_chooses_nothing():
    labels = planted_bags()
    labels.targets = np.zeros_like(labels.targets)
    options = {"clips_per_object": 3, "candidates": 8, "rounds": 2}
    choice = choose_consensus(np.zeros((8, 2, 4)), labels, options)
    assert choice.clips == [] and set(choice.empty) == {"drum", "piano"}


def test_visual_consensus_begins_with_what_is_seen_and_asks_no_network():
    labels, options = planted_bags(), {"clips_per_object": 2, "candidates": 6, "rounds": 0}
    labels.probabilities = np.random.default_rng(8).dirichlet(np.ones(2), len(labels.clip_ids))
    first = choose_visual_consensus(None, labels, options)
    for target in range(2):
        seen = np.flatnonzero(labels.targets[:, target] == 1)
        best = seen[np.argsort(-labels.probabilities[seen, target])][:2]
        assert set(best) == {c for c, o in zip(first.clips, first.objects, strict=True) if o == target}
    options["rounds"] = 3
    of_an_even_network = choose_consensus(np.zeros((8, 2, 4)), labels, options)
    assert choose_visual_consensus(None, labels, options).clips == of_an_even_network.clips
    assert DICTIONARIES["visual_consensus"].supervision is None
