"""Stage ``catalogue``: which clips, which split, which shard, for good."""

import logging
import re
from collections import Counter
from pathlib import Path

from objectsounds.candidates import AudioSet, Candidate, read_single_sources
from objectsounds.errors import BrokenFileError, ObjectsoundsError
from objectsounds.files import write_text_if_changed
from objectsounds.listings import read_listing
from objectsounds.seeds import fraction
from objectsounds.segments import BadRow
from objectsounds.status import SHARD_COLUMNS
from objectsounds.tables import format_table, join_names, read_table, split_names, write_table

STAGE_VERSION = 2
SPLITS = ("train", "val", "test")
COLUMNS = (*SHARD_COLUMNS, "shard", "used")

log = logging.getLogger(__name__)


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


def _split_of(item: Candidate, catalogue: dict, seed: int, hold_out: bool) -> str:
    """Return the split of a clip of the train lists: by its medium, so that no medium is in two."""
    medium = item.medium or item.media_id
    if item.split:
        return item.split
    if hold_out and fraction(seed, "test", medium) < catalogue["test_fraction"]:
        return "test"
    return "val" if fraction(seed, "split", medium) < catalogue["val_fraction"] else "train"


def _read_lists(settings: dict) -> tuple[dict[str, list[Candidate]], list[BadRow]]:
    """Return the candidates of ``catalogue.train`` and ``catalogue.test``, and the rows left out."""
    catalogue = settings["catalogue"]
    audioset = AudioSet(settings) if catalogue["kind"] == "audioset" else None
    lists: dict[str, list[Candidate]] = {"train": [], "test": []}
    rejected: list[BadRow] = []
    for key, found in lists.items():
        for path in catalogue[key]:
            more, bad = audioset.read(path) if audioset else read_listing(catalogue["kind"], path, catalogue)
            found += more
            rejected += bad
    return lists, rejected


def _with_splits(settings: dict) -> tuple[list[dict], list[BadRow]]:
    """Return every candidate with its split; what is in a test list is in no other split."""
    catalogue, seed = settings["catalogue"], settings["seed"]
    lists, rejected = _read_lists(settings)
    kept_out = {item.medium or item.media_id for item in lists["test"]}
    tested = lists["test"]
    if catalogue["single_source"] is not None:
        tested, bad = read_single_sources(catalogue["single_source"])
        kept_out |= {item.media_id for item in tested}
        rejected += bad
    hold_out = not catalogue["test"] and catalogue["single_source"] is None
    placed = [(item, "test") for item in tested]
    for item in lists["train"]:
        if (item.medium or item.media_id) not in kept_out:
            placed.append((item, _split_of(item, catalogue, seed, hold_out)))
    rows = [_row(item, split, seed) for item, split in placed if not item.only or split in item.only]
    return rows, rejected


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
    candidates, rejected = _with_splits(settings)
    chosen: dict[str, dict] = {}
    for split in ("test", "val", "train"):
        limit = settings["catalogue"]["clips_per_class"][split]
        rows = [row for row in candidates if row["split"] == split]
        for row in _chosen(rows, settings["classes"], limit):
            chosen.setdefault(row["clip_id"], row)
    rows = list(chosen.values())
    _add_truth(rows, settings["catalogue"]["truth"])
    return sorted(rows, key=lambda row: (SPLITS.index(row["split"]), row["rank"])), rejected


def assign_shards(rows: list[dict], earlier: list[dict], clips_per_shard: int) -> list[dict]:
    """Give every new clip a shard, leaving each row of ``earlier`` where it is.

    A clip of ``earlier`` that is not in ``rows``, or now in another split, stays in its shard, marked as
    not used, and one whose file has moved is followed; new clips open new shards, one split each.
    """
    wanted = {(row["clip_id"], row["split"]): row for row in rows}
    known = {(row["clip_id"], row["split"]) for row in earlier}
    assigned = []
    for row in earlier:
        now = wanted.get((row["clip_id"], row["split"]))
        moved = {name: now[name] for name in ("source", "picture")} if now else {}
        assigned.append(row | moved | {"used": "yes" if now else "no"})
    for split in SPLITS:
        numbers = [int(row["shard"].rpartition("-")[2]) for row in earlier if row["split"] == split]
        first = max(numbers, default=-1) + 1
        new = [row for row in rows if row["split"] == split and (row["clip_id"], split) not in known]
        for index, row in enumerate(new):
            shard = f"{split}-{first + index // clips_per_shard:05d}"
            assigned.append({name: row[name] for name in SHARD_COLUMNS} | {"shard": shard, "used": "yes"})
    return assigned


