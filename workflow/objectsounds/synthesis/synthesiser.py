"""The package tinysoundfont, which plays the notes.

It asks for PyAudio, which only live playback needs and which has to be compiled: so it is no dependency of
ours. ``make setup`` installs it without its dependencies; where it is missing, it is had when first wanted.
"""

import importlib
import importlib.util
import logging
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import ROOT, cache_folder

NAME = "tinysoundfont"
log = logging.getLogger(__name__)


def _folder() -> Path:
    """Return a folder for this Python: the package holds compiled code."""
    return cache_folder() / f"{NAME}-{sys.implementation.cache_tag}"


def _install(folder: Path) -> None:
    """Install the tested version into a folder, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}.")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", "--constraint", str(ROOT / "constraints.txt")]
    command += ["--target", partial, "--requirement", str(ROOT / "requirements-nodeps.txt")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip() or "pip failed").splitlines()[-1]
            raise ObjectsoundsError(
                f"{NAME}, which plays SoundFonts, could not be had ({said}): "
                f"install it with pip install --no-deps {NAME}."
            )
        if not folder.exists():  # another run may have been quicker
            Path(partial).rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def tinysoundfont() -> ModuleType:
    """Return the package, after it has been installed where it is missing.

    Raises
    ------
    ObjectsoundsError
        If it cannot be had.
    """
    if importlib.util.find_spec(NAME) is None:
        folder = _folder()
        if not folder.exists():
            log.info("%s is missing: pip installs it into %s", NAME, folder)
            _install(folder)
        sys.path.append(str(folder))
        importlib.invalidate_caches()
    return importlib.import_module(NAME)
