"""What a method is given: a mixture, its objects, and a model."""

from dataclasses import dataclass, field

import numpy as np

from objectsounds.dictionaries.file import Dictionary
from objectsounds.signal.transforms import Stft


@dataclass
class Problem:
    """One mixture to separate.

    Attributes
    ----------
    mixture : np.ndarray [shape=(T,)]
    objects : list of str
        The objects to separate: detected ones for guided methods, else the true ones.
    transform : Stft
    options : dict
        Section ``separate`` of the settings.
    dictionary : Dictionary or None
        With the bins of the transform.
    references : dict
        Object to true waveform; given to oracles alone.
    rate : int
        Hz.
    seed : int
        For methods that draw; another for each mixture.
    clips : list of str
        What was mixed.
    clip_of : dict
        Object to the one of these that shows it.
    model : Learned or None
        The trained network of a learned method.
    sources : int
        How many sources sound; 0 where that is not known, as in a person's own video.
    frames : list of str
        JPEG files, of a method from outside that is given them: in no order of the clips, or in a folder a
        clip where it is given them apart.
    left_out : dict
        Filled in by the method: object to the reason why it gets no estimate.
    """

    mixture: np.ndarray
    objects: list[str]
    transform: Stft
    options: dict
    dictionary: Dictionary | None = None
    references: dict[str, np.ndarray] = field(default_factory=dict)
    rate: int = 0
    seed: int = 0
    clips: list[str] = field(default_factory=list)
    clip_of: dict[str, str] = field(default_factory=dict)
    model: object | None = None
    sources: int = 0
    frames: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def apply_masks(problem: Problem, spectrogram: np.ndarray, masks: np.ndarray, names: list[str]) -> dict:
    """Return the waveform of each masked spectrogram."""
    length = len(problem.mixture)
    return {
        name: problem.transform.inverse(spectrogram * mask, length)
        for name, mask in zip(names, masks, strict=True)
    }
