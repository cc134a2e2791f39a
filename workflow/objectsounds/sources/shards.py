"""Which clips are chosen, and which shard each belongs to, for good."""

from collections import Counter

from objectsounds.config.classes import added_of
from objectsounds.core.seeds import fraction
from objectsounds.core.tables import join_names, split_names
from objectsounds.data.status import SHARD_COLUMNS
from objectsounds.sources.candidates import Candidate
from objectsounds.sources.segments import BadRow
from objectsounds.sources.splits import SPLITS, placed_clips
from objectsounds.sources.truth import add_truth

FOLLOWED = ("source", "picture", "start", "end")


def _chosen(rows: list[dict], classes: list[str], limit: int | None) -> list[dict]:
    """Return the rows of the wanted classes, at most ``limit`` a class, by a rank that never changes.

    Rows of which nothing is known are all taken: their labels are what is seen in them.
    """
    wanted = set(classes)
    counts: Counter = Counter()
    chosen = []
    for row in sorted(rows, key=lambda row: (row["rank"], row["clip_id"])):
        hits = wanted.intersection(split_names(row["objects"]))
        open_classes = [name for name in hits if limit is None or counts[name] < limit]
        if open_classes or not row["objects"]:
            counts.update(hits)
            chosen.append(row)
    return chosen


def _row(item: Candidate, split: str, seed: int) -> dict:
    return {
        "clip_id": item.clip_id,
        "source": item.source,
        "picture": item.picture,
        "start": f"{item.start:.3f}",
        "end": f"{item.end:.3f}",
        "split": split,
        "objects": join_names(item.objects),
        "visible": item.visible,
        "rank": fraction(seed, "catalogue", item.clip_id),
    }


def choose_clips(settings: dict) -> tuple[list[dict], list[BadRow]]:
    """Choose the clips of all splits, in the order in which they fill shards.

    Returns
    -------
    rows : list of dict
        With the columns of ``clips.tsv`` but for ``shard`` and ``used``, and with ``objects``, ``visible``.
    rejected : list of BadRow
    """
    clips, rejected = placed_clips(settings)
    candidates = [_row(clip.item, clip.split, settings["seed"]) for clip in clips]
    rows = []
    for split in SPLITS:
        limit = settings["catalogue"]["clips_per_class"][split]
        rows += _chosen([row for row in candidates if row["split"] == split], settings["classes"], limit)
    if settings["catalogue"]["truth"] is not None:
        rejected += add_truth(rows, settings["catalogue"]["truth"], added_of(settings))
    return sorted(rows, key=lambda row: (SPLITS.index(row["split"]), row["rank"])), rejected


def assign_shards(rows: list[dict], earlier: list[dict], clips_per_shard: int) -> list[dict]:
    """Give every new clip a shard, leaving each row of ``earlier`` where it is.

    A clip of ``earlier`` that is not in ``rows``, or now in another split, stays in its shard, marked as
    not used. One whose file, picture or end is another in the list is followed: it is another clip of the
    same id, and its shard is made again. New clips open new shards, one split each.
    """
    wanted = {(row["clip_id"], row["split"]): row for row in rows}
    known = {(row["clip_id"], row["split"]) for row in earlier}
    assigned = []
    for row in earlier:
        now = wanted.get((row["clip_id"], row["split"]))
        moved = {name: now[name] for name in FOLLOWED} if now else {}
        assigned.append(row | moved | {"used": "yes" if now else "no"})
    for split in SPLITS:
        numbers = [int(row["shard"].rpartition("-")[2]) for row in earlier if row["split"] == split]
        first = max(numbers, default=-1) + 1
        new = [row for row in rows if row["split"] == split and (row["clip_id"], split) not in known]
        for index, row in enumerate(new):
            shard = f"{split}-{first + index // clips_per_shard:05d}"
            assigned.append({name: row[name] for name in SHARD_COLUMNS} | {"shard": shard, "used": "yes"})
    return assigned
