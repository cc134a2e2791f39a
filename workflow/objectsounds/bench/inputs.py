"""What the comparisons work on: clips, mixtures and dictionaries of a finished demo run."""

import itertools
import json
import shutil
from pathlib import Path

import numpy as np

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator
from objectsounds.core.tables import read_table, split_names
from objectsounds.data.mixtures import mix
from objectsounds.data.status import read_objects
from objectsounds.media.wav import read_wav
from objectsounds.signal.transforms import Stft

TRANSFORM = Stft.for_rate(48000, 0.1, 0.05)


def clips_of(run: Path, split: str) -> list[tuple[list[str], np.ndarray]]:
    """Return the objects and the waveform of each usable clip of a split, in the catalogue's order.

    Raises
    ------
    ObjectsoundsError
        If the run has no clips.
    """
    table = run / "catalogue" / "clips.tsv"
    if not table.exists():
        raise ObjectsoundsError(f"{run} is no finished run to take clips from: run `make demo` first.")
    clips, known = [], read_objects(run / "catalogue" / f"objects-{split}.tsv")
    for row in read_table(table, ("clip_id", "split", "shard")):
        if row["split"] != split or row["clip_id"] not in known:
            continue
        for folder in (run / "clips" / row["shard"] / "media").glob("*/"):
            if folder.name.partition("_")[2] == row["clip_id"]:
                clips.append(
                    (split_names(known[row["clip_id"]]["objects"]), read_wav(folder / "audio.wav")[0])
                )
    return clips


def spectrograms(run: Path, count: int) -> list[np.ndarray]:
    """Return magnitudes of shape=(2401, N) of ``count`` train clips, spread over the catalogue."""
    clips = clips_of(run, "train")
    chosen = np.linspace(0, len(clips) - 1, count).astype(int)
    return [np.abs(TRANSFORM.forward(clips[index][1])) for index in chosen]


def pairs(run: Path, count: int) -> list[tuple[list[str], np.ndarray, np.ndarray]]:
    """Return objects, mixture (T,) and references (2, T) of pairs of test clips with one object each."""
    single = [(objects[0], waveform) for objects, waveform in clips_of(run, "test") if len(objects) == 1]
    possible = [two for two in itertools.combinations(single, 2) if two[0][0] != two[1][0]]
    drawn = generator("bench", "pairs").permutation(len(possible))[:count]
    problems = []
    for index in drawn:
        (one, first), (other, second) = possible[index]
        mixture, references = mix([first, second], -23.0)
        problems.append(([one, other], mixture, np.asarray(references)))
    return problems


def settings_of(run: Path) -> dict:
    """Return the settings that a run's labels were made with."""
    import h5py

    files = sorted((run / "labels").glob("*.h5"))
    if not files:
        raise ObjectsoundsError(f"{run} is no finished run to take labels from: run `make demo` first.")
    with h5py.File(files[0]) as file:
        return json.loads(file.attrs["settings"])


def first_shard(run: Path, folder: Path) -> Path:
    """Copy the first train shard's clips into a folder; returns its ``status.tsv``."""
    source = min((run / "clips").glob("train-*"))
    shutil.copytree(source, folder / source.name)
    return folder / source.name / "status.tsv"
