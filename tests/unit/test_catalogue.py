"""Segment lists as they are found, and shards that stay what they were."""

from pathlib import Path

import pytest

from objectsounds.catalogue import assign_shards, choose_clips, make_catalogue
from objectsounds.classes import ROOT
from objectsounds.errors import ObjectsoundsError
from objectsounds.segments import parse_segment, read_segments
from objectsounds.settings import load_settings, stage_settings
from objectsounds.tables import read_table

SHARED = ROOT.parent / "shared" / "audioset"
PIANO, VIOLIN, DOG = "/m/05r5c", "/m/07y_7", "/m/0bt9lr"


def listing(path: Path, rows: list[str]) -> str:
    path.write_text(
        "# a comment\n# another\n# YTID, start_seconds, end_seconds, positive_labels\n"
        + "\n".join(rows)
        + "\n"
    )
    return str(path)


def settings_for(tmp_path, train_rows, test_rows, **catalogue):
    lists = {
        "train": [listing(tmp_path / "train.csv", train_rows)],
        "test": [listing(tmp_path / "test.csv", test_rows)],
    }
    user = {
        "preset": "demo",
        "classes": ["piano", "violin"],
        "catalogue": lists | {"truth": None} | catalogue,
    }
    return stage_settings(load_settings(user), "catalogue")


def rows_of(count, mids, prefix="v"):
    return [f'{prefix}{index:010d}, 0.000, 10.000, "{mids}"' for index in range(count)]


def test_a_row_of_google_is_read():
    segment = parse_segment('--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"')
    assert (segment.media_id, segment.start, segment.end) == ("--PJHxphWEs", 30.0, 40.0)
    assert segment.mids == ("/m/09x0r", "/t/dd00088")
    assert segment.clip_id == "--PJHxphWEs_30000"


@pytest.mark.parametrize("line", ["--PJHxphWEs,30,40,/m/09x0r", '--PJHxphWEs,30,40,"/m/09x0r"'])
def test_a_resaved_row_is_read(line):
    assert parse_segment(line).mids == ("/m/09x0r",)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('#NAME?,30,40,"/m/09x0r"', "impossible media id"),
        ('../../etc/x, 0.0, 10.0, "/m/09x0r"', "impossible media id"),
        ('--PJHxphWEs, 40.000, 30.000, "/m/09x0r"', "end is not after start"),
        ('--PJHxphWEs, nan, 30.000, "/m/09x0r"', "end is not after start"),
        ('--PJHxphWEs, x, 30.000, "/m/09x0r"', "not a number"),
        ("--PJHxphWEs, 30.0", "cut line"),
        ('--PJHxphWEs, 30.0, 40.0, "guitar"', "impossible label"),
    ],
)
def test_a_bad_row_has_its_reason(line, reason):
    assert reason in parse_segment(line)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real AudioSet lists are not beside this checkout")
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("balanced_train_segments", 22160, 0),
        ("eval_segments", 20371, 0),
        ("damaged_excel_name", 21789, 371),
        ("damaged_missing_rows", 22155, 0),
        ("damaged_resaved_unquoted", 22160, 0),
    ],
)
def test_real_and_damaged_lists_are_read(name, good, bad):
    segments, rejected = read_segments(SHARED / f"{name}.csv")
    assert (len(segments), len(rejected)) == (good, bad)


def test_a_file_that_is_mostly_bad_is_refused(tmp_path):
    path = tmp_path / "prose.csv"
    path.write_text("this is\nno list\nof segments\n")
    with pytest.raises(ObjectsoundsError, match="mostly unreadable"):
        read_segments(path)


def test_test_media_are_never_trained_on(tmp_path):
    both = f'same0000000, 0.000, 10.000, "{PIANO}"'
    settings = settings_for(tmp_path, [both, *rows_of(20, VIOLIN)], [both])
    rows, _ = choose_clips(settings)
    assert [row["split"] for row in rows if row["source"] == "same0000000"] == ["test"]


def test_other_objects_are_left_out_and_parents_do_not_count(tmp_path):
    settings = settings_for(tmp_path, rows_of(3, "/m/04rlf,/m/05148p4"), rows_of(2, f"/m/04rlf,{PIANO}", "t"))
    rows, _ = choose_clips(settings)
    assert [row["objects"] for row in rows] == ["piano", "piano"]


def test_a_higher_limit_keeps_every_earlier_clip_and_shard(tmp_path):
    test_rows = rows_of(4, PIANO, "t")
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    train_rows = rows_of(60, PIANO) + rows_of(60, VIOLIN, "w")
    few = settings_for(tmp_path, train_rows, test_rows, clips_per_class={"train": 20}, clips_per_shard=7)
    make_catalogue(few, clips, shards)
    before = {row["clip_id"]: row["shard"] for row in read_table(clips)}
    stamps = {path.name: path.stat().st_mtime_ns for path in (clips.parent / "shards").iterdir()}
    more = settings_for(tmp_path, train_rows, test_rows, clips_per_class={"train": 50}, clips_per_shard=7)
    make_catalogue(more, clips, shards)
    after = {row["clip_id"]: row["shard"] for row in read_table(clips)}
    assert len(before) == 44 and len(after) == 104
    assert {clip: after[clip] for clip in before} == before
    assert {name: (clips.parent / "shards" / name).stat().st_mtime_ns for name in stamps} == stamps


def test_a_removed_clip_is_marked_and_keeps_its_shard(tmp_path):
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    make_catalogue(settings_for(tmp_path, rows_of(10, PIANO), rows_of(2, PIANO, "t")), clips, shards)
    make_catalogue(settings_for(tmp_path, rows_of(9, PIANO), rows_of(2, PIANO, "t")), clips, shards)
    used = {row["clip_id"]: row["used"] for row in read_table(clips)}
    assert [clip for clip, value in used.items() if value == "no"] == ["v0000000009_0"]
    assert "v0000000009_0" not in "".join(path.read_text() for path in clips.parent.glob("used-*.txt"))


def test_a_shard_holds_one_split_and_no_more_than_asked():
    rows = [
        dict.fromkeys(("source", "start", "end", "objects", "visible"), "")
        | {"clip_id": str(i), "split": "train"}
        for i in range(5)
    ]
    assigned = assign_shards(rows, [], 2)
    assert [row["shard"] for row in assigned] == [
        "train-00000",
        "train-00000",
        "train-00001",
        "train-00001",
        "train-00002",
    ]


def test_a_catalogue_without_clips_says_so(tmp_path):
    with pytest.raises(ObjectsoundsError, match="No clip of piano, violin"):
        choose = settings_for(tmp_path, rows_of(3, DOG), rows_of(3, DOG, "t"))
        make_catalogue(choose, tmp_path / "clips.tsv", tmp_path / "shards.txt")
