"""Test clips that are also in train are found by their sound, told in a table, in the log and on the page."""

import logging

import numpy as np
import pytest

from objectsounds.core.tables import read_table, write_table
from objectsounds.data.status import COLUMNS as STATUS_COLUMNS
from objectsounds.data.status import clip_sizes
from objectsounds.media.wav import write_wav
from objectsounds.report.clips_table import leaked_clips
from objectsounds.stages.leakage import COLUMNS, find_leakage
from tests.unit.signal.test_fingerprint import SAMPLED, played


def shard(folder, split, sounds):
    """Write a shard of clips of some sounds, by medium; return its status table."""
    rows = []
    for source, sound in sounds.items():
        clip = folder / f"{split}-00000" / "media" / source
        (clip / "frames").mkdir(parents=True)
        write_wav(clip / "audio.wav", sound, SAMPLED)
        row = dict.fromkeys(STATUS_COLUMNS, "") | {"clip_id": f"{source}_0", "source": source}
        row |= {"split": split, "status": "ok", "folder": f"media/{source}", "frames": 0}
        rows.append(row | clip_sizes(clip))
    status = folder / f"{split}-00000" / "status.tsv"
    write_table(status, STATUS_COLUMNS, rows)
    return status


@pytest.fixture(scope="module")
def sounds():
    return {name: played(seed, 8.0) for name, seed in (("a", 1), ("b", 2), ("c", 3), ("d", 4))}


def found(tmp_path, test, train, val):
    path = tmp_path / "leakage" / "leakage.tsv"
    others = [shard(tmp_path, "train", train), shard(tmp_path, "val", val)]
    find_leakage({}, [shard(tmp_path, "test", test)], others, path)
    return read_table(path, COLUMNS)


def test_a_recording_under_another_name_quieter_and_begun_later_is_told(tmp_path, sounds, caplog):
    caplog.set_level(logging.INFO)
    again = (0.2 * sounds["a"][2 * SAMPLED :]).astype(np.float32)
    test = {"x": again, "b": sounds["b"], "c": sounds["c"]}
    rows = found(tmp_path, test, {"a": sounds["a"], "d": sounds["d"]}, {"b": sounds["b"]})
    told = [(row["clip"], row["split"], row["other_clip"], row["same_source"]) for row in rows]
    assert told == [("x_0", "train", "a_0", "no"), ("b_0", "val", "b_0", "yes")]
    assert float(rows[0]["offset"]) == pytest.approx(2, abs=0.1) and float(rows[1]["offset"]) == 0
    assert leaked_clips(tmp_path) == {"all": 2, "train": 1, "val": 1}
    (said,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert said.getMessage().startswith("2 of 3 test clips are of recordings that are also in train or val")


def test_without_a_leak_the_table_has_no_row_and_nothing_is_warned_of(tmp_path, sounds, caplog):
    rows = found(tmp_path, {"a": sounds["a"]}, {"b": sounds["b"]}, {"c": sounds["c"]})
    assert rows == [] and leaked_clips(tmp_path)["all"] == 0
    assert not [record for record in caplog.records if record.levelno == logging.WARNING]


def test_what_was_not_asked_for_is_not_known(tmp_path):
    assert leaked_clips(tmp_path) is None
