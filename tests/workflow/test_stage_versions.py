"""A stage whose output changed must have raised its STAGE_VERSION, or old results would be taken for new.

``tests/data/stage_outputs.json`` holds, per stage and version, some figures of the tiny run. When a stage's
output changes on purpose: raise its STAGE_VERSION and let
``OBJECTSOUNDS_RECORD=1 pytest tests/workflow/test_stage_versions.py`` write the new figures.
"""

import csv
import functools
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import h5py
import numpy as np
import pytest

from objectsounds.ablation import score_views
from objectsounds.ablation_table import make_ablation
from objectsounds.audio import read_wav
from objectsounds.dataset import open_dataset
from objectsounds.denoise import make_denoising
from objectsounds.dictionaries import write_dictionary
from objectsounds.dictionary import RULES, make_dictionary
from objectsounds.experiments import Model, make_experiments
from objectsounds.export import export_model
from objectsounds.frame_network import say_frames, train_frame_network
from objectsounds.masks import make_masks
from objectsounds.separate_videos import separate_videos
from objectsounds.settings import STAGE_KEYS, load_settings, stage_settings, stage_version
from objectsounds.solos import make_solos
from objectsounds.status import read_objects
from objectsounds.tables import read_table
from objectsounds.unet import train_unet
from objectsounds.wave_unet import train_wave_unet
from objectsounds.weights import load_weights
from objectsounds.wishes import Wishes
from tests.workflow.conftest import ROOT, TINY

RECORD = ROOT / "tests" / "data" / "stage_outputs.json"
LOOSE = dict.fromkeys(("train", "labeller", "labels", "ablation", "frame_network", "unet", "wave_unet"), 0.05)
TOLERANCE = LOOSE | {"dataset": 0.02, "denoise": 0.15}  # machines differ in float32
BASES = "bases/default/*.h5"


def _digest(path, *names) -> str:
    """Return a digest of some columns of a table."""
    with open(path, newline="") as file:
        cells = [[row[name] for name in names] for row in csv.DictReader(file, delimiter="\t")]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _arrays(paths, name) -> list[float]:
    """Return mean, spread and size of a dataset over some HDF5 files."""
    parts = []
    for path in sorted(paths):
        with h5py.File(path) as file:
            parts.append(np.abs(np.asarray(file[name][()], float)).ravel())
    joined = np.concatenate(parts)
    return [float(joined.mean()), float(joined.std()), float(joined.size)]


def _level(paths) -> float:
    """Return the RMS of some WAV files together."""
    return float(np.sqrt(np.mean(np.concatenate([read_wav(path)[0] for path in sorted(paths)]) ** 2)))


def _weights(path) -> list[float]:
    tensors = [value.float() for value in load_weights(path)["state_dict"].values() if value.ndim > 1]
    return [float(sum(tensor.numel() for tensor in tensors)), float(np.mean([t.std() for t in tensors]))]


def _demo(results) -> list:
    lists = [
        (results / "demo" / f"{name}_train_segments.csv").read_bytes() for name in ("unbalanced", "balanced")
    ]
    pictures = list((results / "demo" / "pictures").rglob("*.png"))
    return [hashlib.sha256(b"".join(lists)).hexdigest(), len(pictures)]


def _ablation(results) -> list:
    """Return figures of the ablation, which a whole run does not make: made here of one shard."""
    settings = load_settings({"preset": str(TINY)})
    name = "test-00000"
    with TemporaryDirectory() as folder:
        scores, table, plot = (Path(folder) / file for file in ("scores.h5", "ablation.tsv", "ablation.svg"))
        score_views(settings, results / f"clips/{name}/status.tsv", results / "labeller/weights.pt", scores)
        make_ablation(settings, [results / "catalogue/objects-test.tsv"], [scores], table, plot)
        counts = ("clips", "n_drum", "n_piano", "n_violin", "published_rowe2019")
        return [*_arrays([scores], "scores"), _digest(table, "pool", "view", "normalised", *counts)]


def _denoise(results) -> list:
    """Return figures of denoising, which a whole run does not make: one clip, by the bases of solo clips."""
    settings = load_settings({"preset": str(TINY)})
    known = read_objects(results / "catalogue/objects-test.tsv")
    rows = read_table(results / "clips/test-00000/status.tsv")
    clip = next(row for row in rows if known[row["clip_id"]]["objects"] == "piano")
    folder = str(results / "clips/test-00000" / clip["folder"])
    settings["denoise"] |= {"folder": folder, "objects": {"audio": ["piano"]}, "noises": ["white", "pink"]}
    with TemporaryDirectory() as made:
        solo, scores, summary = (Path(made) / file for file in ("solo.h5", "scores.tsv", "summary.tsv"))
        make_dictionary(settings, "solo", "visual", None, results / "dataset/default/train.h5", solo)
        make_denoising(settings, [solo], scores, summary)
        gained = [float(row["nsdr_mean"]) for row in read_table(summary) if not row["clip"]]
        return [_digest(scores, "method", "noise", "snr_db", "clip", "objects", "fallback"), *gained]


