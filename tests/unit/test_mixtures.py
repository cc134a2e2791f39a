"""Pairs and mixtures: two different objects, equal level, and sums that are kept."""

import numpy as np
import pytest

from objectsounds.errors import ObjectsoundsError
from objectsounds.mixtures import choose_mixtures, groups_of, mix


def noise(seed, seconds=2.0):
    return np.random.default_rng(seed).standard_normal(int(8000 * seconds)).astype(np.float32)


def test_sources_are_brought_to_one_level_and_their_sum_is_the_mixture():
    mixture, references = mix([noise(1) * 0.01, noise(2, seconds=3.0) * 5], -23.0)
    for reference in references:
        assert 20 * np.log10(np.sqrt(np.mean(reference**2))) == pytest.approx(-23, abs=0.01)
    np.testing.assert_allclose(mixture, references[0] + references[1], atol=1e-7)
    assert len(mixture) == 2 * 8000


def test_silence_cannot_be_mixed():
    with pytest.raises(ObjectsoundsError, match="silent"):
        mix([np.zeros(100, np.float32), np.ones(100, np.float32)], -23.0)


def pair_settings(classes, max_pairs=250, sources=(2,)):
    return {
        "seed": 1,
        "classes": classes,
        "mixtures": {"max_pairs": max_pairs, "blocks": 3, "rms_db": -23, "sources": sources},
    }


def test_pairs_hold_two_different_objects_and_every_group_is_named():
    sources = [("a", "piano"), ("b", "piano"), ("c", "violin"), ("d", "dog")]
    pairs, _ = choose_mixtures(sources, pair_settings(["piano", "violin", "dog"]))
    assert {tuple(p["clips"].split(";")) for p in pairs} == {
        ("a", "c"),
        ("b", "c"),
        ("a", "d"),
        ("b", "d"),
        ("c", "d"),
    }
    assert {p["group"] for p in pairs} == {"instrument", "cross-domain"}
    assert groups_of(["piano", "violin", "dog"]) == ["instrument", "animal", "cross-domain"]


def test_mixtures_of_three_have_groups_of_their_own_and_three_different_objects():
    sources = [("a", "piano"), ("b", "piano"), ("c", "violin"), ("d", "drum"), ("e", "dog")]
    classes = ["piano", "violin", "drum", "dog"]
    rows, _ = choose_mixtures(sources, pair_settings(classes, sources=(2, 3)))
    triples = [row for row in rows if row["clips"].count(";") == 2]
    assert {row["group"] for row in triples} == {"instrument x3", "cross-domain x3"}
    assert {row["clips"] for row in triples if row["group"] == "instrument x3"} == {"a;c;d", "b;c;d"}
    assert len({row["mixture"] for row in rows}) == len(rows)
    assert groups_of(classes, (2, 3))[-1] == "cross-domain x3"


def test_of_very_many_combinations_a_sample_is_drawn_without_listing_them():
    names = ["piano", "violin", "drum", "flute"]
    sources = [(f"{name}{i}", name) for name in names for i in range(100)]
    first, second = (choose_mixtures(sources, pair_settings(names, 20, (4,)))[0] for _ in range(2))
    assert first == second and len(first) == 20
    assert all(len(set(row["objects"].split(";"))) == 4 for row in first)


def test_too_many_pairs_are_sampled_by_seed_and_dealt_to_all_blocks():
    sources = [(f"p{i}", "piano") for i in range(20)] + [(f"v{i}", "violin") for i in range(20)]
    first, second = (choose_mixtures(sources, pair_settings(["piano", "violin"], 30))[0] for _ in range(2))
    assert first == second and len(first) == 30
    assert {p["block"] for p in first} == {0, 1, 2}
    assert len({p["mixture"] for p in first}) == 30