def _shard_order(path: Path) -> tuple[int, int]:
    split, _, number = path.stem.rpartition("-")
    return SPLITS.index(split), int(number)


def read_earlier(clips: Path) -> list[dict]:
    """Return the rows of an earlier ``clips.tsv``; where it is cut or gone, those of the shards' tables.

    Failing so that the next run makes it anew would not do: Snakemake puts the old file of a failed job back
    where the job was to update it, and a new one could place the clips otherwise.
    """
    try:
        if clips.exists():
            return read_table(clips, COLUMNS)
    except BrokenFileError:
        log.warning("%s was cut; it is made anew from the tables of the shards", clips)
    rows = []
    for path in sorted((clips.parent / "shards").glob("*.tsv"), key=_shard_order):
        rows += [row | {"shard": path.stem} for row in read_table(path, SHARD_COLUMNS)]
    return rows


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


def make_catalogue(settings: dict, clips: str | Path, shards: str | Path) -> str:
    """Write ``clips.tsv``, one table per shard, the clips in use per split and ``shards.txt``.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``classes`` and ``catalogue``.
    clips : path
        ``clips.tsv``; if it exists, its rows keep their shards.
    shards : path
        The list of shards that hold a clip in use.

    Returns
    -------
    str
        What was chosen, as a table to read.
    """
    clips, shards = Path(clips), Path(shards)
    rows, rejected = choose_clips(settings)
    if not rows:
        raise ObjectsoundsError(
            f"No clip of {', '.join(settings['classes'])} is in {', '.join(settings['catalogue']['train'])}"
            f" ({len(rejected)} rows were left out)."
        )
    assigned = assign_shards(rows, read_earlier(clips), settings["catalogue"]["clips_per_shard"])
    _write_shards(assigned, clips.parent)
    write_table(clips.parent / "rejected.tsv", ("path", "line", "reason"), [vars(row) for row in rejected])
    write_table(clips, COLUMNS, assigned)
    in_use = sorted({row["shard"] for row in assigned if row["used"] == "yes"})
    write_text_if_changed(shards, "".join(f"{shard}\n" for shard in in_use))
    log.info("%d clips in %d shards, %d rows left out", len(rows), len(in_use), len(rejected))
    return describe(rows, settings["classes"], rejected, len(in_use))


def describe(rows: list[dict], classes: list[str], rejected: list[BadRow], shards: int) -> str:
    """Return what was chosen as text: clips per object and split, and the rows that were left out."""
    counts = Counter((row["split"], name) for row in rows for name in split_names(row["objects"]))
    splits = Counter(row["split"] for row in rows)
    width = max(map(len, [*classes, "clips in all"]))
    lines = [f"{'object':{width}}  " + "  ".join(f"{split:>7}" for split in SPLITS)]
    for name in classes:
        lines.append(f"{name:{width}}  " + "  ".join(f"{counts[split, name]:7d}" for split in SPLITS))
    lines.append(f"{'clips in all':{width}}  " + "  ".join(f"{splits[split]:7d}" for split in SPLITS))
    lines.append(f"{shards} shards; {len(rejected)} rows of the lists left out, see rejected.tsv")
    reasons = Counter(re.sub(r"'.*'|/\S+", "...", row.reason) for row in rejected)
    lines += [f"  {number} times: {reason}" for reason, number in reasons.most_common(8)]
    return "\n".join(lines)
