"""The frame network and the measures of masks: known answers, and every file of the stage."""

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import torch

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.frame_predictions import read_frame_predictions
from objectsounds.data.solos import FULL, open_labelled, open_solos, solo_labels
from objectsounds.data.status import COLUMNS, clip_sizes
from objectsounds.media.wav import write_wav
from objectsounds.methods.neural import Learned
from objectsounds.networks.unet_training import UnetTask
from objectsounds.report.masks_table import masks_section
from objectsounds.report.pack import local_files
from objectsounds.report.page import page_templates
from objectsounds.stages.frame_network import train_frame_network
from objectsounds.stages.frame_predictions import predict_frames
from objectsounds.stages.masks import BACKGROUND, Tally, confusions, label_picture, make_masks, overlap
from objectsounds.stages.solos import make_solos

OBJECTS = ["drum", "piano", "violin"]
COLOURS = {"drum": (40, 40, 220), "piano": (40, 220, 40), "violin": (220, 40, 40)}
RATE = 4000


@pytest.fixture
def shard(tmp_path):
    """Return a function that writes a shard: an object's clips have its colour and its tone."""

    def make(split, clips, samples=4094):
        rows = []
        for number, names in enumerate(clips):
            folder = tmp_path / split / f"{number:04d}"
            (folder / "frames").mkdir(parents=True)
            tones = [200 + 500 * OBJECTS.index(name) for name in names]
            wave = sum(0.2 * np.sin(2 * np.pi * tone * np.arange(samples) / RATE) for tone in tones)
            write_wav(folder / "audio.wav", wave, RATE)
            for frame in range(4):
                picture = np.full((48, 48, 3), COLOURS[names[0]], np.uint8)
                cv2.imwrite(str(folder / "frames" / f"{frame:02d}.jpg"), picture)
            facts = {"clip_id": f"{split}{number}_0", "source": f"{split}{number}", "split": split}
            facts |= {"status": "ok", "folder": folder.name} | clip_sizes(folder)
            rows.append(dict.fromkeys(COLUMNS, "") | facts)
        status = tmp_path / split / "status.tsv"
        write_table(status, COLUMNS, rows)
        data = tmp_path / f"{split}.h5"
        hits = np.array([[name in names for name in OBJECTS] for names in clips], np.uint8)
        with h5py.File(data, "w") as file:
            file.attrs["objects"], file.attrs["sources"] = json.dumps(OBJECTS), "[]"
            file.create_dataset("clip_id", data=[row["clip_id"] for row in rows], dtype=h5py.string_dtype())
            file["bases"] = np.zeros((len(rows), 2, 2), np.float32)
            for name in ("probabilities", "targets", "audioset", "corrupted", "visible"):
                file[name] = hits
        return str(status), data

    return make


def solos_of(settings, shard, tmp_path, split, clips):
    status, data = shard(split, clips)
    path = tmp_path / f"solos-{split}.h5"
    make_solos(settings, RATE, data, [status], [], path)
    return path, status


def test_only_clips_with_exactly_one_label_are_solos(settings, shard, tmp_path):
    clips = [["drum"], ["drum", "piano"], ["violin"]]
    path, _ = solos_of(settings, shard, tmp_path, "train", clips)
    found = open_solos(path)
    assert found.clip_ids == ["train0_0", "train2_0"] and found.labels.tolist() == [0, 2]
    with h5py.File(path) as file:
        wave = found.section(file, 1, 10, 5000)
    expected = 0.2 * np.sin(2 * np.pi * 1200 * np.arange(10, 4094) / RATE)
    assert np.abs(wave[:4084] - expected).max() < 2 / FULL and not wave[4084:].any()


def test_what_is_seen_says_what_a_solo_is_and_not_the_lists(settings, shard):
    from objectsounds.data.bags import open_dataset

    _, data = shard("train", [["drum"], ["piano"]])
    with h5py.File(data, "a") as file:
        file["targets"][0] = [0, 1, 1]
    assert solo_labels(open_dataset(data, bases=False), "visual") == {"train1_0": 1}
    assert solo_labels(open_dataset(data, bases=False), "audioset") == {"train0_0": 0, "train1_0": 1}


def test_clips_with_any_number_of_labels_are_kept_with_how_sure_these_are(settings, shard, tmp_path):
    status, data = shard("train", [["drum"], ["drum", "piano"], ["piano"], ["violin"]])
    with h5py.File(data, "a") as file:
        del file["probabilities"]
        file["probabilities"] = [[0.9, 0.8, 0], [0.3, 0.6, 0.1], [0.4, 0, 0], [0.7, 0.2, 0]]
        file["targets"][2] = file["corrupted"][2] = 0
    found = {}
    for supervision in ("visual", "audioset"):
        path = tmp_path / f"{supervision}.h5"
        make_solos({"solos": {"supervision": supervision}}, RATE, data, [status], [], path, labels="any")
        found[supervision] = open_labelled(path)
    seen, listed = found["visual"], found["audioset"]
    assert seen.clip_ids == listed.clip_ids == ["train0_0", "train1_0", "train3_0"]
    np.testing.assert_allclose(seen.confidence, [[0.9, 0, 0], [0.3, 0.6, 0], [0, 0, 1e-3]], rtol=1e-6)
    assert listed.confidence.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
    assert seen.labels.tolist() == [0, 1, 2] and seen.start.tolist() == [0, 4094, 8188, 12282]
    assert seen.of(0).tolist() == [0, 1] and seen.of(1).tolist() == [1]
    with pytest.raises(ObjectsoundsError, match="confidence"):
        open_labelled(solos_of(settings, shard, tmp_path, "val", [["drum"]])[0])


