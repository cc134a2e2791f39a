"""Performances of one instrument alone, and what a SoundFont cannot play."""

from pathlib import Path

import numpy as np
import pytest

from objectsounds.config.classes import chosen_classes
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.synthesis import music
from objectsounds.synthesis.instruments import INSTRUMENTS
from objectsounds.synthesis.performances import performances

RATE = 8000


def test_performances_differ_sound_to_their_end_and_do_not_depend_on_how_many_are_asked():
    three = list(performances("flute", 3, 2.0, RATE, seed=1))
    assert all(sound.shape == (2 * RATE,) and sound.dtype == np.float32 for sound in three)
    assert all(np.abs(sound[-RATE:]).max() > 1e-3 for sound in three)
    np.testing.assert_array_equal(next(performances("flute", 1, 2.0, RATE, seed=1)), three[0])
    assert not np.allclose(three[0], three[1])
    assert not np.allclose(next(performances("flute", 1, 2.0, RATE, seed=2)), three[0])


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_instrument_is_a_class_and_is_heard(name):
    assert chosen_classes([name])[0].group == "instrument"
    (sound,) = performances(name, 1, 1.0, RATE, seed=0)
    assert 1e-3 < np.abs(sound).max() <= 1


def test_fonts_take_turns_and_the_carried_one_is_the_default(tmp_path):
    copy = tmp_path / "another.sf2"
    copy.symlink_to(music.soundfont())
    carried = list(performances("harp", 2, 1.0, RATE, seed=1))
    np.testing.assert_array_equal(list(performances("harp", 2, 1.0, RATE, 1, [copy])), carried)
    with pytest.raises(ObjectsoundsError, match=r"none\.sf2 cannot be played as a SoundFont"):
        list(performances("harp", 2, 1.0, RATE, 1, [copy, broken(tmp_path / "none.sf2")]))


def broken(path):
    path.write_bytes(b"RIFF" + bytes(200))
    return path


def test_a_font_without_the_instrument_is_named_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(music, "play", lambda *_: np.zeros(8000, np.float32))
    with pytest.raises(ObjectsoundsError, match=r"x\.sf2 has no General MIDI program 105 \(banjo\)\."):
        list(performances("banjo", 1, 1.0, RATE, 1, [Path("x.sf2")]))


def test_an_instrument_plays_over_its_whole_range(monkeypatch):
    keys = []

    def keep(recording, *_):
        keys.extend(key for _, _, key, _ in recording["performances"][0]["notes"])
        return np.zeros((10, 2), np.float32)

    monkeypatch.setattr(music, "record", keep)
    list(performances("flute", 20, 2.0, RATE, seed=0))
    lowest, highest = INSTRUMENTS["flute"].lowest, INSTRUMENTS["flute"].highest
    assert lowest <= min(keys) <= lowest + 3 and highest - 3 <= max(keys) <= highest
