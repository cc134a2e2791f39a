"""Segment lists as they are found, and shards that stay what they were."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from objectsounds.cli.main import main
from objectsounds.config.classes import objects_by_mid, read_classes
from objectsounds.config.job_resources import PER_SHARD
from objectsounds.config.job_resources import minutes as minutes_of
from objectsounds.config.paths import shard_sizes
from objectsounds.config.settings import load_settings, stage_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import format_lines
from objectsounds.core.places import ROOT
from objectsounds.core.tables import read_table
from objectsounds.data.status import read_objects
from objectsounds.sources.clip_rows import ClipRow
from objectsounds.sources.segments import parse_segment, read_ontology, read_segments
from objectsounds.sources.shards import assign_shards, choose_clips, shard_size
from objectsounds.stages.catalogue import make_catalogue

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
        ('--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00', "cut line"),
        ('--PJHxphWEs, 30.000, 40.000, ""', "no label"),
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
        ("damaged_missing_rows", 22155, 1),
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
    assert [row.split for row in rows if row.source == "same0000000"] == ["test"]


def test_other_objects_are_left_out_and_parents_do_not_count(tmp_path):
    settings = settings_for(tmp_path, rows_of(3, "/m/04rlf,/m/05148p4"), rows_of(2, f"/m/04rlf,{PIANO}", "t"))
    rows, _ = choose_clips(settings)
    assert [row.objects for row in rows] == ["piano", "piano"]


def test_a_higher_limit_keeps_every_earlier_clip_and_shard(tmp_path):
    test_rows = rows_of(4, PIANO, "t")
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    train_rows = rows_of(60, PIANO) + rows_of(60, VIOLIN, "w")
    few = settings_for(
        tmp_path, train_rows, test_rows, clips_per_class={"train": 20}, val_fraction=0, clips_per_shard=7
    )
    make_catalogue(few, clips, shards)
    before = {row["clip_id"]: row["shard"] for row in read_table(clips)}
    stamps = {path.name: path.stat().st_mtime_ns for path in (clips.parent / "shards").iterdir()}
    more = settings_for(
        tmp_path, train_rows, test_rows, clips_per_class={"train": 50}, val_fraction=0, clips_per_shard=7
    )
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
    assert "v0000000009_0" not in "".join(path.read_text() for path in clips.parent.glob("objects-*.tsv"))


@pytest.mark.parametrize("share", [0.5, 0.0, None])
def test_a_catalogue_that_is_cut_or_gone_places_every_clip_as_before(tmp_path, share):
    few = settings_for(tmp_path, rows_of(9, PIANO), rows_of(3, VIOLIN, "t"), clips_per_shard=2)
    files = tmp_path / "clips.tsv", tmp_path / "shards.txt"
    make_catalogue(few, *files)
    more = settings_for(
        tmp_path, [*rows_of(5, VIOLIN, "w"), *rows_of(9, PIANO)], rows_of(3, VIOLIN, "t"), clips_per_shard=2
    )
    make_catalogue(more, *files)
    text, shards = (path.read_text() for path in files)
    if share is None:
        files[0].unlink()
    else:
        kept = text[: int(len(text) * share)].rstrip("\n")
        files[0].write_text(kept)
    make_catalogue(more, *files)
    assert sorted(files[0].read_text().splitlines()) == sorted(text.splitlines())
    assert files[1].read_text() == shards


def test_a_shard_holds_one_split_and_no_more_than_asked():
    rows = [ClipRow(str(i), "", "", "", "", "train") for i in range(5)]
    assigned = assign_shards(rows, [], 2)
    assert [row.shard for row in assigned] == [
        "train-00000",
        "train-00000",
        "train-00001",
        "train-00001",
        "train-00002",
    ]


def catalogue_of(**changes):
    return load_settings({"catalogue": {"job_minutes": 100_000} | changes})["catalogue"]


@pytest.mark.parametrize(
    ("clips", "size"),
    [(1, 64), (500, 64), (128_000, 64), (128_001, 65), (2_000_000, 1000), (30_000_000, 15_000)],
)
def test_automatic_shards_grow_where_there_would_be_more_than_snakemake_plans_in_seconds(clips, size):
    assert shard_size(catalogue_of(clips_per_shard="auto"), clips) == size


def test_a_number_of_clips_is_taken_as_it_is():
    assert shard_size(catalogue_of(clips_per_shard=7), 2_000_000) == 7


@pytest.mark.parametrize("kind", ["audioset", "folder"])
@pytest.mark.parametrize("minutes", [15, 60, 240])
def test_no_job_of_an_automatic_shard_asks_for_more_time_than_is_wanted(kind, minutes):
    settings = load_settings({"catalogue": {"kind": kind, "section_seconds": 30, "job_minutes": minutes}})
    size = shard_size(settings["catalogue"], 10**9)

    def longest(clips):
        asked = [minutes_of(settings, name, lambda shard: clips) for name in PER_SHARD]
        return max(ask(SimpleNamespace(shard="train-00000"), attempt=1) for ask in asked)

    assert longest(size) <= minutes < longest(size + 1)


def test_new_clips_get_shards_of_the_size_of_the_day_and_old_ones_stay(tmp_path):
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    tests = rows_of(1, PIANO, "t")
    make_catalogue(
        settings_for(tmp_path, rows_of(5, PIANO), tests, clips_per_shard=2, val_fraction=0), clips, shards
    )
    assert shard_sizes(shards) == {"test-00000": 1, "train-00000": 2, "train-00001": 2, "train-00002": 1}
    more = [*rows_of(5, PIANO), *rows_of(100, VIOLIN, "w")]
    make_catalogue(settings_for(tmp_path, more, tests, clips_per_shard="auto", val_fraction=0), clips, shards)
    sizes = {"test-00000": 1, "train-00000": 2, "train-00001": 2, "train-00002": 1}
    assert shard_sizes(shards) == sizes | {"train-00003": 64, "train-00004": 36}


def test_a_list_of_shards_of_an_earlier_version_is_read_though_it_has_no_numbers(tmp_path):
    path = tmp_path / "shards.txt"
    path.write_text(format_lines(["test-00000", "train-00000"]))
    assert shard_sizes(path) == {"test-00000": 64, "train-00000": 64}


def test_a_catalogue_without_clips_says_so(tmp_path):
    with pytest.raises(ObjectsoundsError, match="No clip of piano, violin"):
        choose = settings_for(tmp_path, rows_of(3, DOG), rows_of(3, DOG, "t"))
        make_catalogue(choose, tmp_path / "clips.tsv", tmp_path / "shards.txt")


def test_a_row_with_a_label_that_the_ontology_does_not_know_is_left_out_with_its_line(tmp_path):
    path = tmp_path / "list.csv"
    listing(path, rows_of(3, PIANO) + rows_of(1, f"{PIANO},/m/0nonsense", "w"))
    segments, rejected = read_segments(path, known={PIANO, VIOLIN})
    assert len(segments) == 3
    assert [(row.line, row.reason) for row in rejected] == [(7, "label /m/0nonsense is not in the ontology")]


def test_a_list_that_holds_fewer_rows_than_it_announces_is_told(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("# num_ytids=5, num_segs=5\n" + "\n".join(rows_of(3, PIANO)) + "\n")
    segments, rejected = read_segments(path)
    assert len(segments) == 3 and "announces 5 segments and holds 3" in rejected[0].reason


def test_left_out_rows_are_listed_beside_the_catalogue(tmp_path):
    rows = [*rows_of(9, PIANO), '#NAME?,30,40,"/m/05r5c"', rows_of(1, PIANO)[0], "v, 0.0"]
    settings = settings_for(tmp_path, rows, rows_of(2, PIANO, "t"))
    make_catalogue(settings, tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt")
    found = [(row["line"], row["reason"]) for row in read_table(tmp_path / "c" / "rejected.tsv")]
    assert found == [("13", "impossible media id '#NAME?'"), ("14", "listed before"), ("15", "cut line")]


def test_a_bark_is_a_dog_unless_descendants_are_off(tmp_path):
    rows = rows_of(4, "/m/05tny_"), rows_of(2, "/m/05tny_", "t")
    settings = settings_for(tmp_path, *rows)
    settings["classes"] = ["dog", "cat"]
    assert {row.objects for row in choose_clips(settings)[0]} == {"dog"}
    settings["catalogue"]["descendants"] = False
    assert choose_clips(settings)[0] == []


def test_another_known_object_counts_as_a_source_but_not_one_that_contains_ours():
    objects = objects_by_mid(["acoustic_guitar", "piano"], True)
    assert objects["/m/042v_gx"] == ("acoustic_guitar",) and objects["/m/07y_7"] == ("violin",)
    assert "/m/0342h" not in objects
    both = objects_by_mid(["acoustic_guitar", "guitar"], True)
    assert both["/m/042v_gx"] == ("acoustic_guitar", "guitar") and both["/m/0342h"] == ("guitar",)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real AudioSet ontology is not beside this checkout")
def test_the_class_tables_mids_and_descendants_are_the_ontologys():
    ontology = read_ontology(SHARED / "ontology.json")

    def below(mid):
        return {mid}.union(*(below(child) for child in ontology[mid]["child_ids"]))

    assert {mid for item in read_classes().values() for mid in item.all_mids} <= set(ontology)
    outside = {}
    for item in read_classes().values():
        known = set().union(*(below(mid) for mid in item.mids)) if item.mids else set()
        outside |= {mid: item.name for mid in item.descendants if mid not in known}
    assert outside == {"/m/02hnl": "drum"}  # a drum kit is beside the drum in the ontology, not below it


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real AudioSet lists are not beside this checkout")
@pytest.mark.parametrize(
    ("preset", "clips", "published"),
    [
        ("gao2018_instruments", 1037, 1000),
        ("gao2018_animals", 538, 500),
        ("gao2018_vehicles", 603, 600),
        ("gao2018", 2177, 2100),
        ("rowe2019", 683, None),
    ],
)
def test_a_papers_preset_builds_its_catalogue_from_the_real_lists(tmp_path, preset, clips, published):
    lists = {
        "train": [str(SHARED / "eval_segments.csv")],
        "test": [str(SHARED / "balanced_train_segments.csv")],
        "ontology": str(SHARED / "ontology.json"),
    }
    settings = stage_settings(load_settings({"preset": preset, "catalogue": lists}), "catalogue")
    make_catalogue(settings, tmp_path / "clips.tsv", tmp_path / "shards.txt")
    rows = read_table(tmp_path / "clips.tsv")
    assert len([row for row in rows if row["split"] == "test"]) == clips
    assert published is None or abs(clips - published) < 0.1 * published  # Gao 4.1
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    assert read_table(tmp_path / "rejected.tsv") == []


def test_adding_a_class_leaves_every_earlier_clip_and_shard_as_it_was(tmp_path):
    rows = rows_of(40, PIANO) + rows_of(40, f"{VIOLIN},{PIANO}", "w") + rows_of(40, f"{DOG},{PIANO}", "x")
    limits = {"train": 15, "val": 5, "test": None}
    settings = settings_for(tmp_path, rows, rows_of(4, PIANO, "t"), clips_per_class=limits)
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    make_catalogue(settings, clips, shards)
    before = {row["clip_id"]: (row["shard"], row["used"]) for row in read_table(clips)}
    make_catalogue(settings | {"classes": ["dog", "piano", "violin"]}, clips, shards)
    after = {row["clip_id"]: (row["shard"], row["used"]) for row in read_table(clips)}
    assert len(after) > len(before) and {clip: after[clip] for clip in before} == before


def test_a_clip_that_changes_its_split_leaves_the_old_one_and_opens_a_shard_of_the_new(tmp_path):
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    rows = rows_of(40, PIANO), rows_of(2, PIANO, "t")
    make_catalogue(settings_for(tmp_path, *rows, val_fraction=0.2), clips, shards)
    first = {row["clip_id"] for row in read_table(clips) if row["split"] == "val"}
    make_catalogue(settings_for(tmp_path, *rows, val_fraction=0.5), clips, shards)
    used = {}
    for row in read_table(clips):
        if row["used"] == "yes":
            used.setdefault(row["clip_id"], []).append(row["split"])
    now = {clip for clip, splits in used.items() if splits == ["val"]}
    assert first < now and len(used) == 42 and all(len(splits) == 1 for splits in used.values())


def test_a_clip_with_two_objects_is_kept_once(tmp_path):
    settings = settings_for(tmp_path, rows_of(6, f"{PIANO},{VIOLIN}"), rows_of(2, PIANO, "t"))
    rows, _ = choose_clips(settings)
    assert len({row.clip_id for row in rows}) == len(rows) == 8


def test_without_a_test_list_a_share_of_the_media_is_held_out(tmp_path):
    settings = settings_for(tmp_path, rows_of(200, PIANO), [], test_fraction=0.25)
    settings["catalogue"]["test"] = []
    rows, _ = choose_clips(settings)
    assert 30 < len([row for row in rows if row.split == "test"]) < 70


def test_a_list_of_single_sources_takes_the_place_of_the_test_clips(tmp_path):
    path = tmp_path / "single.csv"
    path.write_text("# id, start, end, object\nt0000000001, 0, 10, violin\nv0000000003, 5, 15, piano\nx, 1\n")
    settings = settings_for(
        tmp_path, rows_of(9, PIANO), rows_of(3, PIANO, "t"), single_source=str(path), val_fraction=0
    )
    rows, rejected = choose_clips(settings)
    test = {row.clip_id: row.objects for row in rows if row.split == "test"}
    assert test == {"t0000000001_0": "violin", "v0000000003_5000": "piano"}
    assert [row.source for row in rows if row.split == "train"].count("v0000000003") == 0
    assert len(rows) == 10 and [row.line for row in rejected] == [4, 0]
    assert rejected[1].reason == "v0000000003_0: its medium is in the split test too"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("ontology", "nowhere.json", "nowhere.json does not exist"),
        ("single_source", "nowhere.csv", "nowhere.csv cannot be read"),
    ],
)
def test_a_missing_side_file_is_named(tmp_path, key, value, words):
    settings = settings_for(tmp_path, rows_of(3, PIANO), rows_of(2, PIANO, "t"), **{key: value})
    with pytest.raises(ObjectsoundsError, match=words):
        choose_clips(settings)


def test_a_file_that_is_no_ontology_is_named(tmp_path):
    (tmp_path / "o.json").write_text('{"a": 1}')
    with pytest.raises(ObjectsoundsError, match=r"o\.json is no AudioSet ontology"):
        read_ontology(tmp_path / "o.json")


def test_a_test_list_without_our_objects_takes_nothing_from_the_train_list(tmp_path):
    settings = settings_for(tmp_path, rows_of(200, PIANO), rows_of(3, "/m/09x0r", "t"), test_fraction=0.5)
    assert "test" not in {row.split for row in choose_clips(settings)[0]}


def objects_of(clips):
    found = [read_objects(clips.parent / f"objects-{split}.tsv") for split in ("train", "val", "test")]
    return {name: row for part in found for name, row in part.items()}


def shards_and_stamps(clips):
    return {path: (path.read_text(), path.stat().st_mtime_ns) for path in clips.parent.glob("shards/*")}


GUITAR, ACOUSTIC = "/m/0342h", "/m/042v_gx"


def remade(tmp_path, first, then, classes=(None, None)):
    """Make a catalogue, and again after an edit; return its objects before and after."""
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    found = []
    for (rows, catalogue), names in zip((first, then), classes, strict=True):
        settings = settings_for(tmp_path, *rows, **catalogue)
        make_catalogue(settings | ({"classes": names} if names else {}), clips, shards)
        found.append((objects_of(clips), shards_and_stamps(clips), shards.read_text()))
    (before, *dear), (after, *dear_after) = found
    assert dear == dear_after, "an edit of labels changed a table that starts dear work"
    return before, after


def test_no_table_of_what_starts_dear_work_holds_labels(tmp_path):
    clips = tmp_path / "c" / "clips.tsv"
    make_catalogue(
        settings_for(tmp_path, rows_of(9, PIANO), rows_of(2, PIANO, "t")), clips, tmp_path / "c" / "s.txt"
    )
    for path in (clips, *clips.parent.glob("shards/*")):
        assert not {"objects", "visible"} & set(read_table(path)[0])
    assert set(objects_of(clips)) == {row["clip_id"] for row in read_table(clips)}


def test_an_edit_of_classes_reaches_clips_that_have_a_shard(tmp_path):
    rows = rows_of(5, f"{GUITAR},{ACOUSTIC}"), rows_of(2, f"{GUITAR},{ACOUSTIC}", "t")
    classes = ["guitar", "piano"], ["acoustic_guitar", "guitar", "piano"]
    before, after = remade(tmp_path, (rows, {}), (rows, {}), classes)
    assert {row["objects"] for row in before.values()} == {"guitar"}
    assert {row["objects"] for row in after.values()} == {"guitar;acoustic_guitar"}


def test_an_edit_of_descendants_reaches_clips_that_have_a_shard(tmp_path):
    rows = rows_of(5, f"/m/05tny_,{PIANO}"), rows_of(2, f"/m/05tny_,{PIANO}", "t")  # a bark
    classes = ["dog", "piano"], ["dog", "piano"]
    before, after = remade(tmp_path, (rows, {}), (rows, {"descendants": False}), classes)
    assert {row["objects"] for row in before.values()} == {"dog;piano"}
    assert {row["objects"] for row in after.values()} == {"piano"}


def test_an_edit_of_the_list_reaches_clips_that_have_a_shard(tmp_path):
    first = rows_of(5, PIANO), rows_of(2, PIANO, "t")
    then = rows_of(5, f"{PIANO},{VIOLIN}"), rows_of(2, f"{PIANO},{VIOLIN}", "t")
    before, after = remade(tmp_path, (first, {}), (then, {}))
    assert {row["objects"] for row in before.values()} == {"piano"}
    assert {row["objects"] for row in after.values()} == {"piano;violin"}


def test_an_edit_of_the_ontology_reaches_which_clips_are_in_use_and_no_shard(tmp_path):
    rows = [*rows_of(4, PIANO), *rows_of(1, f"{PIANO},/m/0nonsense", "w")], rows_of(2, PIANO, "t")
    ontology = tmp_path / "ontology.json"
    mids = sorted(objects_by_mid(["piano", "violin"], True))
    ontology.write_text(json.dumps([{"id": mid} for mid in mids]))
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    make_catalogue(settings_for(tmp_path, *rows), clips, shards)
    before = shards_and_stamps(clips)
    assert "w0000000000_0" in objects_of(clips)
    make_catalogue(settings_for(tmp_path, *rows, ontology=str(ontology)), clips, shards)
    assert "w0000000000_0" not in objects_of(clips) and shards_and_stamps(clips) == before


def test_an_edit_of_truth_reaches_clips_that_have_a_shard(tmp_path):
    rows, truth = (rows_of(5, PIANO), rows_of(2, PIANO, "t")), tmp_path / "truth.tsv"
    truth.write_text("media_id\tvisible\nv0000000001\tviolin\nt0000000001\tpiano;violin\n")
    before, after = remade(tmp_path, (rows, {}), (rows, {"truth": str(truth)}))
    assert {row["visible"] for row in before.values()} == {""}
    assert after["v0000000001_0"]["visible"] == "violin" and after["v0000000002_0"]["visible"] == ""
    assert after["t0000000001_0"]["visible"] == "piano;violin"


def test_unchanged_tables_keep_their_time_stamps(tmp_path):
    rows = rows_of(5, PIANO), rows_of(2, PIANO, "t")
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    stamps = []
    for _ in range(2):
        make_catalogue(settings_for(tmp_path, *rows), clips, shards)
        tables = [*clips.parent.glob("objects-*"), *clips.parent.glob("performances-*"), shards]
        stamps.append({path: path.stat().st_mtime_ns for path in tables})
    assert stamps[0] == stamps[1] and len(stamps[0]) == 7


def test_a_clip_whose_end_is_another_is_another_clip_in_its_shard(tmp_path):
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    rows, tests = rows_of(5, PIANO), rows_of(2, PIANO, "t")
    make_catalogue(settings_for(tmp_path, rows, tests, clips_per_shard=2, val_fraction=0), clips, shards)
    before = {row["clip_id"]: row for row in read_table(clips)}
    rows[3] = rows[3].replace("10.000", "8.000")
    make_catalogue(settings_for(tmp_path, rows, tests, clips_per_shard=2, val_fraction=0), clips, shards)
    after = {row["clip_id"]: row for row in read_table(clips)}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"v0000000003_0"} and after["v0000000003_0"]["end"] == "8.000"
    assert after["v0000000003_0"]["shard"] == before["v0000000003_0"]["shard"]


def test_a_catalogue_of_an_earlier_version_is_refused_with_the_remedy_and_stays(tmp_path):
    clips = tmp_path / "c" / "clips.tsv"
    clips.parent.mkdir()
    clips.write_text("clip_id\tsource\tobjects\n")
    with pytest.raises(ObjectsoundsError, match=r"clips\.tsv was made by an earlier version.*new folder"):
        settings = settings_for(tmp_path, rows_of(5, PIANO), rows_of(2, PIANO, "t"))
        make_catalogue(settings, clips, tmp_path / "c" / "shards.txt")
    assert clips.exists()


def test_a_clip_in_two_lists_and_a_medium_in_two_splits_are_counted(tmp_path):
    rows = rows_of(4, PIANO)
    settings = settings_for(tmp_path, rows, [rows[0].replace("0.000, 10", "10.000, 20")])
    settings["catalogue"]["train"].append(listing(tmp_path / "more.csv", rows[1:2] + rows_of(1, PIANO, "w")))
    chosen, rejected = choose_clips(settings)
    assert len(chosen) == 5
    assert [(Path(row.path).name, row.reason) for row in rejected] == [
        ("train.csv", "v0000000000_0: its medium is in the split test too"),
        ("more.csv", "v0000000001_0: listed before, of 'v0000000001'"),
    ]


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_lists_that_a_command_names_count_not_the_settings(tmp_path, split):
    mids = read_classes()["violin"].mids[0]
    settings = settings_for(tmp_path, rows_of(6, mids, "a"), rows_of(3, mids, "b"))
    other = listing(tmp_path / "other.csv", rows_of(4, mids, "o"))
    clips = tmp_path / "c" / "clips.tsv"
    files = ["--clips", str(clips), "--shards", str(clips.with_name("shards.txt"))]
    assert main(["catalogue", "--settings", json.dumps(settings), f"--{split}", other, *files]) == 0
    used = [row for row in read_table(clips) if row["source"].startswith("o")]
    assert (
        len(used) == 4
        and {row["split"] for row in used} <= {"train": {"train", "val"}, "test": {"test"}}[split]
    )
