"""Where the files that come with the package lie: in a clone around it, installed from a wheel within it."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
SHARE = PACKAGE / "share"  # in a wheel alone: see pyproject.toml
INSTALLED = SHARE.is_dir()
# Holds Snakefile, workflow/, config/, envs/, profiles/ and resources/.
ROOT = SHARE if INSTALLED else PACKAGE.parents[1]
# A folder for PYTHONPATH with this package alone: another environment's Python must not find its neighbours.
LIBRARY = SHARE / "library" if INSTALLED else PACKAGE.parent


def cache_folder() -> Path:
    """Return the person's folder for what can be made again, ``$XDG_CACHE_HOME/objectsounds``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "objectsounds"
