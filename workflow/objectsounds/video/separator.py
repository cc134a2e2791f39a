"""Separation in a notebook: the sounds of a video's objects as arrays.

>>> from objectsounds import Separator
>>> separator = Separator.load("results/demo")
>>> sounds = separator.separate("video.mp4", objects=["piano", "violin"])

``sounds["violin"]`` is a waveform of shape=(T, channels) at ``sounds.rate`` Hz:

>>> list(sounds)
['piano', 'violin']
>>> sounds["violin"].shape[0] / sounds.rate == sounds.seconds
True
"""

import logging
from pathlib import Path

import numpy as np

from objectsounds.config.video_options import MIN_SHARE, VideoOptions
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.media.ffmpeg import NoSoundError
from objectsounds.media.sound_stream import SoundStream
from objectsounds.video.guided_stream import GuidedSeparator
from objectsounds.video.levels import not_heard
from objectsounds.video.model_file import model_of_run, read_model
from objectsounds.video.own_files import length_of
from objectsounds.video.separation import Tools, alone, check_names, choose_objects
from objectsounds.video.starter import NAME as STARTER
from objectsounds.video.starter import starter_model

log = logging.getLogger(__name__)


class Sounds(dict):
    """Object to waveform, float32 [shape=(T, channels)].

    Attributes
    ----------
    rate : int
        Hz.
    seen : list of dict
        What was seen, as in ``separation.json``; empty where the objects were named.
    trust : float or None
        How far the sounds can be trusted, as in `objectsounds.methods.trust`; None where that is not known.
    levels_db : dict
        Each sound's level against the mixture; empty where that is silent.
    not_heard : list of str
        A sentence for each object that is hardly in the mixture.
    """

    rate: int = 0
    seen: list[dict]
    trust: float | None = None
    levels_db: dict[str, float]
    not_heard: list[str]

    @property
    def seconds(self) -> float:
        """Length in s."""
        return len(next(iter(self.values()))) / self.rate


class Separator:
    """Separates videos and sounds by a model; whole sounds are held in memory."""

    def __init__(self, tools: Tools):
        self.tools = tools

    @classmethod
    def load(
        cls, path: str | Path = STARTER, method: str | None = None, weights: str | Path | None = None
    ) -> "Separator":
        """Return the separator of a run's folder, of a model file, or of the starter.

        Parameters
        ----------
        path : path, or ``starter``
            The starter is the default.
        method : str, optional
            Of a run's models; by default ``miml``.
        weights : path, optional
            Of ImageNet's classifier, where the model only names it.

        Raises
        ------
        ObjectsoundsError
            If there is no such model.
        """
        if path == STARTER and not Path(path).exists():
            model = starter_model()
        else:
            model = read_model(model_of_run(path, method) if Path(path).is_dir() else path)
        return cls(Tools(model, str(weights) if weights else None))

    @property
    def objects(self) -> list[str]:
        """The objects that the model knows."""
        return self.tools.model.objects

    def separate(
        self,
        path: str | Path,
        objects: list[str] | None = None,
        *,
        rest: bool = False,
        min_share: float = MIN_SHARE,
    ) -> Sounds:
        """Separate a video or sound.

        Parameters
        ----------
        path : path
        objects : list of str, optional
            By default those that are seen.
        rest : bool
            Whether what is none of the objects gets a sound of its own, ``rest``.
        min_share : float
            Share of the video's sections in which an object must be seen.

        Returns
        -------
        Sounds
            Together they are the sound of the file.

        Raises
        ------
        ObjectsoundsError
            If the file or its objects cannot be separated, in one sentence.
        """
        model, path = self.tools.model, Path(path)
        if not path.is_file():
            raise ObjectsoundsError(f"{path} does not exist.")
        options = VideoOptions(list(objects or []), min_share, rest)
        check_names(model, options)
        with SoundStream(path) as sound:
            chosen, detection = choose_objects(self.tools, path, length_of(path), options, lambda done: None)
            separator = GuidedSeparator(model.settings, model.dictionary, chosen, sound.rate, rest)
            pieces = list(separator.stream(sound))
        if not pieces:
            raise NoSoundError(f"{path.name} has no sound: its audio track is empty.")
        if len(separator.names) == 1:
            log.warning("%s: %s", path.name, alone(chosen[0]))
        whole = np.concatenate(pieces, axis=1)
        sounds = Sounds(zip(separator.names, whole, strict=True))
        sounds.rate, sounds.seen = sound.rate, detection.rows() if detection else []
        sounds.trust, sounds.levels_db = separator.trust, separator.levels.decibels()
        sounds.not_heard = not_heard(sounds.levels_db, chosen)
        for sentence in sounds.not_heard:
            log.warning("%s: %s", path.name, sentence)
        return sounds
