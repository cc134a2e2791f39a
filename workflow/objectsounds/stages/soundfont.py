"""Stage ``soundfont``: instruments that a SoundFont plays, as bases that join every dictionary's."""

import json
import logging
from pathlib import Path

from objectsounds.core.arguments import ONE, THREADS
from objectsounds.core.hdf5 import describe, new_hdf5
from objectsounds.core.progress import Counter
from objectsounds.dictionaries.performed import performed, playable

STAGE_VERSION = 1

log = logging.getLogger(__name__)


def make_soundfont(settings: dict, output: str | Path, workers: int = 1) -> None:
    """Play and factor the objects that are instruments.

    Parameters
    ----------
    settings : dict
        The keys of the stage.
    output : path
        HDF5 with one data set of shape=(performances, F, M), float32, an object; of an object that no
        program plays there is none.
    workers : int
        Processes.
    """
    options, names = settings["soundfont"], playable(list(settings["classes"]))
    fonts = [Path(name) for name in options["files"]]
    with new_hdf5(output) as file:
        describe(file, settings, STAGE_VERSION)
        file.attrs["objects"] = json.dumps(names)
        made = performed(names, options["performances"], settings, fonts, workers, Counter("soundfont"))
        for name, bases in made:
            file.create_dataset(name, data=bases)
    without = [name for name in settings["classes"] if name not in names]
    log.info("played: %s; not: %s", ", ".join(names) or "nothing", ", ".join(without) or "nothing")


OPTIONS = {"workers": {"type": THREADS, "default": 1}, "output": ONE}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    make_soundfont(settings, args.output, args.workers)
