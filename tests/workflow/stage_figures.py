"""Some figures of what each stage makes of its drawn inputs (`stage_inputs`), by name, as lists.

There is one for each rule, method, object or clip, and it tells of values and of their order.
"""

import csv
import dataclasses
import hashlib
import importlib
import json
import sys
from functools import partial

import cv2
import h5py
import numpy as np
import torch

from objectsounds.config.external_table import completed, register
from objectsounds.config.method_table import CONDITIONINGS, METHODS, RULES, Conditioning
from objectsounds.config.settings import dictionary_keys, load_settings, merge, stage_settings
from objectsounds.config.video_options import VideoOptions
from objectsounds.core.arguments import NamedFile
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.bags import open_dataset
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.data.solos import open_labelled, open_solos
from objectsounds.data.status import OBJECT_COLUMNS, SPLITS
from objectsounds.dictionaries.performed import read_performed
from objectsounds.media.wav import read_wav
from objectsounds.networks.co_separation_training import CoSeparationTask
from objectsounds.networks.miml_training import load_network
from objectsounds.networks.relation_map import relation_maps
from objectsounds.networks.sound_of_pixels_training import PixelTask
from objectsounds.networks.unet_training import UnetTask
from objectsounds.networks.wave_unet_training import WaveTask
from objectsounds.report.paper_tables import LAYOUTS
from objectsounds.signal.measures import MEASURES
from objectsounds.stages.ablation import score_views
from objectsounds.stages.ablation_table import make_ablation
from objectsounds.stages.clips import make_shard
from objectsounds.stages.denoise import make_denoising
from objectsounds.stages.dictionary import make_dictionary
from objectsounds.stages.dictionary_gaussian import make_gaussian
from objectsounds.stages.experiments import make_experiments
from objectsounds.stages.export import export_model
from objectsounds.stages.labeller import train_labeller
from objectsounds.stages.leakage import find_leakage
from objectsounds.stages.masks import make_masks
from objectsounds.stages.publication import publish
from objectsounds.stages.score import score_block
from objectsounds.stages.score_tables import make_tables
from objectsounds.stages.separate_external import separate_external
from objectsounds.stages.separate_videos import separate_videos
from objectsounds.stages.soundfont import make_soundfont
from objectsounds.stages.train import train_network
from objectsounds.video.model_file import read_model
from tests.workflow.conftest import ROOT
from tests.workflow.stage_inputs import Inputs, fix_state

# Shares by which a figure may differ between processors: one that draws, one that computes, one that learns.
# With vectors of 128, 256 and 512 bits they differ by less than 1e-7, 2e-5 and 3e-3.
EXACT, CLOSE, LEARNT = 1e-6, 2e-4, 1e-2
WATCHED = [name for name, method in METHODS.items() if not method.network and not method.estimates]


def _digest(*parts: object) -> str:
    """Return a short digest of anything that is text when printed."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]


def _columns(path, *names) -> list[list[str]]:
    """Return some columns of a table."""
    with open(path, newline="") as file:
        return [[row[name] for name in names] for row in csv.DictReader(file, delimiter="\t")]


def _moments(values) -> list[float]:
    """Return size, mean, spread, and a mean weighted by place, which another order changes."""
    flat = np.asarray(values, np.float64).ravel()
    place = np.linspace(0, 1, len(flat))
    return [float(len(flat)), float(flat.mean()), float(flat.std()), float((flat * place).mean())]


def _sound(path) -> list[float]:
    """Return of a WAV its length and the level of each of its eighths."""
    samples, rate = read_wav(path)
    parts = np.array_split(samples.astype(np.float64), 8)
    return [rate, len(samples), *(float(np.sqrt(np.mean(part**2))) for part in parts)]


def _picture(path) -> float:
    """Return the brightness of a picture, its places weighted."""
    return _moments(cv2.imread(str(path)))[3]


def _history(path, *names) -> dict:
    """Return some columns of a training's history, a list an epoch."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {f"epoch {number}": [row[name] for name in names] for number, row in enumerate(rows)}


