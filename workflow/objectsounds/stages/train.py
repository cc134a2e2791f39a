"""Stage ``train``: the MIML network learns which bases go with which objects; resumable at any epoch."""

from collections.abc import Callable
from pathlib import Path

from objectsounds.core.arguments import ONE
from objectsounds.core.progress import epochs
from objectsounds.data.bags import open_dataset
from objectsounds.networks.miml_training import Trainer
from objectsounds.networks.training import checkpoint_of

STAGE_VERSION = 2


def train_network(
    settings: dict,
    train: str | Path,
    val: str | Path | None,
    supervision: str,
    output: str | Path,
    history: str | Path,
    progress: Callable | None = None,
) -> None:
    """Train the MIML network and write its weights, best or last, and its history.

    Parameters
    ----------
    settings : dict
        Keys ``seed`` and ``train``.
    train, val : path
        Aggregated HDF5 files; without ``val`` the training loss is watched.
    supervision : str
        ``visual`` or ``audioset`` (the upper bound's).
    output : path
        Weights, objects and settings, loadable as weights only.
    history : path
        JSON lines, one an epoch.
    progress : callable, optional
        Called as ``progress(epoch, epochs, row)``.

    Raises
    ------
    ObjectsoundsError
        If SIGTERM asked to stop: the checkpoint then holds the epoch that had begun.
    """
    bags = open_dataset(train)
    held_out = open_dataset(val) if val is not None else None
    trainer = Trainer(settings, bags, held_out, supervision, checkpoint_of(output), STAGE_VERSION)
    about = {"objects": bags.objects, "bins": bags.bases_shape[1], "stage_version": STAGE_VERSION}
    trainer.run(output, history, about, progress)


OPTIONS = {
    "train": ONE,
    "val": {"help": "without it the training loss is watched"},
    "supervision": {"choices": ["visual", "audioset"], "default": "visual"},
    "output": ONE,
    "history": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    train_network(
        settings, args.train, args.val, args.supervision, args.output, args.history, epochs("train")
    )
