"""Kinds of catalogue other than AudioSet's: folders of videos, lists of them, MUSIC and URMP."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from objectsounds.cli.main import main
from objectsounds.config.paths import shard_sizes
from objectsounds.config.settings import load_settings, stage_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import read_table
from objectsounds.data.status import read_objects, read_status
from objectsounds.sources.candidates import PIECE, PIECES, content_digest, safe_id, sections
from objectsounds.sources.folder import read_folder, read_video_list
from objectsounds.sources.kinds import read_listing
from objectsounds.sources.music import read_music
from objectsounds.sources.shards import choose_clips
from objectsounds.sources.urmp import read_urmp

OPTIONS = {"section_seconds": 2, "sections_per_medium": 3, "urmp_tracks": ["test"]}
ODD_NAME = "-i a 'b' \"c\"; $(touch ran) `touch ran` %s {x}"


def catalogue_settings(kind: str, train: list, **catalogue) -> dict:
    user = {
        "classes": ["piano", "violin"],
        "catalogue": {"kind": kind, "train": [str(path) for path in train], "test": []} | OPTIONS | catalogue,
    }
    return stage_settings(load_settings(user), "catalogue")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (1.5, [(0.0, 1.5)]),
        (4.5, [(0.0, 2.0), (2.0, 4.0)]),
        (100.0, [(0.0, 2.0), (49.0, 51.0), (98.0, 100.0)]),
    ],
)
def test_sections_are_spread_over_the_medium_and_lie_within_it(seconds, expected):
    assert sections(seconds, 2, 3) == expected


@pytest.mark.parametrize("name", ["a b/c.mp4", ODD_NAME + ".mp4", "../../etc/passwd", "ü.mkv", "-.mp4"])
def test_an_id_made_from_a_file_name_is_safe_as_a_file_name(name):
    found = safe_id(name, "0123456789abcdef")
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    assert found != safe_id(name, "fedcba9876543210") and len(found) < 60


def test_a_folder_says_by_its_subfolders_what_sounds(tmp_path, make_video):
    for name in ("violin/a.mp4", "piano+violin/b.mkv", "train/piano/c.webm", f"{ODD_NAME}.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        make_video(tmp_path / name, seconds=5, webm=name.endswith("webm"))
    (tmp_path / "notes.txt").write_text("no video")
    (tmp_path / "violin" / "broken.mp4").write_text("no video")
    found, rejected = read_folder(tmp_path, OPTIONS)
    facts = {Path(item.source).name: (item.objects, item.split) for item in found}
    assert facts == {
        "a.mp4": (("violin",), ""),
        "b.mkv": (("piano", "violin"), ""),
        "c.webm": (("train", "piano"), ""),
        f"{ODD_NAME}.mp4": ((), ""),
    }
    assert [(item.start, item.end) for item in found if item.source.endswith("a.mp4")] == [(0, 2), (2, 4)]
    assert [Path(row.path).name for row in rejected] == ["broken.mp4"]
    assert not list(tmp_path.rglob("ran"))


def test_folders_called_train_and_test_at_the_top_say_the_split(tmp_path, make_video):
    for name in ("train/violin/a.mp4", "train/train/b.mp4", "validation/c.mp4", "test/violin/d.mp4"):
        make_video(tmp_path / name, seconds=2)
    found, _ = read_folder(tmp_path, OPTIONS)
    assert {Path(item.source).name: (item.objects, item.split) for item in found} == {
        "a.mp4": (("violin",), "train"),
        "b.mp4": (("train",), "train"),
        "c.mp4": ((), "val"),
        "d.mp4": (("violin",), "test"),
    }


def test_an_id_does_not_depend_on_where_the_folder_lies(tmp_path, make_video):
    ids = []
    for place in ("one", "two"):
        (tmp_path / place / "violin").mkdir(parents=True)
        make_video(tmp_path / place / "violin" / "a.mp4", seconds=2)
        ids.append([item.clip_id for item in read_folder(tmp_path / place, OPTIONS)[0]])
    assert ids[0] == ids[1]


def test_a_list_of_files_is_read_with_its_bad_rows_told(tmp_path, make_video):
    make_video(tmp_path / "a, b.mp4", seconds=3)
    path = tmp_path / "list.csv"
    path.write_text(
        "file,start,end,objects,visible,split\n"
        '"a, b.mp4",0.5,2.5,violin;piano,violin,test\n'
        '"a, b.mp4",,,,,\n'
        '"a, b.mp4",0,2,violin,none,train\n'
        '"a, b.mp4",2,1,violin,,\n'
        '"a, b.mp4",0,1,kazoo,,\n'
        "gone.mp4,0,2,violin,,\n"
    )
    found, rejected = read_video_list(path, OPTIONS)
    assert [(item.start, item.end, item.objects, item.visible, item.split) for item in found] == [
        (0.5, 2.5, ("violin", "piano"), "violin", "test"),
        (0.0, 2.0, (), "", ""),
        (0.0, 2.0, ("violin",), "none", "train"),
    ]
    assert [row.line for row in rejected] == [5, 6, 7]
    assert "kazoo" in rejected[1].reason and "gone.mp4" in rejected[2].reason


def test_a_list_without_the_column_file_is_refused(tmp_path):
    (tmp_path / "list.csv").write_text("video\na.mp4\n")
    with pytest.raises(ObjectsoundsError, match="no column 'file'"):
        read_video_list(tmp_path / "list.csv", OPTIONS)


def test_musics_listing_gives_solo_and_duet_by_its_own_names(tmp_path):
    path = tmp_path / "music.json"
    videos = {"xylophone": ["abcdefghij1"], "flute violin": ["-bcdefghij2"], "kazoo": ["abcdefghij3"]}
    path.write_text(json.dumps({"version": 1.0, "videos": videos | {"cello": ["../../x"]}}))
    found, rejected = read_music(path, OPTIONS)
    assert {item.media_id: item.objects for item in found} == {
        "abcdefghij1": ("marimba",),
        "-bcdefghij2": ("flute", "violin"),
    }
    assert [(item.start, item.end) for item in found[:3]] == [(0, 2), (2, 4), (4, 6)]
    assert [row.reason for row in rejected] == [
        "abcdefghij3: unknown object 'kazoo'",
        "impossible media id '../../x'",
    ]


def test_what_is_no_listing_of_music_is_refused(tmp_path):
    (tmp_path / "music.json").write_text("[1, 2]")
    with pytest.raises(ObjectsoundsError, match=r"music\.json is no listing of MUSIC"):
        read_music(tmp_path / "music.json", OPTIONS)


@pytest.fixture
def urmp(tmp_path, make_video):
    """Twelve pieces in URMP's form."""
    for number in range(12):
        piece = tmp_path / "urmp" / f"{number:02d}_Piece_vn_vc"
        piece.mkdir(parents=True)
        make_video(piece / f"Vid_{number:02d}_Piece.mp4", seconds=4)
        for track, code in ((1, "vn"), (2, "vc")):
            tone = 0.1 * np.sin(np.arange(4 * 8000) * track / 3)
            soundfile.write(piece / f"AuSep_{track}_{code}_{number:02d}_Piece.wav", tone, 8000)
    return tmp_path / "urmp"


