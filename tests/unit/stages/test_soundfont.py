"""Instruments that a SoundFont plays, as bases beside those of the clips."""

import h5py
import numpy as np
import pytest

from objectsounds.config.method_table import DICTIONARIES
from objectsounds.config.paths import soundfont_of
from objectsounds.config.settings import load_settings, merge, stage_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.data.bags import open_dataset
from objectsounds.dictionaries.file import read_dictionary
from objectsounds.dictionaries.performed import performed, read_performed
from objectsounds.stages.dictionary import make_dictionary
from objectsounds.stages.soundfont import make_soundfont

RATE = 8000
SETTINGS = load_settings(
    {
        "classes": ["cat", "drum", "piano", "violin"],
        "clips": {"sample_rate": RATE},
        "bases": {"count": 3, "iterations": 20},
        "soundfont": {"performances": 2},
    }
)


def test_each_instrument_gets_the_bases_of_its_performances_and_a_cat_none(tmp_path, caplog):
    caplog.set_level("INFO")
    make_soundfont(stage_settings(SETTINGS, "soundfont"), tmp_path / "s.h5", workers=2)
    found = read_performed(tmp_path / "s.h5")
    assert "played: drum, piano, violin; not: cat" in caplog.text
    assert list(found) == ["drum", "piano", "violin"]
    assert all(bases.shape == (2, RATE // 20 + 1, 3) and bases.any() for bases in found.values())
    alone = dict(performed(["piano"], 2, SETTINGS))  # in one process, of one instrument
    np.testing.assert_array_equal(alone["piano"], found["piano"])


def test_without_an_instrument_nothing_has_to_be_played(tmp_path, monkeypatch):
    monkeypatch.setattr("objectsounds.dictionaries.performed.tinysoundfont", lambda: pytest.fail("played"))
    make_soundfont(merge(SETTINGS, {"classes": ["cat", "dog"]}), tmp_path / "s.h5")
    assert read_performed(tmp_path / "s.h5") == {}


def test_a_font_that_is_not_there_is_named(tmp_path):
    settings = merge(SETTINGS, {"soundfont": {"files": [str(tmp_path / "no.sf2")]}})
    with pytest.raises(ObjectsoundsError, match=r"no\.sf2 is no file; name a SoundFont"):
        make_soundfont(settings, tmp_path / "s.h5")
    assert not (tmp_path / "s.h5").exists()


@pytest.mark.parametrize("rule", ["solo", "soundfont"])
def test_they_join_the_chosen_bases_and_an_object_without_clips_has_them_alone(
    planted_dataset, tmp_path, rule
):
    train = planted_dataset("train", [["drum"], ["drum"]], labels=[["drum"], ["drum"]])
    bags = open_dataset(train)
    _, bins, each = bags.bases_shape
    drawn = np.random.default_rng(0).random((2, bins, each)).astype(np.float32)
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file.attrs["objects"] = '["piano"]'
        file["piano"] = drawn
    settings = merge(load_settings({"preset": "demo"}), {"dictionary": {"transpose": 0}})
    make_dictionary(settings, rule, None, None, train, tmp_path / "d.h5", tmp_path / "s.h5")
    found = read_dictionary(tmp_path / "d.h5")
    own = drawn / drawn.max(axis=1, keepdims=True)
    expected = own.transpose(1, 0, 2).reshape(bins, 2 * each)
    np.testing.assert_allclose(found.of("piano"), expected, rtol=1e-5)
    assert found.clips_of("piano") == ["soundfont 0"] * each + ["soundfont 1"] * each
    assert "piano" not in found.empty and "violin" in found.empty
    assert found.of("drum").shape[1] == (2 * each if rule == "solo" else 0)
    assert ("drum" in found.empty) == (rule == "soundfont")


def test_what_is_published_gets_none_and_a_variant_can_go_without():
    settings = merge(SETTINGS, {"variants": {"own": {"soundfont": {"performances": 0}}}})
    given = {name: soundfont_of(settings, name, "default") for name in DICTIONARIES}
    assert given["consensus"] == given["soundfont"] == "<results>/soundfont/default.h5"
    assert {name for name, path in given.items() if path is None} == {"gao", "exemplar"}
    assert soundfont_of(settings, "consensus", "own") is None
