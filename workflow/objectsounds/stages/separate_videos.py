"""Stage ``separate_videos``: your own videos and sounds, of any length, separated into their objects.

The objects are those seen in enough sections of the video, or those that are named. Each file gets a
folder of its own, which appears whole or not at all.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from objectsounds.config.video_options import VideoOptions
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.prefetch import prefetched
from objectsounds.core.writable import check_writable
from objectsounds.video.model_file import Model
from objectsounds.video.own_files import files_of
from objectsounds.video.separation import Tools, check_names, in_terminal, separate_video

STAGE_VERSION = 7

log = logging.getLogger(__name__)


def separate_videos(
    model: Model,
    videos: list[str],
    output: str | Path,
    options: VideoOptions,
    weights: str | None = None,
    cores: int = 1,
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
    cores : int
        Files that are separated at a time, where there are so many; a file that is alone has them all. What
        is written and printed does not depend on it.

    Raises
    ------
    ObjectsoundsError
        At the end, if any file was not separated.
    """
    tools = Tools(model, weights)
    check_names(tools.model, options)
    files, failed = files_of(videos), []
    check_writable(output, "--output")
    for path, made in zip(files, _each(tools, files, Path(output), options, cores), strict=True):
        if isinstance(made, ObjectsoundsError):
            if len(files) == 1:
                raise made
            log.error("%s", made if path.name in str(made) else f"{path.name}: {made}")
            failed.append(path.name)
        else:
            print("\n".join(told(made, Path(output) / files[path])), flush=True)
    if failed:
        raise ObjectsoundsError(
            f"{len(failed)} of {len(files)} files were not separated: {', '.join(failed)}."
        )


def _each(
    tools: Tools, files: dict[Path, str], output: Path, options: VideoOptions, cores: int
) -> Iterator[dict | ObjectsoundsError]:
    """Yield what was made of each file, in their order, or why it was not."""
    at_once, stopped = min(cores, len(files)), Event()

    def job(file: tuple[Path, str]) -> dict | ObjectsoundsError:
        path, name = file
        try:
            return _guarded(tools, path, output / name, options, cores // at_once, stopped)
        except ObjectsoundsError as error:
            return error

    # Interrupted, files at work end with their next block.
    yield from map(job, files.items()) if at_once == 1 else prefetched(job, files.items(), at_once, stopped)


def _guarded(
    tools: Tools, path: Path, target: Path, options: VideoOptions, cores: int, stopped: Event
) -> dict:
    shown = in_terminal(path.name)

    def progress(step: str, done: int, seconds: int) -> None:
        if stopped.is_set():
            raise ObjectsoundsError(f"{path.name}: interrupted.")
        shown(step, done, seconds)

    try:
        return separate_video(tools, path, target, options, progress, cores)
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
