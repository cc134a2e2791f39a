"""Stage ``separate_videos``: your own videos and sounds, of any length, separated into their objects.

The objects are those seen in enough sections of the video, or those that are named. Each file gets a
folder of its own, which appears whole or not at all.
"""

import logging
from pathlib import Path

from objectsounds.config.video_options import VideoOptions
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.writable import check_writable
from objectsounds.video.model_file import Model
from objectsounds.video.own_files import files_of
from objectsounds.video.separation import Tools, check_names, separate_video

STAGE_VERSION = 5

log = logging.getLogger(__name__)


def separate_videos(
    model: Model,
    videos: list[str],
    output: str | Path,
    options: VideoOptions,
    weights: str | None = None,
) -> None:
    """Separate files, each into a folder of its name in ``output``; one that fails does not stop the others.

    Parameters
    ----------
    model : Model
    videos : list of path
        Files, or folders of them.
    output : path
    options : VideoOptions
    weights : path, optional
        Of the classifier, where the model only names it.

    Raises
    ------
    ObjectsoundsError
        At the end, if any file was not separated.
    """
    tools = Tools(model, weights)
    check_names(tools.model, options)
    files, failed = files_of(videos), []
    check_writable(output, "--output")
    for path, name in files.items():
        try:
            facts = _guarded(tools, path, Path(output) / name, options)
            print("\n".join(told(facts, Path(output) / name)), flush=True)
        except ObjectsoundsError as error:
            if len(files) == 1:
                raise
            log.error("%s", error if path.name in str(error) else f"{path.name}: {error}")
            failed.append(path.name)
    if failed:
        raise ObjectsoundsError(
            f"{len(failed)} of {len(files)} files were not separated: {', '.join(failed)}."
        )


def _guarded(tools: Tools, path: Path, target: Path, options: VideoOptions) -> dict:
    try:
        return separate_video(tools, path, target, options)
    except OSError as error:
        place = error.filename or target
        raise ObjectsoundsError(f"{path.name}: {place}: {error.strerror or error}.") from error


def told(facts: dict, target: Path) -> list[str]:
    """Return the lines that tell what was seen in a file and what was written."""
    channels = "1 channel" if facts["channels"] == 1 else f"{facts['channels']} channels"
    lines = [f"{facts['file']}: {facts['seconds']:.1f} s, {facts['rate']} Hz, {channels}"]
    for row in facts["seen"]:
        out = "" if row["object"] in facts["objects"] else f", less than {facts['min_share']:.0%}: left out"
        lines.append(
            f"  seen: {row['object']} in {row['sections']} of {facts['sections']} sections, "
            f"probability {row['probability']:.2f}{out}"
        )
    trust = "" if facts["trust"] is None else f"; trust {facts['trust']:.2f}"
    return [*lines, f"  separated: {', '.join(facts['tracks'])}{trust}", f"  {target / 'index.html'}"]