def _demo(inputs: Inputs) -> dict:
    lists = {path.name: [_digest(path.read_text())] for path in inputs.demo.glob("*_segments.csv")}
    counts = [len(list(inputs.demo.glob(pattern))) for pattern in ("media/*.mp4", "pictures/*/*/*.png")]
    pictures = [_picture(path) for path in sorted(inputs.demo.glob("pictures/val/*/*.png"))]
    return lists | {"counts": counts, "pictures": pictures}


def _catalogue(inputs: Inputs) -> dict:
    rows = _columns(inputs.catalogue / "clips.tsv", "clip_id", "start", "end", "split", "shard")
    return {split: [_digest([row for row in rows if row[3] == split])] for split in ("train", "val", "test")}


def _clips(inputs: Inputs) -> dict:
    status = inputs.folder / "decoded" / "status.tsv"
    settings = inputs.of("clips")
    assert inputs.demo.is_dir()
    make_shard(settings, inputs.settings["clips"]["download"], inputs.shards("test")[0], status)
    found = {}
    for row in read_table(status):
        folder = status.parent / row["folder"]
        pictures = sorted((folder / "frames").iterdir())
        found[row["clip_id"]] = [row["status"], *map(_picture, pictures), *_sound(folder / "audio.wav")]
    return found


def _bases(inputs: Inputs) -> dict:
    with h5py.File(inputs.bases(inputs.shards("test")[0].stem)) as file:
        ids, bases, frames = (file[name][()] for name in ("clip_id", "bases", "frames"))
        divergences = file["divergence"][()]
    bins = np.linspace(0, 1, bases.shape[1])
    found = {}
    for name, W, count, divergence in zip(ids, bases.astype(np.float64), frames, divergences, strict=True):
        centres = np.sort(bins @ W / W.sum(axis=0))
        shares = [float(centres.mean()), float(centres.std())]
        found[name.decode()] = [*W.shape, int(count), float(divergence), float(W.mean()), *shares]
    return found


def _labeller(inputs: Inputs) -> dict:
    path = inputs.folder / "labeller" / "weights.pt"
    train_labeller(inputs.of("labeller"), inputs.demo / "pictures", path, path.with_name("history.jsonl"))
    return _history(path.with_name("history.jsonl"), "loss")


def _labels(inputs: Inputs) -> dict:
    with h5py.File(inputs.labels(inputs.shards("test")[0].stem)) as file:
        ids, scores = file["clip_id"][()], file["scores"][()]
    return {name.decode(): [*row.shape, *_moments(row)] for name, row in zip(ids, scores, strict=True)}


def _ablation(inputs: Inputs) -> dict:
    shard, folder = inputs.shards("test")[0], inputs.folder / "ablation"
    scores, table = folder / "scores.h5", folder / "ablation.tsv"
    score_views(inputs.of("ablation"), inputs.status(shard.stem), inputs.labeller, scores)
    with h5py.File(scores) as file:
        views, numbers = json.loads(file.attrs["views"]), file["scores"][()]
        found = {" ".join(view): _moments(numbers[:, place]) for place, view in enumerate(views)}
        draw = np.random.default_rng(0).normal(size=numbers.shape)
    with h5py.File(scores, "r+") as file:
        file["scores"][...] = draw
    make_ablation(inputs.settings, [inputs.objects("test")], [scores], table, folder / "plot.svg")
    return found | {"table": [_digest(_columns(table, "pool", "view", "normalised", "clips", "mean", "all"))]}