def test_urmps_pieces_give_whole_videos_for_training_and_single_tracks_for_test(urmp):
    rows, _ = choose_clips(
        catalogue_settings("urmp", [urmp], test_fraction=0.4) | {"classes": ["violin", "cello"]}
    )
    test = [row for row in rows if row.split == "test"]
    rest = [row for row in rows if row.split != "test"]
    assert test and rest
    assert {row.objects for row in rest} == {"violin;cello"} and {row.picture for row in rest} == {""}
    assert {row.objects for row in test} == {"violin", "cello"}
    assert all("AuSep" in row.source and "Vid_" in row.picture for row in test)
    pieces = [{Path(row.source).parent.name for row in part} for part in (test, rest)]
    assert not pieces[0] & pieces[1] and len(pieces[0] | pieces[1]) == 12


def test_a_piece_with_an_unknown_track_is_told(urmp):
    (urmp / "00_Piece_vn_vc" / "AuSep_3_kazoo_00_Piece.wav").touch()
    found, rejected = read_urmp(urmp, OPTIONS)
    assert len({item.medium for item in found}) == 11
    assert [row.reason for row in rejected] == ["unknown track AuSep_3_kazoo_00_Piece.wav"]


def test_unlabelled_videos_are_taken_for_training_whatever_the_classes(tmp_path, make_video):
    make_video(tmp_path / "videos" / "a.mp4", seconds=4)
    rows, _ = choose_clips(catalogue_settings("folder", [tmp_path / "videos"], test_fraction=0.01))
    assert [row.objects for row in rows] == ["", ""]


@pytest.mark.parametrize(("kind", "name"), [("folder", "nowhere"), ("urmp", "nowhere"), ("music", "nowhere")])
def test_a_missing_listing_is_named(tmp_path, kind, name):
    with pytest.raises(ObjectsoundsError, match="nowhere does not exist"):
        read_listing(kind, tmp_path / name, OPTIONS)


def test_a_folder_where_a_listing_belongs_is_refused(tmp_path):
    with pytest.raises(ObjectsoundsError, match="no listing of kind 'music'"):
        read_listing("music", tmp_path, OPTIONS)


def test_a_folder_without_videos_is_refused(tmp_path):
    with pytest.raises(ObjectsoundsError, match="holds no readable video"):
        read_folder(tmp_path, OPTIONS)


def test_equal_names_in_two_folders_are_two_media_and_both_are_kept(tmp_path, make_video):
    for folder, tone in (("a", 300), ("b", 500)):
        make_video(tmp_path / folder / "violin" / "001.mp4", seconds=4, tone=tone)
    settings = catalogue_settings("folder", [tmp_path / "a"], test=[str(tmp_path / "b")], val_fraction=0)
    rows, rejected = choose_clips(settings)
    found = {(row.split, Path(row.source).parts[-3]) for row in rows}
    assert found == {("train", "a"), ("test", "b")} and len(rows) == 4 and rejected == []
    assert len({row.clip_id for row in rows}) == 4


