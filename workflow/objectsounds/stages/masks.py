"""Stage ``masks``: how well the U-Net's masks and the frame network's predictions fit (Nuotimaa 4).

Masks are compared on the warped axis on which they are made. Test clips in which several objects are seen
go through the same inference: nobody knows their truth, they are there to be listened to.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from objectsounds.config.method_table import METHODS
from objectsounds.core.arguments import MANY, ONE
from objectsounds.core.files import folder_written_whole
from objectsounds.core.progress import tracker
from objectsounds.core.tables import join_names, split_names, write_table
from objectsounds.data.bags import Bags, open_dataset
from objectsounds.data.block_files import read_block_table, read_block_wav
from objectsounds.data.mixtures import MIXTURE_COLUMNS
from objectsounds.data.status import good_clips, read_audio
from objectsounds.media.wav import resampled, write_wav
from objectsounds.methods.neural import Learned, at_level, load_learned, mask_probabilities, semantic_masks
from objectsounds.methods.problem import Problem
from objectsounds.networks.unet import decide, stft, targets
from objectsounds.networks.unet_training import warped
from objectsounds.report.plots import save_semantic_masks
from objectsounds.report.published import NUOTIMAA, read_published

STAGE_VERSION = 2
THRESHOLDS = (0.05, 0.10, 0.15, 0.20)  # of the true probability, for 21 objects (Nuotimaa table 4.2)
TOP = 3  # the most frequent labels of a mask that count as predicted
BACKGROUND = "background"
METRIC_COLUMNS = ("method", "measure", "threshold", "value", "n", "published", "published_source")
CONFUSION_COLUMNS = ("network", "object", "predicted", "count")
DUET_COLUMNS = ("clip", "objects", "sounding", "files")

log = logging.getLogger(__name__)


def overlap(found: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Return IoU and Dice (Nuotimaa eq. 4.1, 4.2) of two bool masks, the true one not empty."""
    both, either = np.sum(found & true), np.sum(found | true)
    return float(both / either), float(2 * both / (found.sum() + true.sum()))


def confusions(labels: list[str], true: list[str]) -> list[tuple[str, str]]:
    """Return what each true object was taken for, from the labels of a mask, the most frequent first.

    It counts as found if it is among the first `TOP`; else the most frequent object of these that is not
    there was heard in its place, or where there is none the background (Nuotimaa 4.2).
    """
    first = labels[:TOP]
    wrong = [name for name in first if name not in (*true, BACKGROUND)]
    return [(name, name if name in first else (wrong or [BACKGROUND])[0]) for name in true]


def label_picture(masks: torch.Tensor) -> np.ndarray:
    """Return the object's number of each bin of binary masks, shape=(L, R, N); L where there is none."""
    found = masks.argmax(dim=0)
    return torch.where(masks.amax(dim=0) > 0, found, len(masks)).cpu().numpy()


@dataclass
class Masks:
    """One mixture's masks: the mixture's magnitudes, and per network the labels, shape=(R, N)."""

    magnitudes: np.ndarray
    truth: np.ndarray
    labels: dict[str, np.ndarray]


class Tally:
    """Counts over mixtures."""

    def __init__(self, objects: list[str]):
        self.objects = objects
        self.confusion: Counter = Counter()
        self.overlaps: dict[tuple[str, str, float], list[float]] = {}
        self.frames: list[bool] = []

    def add_masks(self, network: str, labels: np.ndarray, truth: np.ndarray, true: list[str]) -> None:
        """Count a mask, labels of shape=(R, N), against the true probabilities, shape=(L, R, N)."""
        names = [*self.objects, BACKGROUND]
        order = [names[number] for number, _ in Counter(labels.ravel().tolist()).most_common()]
        self.confusion.update((network, *pair) for pair in confusions(order, true))
        for name in true:
            number = self.objects.index(name)
            for threshold in THRESHOLDS:
                wanted = truth[number] > threshold * 21 / len(self.objects)
                if wanted.any():
                    for measure, value in zip(
                        ("IoU", "Dice"), overlap(labels == number, wanted), strict=True
                    ):
                        self.overlaps.setdefault((f"unet_{network}", measure, threshold), []).append(value)

    def add_frame(self, probabilities: np.ndarray, true: str) -> None:
        """Count what was seen in the frame of a clip in which one object sounds."""
        seen = self.objects[int(probabilities.argmax())]
        self.confusion["frame", true, seen] += 1
        self.frames.append(seen == true)

    def metrics(self) -> list[dict]:
        """Return the rows of ``metrics.tsv``."""
        rows = [
            _metric(method, measure, f"{threshold:.2f}", values)
            for (method, measure, threshold), values in sorted(self.overlaps.items())
        ]
        return [*rows, _metric("frame_network", "accuracy", "", self.frames)]


