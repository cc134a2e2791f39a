"""The embedded data set: its plan is frozen, varied and unshared; its files are what they claim to be."""

import csv
import hashlib
import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from objectsounds import demo
from objectsounds.config.classes import read_classes
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.demo import lists, plan, scenes
from objectsounds.media.ffmpeg import ffmpeg_executable
from objectsounds.synthesis import music
from objectsounds.synthesis.instruments import COMMON_RANGE, INSTRUMENTS

DEFAULT = {
    "seed": 2018,
    "demo": {
        "objects": ["accordion", "acoustic_guitar", "drum", "flute", "piano", "violin"],
        "train_clips": 120,
        "test_clips_per_object": 4,
        "test_duets": 4,
        "seconds": 10,
        "frame_size": 256,
        "frames_per_second": 10,
        "sample_rate": 48000,
        "duet_fraction": 0.4,
        "silent_visible_fraction": 0.12,
        "offscreen_fraction": 0.12,
        "pictures_per_object": {"train": 200, "val": 20},
        "picture_size": 128,
    },
}
# Frozen: a later change needs a reason in the CHANGELOG, which tells of the one there was.
FROZEN = "e418d7fd983c05a8b3ac0d46a6a9e36b15a5eb965bed8d6f2f1f244061e4fd05"


def tiny() -> dict:
    changes = {
        "objects": ["drum", "flute", "piano"],
        "train_clips": 7,
        "test_clips_per_object": 1,
        "test_duets": 1,
        "seconds": 2,
        "frame_size": 96,
        "sample_rate": 16000,
        "pictures_per_object": {"train": 2, "val": 1},
        "picture_size": 64,
    }
    return {"seed": 5, "demo": DEFAULT["demo"] | changes}


@pytest.fixture(scope="module")
def default_plan() -> dict:
    return plan.make_plan(DEFAULT)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:
    """The tiny data set, made by one worker and by two."""
    folders = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    for workers, folder in enumerate(folders, 1):
        demo.make(tiny(), folder, workers)
    return folders


def all_clips(planned: dict) -> list[dict]:
    return planned["clips"]["train"] + planned["clips"]["test"]


def performances(planned: dict) -> list[dict]:
    return [one for clip in all_clips(planned) for part in clip["recordings"] for one in part["performances"]]


def rows_of(path: Path) -> list[dict]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_default_plan_is_frozen(default_plan):
    assert plan.digest(default_plan) == FROZEN


def test_another_seed_gives_another_plan(default_plan):
    assert plan.digest(plan.make_plan(DEFAULT | {"seed": 1})) != plan.digest(default_plan)


def test_no_performance_and_no_scene_is_used_twice(default_plan):
    notes = [json.dumps(one["notes"]) for one in performances(default_plan)]
    assert len(set(notes)) == len(notes)
    seen = [clip["scene"] for clip in all_clips(default_plan)]
    seen += [picture["scene"] for picture in default_plan["pictures"]]
    assert len({json.dumps(scene) for scene in seen}) == len(seen)


def test_at_least_half_of_each_pitched_instruments_performances_keep_the_common_range(default_plan):
    inside = defaultdict(list)
    for one in performances(default_plan):
        keys = [key for _, _, key, _ in one["notes"]]
        within = COMMON_RANGE[0] <= min(keys) and max(keys) <= COMMON_RANGE[1]
        assert within or not one["common_range"]
        inside[one["object"]].append(within)
    pitched = {name: within for name, within in inside.items() if INSTRUMENTS[name].pitched}
    assert len(pitched) == 5
    assert all(np.mean(within) >= 0.5 for within in pitched.values())


def test_levels_and_rhythms_come_from_one_distribution(default_plan):
    levels, gaps = defaultdict(list), defaultdict(list)
    for one in performances(default_plan):
        onsets = np.unique([note[0] for note in one["notes"]])
        levels[one["object"]].append(one["level_db"])
        gaps[one["object"]].append(np.median(np.diff(onsets)))
    for measured, apart in ((levels, 2.5), (gaps, 0.12)):
        means = [np.mean(values) for values in measured.values()]
        assert max(means) - min(means) < apart


def test_the_kinds_of_clips_are_as_many_as_asked_for(default_plan):
    kinds = [clip["kind"] for clip in default_plan["clips"]["train"]]
    assert [kinds.count(kind) for kind in ("duet", "silent_visible", "offscreen")] == [48, 14, 14]
    kinds = [clip["kind"] for clip in default_plan["clips"]["test"]]
    assert kinds == ["solo"] * 24 + ["duet"] * 4


def test_sounding_and_visible_objects_differ_where_the_kind_says_so(default_plan):
    for clip in all_clips(default_plan):
        heard, seen = set(clip["sounding"]), set(clip["visible"])
        assert 1 <= len(seen) <= 2
        expected = {"silent_visible": heard < seen, "offscreen": bool(heard - seen)}
        assert expected.get(clip["kind"], heard == seen)