def _dataset(inputs: Inputs) -> dict:
    found = {}
    for split in ("train", "test"):
        bags = open_dataset(inputs.dataset(split))
        found[f"{split} clips"] = [_digest(bags.clip_ids, bags.objects)]
        found[f"{split} bases"] = _moments(bags.read_bases(slice(None)))
        found[f"{split} probabilities"] = _moments(bags.probabilities)
        for kind in ("targets", "audioset", "visible", "corrupted"):
            found[f"{split} {kind}"] = [_digest(getattr(bags, kind).tolist())]
    return found


def _train(inputs: Inputs) -> dict:
    found, files = {}, (inputs.dataset("train"), inputs.dataset("val"))
    for supervision in ("visual", "audioset"):
        history = inputs.folder / "train" / supervision / "history.jsonl"
        train_network(inputs.of("train"), *files, supervision, history.with_name("network.pt"), history)
        lines = _history(history, "learning_rate", "running_loss", "train_loss", "val_loss")
        found |= {f"{supervision}, {epoch}": row for epoch, row in lines.items()}
    return found


def _drawn_maps(bags) -> tuple:
    """Return the data set with drawn labels, and drawn maps of it."""
    draw = np.random.default_rng(0)
    seen = draw.dirichlet(np.ones(len(bags.objects)), len(bags.clip_ids))
    bags = dataclasses.replace(bags, probabilities=seen, targets=(seen > 0.3).astype(np.uint8))
    return draw.standard_normal((*seen.shape, bags.bases_shape[2])), bags


def _dictionary(inputs: Inputs) -> dict:
    maps, bags = _drawn_maps(open_dataset(inputs.dataset("train")))
    options = {"seed": 0, "clips_per_object": 2, "candidates": 2, "rounds": 1, "axis": "bases"}
    options |= {"threshold": 0.3, "support_threshold": 0.1, "support_count": 2, "max_bases": 5}
    found = {}
    for rule in sorted(RULES):
        choice = importlib.import_module(f"objectsounds.dictionaries.{rule}").choose(maps, bags, options)
        found[f"rule {rule}"] = [_digest(choice.objects, choice.clips, choice.bases)]
    network, _ = load_network(inputs.network)
    found["relation maps"] = _moments(relation_maps(network, open_dataset(inputs.dataset("train")), "max"))
    settings = stage_settings(inputs.settings, "dictionary", extra=("dictionary.surest",))
    chosen, drawn = (inputs.folder / "dictionary" / f"{name}.h5" for name in ("exemplar", "gaussian"))
    make_dictionary(settings, "exemplar", "visual", None, inputs.dataset("train"), chosen)
    make_gaussian(settings, inputs.dictionary, drawn)
    settings = stage_settings(inputs.settings, "dictionary", extra=dictionary_keys("solo"))
    settings = merge(settings, {"dictionary": {"transpose": 1}})
    transposed = chosen.with_name("transposed.h5")
    make_dictionary(settings, "solo", None, None, inputs.dataset("train"), transposed)
    joined, played = chosen.with_name("joined.h5"), inputs.folder / "soundfont.h5"
    make_soundfont(inputs.of("soundfont"), played)
    make_dictionary(settings, "solo", None, None, inputs.dataset("train"), joined, played)
    for path in (chosen, drawn, transposed, joined):
        with h5py.File(path) as file:
            found[f"file {path.stem}"] = [*file["bases"].shape, *_moments(file["bases"][()])]
    return found


def _soundfont(inputs: Inputs) -> dict:
    make_soundfont(inputs.of("soundfont"), inputs.folder / "played.h5")
    played = read_performed(inputs.folder / "played.h5")
    return {name: [*bases.shape, *_moments(bases)] for name, bases in played.items()}


def _mixtures(inputs: Inputs) -> dict:
    table = inputs.mixtures.parent / "mixtures.tsv"
    found = {"table": [_digest(_columns(table, "mixture", "group", "block", "clips", "objects"))]}
    for path in sorted(inputs.mixtures.glob("*/*.wav")):
        found[f"{path.parent.name} {path.stem}"] = _sound(path)
    return found


