"""Stage ``catalogue``: which clips, which split, which shard, for good."""

import logging
import re
from collections import Counter
from pathlib import Path

from objectsounds.classes import read_classes
from objectsounds.errors import ObjectsoundsError
from objectsounds.files import write_text_if_changed
from objectsounds.seeds import fraction
from objectsounds.segments import BadRow, Segment, read_segments
from objectsounds.status import SHARD_COLUMNS
from objectsounds.tables import format_table, join_names, read_table, split_names, write_table

STAGE_VERSION = 1
SPLITS = ("train", "val", "test")
COLUMNS = ("clip_id", "source", "start", "end", "split", "shard", "objects", "visible", "used")

log = logging.getLogger(__name__)


def _objects_of(segment: Segment, mids: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(mids[mid] for mid in segment.mids if mid in mids))


def _chosen(rows: list[dict], classes: list[str], limit: int | None) -> list[dict]:
    """Return the rows of the wanted classes, at most ``limit`` a class, by a rank that never changes."""
    wanted = set(classes)
    counts: Counter = Counter()
    chosen = []
    for row in sorted(rows, key=lambda row: (row["rank"], row["clip_id"])):
        hits = wanted.intersection(split_names(row["objects"]))
        open_classes = [name for name in hits if limit is None or counts[name] < limit]
        if open_classes:
            counts.update(hits)
            chosen.append(row)
    return chosen


def _row(segment: Segment, split: str, mids: dict[str, str], seed: int) -> dict:
    return {
        "clip_id": segment.clip_id,
        "source": segment.media_id,
        "start": f"{segment.start:.3f}",
        "end": f"{segment.end:.3f}",
        "split": split,
        "objects": join_names(_objects_of(segment, mids)),
        "visible": "",
        "rank": fraction(seed, "catalogue", segment.clip_id),
    }


def _listed(settings: dict, key: str) -> tuple[list[dict], list[BadRow]]:
    """Return the rows of one configured group of lists that hold any known object."""
    catalogue, seed = settings["catalogue"], settings["seed"]
    mids = {mid: item.name for item in read_classes().values() for mid in item.mids}
    rows, rejected = [], []
    for path in catalogue[key]:
        segments, bad = read_segments(path)
        rejected += bad
        for segment in segments:
            split = "test"
            if key == "train":
                share = fraction(seed, "split", segment.media_id)
                split = "val" if share < catalogue["val_fraction"] else "train"
            rows.append(_row(segment, split, mids, seed))
    return [row for row in rows if row["objects"]], rejected


def _add_truth(rows: list[dict], path: str | None) -> None:
    if path is None:
        return
    truth = {row["media_id"]: row for row in read_table(path, ("media_id", "sounding", "visible"))}
    for row in rows:
        known = truth.get(row["source"])
        if known is not None:
            row["visible"] = known["visible"] or "none"


def choose_clips(settings: dict) -> tuple[list[dict], list[BadRow]]:
    """Choose the clips of all splits, in the order in which they fill shards.

    Returns
    -------
    rows : list of dict
        With the columns of ``clips.tsv`` but for ``shard`` and ``used``.
    rejected : list of BadRow
    """
    chosen: dict[str, dict] = {}
    rejected: list[BadRow] = []
    test_media: set[str] = set()
    for key in ("test", "train"):
        rows, bad = _listed(settings, key)
        rejected += bad
        rows = [row for row in rows if row["source"] not in test_media]
        limit = settings["catalogue"]["clips_per_class"][key]
        for row in _chosen(rows, settings["classes"], limit):
            chosen.setdefault(row["clip_id"], row)
        if key == "test":
            test_media = {row["source"] for row in rows}
    rows = list(chosen.values())
    _add_truth(rows, settings["catalogue"]["truth"])
    return sorted(rows, key=lambda row: (SPLITS.index(row["split"]), row["rank"])), rejected


def assign_shards(rows: list[dict], earlier: list[dict], clips_per_shard: int) -> list[dict]:
    """Give every new clip a shard, leaving each row of ``earlier`` where it is.

    A clip of ``earlier`` that is not in ``rows`` stays in its shard, marked as not used; new clips
    open new shards, one split each.
    """
    wanted = {row["clip_id"] for row in rows}
    known = {row["clip_id"] for row in earlier}
    assigned = [row | {"used": "yes" if row["clip_id"] in wanted else "no"} for row in earlier]
    for split in SPLITS:
        numbers = [int(row["shard"].rpartition("-")[2]) for row in earlier if row["split"] == split]
        first = max(numbers, default=-1) + 1
        new = [row for row in rows if row["split"] == split and row["clip_id"] not in known]
        for index, row in enumerate(new):
            shard = f"{split}-{first + index // clips_per_shard:05d}"
            assigned.append({name: row[name] for name in SHARD_COLUMNS} | {"shard": shard, "used": "yes"})
    return assigned


def _write_shards(assigned: list[dict], folder: Path) -> None:
    shards: dict[str, list[dict]] = {}
    for row in assigned:
        shards.setdefault(row["shard"], []).append(row)
    for shard, rows in shards.items():
        kept = [{name: row[name] for name in SHARD_COLUMNS} for row in rows]
        write_text_if_changed(folder / "shards" / f"{shard}.tsv", format_table(SHARD_COLUMNS, kept))
    for split in SPLITS:
        used = [row["clip_id"] for row in assigned if row["split"] == split and row["used"] == "yes"]
        write_text_if_changed(folder / f"used-{split}.txt", "".join(f"{clip_id}\n" for clip_id in used))


def make_catalogue(settings: dict, clips: str | Path, shards: str | Path) -> None:
    """Write ``clips.tsv``, one table per shard, the clips in use per split and ``shards.txt``.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``classes`` and ``catalogue``.
    clips : path
        ``clips.tsv``; if it exists, its rows keep their shards.
    shards : path
        The list of shards that hold a clip in use.
    """
    clips, shards = Path(clips), Path(shards)
    rows, rejected = choose_clips(settings)
    if not rows:
        raise ObjectsoundsError(
            f"No clip of {', '.join(settings['classes'])} is in {', '.join(settings['catalogue']['train'])}."
        )
    earlier = read_table(clips, COLUMNS) if clips.exists() else []
    assigned = assign_shards(rows, earlier, settings["catalogue"]["clips_per_shard"])
    _write_shards(assigned, clips.parent)
    write_table(clips.parent / "rejected.tsv", ("path", "line", "reason"), [vars(row) for row in rejected])
    write_table(clips, COLUMNS, assigned)
    in_use = sorted({row["shard"] for row in assigned if row["used"] == "yes"})
    write_text_if_changed(shards, "".join(f"{shard}\n" for shard in in_use))
    counts = Counter(row["split"] for row in rows)
    log.info(
        "%s; %d shards; %d rows left out",
        ", ".join(f"{counts[s]} {s}" for s in SPLITS),
        len(in_use),
        len(rejected),
    )


def read_shards(path: str | Path, split: str | None = None) -> list[str]:
    """Read the names of the shards, of one split or of all."""
    names = Path(path).read_text(encoding="utf-8").split()
    return [name for name in names if split is None or re.fullmatch(rf"{split}-\d+", name)]
