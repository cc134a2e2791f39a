"""Stage ``co_separation``: a network learns to separate from clips of any objects (Gao & Grauman 2019)."""

from collections.abc import Callable
from pathlib import Path

from objectsounds.core.arguments import ONE
from objectsounds.core.progress import epochs
from objectsounds.networks.co_separation_training import CoSeparationTask, PairMixer
from objectsounds.networks.mix_training import train_separator

STAGE_VERSION = 1


def train_co_separation(
    settings: dict,
    files: tuple[str | Path, str | Path | None],
    outputs: tuple[str | Path, str | Path],
    progress: Callable | None = None,
) -> None:
    """Train co-separation; see `train_separator`.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``mixtures.rms_db`` and ``co_separation``.
    files : (train, val)
        Clips with any number of labels, as `make_solos` writes them with labels ``any``.
    """
    about = {"stage_version": STAGE_VERSION}
    train_separator(settings, "co_separation", CoSeparationTask, files, outputs, about, progress, PairMixer)


OPTIONS = {
    "train": ONE | {"help": "clips with any number of labels"},
    "val": {},
    "output": ONE,
    "history": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    files, outputs = (args.train, args.val), (args.output, args.history)
    train_co_separation(settings, files, outputs, epochs("co_separation"))
