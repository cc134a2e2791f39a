"""Every key of the configuration, an edit of it, and the rules that then run again.

``python -m tests.workflow.edits`` writes the table into config/README.md. That it is true is what
test_edit_matrix.py shows.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from objectsounds.config.settings import merge
from objectsounds.data.status import read_objects
from objectsounds.synthesis.music import soundfont
from tests.workflow.conftest import ROOT, Place

README = ROOT / "config" / "README.md"
MARKS = ("<!-- edits: made by python -m tests.workflow.edits -->\n", "<!-- end of edits -->\n")
ORDER = ["demo", "catalogue", "clips", "bases", "labeller", "labels", "dataset", "train"]
ORDER += [
    "soundfont",
    "dictionary",
    "dictionary_gaussian",
    "mixtures_table",
    "mixtures",
    "separate",
    "score",
    "score_tables",
    "export",
    "report",
]
NAMED = {"separate_videos": {"videos": ["video.mp4"]}}  # what the other keys of the section speak of
TABLES = {"score_tables", "report"}
SCORED = {"score"} | TABLES
SEPARATED = {"separate"} | SCORED
MIXED = {"mixtures_table", "mixtures"} | SEPARATED
ONE_DICTIONARY = {"dictionary"} | SEPARATED
DICTIONARIES = {"dictionary_gaussian", "export"} | ONE_DICTIONARY
PLAYED = {"soundfont"} | DICTIONARIES
TRAINED = {"train"} | DICTIONARIES
DATASETS = {"dataset"} | TRAINED
EVERYTHING = set(ORDER)


@dataclass(frozen=True)
class Edit:
    """A key, what it is set to (or a function of the place that says it), and the rules that run again."""

    key: str
    value: object
    rules: frozenset[str]
    real: bool = False  # shown by a real run, not by a dry one

    def settings(self, place: Place) -> dict:
        """Return the edit as a mapping to be laid over config.yaml."""
        value = self.value(place) if isinstance(self.value, Callable) else self.value
        for name in reversed(self.key.split(".")):
            value = {name: value}
        return merge(NAMED, value) if self.key.startswith("separate_videos.") else value

    def apply(self, place: Place) -> None:
        """Edit the place's config.yaml."""
        path = place.folder / "config" / "config.yaml"
        path.write_text(yaml.safe_dump(merge(yaml.safe_load(path.read_text()), self.settings(place))))


def _edits(rules: set[str], values: dict[str, object], real: tuple[str, ...] = ()) -> list[Edit]:
    return [Edit(key, value, frozenset(rules), key in real) for key, value in values.items()]


def _same_list(name: str) -> Callable:
    def make(place: Place) -> list[str]:
        path = place.folder / name
        path.write_text((place.results / "demo" / name).read_text())
        return [name]

    return make


def _single_source(place: Place) -> str:
    """Name half of the test clips."""
    lines = (place.results / "demo" / "truth.tsv").read_text().splitlines()[1:]
    tested = read_objects(place.results / "catalogue" / "objects-test.tsv")
    rows = [line.split("\t") for line in lines if line]
    alone = [row for row in rows if f"{row[0]}_0" in tested and ";" not in row[1]]
    (place.folder / "singles.txt").write_text("".join(f"{row[0]}, 0, 3, {row[1]}\n" for row in alone[:4]))
    return "singles.txt"


def _ontology(place: Place) -> str:
    """Name an ontology that holds every mid of the classes and of the lists."""
    lists = [ROOT / "resources" / "classes.tsv", *(place.results / "demo").glob("*_segments.csv")]
    texts = "".join(path.read_text(encoding="utf-8") for path in lists)
    mids = sorted(set(re.findall(r"/[mt]/\w+", texts)))
    (place.folder / "ontology.json").write_text(json.dumps([{"id": mid, "name": mid} for mid in mids]))
    return "ontology.json"


def _listed(place: Place) -> str:
    """Name the table of the run's own mixtures but the first."""
    lines = (place.results / "mixtures" / "mixtures.tsv").read_text().splitlines()
    (place.folder / "listed.tsv").write_text("\n".join([lines[0], *lines[2:]]))
    return "listed.tsv"


def _font(place: Place) -> list[str]:
    (place.folder / "font.sf2").write_bytes(soundfont().read_bytes())
    return ["font.sf2"]


def _media(place: Place) -> str:
    return str(place.results / "demo" / "media")


def _pictures(place: Place) -> str:
    return str(place.results / "demo" / "pictures")


def _own_pictures(place: Place) -> dict[str, str]:
    return {"drum": f"{_pictures(place)}/train/drum"}