def _sounds_of(folder) -> dict:
    """Return the level of each estimate of a folder, and why some are missing."""
    found = {
        "table": [_digest(_columns(folder / "estimates.tsv", "mixture", "object", "fallback", "detected"))]
    }
    return found | {
        f"{path.parent.name} {path.stem}": _sound(path) for path in sorted(folder.glob("*/*.wav"))
    }


def _separate(inputs: Inputs) -> dict:
    found = {}
    for method in WATCHED:
        found |= {f"{method}: {name}": row for name, row in _sounds_of(inputs.separated(method)).items()}
    return found


def _neural(inputs: Inputs) -> dict:
    unet, wave = inputs.fixed(inputs.unet), inputs.fixed(inputs.wave_unet)
    co_separation, pixels = inputs.fixed(inputs.co_separation), inputs.fixed(inputs.sound_of_pixels)
    folders = {
        "unet_audio": inputs.separated("unet_audio", unet),
        "unet_combined": inputs.separated("unet_combined", unet, inputs.frame_predictions),
        "wave_unet": inputs.separated("wave_unet_multiplicative_bottleneck", wave),
        "co_separation": inputs.separated("co_separation", co_separation),
        "sound_of_pixels": inputs.separated("sound_of_pixels", pixels, inputs.pixel_features),
    }
    return {
        f"{method}: {name}": row
        for method, folder in folders.items()
        for name, row in _sounds_of(folder).items()
    }


PROGRAM = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2] + '/source_2.wav')"


def _separate_external(inputs: Inputs) -> dict:
    """Return what a program leaves that takes the mixture for its second estimate, at half the rate."""
    command = [sys.executable, "-c", PROGRAM, "{mixture}", "{output}"]
    external = completed({"copies": {"command": command, "objects": "blind", "rate": 8000}})
    register(external)
    folder = inputs.folder / "separate" / "copies"
    separate_external(
        inputs.of("separate_external") | {"external": external}, "copies", inputs.mixtures, folder
    )
    register({})
    return _sounds_of(folder)


SCORED = ("mixture", "miml", "miml_surest", "kmeans")


def _score_tables(inputs: Inputs) -> list:
    """Score drawn estimates of ``SCORED``; returns the blocks' tables."""
    blocks = []
    for method in SCORED:
        blocks.append(inputs.folder / "score" / f"{method}.tsv")
        score_block(inputs.of("score"), method, inputs.mixtures, inputs.estimates(method), blocks[-1])
    return blocks


def _score(inputs: Inputs) -> dict:
    found, blocks = {}, _score_tables(inputs)
    measures = ("sdr", "sir", "sar", *MEASURES)
    for path in blocks:
        for row in read_table(path):
            # An artefact-free mixture has a SAR of rounding errors alone.
            values = [min(float(row[name]), 60.0) for name in measures]
            found[f"{path.stem}: {row['mixture']} {row['object']}"] = [
                *values,
                row["fallback"],
                row["n_extra"],
            ]
    tables = [inputs.folder / "score" / f"{name}.tsv" for name in ("scores", "summary", "comparisons")]
    settings = inputs.settings
    make_tables(settings, list(SCORED), blocks, *tables)
    for row in read_table(tables[1]):
        cells = [row["n"], row["n_fallback"], row["n_extra"], row["fallback_reasons"]]
        numbers = [float(row[n]) for n in ("sdr_mean", "sdr_median", "sdr_improvement_mean") if row[n]]
        found[f"summary: {row['method']} {row['group']}"] = [*cells, *numbers]
    for row in read_table(tables[2]):
        cells = [row[name] for name in ("n", "n_mixtures", "n_clips", "wins", "ties")]
        found[f"comparison: {row['method']}"] = [*cells, float(row["difference_mean"] or 0)]
    return found


