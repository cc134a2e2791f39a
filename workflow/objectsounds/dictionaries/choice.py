"""What a dictionary's rule chooses: single bases, or all bases of whole clips."""

from dataclasses import dataclass, field

import numpy as np

from objectsounds.data.bags import Bags

NO_LABEL = "no train clip has this label"


@dataclass
class Choice:
    """Which bases were chosen: parallel lists over bases, and why an object has none.

    Attributes
    ----------
    objects : list of int
        Index of the object that each basis stands for.
    clips : list of int
        Row of the clip it came from.
    bases : list of int
        Its column in that clip's W.
    scores : list of float
        What it was chosen by.
    empty : dict
        Object name to the reason why nothing was found for it.
    """

    objects: list[int] = field(default_factory=list)
    clips: list[int] = field(default_factory=list)
    bases: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    empty: dict[str, str] = field(default_factory=dict)

    def add(self, target: int, clip: int, basis: int, score: float) -> None:
        """Add one basis."""
        self.objects.append(int(target))
        self.clips.append(int(clip))
        self.bases.append(int(basis))
        self.scores.append(float(score))


def whole_clips(
    scores: np.ndarray,
    fits: np.ndarray,
    bags: Bags,
    count: int,
    why: str = NO_LABEL,
    before: np.ndarray | None = None,
) -> Choice:
    """Choose all bases of the ``count`` fitting clips with the highest score, per object.

    Parameters
    ----------
    scores, fits : np.ndarray [shape=(n, L)]
    bags : Bags
    count : int
    why : str
        Why an object has no basis; ``{labelled}`` stands for its number of visual labels.
    before : np.ndarray, bool [shape=(n, L)], optional
        Clips that are taken before all others of an object, whatever their score.
    """
    choice = Choice()
    later = np.zeros(fits.shape, bool) if before is None else ~before
    for target, name in enumerate(bags.objects):
        clips = np.flatnonzero(fits[:, target])
        order = np.lexsort((-scores[clips, target], later[clips, target]))
        for clip in clips[order][:count]:
            for basis in range(bags.bases_shape[2]):
                choice.add(target, clip, basis, scores[clip, target])
        if not len(clips):
            labelled = int((bags.targets[:, target] == 1).sum())
            choice.empty[name] = why.format(labelled=labelled) if labelled else NO_LABEL
    return choice