def _table(place: Place) -> str:
    (place.folder / "classes.tsv").write_text("object\tgroup\nkazoo\ttoy\n")
    return "classes.tsv"


EDITS = [
    *_edits(EVERYTHING, {"seed": 1}, real=("seed",)),
    *_edits(
        EVERYTHING,
        {
            "demo.objects": ["drum", "piano"],
            "demo.train_clips": 17,
            "demo.test_clips_per_object": 3,
            "demo.test_duets": 2,
            "demo.seconds": 2,
            "demo.frame_size": 80,
            "demo.frames_per_second": 4,
            "demo.sample_rate": 22050,
            "demo.duet_fraction": 0.2,
            "demo.silent_visible_fraction": 0.3,
            "demo.offscreen_fraction": 0.3,
            "demo.pictures_per_object.train": 20,
            "demo.pictures_per_object.val": 3,
            "demo.picture_size": 40,
        },
        real=("demo.duet_fraction",),
    ),
    *_edits(DATASETS | MIXED | PLAYED | {"catalogue"}, {"classes": ["drum", "piano"]}, real=("classes",)),
    *_edits(
        DATASETS | MIXED | {"catalogue"},
        {"class_table": _table, "added_classes": {"kazoo": {"group": "toy"}}},
    ),
    *_edits(
        {"catalogue", "report"},
        {
            "catalogue.train": _same_list("unbalanced_train_segments.csv"),
            "catalogue.test": _same_list("balanced_train_segments.csv"),
            "catalogue.ontology": _ontology,
            "catalogue.descendants": False,
            "catalogue.test_fraction": 0.3,
            "catalogue.sections_per_medium": 2,
            "catalogue.urmp_tracks": ["val", "test"],
            "catalogue.pictures": _media,
            "catalogue.strong_solos": ["val", "test"],
            "catalogue.solo_seconds": 1.0,
            "catalogue.clips_per_shard": 4,
            "catalogue.job_minutes": 60,
        },
        real=(
            "catalogue.train",
            "catalogue.test",
            "catalogue.ontology",
            "catalogue.descendants",
            "catalogue.clips_per_shard",
        ),
    ),
    *_edits({"catalogue"} | DATASETS | MIXED, {"catalogue.truth": None}, real=("catalogue.truth",)),
    *_edits({"catalogue", "export", "report"}, {"catalogue.section_seconds": 5}),
    *_edits(
        {"catalogue", "dataset"} | MIXED,
        {"catalogue.single_source": _single_source, "catalogue.clips_per_class.test": 1},
        real=("catalogue.single_source", "catalogue.clips_per_class.test"),
    ),
    *_edits(
        {"catalogue"} | DATASETS,
        {"catalogue.clips_per_class.train": 3, "catalogue.clips_per_class.val": 1},
        real=("catalogue.clips_per_class.train", "catalogue.clips_per_class.val"),
    ),
    *_edits(
        {"catalogue", "clips", "bases", "labels"} | DATASETS,
        {"catalogue.val_fraction": 0.5},
        real=("catalogue.val_fraction",),
    ),
    *_edits(
        {"clips", "bases", "labels"} | DATASETS | MIXED,
        {
            "clips.media": _media,
            "clips.frames": 3,
            "clips.frame_size": 48,
            "clips.min_seconds": 0.5,
            "clips.silence_db": -50.0,
            "clips.still_below": 3.0,
            "clips.timeout": 100,
            "clips.download.enabled": True,
        },
        real=("clips.frames",),
    ),
    *_edits({"clips", "bases", "labels"} | DATASETS | MIXED | PLAYED, {"clips.sample_rate": 8000}),
    *_edits(
        set(),
        {
            "clips.download.url": "http://localhost/{media_id}",
            "clips.download.sections": False,
            "clips.download.format": "best",
            "clips.download.attempts": 2,
            "clips.download.backoff_seconds": 1.0,
            "clips.download.timeout": 100,
            "clips.download.max_mb": 100,
            "clips.download.cookies": "cookies.txt",
            "clips.download.proxy": "http://localhost:1",
            "clips.download.rate_limit": 1000000,
        },
    ),
    *_edits(
        {"bases"} | DATASETS | PLAYED,
        {
            "bases.transform": "cqt",
            "bases.window_seconds": 0.08,
            "bases.hop_seconds": 0.04,
            "bases.cqt.bins_per_octave": 12,
            "bases.cqt.fmin": 40.0,
            "bases.cqt.hop_seconds": 0.012,
            "bases.count": 6,
            "bases.solver": "scikit-learn",
            "bases.device": "auto",
            "bases.stored": "single",
            "bases.iterations": 50,
            "bases.tolerance": 1.0e-3,
            "bases.threads": 2,
        },
        real=("bases.count",),
    ),
    *_edits({"labels"} | DATASETS, {"labeller.kind": "imagenet"}),
    *_edits(
        {"labeller", "labels"} | DATASETS,
        {
            "labeller.architecture": "resnet50",
            "labeller.weights": "weights.pth",
            "labeller.precision": "bfloat16",
            "labeller.device": "auto",
            "labeller.threads": 2,
            "labeller.pictures.path": _pictures,
            "labeller.pictures.folders": _own_pictures,
            "labeller.pictures.architecture": "resnet34",
            "labeller.pictures.image_size": 24,
            "labeller.pictures.epochs": 2,
            "labeller.pictures.batch_size": 4,
            "labeller.pictures.learning_rate": 1.0e-3,
            "labeller.pictures.weight_decay": 0.01,
            "labeller.pictures.label_smoothing": 0.2,
        },
        real=("labeller.pictures.epochs",),
    ),
    *_edits(
        DATASETS,
        {
            "dataset.pool": "mean",
            "dataset.group_reduce": "max",
            "dataset.scores": "probability-sum",
            "dataset.imagenet": "papers",
            "dataset.threshold": 0.4,
            "dataset.keep_argmax": False,
            "dataset.label_noise": 0.1,
            "dataset.copy": True,
        },
        real=("dataset.threshold", "dataset.copy"),
    ),
    *_edits(
        TRAINED,
        {
            "train.device": "auto",
            "train.threads": 2,
            "train.mixed_precision": True,
            "train.basis_norm": "l1",
            "train.hidden": [32],
            "train.sub_concepts": 2,
            "train.dropout": 0.1,
            "train.output_dropout": 0.1,
            "train.batch_size": 4,
            "train.epochs": 7,
            "train.learning_rate": 2.0e-3,
            "train.weight_decay": 1.0e-4,
            "train.lr_decay": 0.9,
            "train.lr_decay_every": 4,
            "train.patience": 20,
            "train.keep": "last",
            "train.checkpoint_every": 2,
            "train.memory_gb": 7.0,
        },
        real=("train.epochs",),
    ),
    *_edits(
        DICTIONARIES, {"dictionary.surest.clips_per_object": 2}, real=("dictionary.surest.clips_per_object",)
    ),
    *_edits(
        PLAYED, {"soundfont.performances": 2, "soundfont.files": _font}, real=("soundfont.performances",)
    ),
    *_edits(DICTIONARIES, {"dictionary.transpose": 1}, real=("dictionary.transpose",)),
    *_edits(DICTIONARIES, {"dictionary.consensus.candidates": 50, "dictionary.consensus.rounds": 2}),
    *_edits(
        ONE_DICTIONARY,
        {
            "dictionary.gao.axis": "objects",
            "dictionary.gao.threshold": 0.2,
            "dictionary.gao.support_threshold": 0.2,
            "dictionary.gao.support_count": 3,
            "dictionary.gao.max_bases": 40,
        },
        real=("dictionary.gao.threshold",),
    ),
    *_edits(
        MIXED,
        {
            "mixtures.sources": [2, 3],
            "mixtures.list": _listed,
            "mixtures.seconds": 1.5,
            "mixtures.max_pairs": 3,
            "mixtures.rms_db": -20.0,
            "mixtures.quiet_db": 20.0,
            "mixtures.blocks": 2,
        },
        real=("mixtures.sources", "mixtures.max_pairs"),
    ),
    *_edits(SEPARATED, {"mixtures.objects": True}),
    *_edits(
        SEPARATED | {"export"},
        {
            "separate.iterations": 40,
            "separate.tolerance": 1.0e-3,
            "separate.block_sparsity": 0.03,
            "separate.bands": True,
            "separate.refine.smooth_seconds": 0,
            "separate.refine.components": [],
            "separate.refine.timbre": False,
        },
        real=("separate.iterations",),
    ),
    *_edits(SEPARATED, {"separate.components_per_source": 20, "separate.threads": 2, "separate.rate": 8000}),
    *_edits(
        SCORED,
        {"score.engine": "mir_eval", "score.window_seconds": 1, "score.threads": 2},
        real=("score.threads",),
    ),
    *_edits(TABLES, {"methods": ["mixture", "miml"]}, real=("methods",)),
    *_edits(
        {"report"},
        {
            "external": {"halves": {"command": ["halve", "{mixture}", "{output}"]}},
            "report.mixtures": 2,
            "report.max_megabytes": 50,
            "report.relation_maps": 2,
            "variant_methods": ["miml_gao"],
        },
        real=("report.mixtures",),
    ),
    *_edits(  # of learned separators, which the small set does not use: tests/workflow/test_learned.py does
        {"report"},
        {
            "solos.supervision": "visual",
            "solos.performances": 2,
            "frame_network.device": "auto",
            "frame_network.threads": 2,
            "frame_network.mixed_precision": True,
            "frame_network.architecture": "resnet34",
            "frame_network.start": "scratch",
            "frame_network.image_size": 40,
            "frame_network.batch_size": 4,
            "frame_network.learning_rate": 2.0e-3,
            "frame_network.momentum": 0.8,
            "frame_network.epochs": 3,
            "frame_network.patience": 5,
            "frame_network.checkpoint_every": 2,
            "unet.device": "auto",
            "unet.threads": 2,
            "unet.mixed_precision": True,
            "unet.rate": 11025,
            "unet.window": 512,
            "unet.hop": 64,
            "unet.frames": 32,
            "unet.bins": 32,
            "unet.levels": 3,
            "unet.channels": 4,
            "unet.most_channels": 64,
            "unet.sources": [2, 3],
            "unet.gain_db": 3.0,
            "unet.transpose": 2.0,
            "unet.average": 0.9,
            "unet.optimiser": "sgd",
            "unet.learning_rate": 1.0e-3,
            "unet.momentum": 0.8,
            "unet.lr_decay": 0.9,
            "unet.lr_decay_every": 1000,
            "unet.batch_size": 2,
            "unet.steps_per_epoch": 2,
            "unet.epochs": 3,
            "unet.val_mixtures": 2,
            "unet.patience": 5,
            "unet.checkpoint_every": 2,
            "unet.targets": "ratio",
            "unet.background": 0.1,
            "unet.mask": "soft",
            "wave_unet.device": "auto",
            "wave_unet.threads": 2,
            "wave_unet.mixed_precision": True,
            "wave_unet.rate": 11025,
            "wave_unet.levels": 2,
            "wave_unet.channels": 2,
            "wave_unet.bottleneck": 71,
            "wave_unet.difference": False,
            "wave_unet.sources": [2, 3],
            "wave_unet.gain_db": 3.0,
            "wave_unet.transpose": 2.0,
            "wave_unet.average": 0.9,
            "wave_unet.optimiser": "sgd",
            "wave_unet.learning_rate": 1.0e-3,
            "wave_unet.momentum": 0.8,
            "wave_unet.lr_decay": 0.9,
            "wave_unet.lr_decay_every": 1000,
            "wave_unet.batch_size": 2,
            "wave_unet.steps_per_epoch": 2,
            "wave_unet.epochs": 3,
            "wave_unet.val_mixtures": 2,
            "wave_unet.patience": 5,
            "wave_unet.checkpoint_every": 2,
            "co_separation.device": "auto",
            "co_separation.threads": 2,
            "co_separation.mixed_precision": True,
            "co_separation.rate": 11025,
            "co_separation.window": 510,
            "co_separation.hop": 64,
            "co_separation.frames": 32,
            "co_separation.bins": 32,
            "co_separation.levels": 3,
            "co_separation.channels": 4,
            "co_separation.most_channels": 64,
            "co_separation.classifier_channels": 8,
            "co_separation.classifier_weight": 0.1,
            "co_separation.gain_db": 3.0,
            "co_separation.transpose": 2.0,
            "co_separation.average": 0.9,
            "co_separation.learning_rate": 1.0e-3,
            "co_separation.lr_decay": 0.5,
            "co_separation.weight_decay": 0.0,
            "co_separation.batch_size": 2,
            "co_separation.steps_per_epoch": 2,
            "co_separation.epochs": 3,
            "co_separation.val_mixtures": 2,
            "co_separation.patience": 5,
            "co_separation.checkpoint_every": 2,
            "sound_of_pixels.device": "auto",
            "sound_of_pixels.threads": 2,
            "sound_of_pixels.mixed_precision": True,
            "sound_of_pixels.sources": [2, 3],
            "sound_of_pixels.gain_db": 3.0,
            "sound_of_pixels.transpose": 2.0,
            "sound_of_pixels.average": 0.9,
            "sound_of_pixels.rate": 11025,
            "sound_of_pixels.window": 510,
            "sound_of_pixels.hop": 64,
            "sound_of_pixels.frames": 32,
            "sound_of_pixels.bins": 32,
            "sound_of_pixels.levels": 3,
            "sound_of_pixels.channels": 4,
            "sound_of_pixels.most_channels": 64,
            "sound_of_pixels.features": 8,
            "sound_of_pixels.pictures": 2,
            "sound_of_pixels.image_size": 48,
            "sound_of_pixels.frame_channels": 8,
            "sound_of_pixels.start": "labeller",
            "sound_of_pixels.targets": "ratio",
            "sound_of_pixels.mask": "soft",
            "sound_of_pixels.optimiser": "sgd",
            "sound_of_pixels.momentum": 0.8,
            "sound_of_pixels.learning_rate": 1.0e-3,
            "sound_of_pixels.frame_learning_rate": 1.0e-3,
            "sound_of_pixels.lr_decay": 0.5,
            "sound_of_pixels.weight_decay": 0.0,
            "sound_of_pixels.batch_size": 2,
            "sound_of_pixels.steps_per_epoch": 2,
            "sound_of_pixels.epochs": 3,
            "sound_of_pixels.val_mixtures": 2,
            "sound_of_pixels.patience": 5,
            "sound_of_pixels.checkpoint_every": 2,
            "masks.pictures": 2,
            "masks.duets": 2,
        },
        real=("unet.epochs",),
    ),
    *_edits(
        {"train"} | ONE_DICTIONARY, {"variants": {"half": {"train": {"dropout": 0.5}}}}, real=("variants",)
    ),
    *_edits(({"bases"} | DATASETS | PLAYED) - {"export"}, {"seeds": [1]}),  # of the further seed
    *_edits(
        set(),
        {
            "clips.keep": "test",
            "report.packed": "folder",
            "ablation.splits": ["test"],
            "denoise.folder": _media,
            "denoise.objects": {"file": ["drum"]},
            "denoise.max_clips": 5,
            "denoise.noises": ["pink"],
            "denoise.snr_db": [5],
            "denoise.dictionaries": ["consensus"],
            "denoise.iterations": 20,
            "denoise.threads": 2,
            "experiments.methods": ["miml"],
            "experiments.variants": {"cqt": None},
            "separate_videos.videos": ["video.mp4"],
            "separate_videos.objects": {"video": ["drum"]},
            "separate_videos.min_share": 0.5,
            "separate_videos.rest": True,
            "separate_videos.remix": {"video": "drum=-6"},
            "separate_videos.mute": {"video": ["drum"]},
            "separate_videos.threads": 2,
        },
    ),
]
ELSEWHERE = {
    "results": "another folder is another run",
    "container": "Snakemake's own trigger, of the software, under --sdm apptainer alone",
    "catalogue.kind": "see tests/workflow/test_folder.py",
}