def _export(inputs: Inputs) -> dict:
    output = inputs.folder / "export" / "miml.h5"
    export_model(inputs.of("export"), "miml", inputs.dictionary, inputs.labeller, output)
    with h5py.File(output) as file:
        about = sorted(set(file.attrs) - {"commit", "settings", "seed", "version", "stage_version"})
        settings = json.loads(file.attrs["settings"])
        weights = [file["labeller"][name][()] for name in sorted(file["labeller"])]
        return {
            "attributes": about,
            "settings": sorted(f"{k} {sorted(v)}" for k, v in settings.items() if isinstance(v, dict)),
            "bases": _moments(file["bases"][()]),
            "labeller": [sum(item.size for item in weights), float(sum(np.abs(w).sum() for w in weights))],
        }


def _separate_videos(inputs: Inputs) -> dict:
    settings = load_settings({"preset": str(ROOT / "tests/data/tiny.yaml"), "labeller": {"kind": "imagenet"}})
    options = VideoOptions(["piano", "violin"], gains={"piano": -6.0})
    mixture, made = sorted(inputs.mixtures.glob("*/mixture.wav"))[0], inputs.folder / "videos"
    made.mkdir()
    export_model(stage_settings(settings, "export"), "miml", inputs.dictionary, None, made / "model.h5")
    separate_videos(read_model(made / "model.h5"), [mixture], made, options)
    return {name: _sound(made / "mixture" / f"{name}.wav") for name in ("piano", "violin", "remix")}


def _denoise(inputs: Inputs) -> dict:
    """Return what is gained on one drawn clip in each noise by the drawn dictionary."""
    row = next(row for row in read_table(inputs.statuses("test")[0]))
    folder = inputs.folder / "clips" / inputs.shards("test")[0].stem / row["folder"]
    settings = json.loads(json.dumps(inputs.settings))
    settings["denoise"] |= {"folder": str(folder), "objects": {"audio": ["piano"]}}
    settings["denoise"] |= {"noises": ["white", "pink"], "snr_db": [0]}
    scores, summary = inputs.folder / "denoise" / "scores.tsv", inputs.folder / "denoise" / "summary.tsv"
    make_denoising(settings, [inputs.dictionary], scores, summary)
    return {
        f"{row['method']}, {row['noise']}": [
            row["fallback"],
            *(float(row[name]) for name in ("sdr_noisy", "sdr")),
        ]
        for row in read_table(scores)
    }


def _leakage(inputs: Inputs) -> dict:
    """Return figures of what is found where the test clips are looked for among themselves."""
    path = inputs.folder / "leakage.tsv"
    find_leakage(inputs.of("leakage"), inputs.statuses("test"), inputs.statuses("test"), path)
    return {
        f"{row['clip']} {row['other_clip']}": [
            row["split"],
            row["same_source"],
            *(float(row[name]) for name in ("landmarks", "seconds", "offset")),
        ]
        for row in read_table(path)
    }


def _publication(inputs: Inputs) -> dict:
    """Return digests of the files that are made of one small table, as which each layout takes it."""
    folder = inputs.folder / "publication"
    for split in SPLITS:
        write_table(folder / "catalogue" / f"objects-{split}.tsv", OBJECT_COLUMNS, [])
    write_table(folder / "mixtures" / "mixtures.tsv", MIXTURE_COLUMNS, [])
    cells = {"sdr_mean": -1.25, "sdr_low": "", "sdr_high": 0.5, "sdr_between_seeds": 0.125}
    cells |= {"difference_mean": 2, "low": 1.5, "high": 3}
    rows = [{"method": name, "group": "a_b", **cells} for name in ("miml", "mixture@x")]
    write_table(folder / "table.tsv", list(rows[0]), rows)
    tables = [NamedFile(name, folder / "table.tsv") for name in ("scores", *LAYOUTS)]
    publish(inputs.of("publication"), folder, tables, folder / "made")
    made = {path.name: [_digest(path.read_text())] for path in (folder / "made").glob("*.[ct]*")}
    record = json.loads((folder / "made" / "tables.json").read_text())
    return made | {"tables.json": [*sorted(record), *sorted(record["data"]), _digest(record["tables"])]}


