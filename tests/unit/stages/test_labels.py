"""Stage labels: every frame's scores, whatever the shard, and broken frames lead to a remake."""

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import torch

from objectsounds import __version__
from objectsounds.core.errors import BrokenFileError
from objectsounds.core.tables import write_table
from objectsounds.data.status import COLUMNS, clip_sizes
from objectsounds.networks.classifiers import build, load_labeller
from objectsounds.stages.labels import STAGE_VERSION, label_shard

SETTINGS = {"seed": 3, "labeller": {"kind": "pictures", "device": "cpu", "threads": 1}}
FRAMES = 2


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """An untrained network in the file format of the stage labeller."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("labeller") / "labeller.pt"
    saved = {"state_dict": build("resnet18", 2).state_dict(), "objects": ["drum", "flute"]}
    torch.save(saved | {"architecture": "resnet18", "image_size": 32}, path)
    return path


def make_clip(folder: Path, number: int) -> dict:
    """Write a clip's files and return its measures."""
    (folder / "frames").mkdir(parents=True)
    (folder / "audio.wav").write_bytes(b"sound")
    for index in range(FRAMES):
        picture = np.random.default_rng([number, index]).integers(0, 256, (40, 50, 3), np.uint8)
        cv2.imwrite(str(folder / "frames" / f"{index:02d}.jpg"), picture)
    return {"folder": folder.name, "frames": FRAMES, **clip_sizes(folder)}


def make_shard(folder: Path, clips: dict[str, str]) -> Path:
    """Write a shard whose clips have the given statuses, with files for those that are ok."""
    rows = []
    for number, (clip_id, status) in enumerate(clips.items()):
        row = dict.fromkeys(COLUMNS, "") | {"clip_id": clip_id, "status": status, "frames": 0}
        rows.append(row | (make_clip(folder / clip_id, number) if status == "ok" else {}))
    write_table(folder / "status.tsv", COLUMNS, rows)
    return folder / "status.tsv"


def test_scores_are_the_networks_for_the_clips_that_are_ok(tmp_path, weights):
    status = make_shard(tmp_path / "s0", {"-a_0": "ok", "bad_0": "missing", "b_0": "ok"})
    label_shard(SETTINGS, status, weights, tmp_path / "s0.h5")
    labeller = load_labeller(SETTINGS, weights)
    with h5py.File(tmp_path / "s0.h5") as file:
        assert file["clip_id"].asstr()[:].tolist() == ["-a_0", "b_0"]
        assert file["scores"].shape == (2, FRAMES, 2) and file["scores"].dtype == np.float32
        assert file["scores"].chunks == (1, FRAMES, 2)
        frames = [cv2.imread(str(tmp_path / f"s0/b_0/frames/0{i}.jpg"))[:, :, ::-1] for i in range(FRAMES)]
        assert np.array_equal(file["scores"][1], labeller.scores(np.stack(frames)))
        assert json.loads(file.attrs["class_names"]) == ["drum", "flute"]
        assert json.loads(file.attrs["settings"]) == SETTINGS
        assert file.attrs["labeller"] == labeller.identity
        assert (file.attrs["version"], file.attrs["stage_version"]) == (__version__, STAGE_VERSION)
        assert file.attrs["seed"] == 3


def test_a_clips_scores_do_not_depend_on_its_shard(tmp_path, weights):
    for shard, clips in (("one", {"a": "ok"}), ("many", {"a": "ok", "b": "ok", "c": "ok"})):
        label_shard(SETTINGS, make_shard(tmp_path / shard, clips), weights, tmp_path / f"{shard}.h5")
    with h5py.File(tmp_path / "one.h5") as one, h5py.File(tmp_path / "many.h5") as many:
        assert np.array_equal(one["scores"][0], many["scores"][0])


def test_a_shard_without_a_usable_clip_gives_a_valid_empty_file(tmp_path, weights):
    label_shard(SETTINGS, make_shard(tmp_path / "s", {"a": "missing"}), weights, tmp_path / "s.h5")
    with h5py.File(tmp_path / "s.h5") as file:
        assert file["clip_id"].shape == (0,)
        assert len(file["scores"]) == 0 and file["scores"].shape[2] == 2


@pytest.mark.parametrize("harm", ["missing", "cut", "garbled"])
def test_a_broken_frame_moves_the_shards_status_aside(tmp_path, weights, harm):
    status = make_shard(tmp_path / "s", {"a": "ok"})
    frame = tmp_path / "s/a/frames/01.jpg"
    size = frame.stat().st_size
    if harm == "missing":
        frame.unlink()
    else:
        frame.write_bytes(b"x" * (size if harm == "garbled" else 0))
    with pytest.raises(BrokenFileError, match=r"status\.tsv\.broken"):
        label_shard(SETTINGS, status, weights, tmp_path / "s.h5")
    assert not status.exists() and (tmp_path / "s/status.tsv.broken").exists()
    assert not (tmp_path / "s.h5").exists()


def test_bfloat16_changes_the_scores_little_and_the_settings_decide(tmp_path, weights):
    status = make_shard(tmp_path / "s0", {"a_0": "ok", "b_0": "ok"})
    tables = {}
    for precision in ("single", "bfloat16"):
        settings = SETTINGS | {"labeller": SETTINGS["labeller"] | {"precision": precision}}
        label_shard(settings, status, weights, tmp_path / f"{precision}.h5")
        with h5py.File(tmp_path / f"{precision}.h5") as file:
            tables[precision] = file["scores"][()]
    assert not np.array_equal(tables["single"], tables["bfloat16"])
    np.testing.assert_allclose(tables["bfloat16"], tables["single"], atol=0.05)
