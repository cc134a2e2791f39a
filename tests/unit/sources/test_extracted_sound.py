"""Catalogue kind ``audio``: sound that was extracted before, in folders and in Parquet files."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from objectsounds.config.settings import load_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import read_table
from objectsounds.data.status import read_objects
from objectsounds.stages.catalogue import make_catalogue
from objectsounds.stages.clips import make_shard
from tests.unit.sources.test_data_sets import MUSIC, VIOLIN, read, settings_of


@pytest.fixture
def extracted(tmp_path, make_video):
    """Sounds by id, a video of one and pictures of another; and one without either."""
    rng = np.random.default_rng(0)
    for name in ("train/violin/abcdefghij0_30000_40000.flac", "test/piano/x-1.wav", "test/piano/unseen.wav"):
        path = tmp_path / "sound" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.2 * rng.standard_normal(4 * 16000), 16000)
    (tmp_path / "sound" / "test" / "piano" / "broken.wav").write_bytes(b"RIFF")
    make_video(tmp_path / "pictures" / "abcdefghij0_30000_40000.mp4", seconds=4, sound=False)
    make_video(tmp_path / "pictures" / "broken.mp4", seconds=4, sound=False)
    (tmp_path / "pictures" / "x-1").mkdir()
    for number, grey in ((1, 20), (2, 120), (10, 220)):
        cv2.imwrite(
            str(tmp_path / "pictures" / "x-1" / f"{number}.jpg"), np.full((90, 120, 3), grey, np.uint8)
        )
    return tmp_path


CUT = {"section_seconds": 2, "sections_per_medium": 2}


def test_extracted_sound_takes_its_pictures_from_elsewhere_by_id(extracted):
    found, rejected = read("audio", extracted / "sound", pictures=str(extracted / "pictures"), **CUT)
    facts = {item.media_id: (item.objects, item.split, item.only, item.medium) for item in found}
    assert facts == {
        "abcdefghij0_30000_40000": (("violin",), "", ("train", "val"), "abcdefghij0"),
        "x-1": (("piano",), "test", (), "x-1"),
    }
    assert {Path(item.picture).name for item in found} == {"abcdefghij0_30000_40000.mp4", "x-1"}
    told = {Path(row.path).name: row.reason for row in rejected}
    assert told["unseen.wav"] == f"no picture unseen in {extracted / 'pictures'}"
    assert told["broken.wav"].startswith("not readable as a sound")


def made_clips(settings: dict, folder: Path) -> dict[str, dict]:
    """Make the catalogue and its clips; return their rows by id."""
    make_catalogue(settings, folder / "c" / "clips.tsv", folder / "c" / "shards.txt")
    clips = load_settings({})["clips"] | {"sample_rate": 8000, "frames": 3, "frame_size": 64, "media": "none"}
    rows = {}
    for shard in sorted((folder / "c" / "shards").glob("*.tsv")):
        status = folder / "clips" / shard.stem / "status.tsv"
        make_shard({"clips": clips}, clips["download"], shard, status)
        rows |= {row["clip_id"]: row | {"at": status.parent} for row in read_table(status)}
    return rows


def test_extracted_sound_becomes_clips_with_the_pictures_of_their_times(extracted):
    settings = settings_of("audio", [extracted / "sound"], pictures=str(extracted / "pictures"), **CUT)
    rows = made_clips(settings, extracted)
    assert {name: row["status"] for name, row in rows.items()} == {
        "abcdefghij0_30000_40000_0": "ok",
        "abcdefghij0_30000_40000_2000": "ok",
        "x-1_0": "ok",
        "x-1_2000": "ok",
    }
    greys = []
    for name in ("x-1_0", "x-1_2000"):
        folder = rows[name]["at"] / rows[name]["folder"] / "frames"
        greys += [round(cv2.imread(str(path)).mean(), -1) for path in sorted(folder.iterdir())]
    assert greys == [20, 20, 120, 120, 220, 220]  # at 1/3, 1, 5/3 of 4 s, and so on, in the order of numbers


def test_extracted_sound_without_pictures_is_refused_with_the_remedy(extracted):
    with pytest.raises(ObjectsoundsError, match=r"catalogue\.pictures = None is no folder.*name the folder"):
        read("audio", extracted / "sound")
    empty = extracted / "empty"
    empty.mkdir()
    with pytest.raises(ObjectsoundsError, match="holds no sound that can be used"):
        read("audio", empty, pictures=str(extracted / "pictures"))


def test_parquet_without_pyarrow_says_how_to_install_it(extracted, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    shard = extracted / "train-00000-of-00001.parquet"
    shard.write_bytes(b"PAR1")
    with pytest.raises(
        ObjectsoundsError, match=r"read by pyarrow: install it by pip install 'objectsounds\[par"
    ):
        read("audio", shard, pictures=str(extracted / "pictures"))


def write_parquet(path: Path, rows: list[dict], class_names: list[str] | None = None) -> Path:
    """Write a shard as Hugging Face's datasets does, in row groups of two."""
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.Table.from_pylist(rows)
    label = {"names": class_names, "_type": "ClassLabel"} if class_names else {"_type": "Value"}
    features = {"audio": {"_type": "Audio"}, "label": label}
    told = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    parquet.write_table(table.replace_schema_metadata(told), path, row_group_size=2)
    return path