def _experiments(inputs: Inputs) -> dict:
    """Return figures of the tables that are made of drawn scores, a drawn dictionary and fixed weights."""
    blocks, made = _score_tables(inputs), inputs.folder / "experiments"
    sets = [NamedFile(f"default/{name}", inputs.dataset(name)) for name in ("train", "test")]
    networks = [NamedFile("default/visual", inputs.network)]
    words = [NamedFile("miml", inputs.dictionary)]
    make_experiments(inputs.settings, list(SCORED), blocks, words, networks, sets, made)
    tables = {path.stem: read_table(path) for path in sorted(made.glob("*.tsv"))}
    network, dictionary = tables["networks"][0], tables["dictionaries"][0]
    return {
        "rows": [f"{name} {len(rows)}" for name, rows in tables.items() if name != "published"],
        "network": [network["clips"], float(network["loss"])],
        "dictionary": [dictionary[name] for name in ("bases_mean", "bases_least", "objects_empty", "n")],
        "robustness": [row["wrong_labels"] for row in tables["robustness"]],
    }


def _solos(inputs: Inputs) -> dict:
    with h5py.File(inputs.solos("train")) as file:
        about = [_digest(file["clip_id"].asstr()[()].tolist(), file["label"][()].tolist())]
        found = {"clips": about, **{name: _moments(file[name][()]) for name in ("waveform", "start", "rms")}}
    with h5py.File(inputs.solos("train", "any")) as file:
        found["labelled"] = [_digest(file["clip_id"].asstr()[()].tolist(), file["label"][()].tolist())]
        return found | {"confidence": _moments(file["confidence"][()])}


def _frame_network(inputs: Inputs) -> dict:
    with h5py.File(inputs.frame_predictions) as file:
        words = {
            "words": [_digest(file["clip_id"].asstr()[()].tolist()), *_moments(file["probabilities"][()])]
        }
    history = _history(inputs.frame_network.with_name("history.jsonl"), "learning_rate", "train_loss")
    return words | history


def _drawn_sources(task, count: int) -> torch.Tensor:
    """Return two mixtures' drawn sources, each weaker than the one before."""
    draw = np.random.default_rng(0).standard_normal((2, count, task.length))
    return torch.from_numpy((0.3 * draw * [[[1], [0.5], [0]][:count]]).astype(np.float32))


def _task(inputs: Inputs, stage: str, task) -> list[float]:
    """Return the loss of drawn sources under drawn weights.

    Not its gradients: near the kink of an activation they jump with the last bit.
    """
    drawn = task(inputs.settings[stage], open_solos(inputs.solos("train")))
    fix_state(drawn.network.state_dict())
    with torch.no_grad():
        return [drawn.length, drawn.loss(_drawn_sources(drawn, 3)).item()]


def _unet(inputs: Inputs) -> dict:
    history = _history(inputs.unet.with_name("history.jsonl"), "learning_rate", "train_loss", "val_loss")
    return history | {"fixed": _task(inputs, "unet", UnetTask)}


def _wave_unet(inputs: Inputs) -> dict:
    history = _history(inputs.wave_unet.with_name("history.jsonl"), "learning_rate", "train_loss", "val_loss")
    for name in ("none", *CONDITIONINGS):
        history[name] = _task(inputs, "wave_unet", partial(WaveTask, Conditioning.parse(name)))
    return history


