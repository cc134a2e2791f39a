"""Stage ``dictionary_gaussian``: random bases, as many as another dictionary has (Gao 4.3)."""

from pathlib import Path

import numpy as np

from objectsounds.core.arguments import ONE
from objectsounds.core.seeds import generator
from objectsounds.dictionaries.file import read_dictionary, write_dictionary

STAGE_VERSION = 3


def make_gaussian(settings: dict, like: str | Path, output: str | Path) -> None:
    """Draw random non-negative bases, as many for each object as another dictionary has (Gao 4.3).

    Parameters
    ----------
    settings : dict
        Key ``seed``.
    like : path
        The dictionary whose sizes are taken.
    output : path
    """
    model = read_dictionary(like)
    bases = np.empty_like(model.bases)
    for index, name in enumerate(model.objects):
        rows = model.owners == index
        draw = generator(settings["seed"], "dictionary", "gaussian", name)
        bases[rows] = np.abs(draw.standard_normal((rows.sum(), bases.shape[1]), dtype=np.float32))
    origin = {
        "clip_id": [""] * len(bases),
        "basis": np.full(len(bases), -1),
        "score": np.zeros(len(bases), np.float32),
    }
    write_dictionary(
        output,
        settings,
        STAGE_VERSION,
        "gaussian",
        model.objects,
        model.owners.tolist(),
        bases,
        origin,
        model.empty,
    )


OPTIONS = {"like": ONE | {"help": "the dictionary whose sizes it takes"}, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    make_gaussian(settings, args.like, args.output)