def packed(folder: Path, name: str) -> dict:
    (path,) = folder.rglob(f"{name}.*")
    return {"bytes": path.read_bytes(), "path": path.name}


def test_parquet_shards_become_clips_by_ids_and_labels_of_any_form(extracted):
    pytest.importorskip("pyarrow")
    pictures = str(extracted / "pictures")
    long, short = (packed(extracted / "sound", name) for name in ("abcdefghij0_30000_40000", "x-1"))
    names = ["dog", "playing violin, fiddle", "kazoo"]
    rows = [{"audio": sound, "label": label} for sound, label in ((long, 1), (long, 2), (short, 0))]
    rows += [{"audio": {"bytes": None, "path": "x-1.wav"}, "label": 0}]
    rows += [{"audio": short | {"path": "unseen.wav"}, "label": 0}]
    shard = write_parquet(extracted / "test-00000-of-00001.parquet", rows, names)
    found, rejected = read("audio", shard, pictures=pictures, section_seconds=4)
    assert [(item.clip_id, item.source, item.objects, item.split) for item in found] == [
        ("abcdefghij0_30000_40000_0", f"{shard}#0", ("violin",), "test"),
        ("x-1_0", f"{shard}#2", ("dog",), "test"),
    ]
    assert [row.reason for row in rejected] == [
        "row 3: no sound in it: save the data set with its audio embedded",
        f"row 4: no picture unseen in {pictures}",
    ]
    mids = [{"video_id": "x-1", "audio": short, "labels": [MUSIC, VIOLIN], "split": "validation"}]
    found, _ = read("audio", write_parquet(extracted / "a.parquet", mids), pictures=pictures)
    assert [(item.objects, item.split) for item in found] == [(("violin",), "val")]
    numbers = [{"audio": short, "label": 3}]  # that nothing says the meaning of
    with pytest.raises(ObjectsoundsError, match=r"none of its labels is an object's name or alias \(3\)"):
        read("audio", write_parquet(extracted / "b.parquet", numbers), pictures=pictures)


def test_the_sound_of_a_row_of_parquet_is_decoded(extracted):
    pytest.importorskip("pyarrow")
    rows = [
        {"audio": packed(extracted / "sound", name), "label": label}
        for name, label in (("x-1", "kazoo"), ("abcdefghij0_30000_40000", "violin"), ("x-1", "piano"))
    ]
    shard = write_parquet(extracted / "shard.parquet", rows)
    settings = settings_of("audio", [shard], pictures=str(extracted / "pictures"), **CUT)
    rows = made_clips(settings, extracted)
    assert {row["status"] for row in rows.values()} == {"ok"} and len(rows) == 4
    row = rows["abcdefghij0_30000_40000_2000"]
    heard, _ = soundfile.read(row["at"] / row["folder"] / "audio.wav")
    (path,) = (extracted / "sound").rglob("abcdefghij0*.flac")
    sound, rate = soundfile.read(path)
    assert (
        np.corrcoef(np.abs(np.fft.rfft(heard))[:4000], np.abs(np.fft.rfft(sound[2 * rate :]))[:4000])[0, 1]
        > 0.99
    )
    objects = read_objects(extracted / "c" / "objects-train.tsv") | read_objects(
        extracted / "c" / "objects-val.tsv"
    )
    assert {row["objects"] for row in objects.values()} <= {"violin", "piano"}


@pytest.mark.parametrize("damage", ["cut", "other", "silent", "strange"])
def test_a_damaged_parquet_file_is_one_sentence(extracted, damage):
    pytest.importorskip("pyarrow")
    label = "kazoo" if damage == "strange" else "piano"
    rows = [{"audio": packed(extracted / "sound", "x-1"), "label": label}]
    rows = [{"text": "no sound"}] if damage == "silent" else rows
    shard = write_parquet(extracted / "shard.parquet", rows)
    if damage == "cut":
        shard.write_bytes(shard.read_bytes()[:-100])
    if damage == "other":
        shard.write_text("no Parquet")
    words = {"silent": "has no column of sound", "strange": r"none of its labels is an object's name.*kazoo"}
    with pytest.raises(ObjectsoundsError, match=words.get(damage, "is no whole Parquet file.*get it again")):
        read("audio", shard, pictures=str(extracted / "pictures"))