def test_overlap_of_known_masks():
    true, found = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    assert overlap(found, true) == pytest.approx((1 / 3, 1 / 2))
    assert overlap(true, true) == (1, 1) and overlap(~true, true) == (0, 0)


def test_a_true_object_is_found_or_taken_for_the_wrong_one_heard_most():
    assert confusions([BACKGROUND, "piano", "drum", "violin"], ["drum", "violin"]) == [
        ("drum", "drum"),
        ("violin", "piano"),
    ]
    assert confusions([BACKGROUND, "drum"], ["drum", "violin"])[1] == ("violin", BACKGROUND)


def test_thresholds_mean_the_same_for_any_number_of_objects():
    truth = np.full((3, 2, 2), 1 / 3)
    truth[0, 0, 0], truth[1:, 0, 0] = 0.9, 0.05
    tally = Tally(OBJECTS)
    tally.add_masks("audio", np.array([[0, 3], [3, 3]]), truth, ["drum"])
    rows = {(row["measure"], row["threshold"]): float(row["value"]) for row in tally.metrics()[:-1]}
    assert rows["IoU", "0.10"] == 1.0  # 0.7 of three objects: the silent bins, with 1 / 3, are not true
    assert label_picture(torch.zeros(3, 1, 1)).item() == 3


def test_the_frame_network_learns_and_the_masks_stage_writes_what_the_page_shows(settings, shard, tmp_path):
    clips = [[name] for name in OBJECTS] * 2
    path, status = solos_of(settings, shard, tmp_path, "train", clips)
    options = {"image_size": 32, "epochs": 6, "batch_size": 8, "learning_rate": 0.02, "start": "scratch"}
    settings = settings | {"frame_network": settings["frame_network"] | options | {"threads": 1}}
    outputs = tmp_path / "frames.pt", tmp_path / "h.jsonl"
    train_frame_network(settings, (path, None), ([status], []), None, outputs)
    test_status, test = shard("test", [["drum"], ["violin"], ["piano", "drum"]])
    predict_frames(settings, outputs[0], [test_status], tmp_path / "words.h5")
    words = read_frame_predictions(tmp_path / "words.h5")
    assert words.of(["test1_0"]).argmax() == 2 and words.of(["test0_0"]).argmax() == 0
    _write_untrained_unet(settings, tmp_path)
    _write_block(tmp_path / "block")
    make_masks(
        settings | {"masks": {"pictures": 1, "duets": 1}},
        tmp_path / "unet.pt",
        tmp_path / "words.h5",
        [tmp_path / "block"],
        test,
        [test_status],
        tmp_path / "masks",
    )
    metrics = read_table(tmp_path / "masks" / "metrics.tsv")
    assert metrics[-1]["measure"] == "accuracy" and float(metrics[-1]["value"]) == 1
    assert metrics[-1]["published"] == "0.813" and {row["n"] for row in metrics[:-1]} == {"2"}
    counts = read_table(tmp_path / "masks" / "confusion.tsv")
    assert sum(int(row["count"]) for row in counts if row["network"] == "frame") == 2
    duet = read_table(tmp_path / "masks" / "duets.tsv")
    assert duet[0]["objects"] == duet[0]["sounding"] == "drum;piano" and len(duet) == 1
    assert all((tmp_path / "masks" / file).exists() for file in duet[0]["files"].split(";"))
    assert len(list((tmp_path / "masks" / "pictures").iterdir())) == 1
    _check_page(tmp_path)


def _check_page(results):
    """Sounds of duets are beside the page, and not in the copies for Snakemake's report."""
    (results / "media").mkdir()
    section = masks_section(results, results / "media")
    part = page_templates().get_template("parts/masks.html.j2")
    html = part.render(masks=section, run="tiny", packed="")
    files = local_files(html)
    assert len(files) == 4 and all((results / name).stat().st_size for name in files)
    assert "0.813" in html and "drum + piano" in html
    silent = local_files(part.render(masks=section, run="tiny", packed="file"))
    assert [Path(name).suffix for name in silent] == [".png"]


def _write_untrained_unet(settings, folder):
    unet = settings["unet"] | {"rate": RATE, "window": 256, "hop": 64, "frames": 64, "bins": 64}
    settings["unet"] = unet | {"levels": 4, "channels": 4, "device": "cpu"}
    task = UnetTask(settings["unet"], open_solos(folder / "solos-train.h5"))
    saved = {"state_dict": task.network.state_dict(), "settings": json.dumps(settings), "objects": OBJECTS}
    torch.save(saved | {"rate": RATE}, folder / "unet.pt")


def _write_block(folder):
    (folder / "a").mkdir(parents=True)
    waves = [0.1 * np.sin(2 * np.pi * tone * np.arange(4094) / RATE) for tone in (200, 1200)]
    for name, wave in (("mixture", sum(waves)), ("reference_1", waves[0]), ("reference_2", waves[1])):
        write_wav(folder / "a" / f"{name}.wav", wave, RATE)
    row = {"mixture": "a", "group": "instrument", "block": 0, "clips": "test0_0;test1_0"}
    write_table(folder / "mixtures.tsv", (*row, "objects"), [row | {"objects": "drum;violin"}])


def test_the_frames_weigh_by_their_maximum_over_the_clips():
    words = read_words([[0.9, 0.1, 0.0], [0.2, 0.1, 0.7]])
    model = Learned(type("Trained", (), {"objects": OBJECTS, "rate": RATE}), words, {}, torch.device("cpu"))
    assert model.weights(["a", "b"]).tolist() == [0.9, 0.1, 0.7]


def read_words(rows):
    from objectsounds.data.frame_predictions import FramePredictions

    return FramePredictions(OBJECTS, ["a", "b"], np.array(rows))
