"""The subcommands: their help, their options, and the function that runs each.

Heavy imports are inside the function that needs them: ``clips`` works where torch is not installed.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from objectsounds.cli import separate as separate_cli
from objectsounds.cli.arguments import BLOCK, RATE, WORKERS
from objectsounds.cli.forecast import OPTIONS, estimate
from objectsounds.config.settings import load_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.writable import check_writable


@dataclass(frozen=True)
class Command:
    """One subcommand: its help, its options, the function that runs it, and one that adds more options."""

    help: str
    options: dict[str, dict]
    run: Callable
    more: Callable = lambda parser: None


def _need(args, *names: str) -> None:
    """Refuse a command without options that this use of it needs."""
    missing = [f"--{name}" for name in names if not getattr(args, name)]
    if missing:
        raise ObjectsoundsError(f"{missing[0]} is missing; this use of {args.command} needs it.")


def _demo(args, settings) -> None:
    from objectsounds.core.progress import Counter
    from objectsounds.demo import make

    check_writable(args.output, "--output")
    make(settings, Path(args.output), args.workers, Counter("demo"))


def _catalogue(args, settings) -> None:
    from objectsounds.stages.catalogue import make_catalogue

    print(make_catalogue(settings, args.clips, args.shards))


def _clips(args, settings) -> None:
    from objectsounds.stages.clips import make_shard

    given = os.environ.get("OBJECTSOUNDS_DOWNLOAD")  # set by the workflow for its jobs
    download = json.loads(given) if given else load_settings()["clips"]["download"]
    make_shard(settings, download, args.shard, args.status, _tracker("clips"))


def _bases(args, settings) -> None:
    from objectsounds.stages.bases import make_bases

    make_bases(settings, args.status, args.output, _tracker("bases"))


def _labeller(args, settings) -> None:
    from objectsounds.core.progress import Counter
    from objectsounds.stages.labeller import train_labeller

    train_labeller(settings, Path(args.pictures), Path(args.output), Path(args.history), Counter("labeller"))


def _labels(args, settings) -> None:
    from objectsounds.stages.labels import label_shard

    weights = Path(args.weights) if args.weights else None
    label_shard(settings, Path(args.status), weights, Path(args.output), _tracker("labels"))


def _ablation(args, settings) -> None:
    if args.status is not None:
        from objectsounds.stages.ablation import score_views

        weights = Path(args.weights) if args.weights else None
        score_views(settings, args.status, weights, args.output, _tracker("ablation"))
    else:
        from objectsounds.stages.ablation_table import make_ablation

        _need(args, "objects", "scores")
        make_ablation(settings, args.objects, args.scores, args.output, args.plot)


def _dataset(args, settings) -> None:
    from objectsounds.stages.dataset import make_dataset

    if len(args.bases) != len(args.labels):
        given = f"{len(args.bases)} --bases and {len(args.labels)} --labels"
        raise ObjectsoundsError(f"{given} were named; name one of each for every shard.")
    make_dataset(settings, args.objects, list(zip(args.bases, args.labels, strict=True)), args.output)


def _epochs(label: str) -> Callable:
    """Return a function that shows how far a training is."""
    from objectsounds.core.progress import Counter

    counter = Counter(label)

    def show(epoch: int, epochs: int, row: dict) -> None:
        loss = row.get("val_loss", row["train_loss"])
        counter(epoch + 1, epochs, f"epochs, watched loss {loss:.4g}")

    return show


def _train(args, settings) -> None:
    from objectsounds.stages.train import train_network

    show = _epochs("train")
    train_network(settings, args.train, args.val, args.supervision, args.output, args.history, show)


def _dictionary(args, settings) -> None:
    from objectsounds.stages.dictionary import make_dictionary, make_gaussian

    asking = ("surest", "agreement", "consensus", "gao")  # a network
    files = ["like"] if args.rule == "gaussian" else ["train"] + ["network"] * (args.rule in asking)
    _need(args, *files)
    if args.rule == "gaussian":
        make_gaussian(settings, args.like, args.output)
    else:
        make_dictionary(settings, args.rule, args.supervision, args.network, args.train, args.output)


def _mixtures(args, settings) -> None:
    from objectsounds.stages.mixtures import list_mixtures, make_block

    _need(args, "objects" if args.block is None else "table")
    if args.block is None:
        list_mixtures(settings, args.objects, args.status, args.output, args.left_out)
    else:
        make_block(settings, args.table, args.block, args.status, args.output)


def _score(args, settings) -> None:
    from objectsounds.stages.score import score_block

    score_block(settings, args.method, args.mixtures, args.separated, args.output, _tracker(args.method))


def _score_tables(args, settings) -> None:
    from objectsounds.stages.score import make_tables

    make_tables(settings, args.methods, args.blocks, args.scores, args.summary, args.comparisons)


def _experiments(args, settings) -> None:
    from objectsounds.stages.experiments import Model, make_experiments

    lists = [
        [Model.parse(text) for text in names] for names in (args.dictionaries, args.networks, args.datasets)
    ]
    make_experiments(settings, args.methods, args.blocks, *lists, Path(args.output))


def _denoise(args, settings) -> None:
    from objectsounds.stages.denoise import make_denoising

    make_denoising(
        settings,
        args.dictionaries,
        args.scores,
        args.summary,
        args.objects,
        args.status,
        args.test,
        _tracker("denoise"),
    )


def _solos(args, settings) -> None:
    from objectsounds.stages.solos import make_solos

    inputs = (args.dataset, args.status, args.elsewhere)
    make_solos(settings, args.rate, *inputs, args.output, _tracker("solos"))


def _frame_network(args, settings) -> None:
    from objectsounds.stages.frame_network import say_frames, train_frame_network

    if args.network is not None:
        say_frames(settings, args.network, args.status, args.output)
        return
    _need(args, "train", "history")
    train_frame_network(
        settings,
        (args.train, args.val),
        (args.status, args.val_status),
        args.start,
        (args.output, args.history),
        _epochs("frame network"),
    )


def _unet(args, settings) -> None:
    from objectsounds.stages.unet import train_unet

    train_unet(settings, (args.train, args.val), (args.output, args.history), _epochs("unet"))


def _wave_unet(args, settings) -> None:
    from objectsounds.stages.wave_unet import train_wave_unet

    files, outputs = (args.train, args.val), (args.output, args.history)
    train_wave_unet(settings, args.conditioning, files, outputs, _epochs("wave_unet"))


def _masks(args, settings) -> None:
    from objectsounds.stages.masks import make_masks

    inputs = (args.network, args.frames, args.mixtures, args.test, args.status)
    make_masks(settings, *inputs, args.output, _tracker("masks"))


def _report(args, settings) -> None:
    from objectsounds.stages.report import make_report

    make_report(settings, Path(args.results), args.methods, Path(args.output))


def _check(args, settings) -> None:
    from objectsounds.cli.check import check_results

    check_results(Path(args.results))


def _retry(args, settings) -> None:
    from objectsounds.cli.retry import PASSING, retry

    retry(Path(args.results), Path(settings["clips"]["media"]), args.reasons or PASSING)


def _tracker(label: str) -> Callable:
    from functools import partial

    from objectsounds.core.progress import track

    return partial(track, label=label)


MANY = {"nargs": "+", "required": True}
ONE = {"required": True}
COMMANDS = {
    "demo": Command(
        "make the embedded data set: MP4 files, labelled pictures, lists in AudioSet's format",
        {"output": ONE, "workers": {"type": WORKERS, "default": 1}},
        _demo,
    ),
    "catalogue": Command(
        "choose clips from AudioSet's lists, give each a split and a shard",
        {"clips": ONE | {"help": "clips.tsv; its rows keep their shards"}, "shards": ONE},
        _catalogue,
    ),
    "clips": Command(
        "cut a shard's media into mono WAV files and frames",
        {
            "shard": ONE | {"help": "the shard's table"},
            "status": ONE | {"help": "status.tsv to write"},
        },
        _clips,
    ),
    "bases": Command(
        "factor the spectrogram of each clip of a shard into bases", {"status": ONE, "output": ONE}, _bases
    ),
    "labeller": Command(
        "train the image classifier on labelled pictures",
        {"pictures": ONE, "output": ONE, "history": ONE},
        _labeller,
    ),
    "labels": Command(
        "score each frame of a shard with the image classifier",
        {"status": ONE, "weights": {"help": "of the trained labeller"}, "output": ONE},
        _labels,
    ),
    "ablation": Command(
        "score each frame of a shard under six preprocessings, or table how often they are right",
        {
            "status": {"help": "a shard's, to score its frames"},
            "weights": {"help": "of the trained labeller"},
            "objects": {"nargs": "+", "default": [], "help": "the splits' clips in use, for the table"},
            "scores": {"nargs": "+", "default": [], "help": "the shards' scores"},
            "plot": {"help": "SVG to draw the table into"},
            "output": ONE,
        },
        _ablation,
    ),
    "dataset": Command(
        "aggregate the bases and labels of a split into one HDF5",
        {"objects": ONE | {"help": "the split's clips in use"}, "bases": MANY, "labels": MANY, "output": ONE},
        _dataset,
    ),
    "train": Command(
        "train the MIML network that maps bases to objects",
        {
            "train": ONE,
            "val": {"help": "without it the training loss is watched"},
            "supervision": {"choices": ["visual", "audioset"], "default": "visual"},
            "output": ONE,
            "history": ONE,
        },
        _train,
    ),
    "dictionary": Command(
        "choose the bases that stand for each object",
        {
            "rule": ONE
            | {"choices": ["surest", "agreement", "consensus", "gao", "exemplar", "solo", "gaussian"]},
            "supervision": {"choices": ["visual", "audioset"], "default": "visual"},
            "network": {"help": "for the rules that ask one"},
            "train": {},
            "like": {"help": "the dictionary whose sizes gaussian takes"},
            "output": ONE,
        },
        _dictionary,
    ),
    "export": Command(
        "write one model file that separates new videos",
        {
            "run": {"metavar": "RESULTS", "help": "a finished run's folder"},
            "method": {"help": "default: miml"},
            "dictionary": {"help": "in place of a run: the method's dictionary"},
            "weights": {"help": "in place of a run: those of the trained labeller"},
            "output": {"help": "default: its place in the run's folder"},
        },
        separate_cli.export,
    ),
    "mixtures": Command(
        "choose single-source test clips to mix, or mix one block of them",
        {
            "status": MANY,
            "objects": {"help": "the test clips in use, to choose from"},
            "table": {"help": "the table of mixtures, to mix a block"},
            "block": {"type": BLOCK},
            "output": ONE,
            "left-out": {"help": "to choose: the table to write of those that a silent source leaves out"},
        },
        _mixtures,
    ),
    "separate": Command(
        "separate videos of one's own, or a block of mixtures by one method",
        {},
        separate_cli.separate,
        separate_cli.add_options,
    ),
    "score": Command(
        "score a block of estimates with BSS-EVAL",
        {"method": ONE, "mixtures": ONE, "separated": ONE, "output": ONE},
        _score,
    ),
    "score_tables": Command(
        "join the blocks' scores and summarise them",
        {"methods": MANY, "blocks": MANY, "scores": ONE, "summary": ONE, "comparisons": ONE},
        _score_tables,
    ),
    "experiments": Command(
        "write the tables of every baseline and variant",
        {
            "methods": MANY,
            "blocks": MANY,
            "dictionaries": MANY | {"help": "method=path of each guided method"},
            "networks": MANY | {"help": "variant/supervision=path"},
            "datasets": MANY | {"help": "variant/split=path"},
            "output": ONE | {"help": "the folder"},
        },
        _experiments,
    ),
    "denoise": Command(
        "add noise to clips, take it off by their objects' bases, and table what was gained",
        {
            "dictionaries": {"nargs": "*", "default": [], "help": "each is a method"},
            "status": {"nargs": "*", "default": [], "help": "the test shards', unless denoise.folder is set"},
            "objects": {"help": "the test clips in use"},
            "test": {"help": "the test clips' data set, which holds what was detected"},
            "scores": ONE,
            "summary": ONE,
        },
        _denoise,
    ),
    "report": Command(
        "write the page to look at and listen to", {"results": ONE, "methods": MANY, "output": ONE}, _report
    ),
    "solos": Command(
        "gather a split's clips with exactly one label, for the learned separators",
        {
            "rate": ONE | {"type": RATE, "help": "Hz"},
            "dataset": ONE | {"help": "the split's data set, for its labels"},
            "status": MANY,
            "elsewhere": {"nargs": "*", "default": [], "help": "the other splits' performances"},
            "output": ONE,
        },
        _solos,
    ),
    "frame_network": Command(
        "train the network that says what a frame shows, or let it speak of a split's clips",
        {
            "train": {"help": "solo clips"},
            "val": {"help": "solo clips held out"},
            "status": MANY,
            "val-status": {"nargs": "*", "default": []},
            "start": {"help": "the labeller's weights"},
            "network": {"help": "trained before: say what the clips of --status show"},
            "history": {},
            "output": ONE,
        },
        _frame_network,
    ),
    "unet": Command(
        "train the U-Net that masks spectrograms",
        {"train": ONE | {"help": "solo clips"}, "val": {}, "output": ONE, "history": ONE},
        _unet,
    ),
    "wave_unet": Command(
        "train a Wave-U-Net, told what is seen or not",
        {
            "conditioning": {"default": "none", "help": "none, or <conditioning>_<place>"},
            "train": ONE | {"help": "solo clips"},
            "val": {},
            "output": ONE,
            "history": ONE,
        },
        _wave_unet,
    ),
    "masks": Command(
        "measure and draw the U-Net's masks, and separate duets",
        {
            "network": ONE,
            "frames": ONE | {"help": "the frame network's word on the test clips"},
            "mixtures": MANY | {"help": "the blocks' folders"},
            "test": ONE | {"help": "the test clips' data set"},
            "status": MANY,
            "output": ONE | {"help": "the folder"},
        },
        _masks,
    ),
    "check": Command("look for broken files in a run's results", {"results": ONE}, _check),
    "estimate": Command("say what a run of many clips will cost, from a finished one", OPTIONS, estimate),
    "retry": Command(
        "ask again for clips that could not be had; the next run does it",
        {
            "results": ONE,
            "reasons": {"nargs": "+", "help": "default: those that may pass"},
        },
        _retry,
    ),
}
