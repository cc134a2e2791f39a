"""Stage ``labeller``: train a ResNet-18 on labelled pictures (Nuotimaa's frame network).

Reads ``pictures/{train,val}/<object>/*.png``. Writes the weights and a history of one JSON line an epoch.
It never sees a clip. ImageNet's networks need no training: they are loaded by `load_labeller` alone.
"""

from pathlib import Path

import torch

from objectsounds import __version__
from objectsounds.core.arguments import ONE, SOME
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import write_json_lines, written_whole
from objectsounds.core.progress import Counter
from objectsounds.core.provenance import commit
from objectsounds.core.seeds import generator, seed_of
from objectsounds.networks.classifiers import build, load_labeller, resized, use_threads
from objectsounds.networks.labeller import (
    SPARE,
    Progress,
    accuracy,
    read_pictures,
    start_residuals_at_zero,
    train_epoch,
)

__all__ = ["STAGE_VERSION", "load_labeller", "train_labeller"]
STAGE_VERSION = 2
WARM_UP = 0.2  # share of the steps in which the learning rate rises


def train_labeller(
    settings: dict, pictures: Path | None, output: Path, history: Path, progress: Progress | None = None
) -> None:
    """Train a classifier from scratch on labelled pictures.

    Parameters
    ----------
    settings : dict
        ``seed`` and ``labeller`` with its part ``pictures``.
    pictures : Path or None
        Folder with ``train/<object>/`` and ``val/<object>/``; ``labeller.pictures.folders`` has more.
    output : Path
        The weights: ``state_dict, objects, architecture, image_size, settings, version``.
    history : Path
        JSON lines: epoch, loss, train_accuracy (on varied pictures), val_accuracy.
    progress : callable, optional
        Called with (done, total) epochs.
    """
    options = settings["labeller"]["pictures"]
    use_threads(settings)
    folders = options.get("folders", {})
    images, targets, objects = read_pictures(pictures, "train", folders)
    held, held_targets, held_objects = read_pictures(pictures, "val", folders)
    if held_objects != objects:
        raise ObjectsoundsError(f"{pictures}: train shows {objects} but val shows {held_objects}.")
    # Shrunk as frames will be, by area: a crop straight from the large picture would alias thin lines.
    large = round(SPARE * options["image_size"])
    images = resized(images, large, large)
    held = resized(held, options["image_size"], options["image_size"])
    rng = generator(settings["seed"], "labeller")
    torch.manual_seed(seed_of(settings["seed"], "labeller", "weights"))
    network = build(options["architecture"], len(objects))
    start_residuals_at_zero(network)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=options["learning_rate"], weight_decay=options["weight_decay"], fused=True
    )
    steps = options["epochs"] * -(-len(images) // options["batch_size"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options["learning_rate"], total_steps=steps + 1, pct_start=WARM_UP
    )
    rows = []
    for epoch in range(1, options["epochs"] + 1):
        row = train_epoch(network, optimiser, schedule, images, targets, options, rng)
        row["val_accuracy"] = accuracy(network, held, held_targets)
        rows.append({"epoch": epoch, **row})
        write_json_lines(history, rows)
        if progress:
            progress(epoch, options["epochs"])
    saved = {
        "state_dict": network.state_dict(),
        "objects": objects,
        "architecture": options["architecture"],
        "image_size": options["image_size"],
        "settings": {"seed": settings["seed"], "labeller": settings["labeller"]},
        "version": __version__,
        "commit": commit(),
    }
    with written_whole(output) as temporary:
        torch.save(saved, temporary)


OPTIONS = {
    "pictures": {"help": "folder with {train,val}/<object>/"},
    "folders": SOME | {"help": "object=folder of pictures, in place of the settings'"},
    "output": ONE,
    "history": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    pictures = Path(args.pictures) if args.pictures else None
    own = settings["labeller"]["pictures"]
    own["folders"] = own.get("folders", {}) | dict(word.split("=", 1) for word in args.folders)
    train_labeller(settings, pictures, Path(args.output), Path(args.history), Counter("labeller"))
