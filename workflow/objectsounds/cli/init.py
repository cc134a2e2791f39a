"""Command ``init``: lay out a folder's config/config.yaml and profiles/, to be edited."""

import argparse
import shutil
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import ROOT

OPTIONS: dict[str, dict] = {}
FILES = ("config/config.yaml", "profiles/*/profile.v9+.yaml", "profiles/README.md")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the folder."""
    parser.add_argument("folder", metavar="FOLDER", help="made where it is not there")


def lay_out(folder: Path) -> None:
    """Copy what a person edits into a folder; what is there stays as it is.

    Raises
    ------
    ObjectsoundsError
        If the folder cannot be written.
    """
    for pattern in FILES:
        for source in sorted(ROOT.glob(pattern)):
            target = folder / source.relative_to(ROOT)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with source.open("rb") as text, target.open("xb") as file:
                    shutil.copyfileobj(text, file)
            except FileExistsError:
                print(f"{target} is there, and stays.")
            except OSError as error:
                raise ObjectsoundsError(
                    f"{target} cannot be written ({error.strerror}): name another folder."
                ) from error
            else:
                print(f"{target} was written.")


def run(args: argparse.Namespace, settings: dict) -> None:
    """Lay out the folder that was named."""
    lay_out(Path(args.folder))
    print(f"Edit {args.folder}/config/config.yaml, then run there: objectsounds run --cores all")
