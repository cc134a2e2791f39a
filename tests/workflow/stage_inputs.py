"""Small inputs for every stage, drawn and not learnt, by which `test_stage_versions` watches the stages.

A file that one stage makes for the next comes from the library, so that its format is always today's; then
`drawn_over` or `fix_weights` puts drawn numbers in the place of those that were computed. What a stage is
given is therefore the same on every processor, and does not change when a stage before it does.
"""

import functools
import shutil
from pathlib import Path

import cv2
import h5py
import numpy as np
import torch

from objectsounds.config.method_table import SEPARATORS
from objectsounds.config.settings import load_settings, stage_settings
from objectsounds.core.seeds import generator
from objectsounds.core.tables import read_table, split_names, write_table
from objectsounds.core.weights import load_weights
from objectsounds.data.status import COLUMNS, MEASURES, clip_sizes
from objectsounds.demo import make as make_demo
from objectsounds.dictionaries.file import write_dictionary
from objectsounds.media.wav import read_wav, write_wav
from objectsounds.stages.bases import make_bases
from objectsounds.stages.catalogue import make_catalogue
from objectsounds.stages.co_separation import train_co_separation
from objectsounds.stages.dataset import make_dataset
from objectsounds.stages.frame_network import train_frame_network
from objectsounds.stages.frame_predictions import predict_frames
from objectsounds.stages.labeller import train_labeller
from objectsounds.stages.labels import label_shard
from objectsounds.stages.mixtures import make_block
from objectsounds.stages.mixtures_table import list_mixtures
from objectsounds.stages.pixel_features import write_pixel_features
from objectsounds.stages.separate import separate_block
from objectsounds.stages.solos import make_solos
from objectsounds.stages.sound_of_pixels import train_sound_of_pixels
from objectsounds.stages.train import train_network
from objectsounds.stages.unet import train_unet
from objectsounds.stages.wave_unet import train_wave_unet
from tests.workflow.conftest import TINY

SHORT = {  # one epoch of few steps: what a processor rounds has no time to grow
    "labeller": {"pictures": {"epochs": 1}},
    "train": {"epochs": 2, "batch_size": 8},
    "frame_network": {"epochs": 1},
    "unet": {"epochs": 1, "steps_per_epoch": 3, "mask": "soft"},
    "wave_unet": {"epochs": 1, "steps_per_epoch": 3},
    "co_separation": {"epochs": 1, "steps_per_epoch": 3},
    "sound_of_pixels": {"epochs": 1, "steps_per_epoch": 3, "mask": "soft"},
}
RATE, SECONDS, BINS = 16000, 2, 801
PITCHES = (300, 900, 2500)  # Hz


def drawn_sound(name: str) -> np.ndarray:
    """Return a swelling tone with overtones and some noise, its pitch drawn by name, float32."""
    draw = generator("sound", name)
    t = np.arange(RATE * SECONDS) / RATE
    pitch = PITCHES[draw.integers(3)] * draw.uniform(0.9, 1.1)
    swell = np.interp(t, np.linspace(0, SECONDS, 9), draw.uniform(0.1, 1, 9))
    tones = sum(np.sin(2 * np.pi * pitch * n * t) / n for n in (1, 2, 3))
    return (0.2 * swell * tones + 0.02 * draw.standard_normal(len(t))).astype(np.float32)


def drawn_over(path: Path, name: str, draw) -> None:
    """Put ``draw(shape)`` in the place of a data set of an HDF5 file."""
    with h5py.File(path, "r+") as file:
        file[name][...] = draw(file[name].shape)


def fix_state(state: dict[str, torch.Tensor]) -> None:
    """Put drawn weights, by name, in the place of those of a network."""
    for name, value in state.items():
        if not value.is_floating_point():
            continue
        numbers = generator("weights", name).standard_normal(tuple(value.shape))
        if value.ndim > 1:
            numbers *= np.sqrt(2 / value[0].numel())
            numbers *= 0.05 if name.startswith("fc.") else 1  # so that no word is sure
        elif name.endswith("running_var"):
            numbers = 0.5 + np.abs(numbers)
        else:
            numbers = numbers * 0.1 + (name.endswith("weight"))
        value.copy_(torch.from_numpy(np.asarray(numbers)))


def fix_weights(path: Path) -> None:
    """Put drawn weights in the place of those that a stage has learnt."""
    saved = load_weights(path)
    fix_state(saved["state_dict"])
    torch.save(saved, path)


