"""What comes from elsewhere (lists, names, media, weights) is never run, and written nowhere else."""

import json
import os
import pickle
import re

import ffmpeg
import pytest
import torch

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.limits import TooLargeError, check_size
from objectsounds.core.weights import load_weights
from objectsounds.data.status import read_status
from objectsounds.media.ffmpeg import MediaTimeoutError, local_file, run_ffmpeg
from objectsounds.media.frames import read_frames
from objectsounds.networks.miml_training import load_network
from objectsounds.sources.kinds import read_listing
from objectsounds.sources.segments import parse_segment
from objectsounds.sources.single_sources import read_single_sources
from objectsounds.stages.clips import make_shard
from objectsounds.stages.train import train_network
from tests.media_server import MediaServer
from tests.unit.stages.test_clips import OFF, options, render, shard_table

__all__ = ["options"]
IDS = [
    "../../../etc",
    "/etc/passwd",
    "..",
    "$(touch x)",
    "a;touch x;b",
    "`touch x`",
    "abc\0defghij",
    "a b c d e f",
]
SECTIONS = {"section_seconds": 10, "sections_per_medium": 6}
PATH_OF_ONE = re.compile(r"[\w.+-]+")


class Code:
    """Runs when it is unpickled as code."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("media_id", IDS)
def test_a_list_gives_no_clip_with_an_id_that_is_none(media_id, tmp_path):
    assert isinstance(parse_segment(f'{media_id}, 0.000, 10.000, "/m/05r5c"'), str)
    (tmp_path / "singles.txt").write_text(f"{media_id}, 0, 10, piano\n")
    with pytest.raises(ObjectsoundsError):
        read_single_sources(tmp_path / "singles.txt")
    (tmp_path / "music.json").write_text(json.dumps({"videos": {"violin": [media_id]}}))
    with pytest.raises(ObjectsoundsError):
        assert read_listing("music", tmp_path / "music.json", SECTIONS)[0] == []
        raise ObjectsoundsError("nothing was listed")


@pytest.mark.parametrize("name", ["$(touch x).mp4", "a;touch x;.mp4", "-i x.mp4", "a\nb\tc.mp4", "%s|x.mp4"])
def test_a_file_of_any_name_gets_an_id_that_is_a_plain_name_and_is_decoded(
    name, tmp_path, make_video, options
):
    folder = tmp_path / "videos" / "violin"
    folder.mkdir(parents=True)
    make_video(folder / name, seconds=2)
    (candidate,) = read_listing("folder", tmp_path / "videos", SECTIONS)[0]
    assert PATH_OF_ONE.fullmatch(candidate.clip_id) and not candidate.clip_id.startswith(".")
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, OFF, shard_table(tmp_path, [(candidate.source, 0, 2)]), status)
    assert not list(tmp_path.rglob("x")) and read_status(status)[0]["source"] == candidate.source


def test_weights_that_hold_code_are_refused_and_not_run(tmp_path):
    path, made = tmp_path / "weights.pt", tmp_path / "made"
    for save in (torch.save, lambda value, file: file.write_bytes(pickle.dumps(value))):
        save({"state_dict": Code(made)}, path)
        with pytest.raises(ValueError, match="no file of weights"):
            load_weights(path)
        with pytest.raises(ObjectsoundsError):
            load_network(path)
    assert not made.exists()


def test_a_checkpoint_that_holds_code_is_not_run(tmp_path, planted_dataset, settings):
    made = tmp_path / "made"
    torch.save({"identity": Code(made)}, tmp_path / "checkpoint.pt")
    small = {
        "seed": 1,
        "train": settings["train"] | {"hidden": [8], "epochs": 1, "device": "cpu", "threads": 1},
    }
    train = planted_dataset("train", [["drum"], ["piano"], ["violin"]] * 4)
    train_network(small, train, None, "visual", tmp_path / "n.pt", tmp_path / "h.jsonl")
    assert not made.exists() and (tmp_path / "checkpoint.pt.broken").exists()


def test_a_playlist_in_place_of_a_video_is_not_followed(tmp_path, options, make_video):
    served = tmp_path / "served"
    served.mkdir()
    make_video(served / "part.mp4", seconds=2)
    with MediaServer(served) as server:
        lines = [
            "#EXTM3U",
            "#EXT-X-TARGETDURATION:2",
            "#EXTINF:2,",
            f"{server.url}/part.mp4",
            "#EXT-X-ENDLIST",
        ]
        (tmp_path / "media" / "abcdefghijk.mp4").write_text("\n".join(lines))
        status = tmp_path / "out" / "status.tsv"
        make_shard(options, OFF, shard_table(tmp_path, [("abcdefghijk", 0, 2)]), status)
        assert not server.requests
    assert read_status(status)[0]["status"] == "undecodable"


def test_many_tiny_frames_take_no_longer_than_they_may(tmp_path):
    few = render(tmp_path / "few.mkv", "color=gray:size=2x2:rate=10000:duration=0.1", vcodec="ffv1")
    video = tmp_path / "bomb.mkv"
    run_ffmpeg(ffmpeg.input(local_file(few), stream_loop=99).output(local_file(video), c="copy"))
    with pytest.raises(MediaTimeoutError, match="longer than"):
        read_frames(video, [9.9], 64, timeout=0)
    assert read_frames(video, [9.9], 64).frames[0].shape == (2, 2, 3)


def test_frames_that_are_too_large_are_not_decoded(tmp_path, options):
    with pytest.raises(TooLargeError):
        check_size(30000, 30000)
    check_size(7680, 4320)
    pictures = "color=gray:size=30000x16:rate=1:duration=1"
    video = tmp_path / "media" / "abcdefghijk.mkv"
    render(video, pictures, "sine=duration=1", vcodec="png", acodec="flac")
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, OFF, shard_table(tmp_path, [("abcdefghijk", 0, 1)]), status)
    (row,) = read_status(status)
    assert row["status"] == "too_large" and "pixels" in row["detail"]


def test_a_clip_that_is_too_long_is_not_decoded(tmp_path, options):
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, OFF, shard_table(tmp_path, [("abcdefghijk", 0, 36000)]), status)
    (row,) = read_status(status)
    assert row["status"] == "too_large" and "36000 s" in row["detail"]