def _keys_text(edits: list[Edit]) -> str:
    """Return keys as text, a section once."""
    sections: dict[str, list[str]] = {}
    for edit in edits:
        section, _, name = edit.key.rpartition(".")
        sections.setdefault(section, []).append(name)
    parts = []
    for section, names in sections.items():
        if not section:
            parts += [f"`{name}`" for name in names]
        elif len(names) == len([edit for edit in EDITS if edit.key.rpartition(".")[0] == section]) > 1:
            parts.append(f"`{section}.*`")
        else:
            parts += [f"`{section}.{name}`" for name in names]
    return ", ".join(parts)


def table() -> str:
    """Return the table of config/README.md."""
    groups: dict[frozenset[str], list[Edit]] = {}
    for edit in EDITS:
        groups.setdefault(edit.rules, []).append(edit)
    lines = ["| edited | runs again |", "|---|---|"]
    for rules, edits in groups.items():
        names = "everything" if rules == EVERYTHING else ", ".join(name for name in ORDER if name in rules)
        lines.append(f"| {_keys_text(edits)} | {names or 'nothing'} |")
    return "\n".join(lines) + "\n"


def schema_keys(schema: dict | None = None, path: str = "") -> list[str]:
    """Return every key of the schema that is no section."""
    if schema is None:
        text = (ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text(encoding="utf-8")
        schema = yaml.safe_load(text)
    if "properties" not in schema:
        return [path]
    parts = schema["properties"].items()
    return [key for name, part in parts for key in schema_keys(part, f"{path}.{name}".lstrip("."))]


def write(path: Path = README) -> None:
    """Write the table between its marks."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    path.write_text(before + MARKS[0] + table() + MARKS[1] + rest.partition(MARKS[1])[2], encoding="utf-8")


if __name__ == "__main__":
    write()