def test_media_ids_look_like_youtubes_and_some_begin_with_a_dash(default_plan):
    ids = [clip["media_id"] for clip in all_clips(default_plan)]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{11}", name) for name in ids)
    assert len({name.lower() for name in ids}) == len(ids)
    assert np.mean([name.startswith("-") for name in ids]) >= 0.05


def test_an_object_that_cannot_be_made_is_named_with_the_possible_ones():
    settings = tiny()
    settings["demo"]["objects"] = ["piano", "dog"]
    with pytest.raises(ObjectsoundsError, match=r"'dog'.*accordion.*violin"):
        plan.make_plan(settings)
    settings["demo"]["objects"] = ["piano"]
    with pytest.raises(ObjectsoundsError, match="at least two"):
        plan.make_plan(settings)


def test_every_possible_object_is_in_the_class_table_and_can_be_seen_and_heard():
    for name in plan.possible_objects():
        assert name in read_classes()
        settings = tiny()
        settings["demo"]["objects"] = [name, "piano" if name != "piano" else "drum"]
        planned = plan.make_plan(settings)
        clip = next(clip for clip in planned["clips"]["test"] if clip["sounding"] == [name])
        without = clip["scene"] | {"items": [i for i in clip["scene"]["items"] if i["name"] != name]}
        assert np.any(scenes.paint(clip["scene"], 64) != scenes.paint(without, 64))
        part = clip["recordings"][0]
        level = clip["recordings"][0]["performances"][0]["level_db"]
        sound = music.play(part["performances"][0], part["seconds"], 16000)
        assert 20 * np.log10(np.sqrt(np.mean(sound.astype(float) ** 2))) == pytest.approx(level, abs=0.01)


def test_segment_lists_have_audiosets_format_to_the_letter():
    clips = [
        {"media_id": "b_bbbbbbbbb", "start": 3.0, "sounding": ["drum", "piano"]},
        {"media_id": "-aaaaaaaaaa", "start": 0.0, "sounding": ["flute"]},
    ]
    assert lists.segments_csv(clips, 10) == (
        "# Segments csv created by objectsounds demo\n"
        "# num_ytids=2, num_segs=2, num_unique_labels=8, num_positive_labels=10\n"
        "# YTID, start_seconds, end_seconds, positive_labels\n"
        '-aaaaaaaaaa, 0.000, 10.000, "/m/04rlf,/m/04szw,/m/085jw,/m/0l14j_"\n'
        'b_bbbbbbbbb, 3.000, 13.000, "/m/026t6,/m/04rlf,/m/04szw,/m/05148p4,/m/05r5c,/m/0l14md"\n'
    )


def test_the_lists_name_the_media_files_and_the_truth(made):
    folder = made[0]
    truth = {row["media_id"]: row for row in rows_of(folder / "truth.tsv")}
    listed = []
    for name, count in (("unbalanced_train_segments.csv", 7), ("balanced_train_segments.csv", 4)):
        lines = (folder / name).read_text().splitlines()[3:]
        assert len(lines) == count
        listed += [line.split(", ")[0] for line in lines]
    assert sorted(listed) == sorted(truth) == sorted(path.stem for path in (folder / "media").iterdir())


def test_media_are_h264_and_aac_of_the_planned_length(made):
    for clip in all_clips(plan.make_plan(tiny())):
        path = made[0] / "media" / f"{clip['media_id']}.mp4"
        command = [ffmpeg_executable(), "-hide_banner", "-i", f"file:{path}", "-f", "null", "-"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        assert "Video: h264" in told and "Audio: aac" in told and "16000 Hz, stereo" in told
        seconds = sum(part["seconds"] for part in clip["recordings"])
        capture = cv2.VideoCapture(str(path))
        assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == round(10 * seconds)
        hours, minutes, rest = re.search(r"Duration: (\d+):(\d+):([\d.]+)", told).groups()
        assert 3600 * int(hours) + 60 * int(minutes) + float(rest) == pytest.approx(seconds, abs=0.15)


def test_a_clip_is_no_still_and_a_longer_file_surrounds_its_clip(made):
    clips = all_clips(plan.make_plan(tiny()))
    longer = [clip for clip in clips if clip["start"] > 0]
    assert longer and [part["part"] for part in longer[0]["recordings"]] == ["before", "clip", "after"]
    first, last = [frame.astype(int) for frame in scenes.frames(clips[0]["scene"], 10, 96)][::9]
    assert np.abs(first - last).mean() > 3


def test_pictures_stand_in_a_folder_for_each_object(made):
    names = sorted(str(path.relative_to(made[0] / "pictures")) for path in made[0].glob("pictures/*/*/*.png"))
    expected = [f"train/{name}/{i:03d}.png" for name in ("drum", "flute", "piano") for i in range(2)]
    expected += [f"val/{name}/000.png" for name in ("drum", "flute", "piano")]
    assert names == sorted(expected)
    assert cv2.imread(str(made[0] / "pictures" / names[0])).shape == (64, 64, 3)


def test_the_files_do_not_depend_on_the_number_of_workers(made):
    hashes = []
    for folder in made:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        hashes.append({str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files})
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 11 + 9 + 3
