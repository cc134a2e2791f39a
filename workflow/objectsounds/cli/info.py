"""Command ``info``: what a model file, a shared network or a run's folder is, in a few lines."""

import argparse
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError

OPTIONS = {}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("path", metavar="FILE|RUN", help="what export wrote, or a run's folder")
    parser.add_argument("--card", action="store_true", help="the whole model card, Markdown")


def _model(path: Path, card: bool) -> list[str]:
    from objectsounds.video.model_card import model_card, model_facts
    from objectsounds.video.model_file import read_model, read_origin
    from objectsounds.video.run_facts import About

    model, origin = read_model(path), read_origin(path)
    about = About.read(origin.about)
    return [origin.card or model_card(model, origin, about)] if card else model_facts(model, origin, about)


def _network(path: Path, card: bool) -> list[str]:
    from objectsounds.core.weights import load_weights, read_card
    from objectsounds.video.model_card import network_facts

    saved = load_weights(path)
    if "objects" not in saved or "version" not in saved:
        raise ObjectsoundsError(
            f"{path} holds weights from elsewhere ({len(saved)} tensors), of which nothing is told; "
            "name a network that `objectsounds export --network` wrote."
        )
    return [read_card(path)] if card else network_facts(saved)


def _run(path: Path, card: bool) -> list[str]:
    from objectsounds.video.run_facts import run_facts

    if card:
        raise ObjectsoundsError(f"{path} is a run; --card is of a model file, as those in {path / 'export'}.")
    return run_facts(path)


def info(path: Path, card: bool = False) -> list[str]:
    """Return the lines that tell what is at a path, or its card.

    Raises
    ------
    ObjectsoundsError
        If it is nothing of objectsounds.
    """
    import h5py

    from objectsounds.core.weights import SAFETENSORS
    from objectsounds.video.run_facts import size_in

    if path.is_dir() and (path / "catalogue").is_dir():
        kind, read = "a run", _run
    elif path.is_file() and path.suffix == SAFETENSORS:
        kind, read = "a network", _network
    elif path.is_file() and h5py.is_hdf5(path):
        kind, read = "a model", _model
    else:
        what, other = ("is neither", "nor") if path.exists() else ("does not exist: name", "or")
        raise ObjectsoundsError(
            f"{path} {what} a model file or network that export wrote, {other} the folder of a run, "
            "such as results/demo."
        )
    lines = read(path, card)
    return lines if card else [f"{path}: {kind}, {size_in(path)}", *(f"  {line}" for line in lines)]


def run(args: argparse.Namespace, settings: dict) -> None:
    """Print what is at the path."""
    print("\n".join(info(Path(args.path), args.card)))