def test_ids_stay_when_folders_are_added_moved_or_listed_otherwise(tmp_path, make_video):
    for folder, tone in (("a", 300), ("b", 500)):
        make_video(tmp_path / folder / "violin" / "001.mp4", seconds=4, tone=tone)
    (tmp_path / "list.csv").write_text("file\na/violin/001.mp4\n")

    def ids(*places):
        rows, _ = choose_clips(catalogue_settings("folder", list(places)))
        return {row.clip_id for row in rows}

    alone = ids(tmp_path / "a")
    assert alone < ids(tmp_path / "b", tmp_path / "a") and alone == ids(tmp_path / "list.csv")
    (tmp_path / "a").rename(tmp_path / "c")
    assert ids(tmp_path / "c") == alone


def test_one_video_in_two_splits_or_twice_is_left_out_and_told(tmp_path, make_video):
    make_video(tmp_path / "a" / "violin" / "001.mp4", seconds=2)
    for copy in ("a/piano/001.mp4", "b/violin/001.mp4", "c/violin/another name.mp4"):
        (tmp_path / copy).parent.mkdir(parents=True)
        shutil.copy(tmp_path / "a" / "violin" / "001.mp4", tmp_path / copy)
    rows, rejected = choose_clips(catalogue_settings("folder", [tmp_path / "a"]))
    assert len(rows) == 1 and "listed before, of" in rejected[0].reason
    settings = catalogue_settings("folder", [tmp_path / "a", tmp_path / "c"], test=[str(tmp_path / "b")])
    rows, rejected = choose_clips(settings)
    assert [row.split for row in rows] == ["test"]
    assert [Path(row.path).name for row in rejected] == ["a", "a", "c"]
    assert all("its medium is in the split test too" in row.reason for row in rejected)


def run(command, settings, **options):
    words = [text for key, value in options.items() for text in (f"--{key}", str(value))]
    return main([command, "--settings", json.dumps(settings), *words])


def test_a_list_of_files_becomes_clips_through_the_command_line(tmp_path, make_video):
    for index, name in enumerate(("a b.mp4", "c.mp4", "d.mp4")):
        make_video(tmp_path / "videos" / name, seconds=4, tone=300 + 100 * index)
    table = tmp_path / "list.csv"
    table.write_text(
        "file,start,end,objects,visible,split\n"
        "videos/a b.mp4,0.5,2.5,violin,violin,train\n"
        "videos/c.mp4,,,piano;violin,,val\n"
        "videos/d.mp4,1,3,piano,none,test\n"
        "videos/e.mp4,1,3,piano,none,test\n"
    )
    clips, shards = tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt"
    assert run("catalogue", catalogue_settings("folder", [table]), clips=clips, shards=shards) == 0
    reasons = [(row["line"], row["reason"]) for row in read_table(clips.parent / "rejected.tsv")]
    assert reasons == [("5", "no file 'videos/e.mp4'")]
    assert {row["objects"] for row in read_objects(clips.parent / "objects-val.tsv").values()} == {
        "piano;violin"
    }
    options = {"sample_rate": 8000, "frames": 2, "frame_size": 64, "still_below": 0.0, "media": "nowhere"}
    settings = {"clips": load_settings({})["clips"] | options}
    for shard in shard_sizes(shards):
        status = tmp_path / "clips" / shard / "status.tsv"
        assert run("clips", settings, shard=clips.parent / "shards" / f"{shard}.tsv", status=status) == 0
        assert {row["status"] for row in read_status(status)} == {"ok"}
    assert shard_sizes(shards) == {"test-00000": 1, "train-00000": 1, "val-00000": 2}


@pytest.mark.parametrize("name", ["list.csv", "list.tsv"])
def test_a_list_that_cannot_be_used_is_told_by_the_command_line_and_stays(tmp_path, capsys, name):
    (tmp_path / name).write_text("path\na.mp4\n")
    settings = catalogue_settings("folder", [tmp_path / name])
    files = {"clips": tmp_path / "c" / "clips.tsv", "shards": tmp_path / "c" / "shards.txt"}
    assert run("catalogue", settings, **files) == 1
    assert "no column 'file'" in capsys.readouterr().err and (tmp_path / name).exists()


@pytest.mark.parametrize("place", [0, 1_000_000, 3_000_000 - 1])
def test_a_medium_is_told_from_another_by_its_beginning_middle_and_end(tmp_path, place):
    content = bytearray(np.random.default_rng(0).integers(0, 256, 3_000_000, np.uint8).tobytes())
    (tmp_path / "a").write_bytes(content)
    middle = (3_000_000 - PIECE) * 5 // (PIECES - 1)  # where a piece begins
    content[middle if place == 1_000_000 else place] ^= 1
    (tmp_path / "b").write_bytes(content)
    assert content_digest(tmp_path / "a") != content_digest(tmp_path / "b")
    assert content_digest(tmp_path / "a") == content_digest(Path(shutil.copy(tmp_path / "a", tmp_path / "c")))