def _experiments(results) -> list:
    """Return figures of the experiments' tables, made here of the methods of the whole run."""
    settings = load_settings({"preset": str(TINY)})
    methods = settings["methods"]
    blocks = [results / f"score/{method}/0.tsv" for method in methods]
    words = [Model("miml", results / "dictionary/default/surest.h5")]
    networks = [Model("default/visual", results / "train/default/visual/network.pt")]
    sets = [Model(f"default/{name}", results / f"dataset/default/{name}.h5") for name in ("train", "test")]
    with TemporaryDirectory() as made:
        make_experiments(settings, methods, blocks, words, networks, sets, Path(made))
        tables = {path.stem: read_table(path) for path in sorted(Path(made).glob("*.tsv"))}
        wrong = [float(row["wrong_labels"]) for row in tables["robustness"]]
        return [
            _digest(Path(made) / "published.tsv", "method", "published_sdr"),
            *wrong,
            *map(len, tables.values()),
        ]


def _dictionary(results) -> list:
    """Return what each rule chooses by drawn maps and labels: a run's own differ between machines."""
    bags = open_dataset(results / "dataset/default/train.h5")
    draw = np.random.default_rng(0)
    seen = draw.dirichlet(np.ones(len(bags.objects)), len(bags.clip_ids))
    bags = replace(bags, probabilities=seen, targets=(seen > 0.3).astype(np.uint8))
    maps = draw.standard_normal((*seen.shape, bags.bases_shape[2]))
    options = {"seed": 0, "clips_per_object": 2, "candidates": 2, "rounds": 1}
    options |= {
        "axis": "bases",
        "threshold": 0.3,
        "support_threshold": 0.1,
        "support_count": 2,
        "max_bases": 5,
    }
    choices = [rule(maps, bags, options) for _, rule in sorted(RULES.items())]
    lists = [json.dumps([choice.objects, choice.clips, choice.bases]) for choice in choices]
    return [hashlib.sha256(text.encode()).hexdigest() for text in lists]


def _export(results) -> list:
    """Return figures of the exported model: its bins, its labeller's weights, and what it says of itself."""
    with h5py.File(results / "export/miml.h5") as file:
        sizes = [file["bases"].shape[1], *(item.size for item in file["labeller"].values())]
        settings = json.loads(file.attrs["settings"])
        names = sorted(set(file.attrs) - {"commit"})  # which is empty where there is no git
        words = [*names, *(f"{k} {sorted(v)}" for k, v in settings.items() if k != "seed")]
    return [float(sizes[0]), float(sum(sizes[1:])), " ".join(words)]


def _separate_videos(results) -> list:
    """Return figures of one's own video, which a whole run does not separate: a mixture, by drawn bases.

    What the run learned is not asked: it differs a little from machine to machine, and how many bases
    an object has with it.
    """
    settings = load_settings({"preset": str(TINY), "labeller": {"kind": "imagenet"}})
    bases = np.random.default_rng(0).random((6, 801), dtype=np.float32)
    wishes = Wishes(["piano", "violin"], gains={"piano": -6.0})
    mixture = sorted(results.glob("mixtures/0/*/mixture.wav"))[0]
    with TemporaryDirectory() as folder:
        made, owners = Path(folder), [0, 1, 1, 2, 2, 2]
        origin = {"clip_id": [""] * 6}
        write_dictionary(made / "words.h5", {}, 1, "drawn", settings["classes"], owners, bases, origin, {})
        options = stage_settings(settings, "export")
        export_model(options, "miml", made / "words.h5", None, made / "model.h5")
        separate_videos(made / "model.h5", [mixture], made, wishes)
        return [100 * _level([made / "mixture" / f"{name}.wav"]) for name in ("piano", "violin", "remix")]