class Inputs:
    """The files of a small run in ``folder``; each is made when it is first asked for."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.settings = load_settings({"preset": str(TINY), "results": str(folder), **SHORT})

    def of(self, stage: str, *extra: str) -> dict:
        """Return the settings that a stage is given."""
        return stage_settings(self.settings, stage, extra=extra)

    @functools.cached_property
    def demo(self) -> Path:
        """The folder of the embedded data set."""
        make_demo(self.of("demo"), self.folder / "demo", workers=2)
        return self.folder / "demo"

    @functools.cached_property
    def catalogue(self) -> Path:
        """The folder of the catalogue of ``demo``."""
        folder = self.demo.parent / "catalogue"
        make_catalogue(self.of("catalogue"), folder / "clips.tsv", folder / "shards.txt")
        return folder

    def shards(self, split: str) -> list[Path]:
        """Return the tables of a split's shards."""
        return sorted((self.catalogue / "shards").glob(f"{split}-*.tsv"))

    def objects(self, split: str) -> Path:
        """Return the table of a split's clips in use, with their objects."""
        return self.catalogue / f"objects-{split}.tsv"

    @functools.cache  # noqa: B019
    def status(self, shard: str) -> Path:
        """Return the status table of a shard whose clips are drawn: sounds and four frames each."""
        rows, status = [], self.folder / "clips" / shard / "status.tsv"
        for index, row in enumerate(read_table(self.catalogue / "shards" / f"{shard}.tsv")):
            folder = status.parent / f"{index:04d}"
            (folder / "frames").mkdir(parents=True)
            write_wav(folder / "audio.wav", drawn_sound(row["clip_id"]), RATE, "PCM_16")
            draw = generator("frames", row["clip_id"])
            for number in range(4):
                small = draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)
                large = cv2.resize(small, (64, 64), interpolation=cv2.INTER_NEAREST)
                cv2.imwrite(str(folder / "frames" / f"{number:02d}.jpg"), large)
            measures = dict.fromkeys(MEASURES, "") | {"status": "ok", "folder": folder.name, "frames": 4}
            rows.append(row | measures | {"seconds": f"{SECONDS:.3f}"} | clip_sizes(folder))
        write_table(status, COLUMNS, rows)
        return status

    def statuses(self, split: str) -> list[str]:
        """Return the status tables of a split."""
        return [str(self.status(path.stem)) for path in self.shards(split)]

    def bases(self, shard: str) -> Path:
        """Return what the stage ``bases`` makes of a drawn shard."""
        path = self.folder / "bases" / f"{shard}.h5"
        if not path.exists():
            make_bases(self.of("bases"), self.status(shard), path)
        return path

    @functools.cached_property
    def labeller(self) -> Path:
        """A labeller with drawn weights."""
        path = self.folder / "fixed" / "labeller.pt"
        train_labeller(self.of("labeller"), self.demo / "pictures", path, path.with_suffix(".jsonl"))
        fix_weights(path)
        return path

    def labels(self, shard: str) -> Path:
        """Return the scores that the labeller of drawn weights gives a drawn shard."""
        path = self.folder / "labels" / f"{shard}.h5"
        if not path.exists():
            label_shard(self.of("labels"), self.status(shard), self.labeller, path)
        return path

    @functools.cache  # noqa: B019
    def dataset(self, split: str) -> Path:
        """Return the data set of a split, of drawn bases and drawn scores."""
        parts = []
        for path in self.shards(split):
            bases, labels = (self.folder / "drawn" / kind / f"{path.stem}.h5" for kind in ("bases", "labels"))
            for made, copy, name in (
                (self.bases(path.stem), bases, "bases"),
                (self.labels(path.stem), labels, "scores"),
            ):
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(made.read_bytes())
                draw = generator(name, path.stem)
                drawn_over(copy, name, lambda shape, draw=draw: draw.gamma(0.5, 2.0, shape))
            parts.append((bases, labels))
        output = self.folder / "dataset" / f"{split}.h5"
        make_dataset(self.of("dataset"), self.objects(split), parts, output)
        return output

    @functools.cached_property
    def network(self) -> Path:
        """A MIML network with drawn weights."""
        path = self.folder / "fixed" / "network.pt"
        train_network(
            self.of("train"), self.dataset("train"), None, "visual", path, path.with_suffix(".jsonl")
        )
        fix_weights(path)
        return path

    @functools.cached_property
    def dictionary(self) -> Path:
        """A dictionary of drawn bases: one of the drum, two of the piano, three of the violin."""
        path, owners = self.folder / "fixed" / "drawn.h5", [0, 1, 1, 2, 2, 2]
        frequencies = np.linspace(0, RATE / 2, BINS)
        centres = np.array([PITCHES[owner] for owner in owners])[:, None]
        bands = sum(np.exp(-(((frequencies - n * centres) / 100) ** 2)) / n for n in (1, 2, 3))
        bases = bands + 0.05 * np.random.default_rng(0).random((6, BINS))
        origin = {"clip_id": [""] * 6}
        path.parent.mkdir(parents=True, exist_ok=True)
        objects = self.settings["classes"]
        write_dictionary(path, {}, 1, "drawn", objects, owners, bases.astype(np.float32), origin, {})
        return path

    @functools.cached_property
    def mixtures(self) -> Path:
        """The folder of the drawn clips' mixtures, with their table beside it."""
        table, settings = self.folder / "mixtures" / "mixtures.tsv", self.of("mixtures")
        left_out = table.with_name("left_out.tsv")
        list_mixtures(settings, self.objects("test"), self.statuses("test"), table, left_out)
        make_block(settings, table, 0, self.statuses("test"), table.parent / "0")
        return table.parent / "0"

    @functools.cache  # noqa: B019
    def separated(self, method: str, network: Path | None = None, frames: Path | None = None) -> Path:
        """Return the folder of a method's estimates, by the drawn dictionary or a network."""
        settings = self.of("separate", *SEPARATORS)
        output = self.folder / "separate" / method
        separate_block(
            settings,
            method,
            self.mixtures,
            output,
            self.dictionary,
            self.dataset("test"),
            network=network,
            frames=frames,
        )
        return output

    @functools.cache  # noqa: B019
    def estimates(self, method: str) -> Path:
        """Return a folder as `separated` gives, its sounds drawn: the reference, the mixture, and noise."""
        folder = self.folder / "estimates" / method
        shutil.copytree(self.separated(method), folder)
        objects = {row["mixture"]: row["objects"] for row in read_table(self.mixtures / "mixtures.tsv")}
        for row in read_table(folder / "estimates.tsv"):
            names, place = split_names(objects[row["mixture"]]), self.mixtures / row["mixture"]
            if row["file"] and row["object"] in names:
                number = names.index(row["object"]) + 1
                reference, rate = read_wav(place / f"reference_{number}.wav")
                draw = generator(method, row["file"])
                noise = 0.02 * draw.standard_normal(len(reference))
                mixed = reference + 0.2 * read_wav(place / "mixture.wav")[0] + noise
                write_wav(folder / row["file"], mixed.astype(np.float32), rate)
        return folder

    @functools.cache  # noqa: B019
    def solos(self, split: str, labels: str = "one") -> Path:
        """Return the solo clips of a split, those with any number of labels, or all."""
        path = self.folder / "solos" / labels / f"{split}.h5"
        inputs = (self.dataset(split), self.statuses(split), [])
        make_solos(self.of("solos"), 8000, *inputs, path, labels=labels)
        return path

    @functools.cached_property
    def unet(self) -> Path:
        """A trained U-Net."""
        path = self.folder / "unet" / "network.pt"
        files = (self.solos("train"), self.solos("val"))
        train_unet(self.of("unet"), files, (path, path.with_name("history.jsonl")))
        return path

    @functools.cached_property
    def wave_unet(self) -> Path:
        """A trained Wave-U-Net."""
        path = self.folder / "wave_unet" / "network.pt"
        files = (self.solos("train"), self.solos("val"))
        outputs = (path, path.with_name("history.jsonl"))
        train_wave_unet(self.of("wave_unet"), "multiplicative_bottleneck", files, outputs)
        return path

    @functools.cached_property
    def co_separation(self) -> Path:
        """A trained network of co-separation."""
        path = self.folder / "co_separation" / "network.pt"
        files = (self.solos("train", "any"), self.solos("val", "any"))
        train_co_separation(self.of("co_separation"), files, (path, path.with_name("history.jsonl")))
        return path

    @functools.cached_property
    def frame_network(self) -> Path:
        """A trained frame network, begun from the labeller of drawn weights."""
        path = self.folder / "frame_network" / "network.pt"
        solos, statuses = zip(*((self.solos(s), self.statuses(s)) for s in ("train", "val")), strict=True)
        outputs = (path, path.with_name("history.jsonl"))
        train_frame_network(self.of("frame_network"), solos, statuses, self.labeller, outputs)
        return path

    @functools.cached_property
    def sound_of_pixels(self) -> Path:
        """A trained network of Sound of Pixels."""
        path = self.folder / "sound_of_pixels" / "network.pt"
        splits = ("train", "val")
        clips, statuses = zip(*((self.solos(s, "unasked"), self.statuses(s)) for s in splits), strict=True)
        outputs = (path, path.with_name("history.jsonl"))
        train_sound_of_pixels(self.of("sound_of_pixels"), clips, statuses, None, outputs)
        return path

    @functools.cached_property
    def pixel_features(self) -> Path:
        """What a network of Sound of Pixels of drawn weights sees in the test clips."""
        path = self.folder / "fixed" / "features.h5"
        network = self.fixed(self.sound_of_pixels)
        write_pixel_features(self.of("pixel_features"), network, self.statuses("test"), path)
        return path

    def fixed(self, path: Path) -> Path:
        """Return a copy of a network with drawn weights."""
        copy = self.folder / "fixed" / f"{path.parent.name}.pt"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        fix_weights(copy)
        return copy

    @functools.cached_property
    def frame_predictions(self) -> Path:
        """What a frame network of drawn weights says of the test clips."""
        path = self.folder / "fixed" / "words.h5"
        network = self.fixed(self.frame_network)
        predict_frames(self.of("frame_network"), network, self.statuses("test"), path)
        return path