def _metric(method: str, measure: str, threshold: str, values: list) -> dict:
    group = f"threshold {threshold}" if threshold else ""
    theirs = [row for row in read_published(NUOTIMAA, measure) if row["group"] == group] or [{}]
    known = theirs[0] if method != "unet_audio" else {}
    return {
        "method": method,
        "measure": measure,
        "threshold": threshold,
        "value": f"{np.mean(values):.4f}" if values else "",
        "n": len(values),
        "published": known.get("value", ""),
        "published_source": known.get("source", ""),
    }


def _look(models: dict[str, Learned], folder: Path, row: dict) -> tuple[Masks, np.ndarray]:
    """Return a mixture's masks and its true probabilities, shape=(L, R, N)."""
    model = models["audio"]
    trained, options = model.trained, model.trained.options
    mixture, rate = read_block_wav(folder / row["mixture"] / "mixture.wav")
    names = split_names(row["objects"])
    paths = [folder / row["mixture"] / f"reference_{number + 1}.wav" for number in range(len(names))]
    references = [read_block_wav(path)[0] for path in paths]
    scaled, factor = at_level(resampled(mixture, rate, trained.rate), trained.level_db, len(names))
    sources = torch.zeros(len(trained.objects), len(scaled))
    for name, sound in zip(names, references, strict=True):
        wave = resampled(sound, rate, trained.rate, len(scaled)) * np.float32(factor)
        sources[trained.objects.index(name)] = torch.from_numpy(wave)
    truth = targets(warped(stft(sources, options["window"], options["hop"]), options["bins"]))
    spectrum = stft(scaled, options["window"], options["hop"]).to(model.device)
    found = {}
    for network, own in models.items():
        probabilities = mask_probabilities(own, spectrum, split_names(row["clips"]))
        found[network] = label_picture(decide(probabilities, own.options["background"], soft=False))
    best = decide(truth, THRESHOLDS[0], soft=False)
    return Masks(warped(spectrum, options["bins"]).cpu().numpy(), label_picture(best), found), truth.numpy()


def _tally(models: dict[str, Learned], blocks: Iterable[Path], pictures: int, folder: Path) -> Tally:
    tally, drawn = Tally(models["audio"].trained.objects), 0
    predictions = models["combined"].frames
    heard = {}
    for block in blocks:
        for row in read_block_table(block / "mixtures.tsv", MIXTURE_COLUMNS):
            seen, truth = _look(models, block, row)
            true = split_names(row["objects"])
            heard |= dict(zip(split_names(row["clips"]), true, strict=True))
            for network, labels in seen.labels.items():
                tally.add_masks(network, labels, truth, true)
            if drawn < pictures:
                panels = {"truth": seen.truth} | seen.labels
                save_semantic_masks(
                    seen.magnitudes, panels, tally.objects, folder / "pictures" / f"{row['mixture']}.png"
                )
                drawn += 1
    for clip, name in sorted(heard.items()):
        tally.add_frame(predictions.of([clip])[0], name)
    return tally


