"""Command ``separate``: separate your own videos, or a block of a run's mixtures by one method."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from objectsounds.config.video_options import MIN_SHARE, VideoOptions, parse_gains, split_list
from objectsounds.core.arguments import CORES, SHARE, THREADS
from objectsounds.core.errors import ObjectsoundsError

if TYPE_CHECKING:
    from objectsounds.video.model_file import Model

OPTIONS = {}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, in two groups."""
    own = parser.add_argument_group("your own videos")
    own.add_argument("videos", nargs="*", metavar="VIDEO", help="a video or sound, or a folder of them")
    model = own.add_mutually_exclusive_group()
    model.add_argument(
        "--run",
        metavar="RESULTS",
        help="a finished run's folder; default: the starter, which knows instruments",
    )
    model.add_argument("--model", metavar="FILE", help="a file that export made")
    own.add_argument(
        "--with-starter", action="store_true", help="instruments' bases of the starter beside the model's own"
    )
    own.add_argument("--objects", help="what to separate, as violin,piano; default: what is seen")
    own.add_argument(
        "--min-share",
        type=SHARE,
        default=MIN_SHARE,
        help=f"of a video's sections, in which an object must be seen; default {MIN_SHARE}",
    )
    own.add_argument("--rest", action="store_true", help="a sound for what is none of the objects, too")
    own.add_argument("--remix", help="gains in dB, as violin=-6,piano=+3")
    own.add_argument("--mute", help="objects that a remix leaves out, as violin,drum")
    own.add_argument("--weights", help="of ImageNet's classifier, where the model only names it")
    own.add_argument(
        "--architecture", help="of the weights, where the starter is the model; default resnet152"
    )
    own.add_argument(
        "--soundfont", metavar="FILE", action="append", help="to play the starter; may be given again"
    )
    own.add_argument(
        "--cores",
        type=CORES,
        help="to work with: several files at a time, or blocks of one; default: all there are",
    )
    own.add_argument("--threads", type=THREADS, default=1, help="of the linear algebra on each; default 1")
    own.add_argument("--force", action="store_true", help="replace what was separated before")
    block = parser.add_argument_group("a block of a run's mixtures")
    block.add_argument("--mixtures", help="the block's folder")
    block.add_argument("--dictionary")
    block.add_argument("--test", help="the test clips' data set, for methods that ask what is seen")
    block.add_argument("--network", help="of a learned method")
    block.add_argument("--frames", help="the frame network's predictions for the test clips")
    parser.add_argument("--method", help="of the block; of a run's models, default miml")
    parser.add_argument("--output", required=True, help="folder to write; of videos each gets one in it")


def separate_own(args: argparse.Namespace) -> None:
    """Separate the videos that were named.

    Raises
    ------
    ObjectsoundsError
        If an option is missing or impossible, or a file could not be separated.
    """
    if not args.videos:
        raise ObjectsoundsError("name videos (VIDEO --output DIR), or a block by --mixtures.")
    from objectsounds.core.cores import cores
    from objectsounds.stages.separate_videos import separate_videos

    objects = split_list(args.objects)
    if args.objects is not None and not objects:
        raise ObjectsoundsError(
            f"--objects {args.objects!r} names no object; write violin,piano, or leave the option out."
        )
    gains = parse_gains(args.remix, args.mute)
    options = VideoOptions(objects, args.min_share, args.rest, gains, args.force)
    used = args.cores or cores()
    separate_videos(_model(args, objects, used), args.videos, args.output, options, args.weights, used)


def _model(args: argparse.Namespace, objects: list[str], used: int) -> "Model":
    """Return the model that the options ask for: a run's, a file's, or the starter."""
    from objectsounds.core.progress import Counter
    from objectsounds.video.model_file import model_of_run, read_model
    from objectsounds.video.starter import starter_model, with_starter

    fonts, progress = [Path(name) for name in args.soundfont or []], Counter("instruments played")
    if not (args.run or args.model):
        labeller = {"architecture": args.architecture} if args.architecture else {}
        return starter_model(objects, fonts, labeller, progress, used)
    if args.architecture:
        raise ObjectsoundsError("--architecture is of the starter; a run's model has its own.")
    if fonts and not args.with_starter:
        raise ObjectsoundsError("--soundfont plays the starter; a run's model takes it --with-starter.")
    model = read_model(args.model or model_of_run(args.run, args.method))
    return with_starter(model, objects, fonts, progress, used) if args.with_starter else model


def run(args: argparse.Namespace, settings: dict) -> None:
    """Separate a block of mixtures by one method, as the rule does, or a person's videos.

    Raises
    ------
    ObjectsoundsError
        If options of both are mixed, or one is missing.
    """
    if args.mixtures is None:
        separate_own(args)
        return
    from objectsounds.core.progress import tracker
    from objectsounds.stages.separate import separate_block

    if args.videos or args.method is None:
        raise ObjectsoundsError("--mixtures takes a --method and no videos.")
    separate_block(
        settings,
        args.method,
        args.mixtures,
        args.output,
        args.dictionary,
        args.test,
        tracker(args.method),
        args.network,
        args.frames,
    )