@functools.cache
def _learned(results) -> Path:
    """Return a folder with the learned separators' files, which a whole tiny run does not make."""
    settings = load_settings({"preset": str(TINY)})
    made = Path(mkdtemp(dir=results.parent))
    solos, statuses = {}, {}
    for split in ("train", "val", "test"):
        statuses[split] = sorted(map(str, results.glob(f"clips/{split}-*/status.tsv")))
        if split != "test":
            solos[split] = made / f"{split}.h5"
            data = results / f"dataset/default/{split}.h5"
            make_solos(settings, 8000, data, statuses[split], [], solos[split])
    files, history = (solos["train"], solos["val"]), made / "history.jsonl"
    train_unet(settings, files, (made / "unet.pt", history))
    train_wave_unet(settings, "multiplicative_bottleneck", files, (made / "wave.pt", history))
    shards, start = (statuses["train"], statuses["val"]), results / "labeller/weights.pt"
    train_frame_network(settings, files, shards, start, (made / "frames.pt", history))
    say_frames(settings, made / "frames.pt", statuses["test"], made / "words.h5")
    block, test = results / "mixtures/0", results / "dataset/default/test.h5"
    models = (made / "unet.pt", made / "words.h5")
    make_masks(settings, *models, [block], test, statuses["test"], made / "masks")
    return made


def _masks(results) -> list:
    folder = _learned(results) / "masks"
    sizes = [len(read_table(folder / f"{name}.tsv")) for name in ("metrics", "duets")]
    counts = [int(row["count"]) for row in read_table(folder / "confusion.tsv")]
    return [
        *sizes,
        sum(counts),
        _digest(folder / "metrics.tsv", "method", "measure", "threshold", "published"),
    ]


def _scores(results) -> list:
    with open(results / "score" / "summary.tsv", newline="") as file:
        rows = {row["method"]: row for row in csv.DictReader(file, delimiter="\t")}
    return [float(rows[name]["sdr_mean"]) for name in ("mixture", "ideal_ratio_mask")]


def _page(results) -> list:
    text = (results / "report" / "index.html").read_text()
    return [text.count("<h2"), text.count("<audio"), len(list(results.glob("report/media/*.svg")))]


FIGURES = {
    "demo": _demo,
    "catalogue": lambda r: [
        _digest(r / "catalogue/clips.tsv", "clip_id", "split", "shard"),
        _digest(r / "catalogue/objects-test.tsv", "clip_id", "objects", "visible"),
    ],
    "clips": lambda r: [_level(r.glob("clips/*/*/audio.wav")), len(list(r.glob("clips/*/*/frames/*.jpg")))],
    "bases": lambda r: _arrays(r.glob(BASES), "bases") + _arrays(r.glob(BASES), "divergence"),
    "labeller": lambda r: _weights(r / "labeller/weights.pt"),
    "labels": lambda r: _arrays(r.glob("labels/*.h5"), "scores"),
    "ablation": _ablation,
    "dataset": lambda r: _arrays(r.glob("dataset/default/*.h5"), "probabilities"),
    "train": lambda r: _weights(r / "train/default/visual/network.pt"),
    "dictionary": _dictionary,
    "mixtures": lambda r: [
        _digest(r / "mixtures/mixtures.tsv", "mixture", "clips"),
        _level(r.glob("mixtures/0/*/*.wav")),
    ],
    "separate": lambda r: [_level(r.glob("separate/ideal_ratio_mask/0/*/*.wav"))],
    "score": _scores,
    "export": _export,
    "separate_videos": _separate_videos,
    "denoise": _denoise,
    "experiments": _experiments,
    "report": _page,
    "solos": lambda r: (
        _arrays([_learned(r) / "train.h5"], "waveform") + _arrays([_learned(r) / "train.h5"], "rms")
    ),
    "frame_network": lambda r: _weights(_learned(r) / "frames.pt"),
    "unet": lambda r: _weights(_learned(r) / "unet.pt"),
    "wave_unet": lambda r: _weights(_learned(r) / "wave.pt"),
    "masks": _masks,
}


def test_every_stage_is_watched():
    assert set(FIGURES) == set(STAGE_KEYS)


@pytest.mark.parametrize("stage", FIGURES)
def test_a_stage_gives_what_its_version_gave(finished, stage):
    figures = FIGURES[stage](finished.results)
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    key = f"{stage} {stage_version(stage)}"
    if os.environ.get("OBJECTSOUNDS_RECORD"):
        record[key] = figures
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    assert key in record, f"{stage}: no figures of version {stage_version(stage)}; record them"
    for found, expected in zip(figures, record[key], strict=True):
        if isinstance(expected, str):
            assert found == expected
        else:
            assert found == pytest.approx(expected, rel=TOLERANCE.get(stage, 0.01), abs=0.01)
