"""Which clips are chosen, and which shard each belongs to, for good."""

import functools
import math
from collections import Counter
from operator import attrgetter

from objectsounds.config.classes import added_of
from objectsounds.config.job_resources import clips_within
from objectsounds.core.seeds import fractions
from objectsounds.core.tables import split_names
from objectsounds.sources.clip_rows import ClipRow, row_of
from objectsounds.sources.segments import BadRow
from objectsounds.sources.splits import SPLITS, placed_clips
from objectsounds.sources.truth import add_truth

AUTO = "auto"
FEW_CLIPS = 64  # of an automatic shard: minutes of work, beside which the start of its jobs is little
MANY_SHARDS = 2000  # Snakemake plans three jobs of each: seconds, and as many jobs at once as clusters give


def _chosen(rows: list[ClipRow], settings: dict, limit: int | None) -> list[ClipRow]:
    """Return the rows of the wanted classes, at most ``limit`` a class, by a rank that never changes.

    Rows of which nothing is known are all taken: their labels are what is seen in them.
    """
    wanted, seed = set(settings["classes"]), settings["seed"]

    @functools.cache
    def wanted_in(objects: str) -> set[str]:
        return wanted.intersection(split_names(objects))

    counts: Counter = Counter()
    chosen = []
    by_name = sorted(rows, key=attrgetter("clip_id"))  # decides between equal ranks
    rank = fractions(seed, "catalogue")
    for row in sorted(by_name, key=lambda row: rank(row.clip_id)):
        hits = wanted_in(row.objects)
        if not row.objects or (hits and (limit is None or any(counts[name] < limit for name in hits))):
            counts.update(hits)
            chosen.append(row)
    return chosen


def choose_clips(settings: dict) -> tuple[list[ClipRow], list[BadRow]]:
    """Choose the clips of all splits, in the order in which they fill shards.

    Returns
    -------
    rows : list of ClipRow
        Without shards; by split, then by rank.
    rejected : list of BadRow
    """
    clips, rejected = placed_clips(settings)
    candidates: dict[str, list[ClipRow]] = {split: [] for split in SPLITS}
    for clip in clips:
        candidates[clip.split].append(row_of(clip.item, clip.split))
    del clips
    rows = []
    for split in SPLITS:
        limit = settings["catalogue"]["clips_per_class"][split]
        rows += _chosen(candidates.pop(split), settings, limit)
    if settings["catalogue"]["truth"] is not None:
        rejected += add_truth(rows, settings["catalogue"]["truth"], added_of(settings))
    return rows, rejected


def shard_size(catalogue: dict, clips: int) -> int:
    """Return how many clips a new shard of a catalogue takes.

    Automatic shards are of `FEW_CLIPS`, and larger where they would be more than `MANY_SHARDS`, unless their
    longest job would then ask for more than ``job_minutes``.

    Parameters
    ----------
    catalogue : dict
        The section of the settings.
    clips : int
        Of all splits.
    """
    wanted = catalogue["clips_per_shard"]
    if wanted != AUTO:
        return wanted
    return min(max(FEW_CLIPS, math.ceil(clips / MANY_SHARDS)), clips_within(catalogue))


def assign_shards(rows: list[ClipRow], earlier: list[ClipRow], clips_per_shard: int) -> list[ClipRow]:
    """Give every clip its shard, and return all of them, those of ``earlier`` first, in their places.

    A clip of ``earlier`` that is not in ``rows``, or now in another split, stays in its shard, marked as
    not used. One whose file, picture or end is another in the list is followed: it is another clip of the
    same id, and its shard is made again. New clips open new shards, one split each.
    """
    known = {row.clip_id: row for row in rows} if earlier else {}
    last = dict.fromkeys(SPLITS, -1)
    assigned = []
    for row in earlier:
        last[row.split] = max(last[row.split], int(row.shard.rpartition("-")[2]))
        now = known.get(row.clip_id)
        if now is not None and now.split == row.split:
            now.shard = row.shard
            assigned.append(now)
        else:
            row.used = "no"
            assigned.append(row)
    for split in SPLITS:
        new = [row for row in rows if row.split == split and not row.shard]
        for start in range(0, len(new), clips_per_shard):
            last[split] += 1
            for row in new[start : start + clips_per_shard]:
                row.shard = f"{split}-{last[split]:05d}"
        assigned += new
    return assigned