def _duets(model: Learned, bags: Bags, statuses: list[str], most: int, folder: Path) -> list[dict]:
    """Separate test clips in which several objects are seen; returns the rows of ``duets.tsv``."""
    several = [name for name, hits in zip(bags.clip_ids, bags.targets, strict=True) if hits.sum() > 1]
    rows = []
    for status in statuses:
        for clip in good_clips(status):
            if clip["clip_id"] not in several or len(rows) == most:
                continue
            hits = bags.targets[bags.clip_ids.index(clip["clip_id"])]
            objects = [name for name, hit in zip(bags.objects, hits, strict=True) if hit]
            waveform, rate = read_audio(status, clip)
            problem = Problem(resampled(waveform, rate, model.rate), objects, None, {}, rate=model.rate)
            problem.model, problem.clips = model, [clip["clip_id"]]
            target = folder / "duets" / clip["clip_id"]
            target.mkdir(parents=True)
            write_wav(target / "mixture.wav", waveform, rate, "PCM_16")
            for name, sound in semantic_masks(problem).items():
                write_wav(
                    target / f"{name}.wav", resampled(sound, model.rate, rate, len(waveform)), rate, "PCM_16"
                )
            files = join_names(f"duets/{clip['clip_id']}/{name}.wav" for name in ["mixture", *objects])
            heard = bags.audioset[bags.clip_ids.index(clip["clip_id"])] == 1
            sounding = [name for name, hit in zip(bags.objects, heard, strict=True) if hit]
            cells = {"clip": clip["clip_id"], "objects": join_names(objects), "files": files}
            rows.append(cells | {"sounding": join_names(sounding)})
    return rows


def make_masks(
    settings: dict,
    network: str | Path,
    frames: str | Path,
    mixtures: list[str],
    test: str | Path,
    statuses: list[str],
    output: str | Path,
    progress: Callable = iter,
) -> None:
    """Measure and draw the masks of all mixtures, and separate duets.

    Parameters
    ----------
    settings : dict
        Keys ``masks``, ``separate.threads``, and of ``unet`` those of separation.
    network, frames : path
        The U-Net, and the frame network's predictions for the test clips.
    mixtures : list of path
        The blocks' folders.
    test : path
        The aggregated HDF5 of the test clips, for what is seen in them.
    statuses : list of path
        Of the test shards.
    output : path
        Folder to write: ``metrics.tsv`` (published figures in columns of their own), ``confusion.tsv``
        (``audio`` and ``combined`` over the sources, ``frame`` over the clips), ``duets.tsv`` with
        ``duets/<clip>/<object>.wav``, and ``pictures/<mixture>.png``.
    progress : callable
        Wraps the blocks.
    """
    combined = load_learned(settings, METHODS["unet_combined"], network, frames)
    models = {"audio": replace(combined, frames=None), "combined": combined}
    options = settings["masks"]
    with folder_written_whole(output) as folder:
        tally = _tally(models, progress([Path(path) for path in mixtures]), options["pictures"], folder)
        bags = open_dataset(test, bases=False)
        duets = _duets(combined, bags, statuses, options["duets"], folder)
        counts = [
            {"network": network, "object": name, "predicted": other, "count": count}
            for (network, name, other), count in sorted(tally.confusion.items())
        ]
        write_table(folder / "metrics.tsv", METRIC_COLUMNS, tally.metrics())
        write_table(folder / "confusion.tsv", CONFUSION_COLUMNS, counts)
        write_table(folder / "duets.tsv", DUET_COLUMNS, duets)
    log.info("%d frames, %d duets", len(tally.frames), len(duets))


OPTIONS = {
    "network": ONE,
    "frames": ONE | {"help": "the frame network's predictions for the test clips"},
    "mixtures": MANY | {"help": "the blocks' folders"},
    "test": ONE | {"help": "the test clips' data set"},
    "status": MANY,
    "output": ONE | {"help": "the folder"},
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    inputs = (args.network, args.frames, args.mixtures, args.test, args.status)
    make_masks(settings, *inputs, args.output, tracker("masks"))
