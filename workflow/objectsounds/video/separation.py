"""One video or sound of any length separated into the sounds of its objects."""

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from objectsounds.config.video_options import REST, VideoOptions
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import folder_written_whole, write_json
from objectsounds.core.progress import Counter
from objectsounds.media.ffmpeg import NoSoundError
from objectsounds.media.sound_stream import SoundStream
from objectsounds.media.wav import WavWriter
from objectsounds.video.detection import Detection, look
from objectsounds.video.guided_stream import GuidedSeparator
from objectsounds.video.levels import not_heard
from objectsounds.video.model_file import Model
from objectsounds.video.own_files import MARK, check_target, length_of
from objectsounds.video.page import write_page
from objectsounds.video.remix import Remix

STEPS = ("seen", "separated")
Progress = Callable[[str, int, int], None]

log = logging.getLogger(__name__)


@dataclass
class Tools:
    """A model, with its classifier loaded when it is first wanted.

    Attributes
    ----------
    model : Model
    weights : path or None
        Of the classifier, where the model only names it.
    looking : Lock
        Held while a file's objects are chosen: of several files at a time one is looked at.
    """

    model: Model
    weights: str | None = None
    looking: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def labeller(self):
        """The classifier."""
        return self.model.load_labeller(self.weights)


def check_names(model: Model, options: VideoOptions) -> None:
    """Refuse names that the model does not know, and objects that it has no bases for.

    Raises
    ------
    ObjectsoundsError
        For the first of them.
    """
    known = [*model.objects, REST] if options.rest else model.objects
    for name in options.objects:
        if name not in model.objects:
            raise ObjectsoundsError(
                f"--objects: {name!r} is none of the model's objects; it knows {', '.join(model.objects)}."
            )
    for name in options.gains:
        if name not in known:
            hint = " (rest: with --rest)" if name == REST else ""
            raise ObjectsoundsError(
                f"--remix, --mute: {name!r} is no sound of the model{hint}; it knows {', '.join(known)}."
            )
    model.dictionary.ready(options.objects)
    _check_bases(model, options.objects, "was named")


def _check_bases(model: Model, objects: list[str], how: str) -> None:
    for name in objects:
        if not model.dictionary.of(name).shape[1]:
            reason = model.dictionary.empty.get(name, "its dictionary is empty")
            having = [other for other in model.objects if model.dictionary.of(other).shape[1]]
            raise ObjectsoundsError(
                f"{name} {how}, but the model has no basis of it ({reason}); "
                f"name the objects to separate with --objects, of {', '.join(having) or 'another model'}."
            )


def choose_objects(
    tools: Tools, path: Path, seconds: float, options: VideoOptions, progress: Callable
) -> tuple[list[str], Detection | None]:
    """Return the objects to separate in a file, and what was seen if it was looked at.

    Raises
    ------
    ObjectsoundsError
        If no object is seen in enough sections, or one that is has no bases.
    """
    if options.objects:
        return options.objects, None
    detection = look(tools.model, tools.labeller, path, seconds, progress)
    objects = detection.objects(options.min_share)
    if not objects:
        best = detection.rows()[:1]
        most = f"; the most seen is {best[0]['object']} with {best[0]['share']:.0%}" if best else ""
        raise ObjectsoundsError(
            f"{path.name}: no object was seen in {options.min_share:.0%} of the sections{most}; "
            "name the objects with --objects, or lower --min-share."
        )
    tools.model.dictionary.ready(objects)
    _check_bases(tools.model, objects, f"was seen in {path.name}")
    return objects, detection


