"""Stage labeller: pictures are learnt, the file holds weights only, and wrong files are explained."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from objectsounds.config.classes import read_classes
from objectsounds.core.errors import BrokenFileError, ObjectsoundsError
from objectsounds.core.files import read_json_lines
from objectsounds.networks.classifiers import build, load_labeller, normalised, resized
from objectsounds.networks.labeller import varied
from objectsounds.stages.labeller import train_labeller

SHARED = Path(__file__).resolve().parents[4] / "shared"
MOBILENET = SHARED / "weights" / "mobilenet_v2_imagenet.pth"
COLOURS = {"blue": (200, 40, 40), "green": (40, 200, 40)}  # BGR, as OpenCV writes it


def settings(**changes) -> dict:
    pictures = {
        "architecture": "resnet18",
        "image_size": 32,
        "epochs": 3,
        "batch_size": 8,
        "learning_rate": 0.002,
        "weight_decay": 0.05,
        "label_smoothing": 0.1,
    }
    labeller = {
        "kind": "pictures",
        "architecture": "resnet152",
        "weights": None,
        "device": "cpu",
        "threads": 1,
    }
    return {"seed": 1, "labeller": labeller | {"pictures": pictures} | changes}


def imagenet(architecture: str, weights: Path | None) -> dict:
    return settings(kind="imagenet", architecture=architecture, weights=weights and str(weights))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Pictures that differ by colour alone."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for split, count in (("train", 16), ("val", 4)):
        for name, colour in COLOURS.items():
            (folder / split / name).mkdir(parents=True)
            for index in range(count):
                picture = np.clip(colour + rng.normal(0, 30, (40, 40, 3)), 0, 255).astype(np.uint8)
                cv2.imwrite(str(folder / split / name / f"{index:03d}.png"), picture)
    return folder


@pytest.fixture(scope="module")
def trained(pictures, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train_labeller(settings(), pictures, folder / "a.pt", folder / "a.jsonl")
    return folder / "a.pt"


def test_pictures_that_differ_by_colour_are_learnt(trained):
    rows = read_json_lines(trained.with_suffix(".jsonl"))
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert set(rows[0]) == {"epoch", "loss", "train_accuracy", "val_accuracy"}
    labeller = load_labeller(settings(), trained)
    frames = np.stack([np.full((50, 60, 3), colour[::-1], np.uint8) for colour in COLOURS.values()])
    scores = labeller.scores(frames)
    assert labeller.class_names == ["blue", "green"]
    assert scores.shape == (2, 2) and scores.dtype == np.float32
    assert scores.argmax(axis=1).tolist() == [0, 1]


def test_scores_of_a_trained_network_are_log_probabilities(trained):
    frames = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), np.uint8)
    scores = load_labeller(settings(), trained).scores(frames)
    assert np.exp(scores).sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_the_file_holds_plain_data_that_loads_as_weights_only(trained):
    saved = torch.load(trained, weights_only=True)
    about = {"objects", "architecture", "image_size", "settings", "version", "commit"}
    assert set(saved) == {"state_dict"} | about
    assert saved["settings"]["seed"] == 1


def test_training_is_the_same_every_time_and_follows_the_seed(pictures, trained, tmp_path):
    train_labeller(settings(), pictures, tmp_path / "again.pt", tmp_path / "again.jsonl")
    train_labeller(settings() | {"seed": 2}, pictures, tmp_path / "other.pt", tmp_path / "other.jsonl")
    history = trained.with_suffix(".jsonl").read_text()
    assert (tmp_path / "again.jsonl").read_text() == history
    assert (tmp_path / "other.jsonl").read_text() != history
    first, again = (torch.load(path)["state_dict"] for path in (trained, tmp_path / "again.pt"))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_a_varied_picture_has_the_wanted_size_and_keeps_its_colours():
    picture = np.full((30, 20, 3), (200, 10, 10), np.uint8)
    out = varied(picture, 16, np.random.default_rng(0))
    assert out.shape == (16, 16, 3) and out[:, :, 0].min() > 100 and out[:, :, 1:].max() < 30


def test_frames_are_resized_whole_and_cropped_in_the_middle():
    frame = np.zeros((512, 1024, 3), np.uint8)
    frame[:, 512:] = 255
    out = resized(frame[None], 256, 224)
    assert out.shape == (1, 224, 224, 3)
    assert out[0, :, :110].max() == 0 and out[0, :, 114:].min() == 255


def test_input_is_normalised_as_imagenet_is():
    white = normalised(np.full((1, 2, 2, 3), 255, np.uint8))
    assert white.shape == (1, 3, 2, 2)
    assert white[0, :, 0, 0].tolist() == pytest.approx([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225])


def test_torchvision_imports_beside_any_torch():
    code = "from objectsounds.networks.vision import torchvision; print(torchvision.models.resnet18)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_unknown_kind_and_architecture_are_named():
    with pytest.raises(ObjectsoundsError, match="'photos'"):
        load_labeller(settings(kind="photos"), None)
    with pytest.raises(ObjectsoundsError, match=r"'resnet19'.*resnet152"):
        load_labeller(imagenet("resnet19", None), None)


def test_missing_and_unfitting_imagenet_weights_are_explained_and_kept(tmp_path):
    path = tmp_path / "weights.pth"
    with pytest.raises(ObjectsoundsError, match="is no file"):
        load_labeller(imagenet("resnet18", path), None)
    path.write_bytes(b"no weights")
    with pytest.raises(ObjectsoundsError, match="no file of weights"):
        load_labeller(imagenet("resnet18", path), None)
    torch.save(build("resnet18", 6).state_dict(), path)
    with pytest.raises(ObjectsoundsError, match="does not fit"):
        load_labeller(imagenet("resnet18", path), None)
    assert path.exists()


def test_a_garbled_trained_network_is_moved_aside(tmp_path):
    path = tmp_path / "labeller.pt"
    with pytest.raises(ObjectsoundsError, match="no trained network"):
        load_labeller(settings(), path)
    path.write_bytes(b"no weights")
    with pytest.raises(BrokenFileError):
        load_labeller(settings(), path)
    assert not path.exists()


def test_pictures_that_are_missing_or_unreadable_are_named(pictures, tmp_path):
    with pytest.raises(ObjectsoundsError, match="nowhere"):
        train_labeller(settings(), tmp_path / "nowhere", tmp_path / "w.pt", tmp_path / "h")
    (tmp_path / "train" / "blue").mkdir(parents=True)
    (tmp_path / "train" / "blue" / "000.png").write_bytes(b"no picture")
    with pytest.raises(ObjectsoundsError, match=r"000\.png"):
        train_labeller(settings(), tmp_path, tmp_path / "w.pt", tmp_path / "h")


def test_imagenets_weights_are_read_from_safetensors_as_from_pytorchs_file(tmp_path):
    state = build("mobilenet_v2", 1000).state_dict()
    torch.save(state, tmp_path / "w.pth")
    save_file(state, tmp_path / "w.safetensors")
    frames = np.random.default_rng(0).integers(0, 256, (1, 240, 320, 3), dtype=np.uint8)
    one, two = (
        load_labeller(imagenet("mobilenet_v2", tmp_path / name), None) for name in ("w.pth", "w.safetensors")
    )
    weights = two.network.state_dict()
    for name, value in one.network.state_dict().items():
        assert torch.equal(value, weights[name]), name
    # Where in memory weights lie may change the last bits.
    np.testing.assert_allclose(one.scores(frames), two.scores(frames), rtol=1e-3, atol=1e-12)


@pytest.mark.skipif(not MOBILENET.exists(), reason="no ../shared beside this checkout")
def test_a_real_imagenet_network_finds_the_objects_of_real_clips():
    labeller = load_labeller(imagenet("mobilenet_v2", MOBILENET), None)
    assert len(labeller.class_names) == 1000
    assert labeller.class_names[579] == "grand piano"
    assert labeller.identity.endswith("23de70b5b4f6f5cef580778237fff760200594c03991ae1a992e82a225ac63ad")
    chosen = [item for item in read_classes().values() if item.imagenet]
    clips = {"-MB7D_r4-12": "harp", "6BWNEKEy1dx": "piano", "E9_Y3lqm4aJ": "accordion"}
    for media_id, expected in clips.items():
        capture = cv2.VideoCapture(str(SHARED / "realclips" / "media" / f"{media_id}.mp4"))
        capture.set(cv2.CAP_PROP_POS_MSEC, 2500)
        _, frame = capture.read()
        scores = labeller.scores(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)[None])[0]
        assert max(chosen, key=lambda one: scores[list(one.imagenet)].max()).name == expected
