"""Stage ablation: planted scores give planted accuracies, and chance depends on nothing but the clip."""

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import torch

from objectsounds.config.classes import chosen_classes
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.status import COLUMNS
from objectsounds.data.targets import object_probabilities
from objectsounds.networks.classifiers import (
    IMAGENET_CROP,
    IMAGENET_RESIZE,
    Labeller,
    build,
    load_labeller,
    normalised,
    unnormalised,
)
from objectsounds.report.ablation_table import ablation_section
from objectsounds.stages.ablation import PREPROCESSINGS, VIEWS, clip_views, score_views
from objectsounds.stages.ablation_table import accuracies, make_ablation
from objectsounds.stages.labels import label_shard
from tests.unit.stages.test_labeller import MOBILENET, SHARED, imagenet
from tests.unit.stages.test_labels import make_shard

OBJECTS = ["drum", "flute", "piano"]
SETTINGS = {
    "seed": 3,
    "labeller": {"kind": "pictures", "device": "cpu", "threads": 1},
    "classes": OBJECTS,
    "dataset": {"group_reduce": "mean", "scores": "logits", "imagenet": "full"},
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """An untrained network in the file format of the stage labeller."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("labeller") / "weights.pt"
    saved = {"state_dict": build("resnet18", len(OBJECTS)).state_dict(), "objects": OBJECTS}
    torch.save(saved | {"architecture": "resnet18", "image_size": 32}, path)
    return path


@pytest.fixture
def planted(tmp_path):
    """Return a function that writes a shard's scores, and returns its clips' objects and the path."""

    def make(labels: dict[str, str], scores: np.ndarray, name: str = "shard") -> tuple[dict, Path]:
        path = tmp_path / f"{name}.h5"
        with h5py.File(path, "w") as file:
            file.attrs["class_names"] = json.dumps(OBJECTS)
            file.attrs["views"] = json.dumps(PREPROCESSINGS)
            file.create_dataset("clip_id", data=list(labels), dtype=h5py.string_dtype())
            file.create_dataset("scores", data=scores)
        return labels, path

    return make


@pytest.fixture
def rows_of(objects_table, tmp_path):
    """Return a function that makes the table of some shards: (pool, view, normalised) to row."""

    def make(shards: list[tuple[dict, Path]], used: str) -> dict[tuple, dict]:
        cells = {name: cell for labels, _ in shards for name, cell in labels.items() if name in used.split()}
        table = objects_table("used", {name: cell.split(";") for name, cell in cells.items()})
        output, plot = tmp_path / "ablation.tsv", tmp_path / "ablation.svg"
        make_ablation(SETTINGS, [table], [scores for _, scores in shards], output, plot)
        return {(row["pool"], row["view"], row["normalised"]): row for row in read_table(output)}

    return make


def seeing(*objects: str, frames: int = 2) -> np.ndarray:
    """Return scores, shape=(n, 6, frames, 3), in which every preprocessing sees these objects, one a clip."""
    scores = np.zeros((len(objects), len(PREPROCESSINGS), frames, len(OBJECTS)), np.float32)
    for clip, name in enumerate(objects):
        scores[clip, ..., OBJECTS.index(name)] = 5.0
    return scores


def numbers(row: dict, *names: str) -> list[float]:
    return [float(row[name]) for name in names]


def test_planted_answers_give_planted_accuracies(planted, rows_of):
    labels = {"a": "drum", "b": "drum", "c": "drum", "d": "drum", "e": "piano", "f": "drum;piano"}
    shard = planted(labels, seeing("drum", "drum", "drum", "flute", "flute", "piano"))
    row = rows_of([shard], "a b c d e f")["max", "centre_crop", "yes"]
    assert numbers(row, "drum", "piano", "mean") == [0.75, 0, 0.375]
    assert row["flute"] == "" and [row[f"n_{name}"] for name in OBJECTS] == ["4", "0", "1"]
    assert (row["clips"], float(row["all"])) == ("6", pytest.approx(4 / 6, abs=1e-4))


def test_all_twelve_combinations_have_a_row_with_their_own_answers(planted, rows_of):
    scores = seeing("piano")
    right = PREPROCESSINGS.index(("random_crop", "yes"))
    scores[0, right] = [[9, 0, 0], [0, 0, 8]]  # drum is highest in one frame; flute never is
    scores[0, right, :, 2] = [5, 8]  # piano has the larger sum
    rows = rows_of([planted({"a": "piano"}, scores)], "a")
    assert len(rows) == 12
    wrong = [key for key, row in rows.items() if float(row["mean"]) == 0]
    assert wrong == [("max", "random_crop", "yes")]


def test_the_published_figures_are_rowes_whatever_ours_are(planted, rows_of):
    rows = rows_of([planted({"a": "piano"}, seeing("drum"))], "a")
    published = [float(row["published_rowe2019"]) for row in rows.values()]
    assert published == [0.50, 0.64, 0.51, 0.63, 0.53, 0.64, 0.43, 0.58, 0.44, 0.60, 0.44, 0.59]
    assert all(float(row["mean"]) == 0 for row in rows.values())


def test_clips_without_a_label_and_clips_not_in_use_are_left_out(planted, rows_of):
    first = planted({"a": "", "b": "cat", "c": "drum"}, seeing("drum", "drum", "drum"), "one")
    second = planted({"d": "drum", "e": "drum;cat"}, seeing("flute", "flute"), "two")
    row = rows_of([first, second], "a b c e")["sum", "random_flip", "no"]
    assert (row["clips"], row["n_drum"]) == ("2", "2") and numbers(row, "mean", "all") == [0.5, 0.5]


def test_no_labelled_clip_is_an_error_that_says_what_to_do(planted, rows_of):
    with pytest.raises(ObjectsoundsError, match=r"drum, flute, piano.*ablation\.splits"):
        rows_of([planted({"a": "cat"}, seeing("drum"))], "a")


def test_accuracy_of_an_object_without_clips_is_not_a_number():
    per_object, of_all = accuracies(np.array([0, 1]), np.array([[True, False], [True, True]]))
    assert per_object[0] == 1 and np.isnan(per_object[1]) and of_all == 1


def labeller(resize: int, crop: int) -> Labeller:
    return Labeller(torch.nn.Identity(), [], "", resize, crop, torch.device("cpu"))


@pytest.mark.parametrize(("resize", "crop"), [(IMAGENET_RESIZE, IMAGENET_CROP), (56, 56)])
def test_views_are_the_centre_its_mirror_image_and_other_places(resize, crop):
    across = np.linspace(0, 255, 300).astype(np.uint8)
    frames = np.broadcast_to(across[None, None, :, None], (40, 300, 300, 3))  # lighter to the right
    views = clip_views(frames, labeller(resize, crop), np.random.default_rng(0))
    assert list(views) == list(VIEWS)
    assert {view.shape for view in views.values()} == {(40, crop, crop, 3)}
    centre, flipped = views["centre_crop"], views["random_flip"]
    mirrored = (flipped == centre[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (mirrored ^ (flipped == centre).all(axis=(1, 2, 3))).all() and 8 < mirrored.sum() < 32
    left_edges = views["random_crop"][:, 0, 0, 0].astype(int)
    assert len(set(left_edges)) > 4
    assert left_edges.max() < 40  # of 255, where a crop begins at most an eighth of the width in


def test_unnormalised_input_is_plain_values_from_0_to_1():
    pixels = np.array([0, 51, 255], np.uint8).reshape(1, 1, 1, 3)
    assert unnormalised(pixels).ravel().tolist() == pytest.approx([0, 0.2, 1])


def test_a_clips_scores_do_not_depend_on_its_shard_but_on_the_seed(tmp_path, weights):
    whole = make_shard(tmp_path / "s", {"a": "ok", "b": "ok", "c": "ok"})
    alone = tmp_path / "s" / "alone.tsv"
    write_table(alone, COLUMNS, [row for row in read_table(whole) if row["clip_id"] == "b"])
    scores = []
    for status, seed in ((whole, 3), (alone, 3), (alone, 4)):
        score_views(SETTINGS | {"seed": seed}, status, weights, tmp_path / "scores.h5")
        with h5py.File(tmp_path / "scores.h5") as file:
            row = file["clip_id"].asstr()[:].tolist().index("b")
            scores.append(file["scores"][row].reshape(len(VIEWS), -1))
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0][0], scores[2][0])
    assert (scores[0][2] != scores[2][2]).any()


def test_the_normalised_centre_is_what_the_stage_labels_scores(tmp_path, weights, rows_of):
    status = make_shard(tmp_path / "s", {"a": "ok", "bad": "missing", "b": "ok", "c": "ok"})
    label_shard(SETTINGS, status, weights, tmp_path / "labels.h5")
    score_views(SETTINGS, status, weights, tmp_path / "views.h5")
    with h5py.File(tmp_path / "labels.h5") as one, h5py.File(tmp_path / "views.h5") as two:
        labels, views = one["scores"][()], two["scores"][()]
        assert one["clip_id"][()].tolist() == two["clip_id"][()].tolist()
        assert views.shape == (3, 6, 2, 3) and views.dtype == np.float32
    np.testing.assert_array_equal(views[:, PREPROCESSINGS.index(("centre_crop", "yes"))], labels)
    options = SETTINGS["dataset"] | {"pool": "max"}
    best = object_probabilities(labels, OBJECTS, chosen_classes(OBJECTS), options).argmax(axis=1)
    labels = {"a": "drum", "b": "flute", "c": "piano"}
    row = rows_of([(labels, tmp_path / "views.h5")], "a b c")["max", "centre_crop", "yes"]
    assert numbers(row, *OBJECTS) == (best == [0, 1, 2]).tolist()


def test_a_shard_without_a_usable_clip_adds_nothing(tmp_path, weights, planted, rows_of):
    score_views(SETTINGS, make_shard(tmp_path / "s", {"x": "missing"}), weights, tmp_path / "empty.h5")
    (tmp_path / "empty.tsv").write_text("clip_id\tobjects\nx\tdrum\n")
    shards = [({}, tmp_path / "empty.h5"), planted({"a": "drum"}, seeing("drum"))]
    assert rows_of(shards, "a x")["max", "centre_crop", "no"]["clips"] == "1"


def test_the_page_takes_the_table_and_the_picture_only_if_both_are_there(tmp_path, planted, rows_of):
    results, media = tmp_path / "results", tmp_path / "media"
    media.mkdir()
    (results / "ablation").mkdir(parents=True)
    assert ablation_section(results, media) == []
    rows_of([planted({"a": "piano"}, seeing("piano"))], "a")
    for name in ("ablation.tsv", "ablation.svg"):
        (tmp_path / name).rename(results / "ablation" / name)
    assert len(ablation_section(results, media)) == 12
    assert "<svg" in (media / "ablation.svg").read_text()


@pytest.mark.skipif(not MOBILENET.exists(), reason="no ../shared beside this checkout")
def test_every_normalised_view_of_a_photograph_shows_a_real_network_its_object():
    real = load_labeller(imagenet("mobilenet_v2", MOBILENET), None)
    classes = chosen_classes(["accordion", "harp", "piano"])
    options = SETTINGS["dataset"] | {"pool": "max"}
    for media_id, expected in (("E9_Y3lqm4aJ", 0), ("-MB7D_r4-12", 1), ("6BWNEKEy1dx", 2)):
        capture = cv2.VideoCapture(str(SHARED / "realclips" / "media" / f"{media_id}.mp4"))
        capture.set(cv2.CAP_PROP_POS_MSEC, 2500)
        frame = cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB)
        views = clip_views(frame[None], real, np.random.default_rng(0))
        scores = np.stack([real.scores_of_input(normalised(view)) for view in views.values()])
        found = object_probabilities(scores, real.class_names, classes, options).argmax(axis=1)
        assert found.tolist() == [expected] * len(VIEWS)
