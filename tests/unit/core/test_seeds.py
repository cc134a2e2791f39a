"""Stable random choices: the same for the same words, in every process and however often they are asked."""

import numpy as np

from objectsounds.core.seeds import fraction, fractions


def test_fractions_of_many_names_are_those_of_each():
    of = fractions(2018, "split")
    names = ["a", "-xyz_0", "Klavier ♪", ""]
    assert [of(name) for name in names] == [fraction(2018, "split", name) for name in names]


def test_fractions_do_not_change_between_versions():
    assert fraction(2018, "split", "abc") == 0.2608645679157305


def test_fractions_are_spread_evenly():
    of = fractions(1, "test")
    counts = np.histogram([of(f"clip{number}") for number in range(4000)], 10, (0, 1))[0]
    assert counts.min() > 320 and counts.max() < 480
