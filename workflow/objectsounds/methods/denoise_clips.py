"""The clean sounds of stage ``denoise``: the run's own test clips, or a folder's."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import fraction
from objectsounds.data.bags import open_dataset
from objectsounds.data.mixtures import single_source
from objectsounds.data.status import good_clips, read_audio
from objectsounds.methods.separation import detected_objects

log = logging.getLogger(__name__)


@dataclass
class Clip:
    """A clean sound.

    Attributes
    ----------
    name : str
        The clip id, or the name of a file without its ending.
    waveform : np.ndarray, float32 [shape=(T,)]
    rate : int
        Hz.
    objects : list of str
        What sounds.
    detected : list of str
        What was detected in its frames, or what the settings say.
    """

    name: str
    waveform: np.ndarray
    rate: int
    objects: list[str]
    detected: list[str]


def own_clips(settings: dict, table: Path, statuses: list[Path], test: Path) -> list[Clip]:
    """Return the run's single-source test clips, at most ``max_clips``, with the objects seen in them.

    ``table`` holds what sounds in the test clips in use. They are taken in an order that never changes: of
    more clips the same are taken, and some more.
    """
    sources = single_source(statuses, table, settings["classes"])
    sources.sort(key=lambda source: fraction(settings["seed"], "denoise", source[0]))
    sounds = dict(sources[: settings["denoise"]["max_clips"]])
    bags = open_dataset(test, bases=False)
    clips = []
    for status in statuses:
        for row in good_clips(status):
            name = row["clip_id"]
            if name in sounds:
                waveform, rate = read_audio(status, row)
                clips.append(Clip(name, waveform, rate, [sounds[name]], detected_objects(bags, [name])))
    if not clips:
        raise ObjectsoundsError(
            f"Nothing can be denoised: no good test clip holds exactly one object of "
            f"{', '.join(settings['classes'])}; add test clips, or name a folder in denoise.folder."
        )
    return sorted(clips, key=lambda clip: clip.name)


def folder_clips(settings: dict) -> list[Clip]:
    """Return the sounds of ``denoise.folder``, whole and mono, with the objects that the settings name.

    At most ``max_clips``, those that the settings name first. A file that cannot be decoded, or is
    silent, is left out with a warning.
    """
    # Not at the top: where no folder is given ffmpeg need not be installed.
    from objectsounds.sources.media_folder import MediaFolder

    options, rate = settings["denoise"], settings["clips"]["sample_rate"]
    files = MediaFolder(options["folder"]).files
    for stem in options["objects"]:
        if stem not in files:
            raise ObjectsoundsError(
                f"denoise.objects: {options['folder']} holds no file {stem!r} with any ending; "
                f"it holds {', '.join(sorted(files)[:10]) or 'no media'}."
            )
    seed, named = settings["seed"], options["objects"]
    chosen = sorted(files, key=lambda stem: (stem not in named, fraction(seed, "denoise", stem)))
    clips = []
    for stem in sorted(chosen[: options["max_clips"]]):
        waveform = _decoded(files[stem], rate, settings["clips"]["timeout"])
        objects = options["objects"].get(stem, [])
        if waveform is not None:
            clips.append(Clip(stem, waveform, rate, objects, objects))
    if not clips:
        raise ObjectsoundsError(f"denoise.folder: no sound can be read from {options['folder']}.")
    return clips


def _decoded(path: Path, rate: int, timeout: float) -> np.ndarray | None:
    from objectsounds.media.ffmpeg import MediaError
    from objectsounds.media.mono import decode_mono

    try:
        waveform = decode_mono(path, rate, timeout).waveform
    except MediaError as error:
        log.warning("%s is left out: %s", path, error)
        return None
    if not waveform.any():
        log.warning("%s is left out: it is silent", path)
        return None
    return waveform