def separate_video(
    tools: Tools,
    path: Path,
    target: Path,
    options: VideoOptions,
    progress: Progress | None = None,
    cores: int = 1,
) -> dict:
    """Separate one file into a folder.

    Parameters
    ----------
    tools : Tools
    path : Path
    target : Path
        Gets ``<object>.wav`` as 32-bit float at the file's own rate and channels, with ``rest.wav``,
        ``remix.wav`` and ``remix.mp4`` where they are wanted, ``index.html`` and ``separation.json``.
    options : VideoOptions
    progress : callable, optional
        Called with one of `STEPS` and the seconds that are done and in all; by default a terminal shows it.
    cores : int
        Threads; the result does not depend on it.

    Returns
    -------
    dict
        What ``separation.json`` holds.

    Raises
    ------
    ObjectsoundsError
        If the file cannot be separated, or the folder is there.
    """
    check_target(target, options.force)
    with SoundStream(path) as sound:  # before the frames are looked at: without a sound there is no need
        rate, channels = sound.rate, sound.channels
    seconds = length_of(path)
    progress = progress or in_terminal(path.name)
    looking, separating = (partial(_show, partial(progress, step), seconds) for step in STEPS)
    with tools.looking:
        objects, detection = choose_objects(tools, path, seconds, options, looking)
    remixed = {name: gain for name, gain in options.gains.items() if name in (*objects, REST)}
    if options.gains and not remixed:
        raise ObjectsoundsError(
            f"{path.name}: nothing to remix; its objects are {', '.join(objects)}, "
            f"not {', '.join(options.gains)}."
        )
    for name in options.gains.keys() - remixed.keys():
        log.warning("%s: no %s in it to remix", path.name, name)
    separator = GuidedSeparator(tools.model.settings, tools.model.dictionary, objects, rate, options.rest)
    if len(separator.names) == 1:
        log.warning("%s: %s", path.name, alone(objects[0]))
    facts = {
        "file": path.name,
        "rate": rate,
        "channels": channels,
        "method": tools.model.method,
        "labeller": tools.model.labeller if detection else "",
        "objects": objects,
        "seen": detection.rows() if detection else [],
        "sections": len(detection.labels) if detection else 0,
        "min_share": options.min_share,
        "tracks": separator.names,
    }
    with folder_written_whole(target) as folder:
        facts |= _write_sounds(separator, path, folder, remixed, separating, cores)
        facts["trust"], facts["levels_db"] = separator.trust, separator.levels.decibels()
        facts["not_heard"] = not_heard(facts["levels_db"], objects)
        facts["page"] = write_page(facts, path, folder, cores)
        write_json(folder / MARK, facts)
    for sentence in facts["not_heard"]:
        log.warning("%s: %s", path.name, sentence)
    return facts


def alone(name: str) -> str:
    """Return what to tell of an object that is separated alone."""
    return (
        f"{name} alone is separated, so its sound is the whole mixture; "
        "--rest gives what is none of the objects a sound of its own."
    )


def in_terminal(name: str) -> Progress:
    """Return what shows in a terminal, or in a log, how far a file is."""
    counters = {step: Counter(f"{name}: {step}") for step in STEPS}
    return lambda step, done, seconds: counters[step](done, seconds, "s")


def _show(counter: Callable[[int, int], None], seconds: float, done: float) -> None:
    counter(min(round(done), round(seconds)), round(seconds))


def _write_sounds(
    separator: GuidedSeparator,
    path: Path,
    folder: Path,
    gains: dict[str, float],
    progress: Callable,
    cores: int,
) -> dict:
    """Write the separated sounds and the remix; return what is to tell of them."""
    written, peak = 0, 0.0
    with ExitStack() as stack:
        sound = stack.enter_context(SoundStream(path))
        writers = [WavWriter(folder / f"{name}.wav", sound.form) for name in separator.names]
        remix = Remix(gains, separator.names, folder, sound.form) if gains else None
        for writer in [*writers, *([remix.writer] if remix else [])]:
            stack.callback(writer.close)
        for piece in separator.stream(sound, progress, cores=cores):
            for writer, estimate in zip(writers, piece, strict=True):
                writer.write(estimate)
            if remix:
                remix.write(piece)
            written += piece.shape[1]
            peak = max(peak, float(np.abs(piece).max(initial=0)))
        if not written:
            raise NoSoundError(f"{path.name} has no sound: its audio track is empty.")
        rate, said, lowered = sound.rate, sound.said(), remix.turn_down() if remix else 0.0
    if said:
        log.warning("%s: %s", path.name, said)
    if not peak:
        log.warning("%s is silent, and so is what was separated", path.name)
    if lowered:
        log.warning("%s: the remix would clip and was turned down by %.1f dB", path.name, lowered)
    decibels = {name: gain if np.isfinite(gain) else "mute" for name, gain in gains.items()}
    return {"seconds": written / rate, "remix": decibels, "turned_down_db": lowered}
