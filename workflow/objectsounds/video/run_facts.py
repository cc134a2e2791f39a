"""What a run's folder tells of itself: its clips, scores, networks and models, for cards and ``info``."""

import dataclasses
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import h5py

from objectsounds.config.method_table import METHODS, variant_of
from objectsounds.core.hdf5 import opened
from objectsounds.core.tables import read_table

SPLITS = ("train", "val", "test")
SCORED = ("method", "group", "n_mixtures", "sdr_mean", "sdr_low", "sdr_high", "sir_mean", "sar_mean")
UNPROCESSED = "mixture"  # the method beside which the others' SDR is to be read
NETWORKS = ("network.pt", "weights.pt")
TRAINERS = ("labeller", "train", "frame_network", "unet", "wave_unet", "co_separation", "sound_of_pixels")


@dataclass(frozen=True)
class About:
    """What a model's person and run tell of it.

    Attributes
    ----------
    data, license : str
        The data that it learnt from and their licence, in the person's words; empty where not stated.
    clips : dict
        Split to the number of clips in use; empty where no run was at hand.
    scores : list of dict
        Rows of the run's summary, with the columns ``SCORED``, of the model's methods and of the
        unprocessed mixture.
    """

    data: str = ""
    license: str = ""
    clips: dict[str, int] = field(default_factory=dict)
    scores: list[dict[str, str]] = field(default_factory=list)

    @classmethod
    def read(cls, told: dict) -> "About":
        """Return what a file tells; what a later version added to it is passed over."""
        names = {item.name for item in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in told.items() if name in names})

    def as_dict(self) -> dict:
        """Return the fields, for JSON."""
        return dataclasses.asdict(self)


def clips_in(results: Path) -> dict[str, int]:
    """Return how many clips of each split are in use by a run's catalogue; empty where there is none."""
    path = results / "catalogue" / "clips.tsv"
    if not path.is_file():
        return {}
    counts = Counter(row["split"] for row in read_table(path, ("split", "used")) if row["used"] == "yes")
    return {split: counts[split] for split in SPLITS if counts[split]}


def scores_in(results: Path, methods: list[str] | None = None) -> list[dict[str, str]]:
    """Return the rows of a run's summary that have a mean, of some methods or of all; empty without one."""
    path = results / "score" / "summary.tsv"
    rows = read_table(path, SCORED) if path.is_file() else []
    wanted = None if methods is None else {*methods, UNPROCESSED}
    return [
        {name: row[name] for name in SCORED}
        for row in rows
        if row["sdr_mean"] and (wanted is None or row["method"] in wanted)
    ]


def networks_in(results: Path) -> dict[str, Path]:
    """Return a run's trained networks by the folder within the run that holds each, as ``unet/default``."""
    found = [path for stage in TRAINERS for name in NETWORKS for path in (results / stage).rglob(name)]
    return {path.parent.relative_to(results).as_posix(): path for path in found}


def methods_by(network: str, results: Path) -> list[str]:
    """Return the scored methods that separate by a network of the run's folder, as ``unet/default``."""
    stage, *parts = network.split("/")
    names = []
    for name in dict.fromkeys(row["method"] for row in scores_in(results)):
        method = METHODS.get(name.partition("@")[0])
        known = method.network.split("/") if method and method.network else []
        if known[:1] == [stage] and parts == [variant_of(name), *known[1:]]:
            names.append(name)
    return names


def run_facts(results: Path) -> list[str]:
    """Return a run's facts in a few lines: objects, clips, models, networks, scores and what made it."""
    clips, networks = clips_in(results), networks_in(results)
    models = sorted(path.name for path in (results / "export").glob("*.h5"))
    lines = [f"clips in use: {', '.join(f'{split} {count}' for split, count in clips.items()) or 'none yet'}"]
    made = next(iter(sorted((results / "dataset").glob("*/train.h5"))), None)
    if made is not None:
        with opened(made) as file:
            lines.insert(0, f"objects: {', '.join(json.loads(file.attrs['objects']))}")
            lines.append(f"dataset made by objectsounds {file.attrs['version']}, commit {_known(file)}")
    lines.append(f"models in export: {', '.join(models) or 'none yet'}")
    lines.append(f"networks: {', '.join(networks) or 'none yet'}")
    return lines + [
        f"SDR of {row['method']}, {row['group']}: {score_in_words(row)}" for row in scores_in(results)
    ]


def _known(file: h5py.File) -> str:
    return str(file.attrs["commit"]) or "unknown"


def score_in_words(row: dict) -> str:
    """Return a row of scores in words: the mean SDR with its interval and the number of mixtures."""
    interval = f" ({float(row['sdr_low']):.1f} to {float(row['sdr_high']):.1f})" if row["sdr_low"] else ""
    return f"{float(row['sdr_mean']):.1f} dB{interval}, {row['n_mixtures']} mixtures"


def size_in(path: Path) -> str:
    """Return the size of a file, or of all files in a folder, in words."""
    files = path.rglob("*") if path.is_dir() else [path]
    size = sum(item.stat().st_size for item in files if item.is_file())
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "bytes" else f"{size} bytes"
        size /= 1000
    return f"{size:.3g} GB"
