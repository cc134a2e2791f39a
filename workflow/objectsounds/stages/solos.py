"""Stage ``solos``: clips with one label, any, or unasked, at one rate: what the separators learn from.

The label is what is seen (``solos.supervision: visual``), so that these methods know no more than MIML
does; ``trusted`` takes those clips alone that the dictionary of ``miml`` is made of. No performance may be
learnt from that another split holds too: that would be its answer.
"""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

from objectsounds.core.arguments import MANY, ONE, RATE, SOME
from objectsounds.core.files import written_whole
from objectsounds.core.hdf5 import describe
from objectsounds.core.progress import tracker
from objectsounds.data.bags import open_dataset
from objectsounds.data.solos import FULL, check_performances, label_confidence, read_performances, solo_labels
from objectsounds.data.status import good_clips, read_audio
from objectsounds.dictionaries.file import read_dictionary
from objectsounds.dictionaries.performed import SECONDS, clip_name, playable
from objectsounds.synthesis.performances import performances

STAGE_VERSION = 2
CHUNK = 2**16  # samples

log = logging.getLogger(__name__)


def _append(sounds: h5py.Dataset, waveform: np.ndarray) -> float:
    """Write a clip behind those before it, so that one alone is in memory; returns its level, linear."""
    sounds.resize(len(sounds) + len(waveform), axis=0)
    sounds[len(sounds) - len(waveform) :] = waveform
    return float(np.sqrt(np.mean((waveform / FULL) ** 2))) if len(waveform) else 0.0


def make_solos(
    settings: dict,
    rate: int,
    dataset: str | Path,
    statuses: list[str],
    elsewhere: list[str],
    output: str | Path,
    progress: Callable = iter,
    labels: str = "one",
    dictionary: str | Path | None = None,
    play: bool = False,
) -> None:
    """Gather a split's solo clips.

    Parameters
    ----------
    settings : dict
        Keys ``solos`` and ``soundfont.files``.
    rate : int
        Hz, to which the clips are resampled.
    dataset : path
        The split's aggregated HDF5, for its labels.
    statuses : list of path
        Of the split's shards.
    elsewhere : list of path
        What the clips in use of the other splits are sections of.
    output : path
        HDF5 with ``waveform`` (all samples in a row, int16), ``start`` (n + 1,), ``rms`` (n,),
        ``label`` (n,) and ``clip_id`` (n,); attributes ``objects`` and ``rate``. With labels
        ``any``, ``label`` is the surest one, and ``confidence`` (n, L) has all; with ``unasked`` it is -1.
    progress : callable
        Wraps the shards.
    labels : str
        ``one``: clips with exactly one label; ``any``: with one or more; ``unasked``: all, without labels.
    dictionary : path, optional
        Whose clips are trusted; without it those of one visual label are taken.
    play : bool
        Whether the SoundFont's performances join the clips. Their ids are no clips'.
    """
    from objectsounds.media.wav import resampled

    bags = open_dataset(dataset, bases=False)
    supervision = "audioset" if settings["solos"]["supervision"] == "audioset" else "visual"
    sure = label_confidence(bags, supervision)
    if labels == "unasked":
        label_of = dict.fromkeys(bags.clip_ids, -1)
    elif labels == "any":
        label_of = {name: int(row.argmax()) for name, row in sure.items()}
    elif dictionary is not None:
        trusted = read_dictionary(dictionary).clip_objects()
        label_of = {name: bags.objects.index(label) for name, label in trusted.items()}
    else:
        label_of = solo_labels(bags, supervision)
    kept: list[dict] = []
    powers: list[float] = []
    played: list[tuple[str, int]] = []
    with written_whole(output) as temporary, h5py.File(temporary, "w") as file:
        sounds = file.create_dataset("waveform", (0,), np.int16, maxshape=(None,), chunks=(CHUNK,))
        starts = [0]
        for status in progress(statuses):
            for row in good_clips(status):
                if row["clip_id"] in label_of:
                    waveform, own = read_audio(status, row)
                    kept.append(row)
                    scaled = np.clip(resampled(waveform, own, rate), -1, 1) * FULL
                    powers.append(_append(sounds, np.round(scaled).astype(np.int16)))
                    starts.append(len(sounds))
        check_performances(kept, read_performances(elsewhere))
        for name, wave in played_solos(settings, bags.objects, rate) if play else ():
            powers.append(_append(sounds, np.round(np.clip(wave, -1, 1) * FULL).astype(np.int16)))
            starts.append(len(sounds))
            played.append((clip_name(len(played)), bags.objects.index(name)))
        label_of |= dict(played)
        ids = [row["clip_id"] for row in kept] + [name for name, _ in played]
        describe(file, settings, STAGE_VERSION)
        file.attrs["objects"] = json.dumps(bags.objects)
        file.attrs["rate"] = rate
        file.create_dataset("start", data=np.array(starts))
        file.create_dataset("rms", data=np.array(powers))
        file.create_dataset("label", data=np.array([label_of[name] for name in ids], dtype=np.int64))
        file.create_dataset("clip_id", data=ids, dtype=h5py.string_dtype())
        if labels == "any":
            shape = (len(ids), len(bags.objects))
            file.create_dataset("confidence", data=np.reshape([sure[name] for name in ids], shape))
    kind = {"one": "have exactly one label", "any": "have a label", "unasked": "are good"}[labels]
    kind = "are trusted" if dictionary is not None else kind
    log.info("%d of %d clips %s", len(kept), len(bags.clip_ids), kind)
    if played:
        log.info("%d performances of a SoundFont beside them", len(played))


def played_solos(settings: dict, objects: list[str], rate: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield an instrument and a performance of it, float32 [shape=(T,)], as often as settings say.

    They are the same in every run, whatever its seed.
    """
    fonts = [Path(name) for name in settings["soundfont"]["files"]]
    for name in playable(objects):
        for wave in performances(name, settings["solos"]["performances"], SECONDS, rate, 0, fonts):
            yield name, wave


OPTIONS = {
    "rate": ONE | {"type": RATE, "help": "Hz"},
    "dataset": ONE | {"help": "the split's data set, for its labels"},
    "status": MANY,
    "elsewhere": SOME | {"help": "the other splits' performances"},
    "labels": {"choices": ["one", "any", "unasked"], "default": "one", "help": "how many a clip may have"},
    "dictionary": {"help": "the dictionary whose clips are trusted"},
    "play": {"action": "store_true", "help": "have the SoundFont's performances beside the clips"},
    "output": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    inputs = (args.dataset, args.status, args.elsewhere)
    files = (*inputs, args.output, tracker("solos"))
    make_solos(settings, args.rate, *files, args.labels, args.dictionary, args.play)
