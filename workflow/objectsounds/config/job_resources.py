"""What each job asks of a cluster: memory, time and disk, from the settings, more at each attempt; a GPU.

The figures are three to five times what the demo's jobs took on one core (their benchmarks), so that most
jobs pass at the first attempt; one that was killed asks again for two, then three times as much.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from objectsounds.config.classes import classes_of
from objectsounds.config.kind_table import KINDS

PROCESS = 500  # MB: beside the stage, Snakemake runs twice on the node of a job
GROWTH = (
    3  # the most that later attempts multiply by: a training that is stopped often needs no more each time
)
DOWNLOAD_SECONDS = 30.0  # s a clip
SPARE_DISK = 1000  # MB


@dataclass(frozen=True)
class Request:
    """Memory (MB) and time (min) of a job; what each clip or mixture in it adds to time (s) and disk (MB)."""

    memory: int
    minutes: int
    clip_seconds: float = 0.0
    mixture_seconds: float = 0.0
    clip_mb: float = 0.0


REQUESTS = {
    "demo": Request(3000, 20),
    "catalogue": Request(2000, 20),
    "clips": Request(1000, 5, clip_seconds=2, clip_mb=10),
    "bases": Request(1000, 5, clip_seconds=8, clip_mb=10),
    "labeller": Request(2500, 60),
    "labels": Request(3000, 10, clip_seconds=15, clip_mb=10),
    "ablation": Request(3000, 10, clip_seconds=60, clip_mb=10),
    "ablation_table": Request(2000, 20),
    "dataset": Request(2000, 30),
    "train": Request(2000, 240),
    "soundfont": Request(1500, 60),
    "dictionary": Request(2000, 60),
    "dictionary_gaussian": Request(2000, 60),
    "mixtures_table": Request(1000, 20),
    "mixtures": Request(1000, 10, mixture_seconds=1),
    "separate": Request(1500, 10, mixture_seconds=12),
    "solos": Request(4000, 60),
    "frame_network": Request(4000, 240),
    "frame_predictions": Request(2000, 60),
    "unet": Request(8000, 480),
    "wave_unet": Request(8000, 480),
    "co_separation": Request(8000, 480),
    "sound_of_pixels": Request(8000, 480),
    "pixel_features": Request(2000, 60),
    "separate_external": Request(4000, 10, mixture_seconds=60),
    "separate_learned": Request(4000, 10, mixture_seconds=12),
    "masks": Request(4000, 120),
    "score": Request(1000, 10, mixture_seconds=4),
    "score_tables": Request(1000, 20),
    "denoise": Request(2000, 120),
    "leakage": Request(4000, 240),
    "export": Request(2000, 20),
    "separate_video": Request(2000, 240),
    "experiments": Request(4000, 60),
    "publication": Request(1000, 20),
    "report": Request(2000, 60),
}


PER_SHARD = ("clips", "bases", "labels")  # what a whole run computes of every shard
Sizes = Callable[[str], int]  # of a shard by its name, clips


def _weight(catalogue: dict) -> float:
    """Return for how many clips of 10 s a clip counts."""
    seconds = KINDS[catalogue["kind"]].clip_seconds or catalogue["section_seconds"]
    return max(1.0, seconds / 10)


def clips_within(catalogue: dict) -> int:
    """Return the most clips of a shard whose jobs ask for ``job_minutes`` at most, downloads left out."""
    costs = [REQUESTS[name] for name in PER_SHARD]
    most = min((catalogue["job_minutes"] - cost.minutes) * 60 / cost.clip_seconds for cost in costs)
    return max(1, int(most / _weight(catalogue)))


def _clips(settings: dict, wildcards: Any, sizes: Sizes) -> float:
    """Return the clips that a job handles, longer ones counting for more; 0 where it is of no shard."""
    shard = getattr(wildcards, "shard", None)
    return 0.0 if shard is None else sizes(shard) * _weight(settings["catalogue"])


def _mixtures(settings: dict) -> float:
    """Return the most mixtures that a block can hold."""
    options = settings["mixtures"]
    groups = len({item.group for item in classes_of(settings)}) + 1  # and across them
    return options["max_pairs"] * groups * len(options["sources"]) / options["blocks"]


def minutes(settings: dict, name: str, sizes: Sizes) -> Callable:
    """Return a resource function: the minutes that a job of a stage, or of a rule so named, may take."""
    need = REQUESTS[name]
    per_clip = need.clip_seconds
    if name == "clips" and settings["clips"]["download"]["enabled"]:
        per_clip += DOWNLOAD_SECONDS
    mixing = need.mixture_seconds * _mixtures(settings)

    def runtime(wildcards: Any, attempt: int) -> int:
        seconds = per_clip * _clips(settings, wildcards, sizes) + mixing
        return math.ceil(need.minutes + seconds / 60) * min(attempt, GROWTH)

    return runtime


def memory(settings: dict, name: str) -> Callable:
    """Return a resource function: the MB that a job of a stage, or of a rule so named, may take."""
    base = REQUESTS[name].memory + PROCESS
    if name != "train":
        return lambda wildcards, attempt: base * min(attempt, GROWTH)
    most = settings["train"]["memory_gb"] * 1000

    def mem_mb(wildcards: object, input: Any, attempt: int) -> int:
        # Bases are kept in memory up to a limit, and are there twice while they are normalised.
        return (base + math.ceil(2.2 * min(most, input.size_mb))) * min(attempt, GROWTH)

    return mem_mb


def disk(settings: dict, name: str, sizes: Sizes) -> Callable:
    """Return a resource function: the MB that a job writes or fetches, from its clips, else its inputs.

    Not from both: looking at the inputs of thousands of shards is a fifth of the time of planning.
    """
    clip_mb = REQUESTS[name].clip_mb

    def of_clips(wildcards: Any, attempt: int) -> int:
        return math.ceil(SPARE_DISK + clip_mb * _clips(settings, wildcards, sizes)) * min(attempt, GROWTH)

    def of_inputs(wildcards: Any, input: Any, attempt: int) -> int:
        return math.ceil(SPARE_DISK + 2 * input.size_mb) * min(attempt, GROWTH)

    return of_clips if clip_mb else of_inputs


def requested(settings: dict, name: str, device: str, sizes: Sizes) -> dict:
    """Return the resources of a rule, by Snakemake's names.

    A GPU is asked for where the settings say ``cuda``; ``auto`` takes one where the job finds it, and asks
    for none. ``sizes`` returns the clips of a shard, and is asked when a job is planned.
    """
    found = {"mem_mb": memory(settings, name), "runtime": minutes(settings, name, sizes)}
    return found | {"disk_mb": disk(settings, name, sizes)} | ({"gpu": 1} if device == "cuda" else {})