def _co_separation(inputs: Inputs) -> dict:
    history = inputs.co_separation.with_name("history.jsonl")
    found = _history(history, "learning_rate", "train_loss", "val_loss")
    clips = open_labelled(inputs.solos("train", "any"))
    sure = torch.tensor([[[0.9, 0, 0.4], [0, 0.5, 0]], [[0, 0, 1], [0.2, 0, 0]]])
    task = CoSeparationTask(inputs.settings["co_separation"], clips)
    fix_state(task.network.state_dict())
    with torch.no_grad():
        loss = task.loss(_drawn_sources(task, 2), sure).item()
    return found | {"fixed": [task.length, loss]}


def _sound_of_pixels(inputs: Inputs) -> dict:
    history = inputs.sound_of_pixels.with_name("history.jsonl")
    found = _history(history, "learning_rate", "train_loss", "val_loss")
    task = PixelTask(inputs.settings["sound_of_pixels"], open_solos(inputs.solos("train", "unasked")))
    fix_state(task.network.state_dict())
    draw = np.random.default_rng(1).standard_normal((2, 2, 1, 3, 32, 32))
    with torch.no_grad():
        pictures = torch.from_numpy(draw.astype(np.float32))
        loss = task.loss(
            _drawn_sources(task, 2), pictures, torch.tensor([[True, True], [True, False]])
        ).item()
    with h5py.File(inputs.pixel_features) as file:
        seen = {name: _moments(file[name][()]) for name in ("features", "places")}
    return found | {"fixed": [task.length, loss]} | seen


def _masks(inputs: Inputs) -> dict:
    folder, test = inputs.folder / "masks", inputs.dataset("test")
    models = (inputs.fixed(inputs.unet), inputs.frame_predictions)
    make_masks(inputs.settings, *models, [inputs.mixtures], test, inputs.statuses("test"), folder)
    counts = _columns(folder / "confusion.tsv", "network", "object", "predicted", "count")
    return {
        "measures": [
            _digest(_columns(folder / "metrics.tsv", "method", "measure", "threshold", "published"))
        ],
        "confusion": [_digest(counts)],
        "duets": [_digest(_columns(folder / "duets.tsv", "clip", "objects", "sounding"))],
        **{
            f"{row['method']} {row['measure']} {row['threshold']}": [row["n"], float(row["value"] or 0)]
            for row in read_table(folder / "metrics.tsv")
        },
    }


# Stages whose figures stand among those of another one: both versions count.
AMONG = {
    "ablation_table": "ablation",
    "dictionary_gaussian": "dictionary",
    "frame_predictions": "frame_network",
    "pixel_features": "sound_of_pixels",
    "mixtures_table": "mixtures",
    "score_tables": "score",
}
FIGURES = {
    "demo": (_demo, EXACT),
    "catalogue": (_catalogue, EXACT),
    "clips": (_clips, CLOSE),
    "bases": (_bases, CLOSE),
    "labeller": (_labeller, LEARNT),
    "labels": (_labels, CLOSE),
    "ablation": (_ablation, CLOSE),
    "dataset": (_dataset, EXACT),
    "train": (_train, LEARNT),
    "soundfont": (_soundfont, CLOSE),
    "dictionary": (_dictionary, CLOSE),
    "mixtures": (_mixtures, EXACT),
    "separate": (_separate, CLOSE),
    "neural": (_neural, CLOSE),
    "separate_external": (_separate_external, CLOSE),
    "score": (_score, CLOSE),
    "export": (_export, EXACT),
    "separate_videos": (_separate_videos, CLOSE),
    "denoise": (_denoise, CLOSE),
    "experiments": (_experiments, CLOSE),
    "leakage": (_leakage, LEARNT),  # a landmark more or less
    "publication": (_publication, EXACT),
    "solos": (_solos, CLOSE),
    "frame_network": (_frame_network, CLOSE),
    "unet": (_unet, CLOSE),
    "wave_unet": (_wave_unet, CLOSE),
    "co_separation": (_co_separation, LEARNT),  # its first steps differ by 1e-3 between processors
    "sound_of_pixels": (_sound_of_pixels, CLOSE),
    "masks": (_masks, CLOSE),
}
