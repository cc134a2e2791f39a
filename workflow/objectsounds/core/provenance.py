"""What made a result: the version, and the commit where it is known. Never a reason to run again."""

import functools
import shlex
import subprocess
import sys
from importlib import metadata

from objectsounds import __version__
from objectsounds.core.places import ROOT

PACKAGES = ("numpy", "scipy", "torch", "h5py", "librosa", "scikit-learn", "opencv-python-headless", "yt-dlp")


@functools.cache
def commit() -> str:
    """Return the commit of the code, with ``+`` if files were changed since; empty where there is no git."""
    if not (ROOT / ".git").exists():  # installed: a repository above it is another project's
        return ""
    known = ["git", "-C", str(ROOT)]
    try:
        head = subprocess.run([*known, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*known, "diff", "--quiet", "HEAD"], capture_output=True, check=False)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("+" if changed.returncode == 1 else "")


def packages() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on, those that are installed."""
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def first_lines(arguments: list[str]) -> list[str]:
    """Return the first lines of a job's log: versions, then the command with its settings and inputs."""
    versions = ", ".join(f"{name} {version}" for name, version in packages().items())
    return [
        f"objectsounds {__version__}, commit {commit() or 'unknown'}; {versions}",
        f"python -m objectsounds {shlex.join(arguments)}",
    ]
