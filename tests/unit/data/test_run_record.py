"""What a run leaves of itself: digests that tell what was changed, whatever the order and names."""

import json

import pytest

from objectsounds import __version__
from objectsounds.core.errors import BrokenFileError
from objectsounds.core.files import read_json
from objectsounds.core.tables import write_table
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.data.run_record import data_digests, run_record
from objectsounds.data.status import OBJECT_COLUMNS

CLIPS = {"train": [("a_0", "drum"), ("b_0", "piano;drum")], "val": [], "test": [("c_0", "drum")]}
MIXED = [("m-0", "c_0;d_0", "drum;piano"), ("m-1", "d_0;e_0", "piano;violin")]


@pytest.fixture
def made(tmp_path):
    """Return a function that writes a run's tables and returns their digests."""

    def make(clips=CLIPS, mixtures=MIXED):
        for split, rows in clips.items():
            cells = [{"clip_id": name, "objects": objects, "visible": ""} for name, objects in rows]
            write_table(tmp_path / "catalogue" / f"objects-{split}.tsv", OBJECT_COLUMNS, cells)
        cells = [dict(zip(("mixture", "clips", "objects"), row, strict=True)) for row in mixtures]
        rows = [row | {"group": "g", "block": 0} for row in cells]
        write_table(tmp_path / "mixtures" / "mixtures.tsv", MIXTURE_COLUMNS, rows)
        return data_digests(tmp_path)

    return make


def test_the_digests_count_clips_and_mixtures(made):
    digests = made()
    assert {name: item["n"] for name, item in digests.items()} == {
        "train clips": 2,
        "val clips": 0,
        "test clips": 1,
        "mixtures": 2,
    }
    assert len({item["sha256"] for item in digests.values()}) == 4


def test_the_order_of_rows_and_the_names_of_mixtures_change_no_digest(made):
    first = made()
    turned = {split: rows[::-1] for split, rows in CLIPS.items()}
    assert made(turned, [("x", *MIXED[1][1:]), ("y", *MIXED[0][1:])]) == first


@pytest.mark.parametrize(
    ("clips", "mixtures", "changed"),
    [
        ({"train": [("a_0", "drum"), ("b_0", "piano")]}, MIXED, "train clips"),
        ({"val": [("a_0", "drum")]}, MIXED, "val clips"),
        ({}, MIXED[:1], "mixtures"),
        ({}, [("m-0", "c_0;d_0", "piano;drum"), MIXED[1]], "mixtures"),
    ],
)
def test_another_label_clip_or_mixture_changes_its_digest_alone(made, clips, mixtures, changed):
    first, second = made(), made(CLIPS | clips, mixtures)
    assert {name for name in first if first[name] != second[name]} == {changed}


def test_the_record_names_version_settings_and_seeds_and_is_json(made, tmp_path):
    digests, settings = made(), {"seed": 5, "seeds": [5, 6], "clips": {"media": f"{tmp_path}/demo/media"}}
    record = json.loads(json.dumps(run_record(settings, tmp_path)))
    settings["clips"]["media"] = "<results>/demo/media"
    assert (record["objectsounds"], record["seed"], record["seeds"]) == (__version__, 5, [5, 6])
    assert record["settings"] == settings and record["data"] == digests
    assert record["packages"]["numpy"]


@pytest.mark.parametrize(("known", "recorded"), [("", None), ("abc+", "abc+")])
def test_a_commit_that_is_not_known_is_none(made, tmp_path, monkeypatch, known, recorded):
    made()
    monkeypatch.setattr("objectsounds.data.run_record.commit", lambda: known)
    assert run_record({"seed": 5, "seeds": []}, tmp_path)["commit"] == recorded


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 1'])
def test_a_record_that_is_cut_is_told(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(BrokenFileError, match=r"run\.json is broken"):
        read_json(tmp_path / "run.json")
