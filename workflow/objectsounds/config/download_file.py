"""How media are downloaded, handed to the jobs of stage ``clips`` in a file that its owner alone can read.

It is no param of their rule, since another proxy is no reason to make clips again; and it is not in their
command, which Snakemake prints, since the proxy's address may hold a password.
"""

import json
import shlex
import stat
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import written_whole

NAME = "download.json"


def download_file(settings: dict) -> Path | None:
    """Return the file of a run's download options; None where nothing is downloaded."""
    return Path(settings["results"]) / NAME if settings["clips"]["download"]["enabled"] else None


def download_option(settings: dict) -> str:
    """Return the option that names the file in the rule's command, or nothing."""
    path = download_file(settings)
    if path is None:
        return ""
    return f" --download {shlex.quote(str(path))}".replace("{", "{{").replace("}", "}}")


def write_download_file(settings: dict) -> None:
    """Write a run's download options, unless they are there: each job of a cluster reads the workflow again.

    Raises
    ------
    ObjectsoundsError
        If the folder of results cannot be written to.
    """
    path = download_file(settings)
    if path is None:
        return
    text = json.dumps(settings["clips"]["download"], indent=1) + "\n"
    try:
        if path.exists() and not stat.S_IMODE(path.stat().st_mode) & 0o077 and path.read_text() == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as temporary:
            temporary.touch(mode=0o600)
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ObjectsoundsError(
            f"{path} cannot be written ({error.strerror}): allow it, or name another folder as results."
        ) from error


def download_options(settings: dict, path: str | Path | None) -> dict:
    """Return how a job downloads media.

    Parameters
    ----------
    settings : dict
        Key ``clips.download``: all of it, or just ``enabled``, as a rule gives it.
    path : path or None
        The file of the rest.

    Raises
    ------
    ObjectsoundsError
        If the file is needed and not named, or cannot be read.
    """
    options = settings["clips"]["download"]
    if path is None and options["enabled"] and len(options) == 1:
        raise ObjectsoundsError(
            "clips.download.enabled is true, and --settings holds nothing of how: name the file of it, "
            f"--download <results>/{NAME}."
        )
    if path is None:
        return options
    try:
        return options | json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ObjectsoundsError(
            f"--download {path} cannot be read ({why}): `snakemake -n`, with the configuration of the run, "
            "writes it."
        ) from error
