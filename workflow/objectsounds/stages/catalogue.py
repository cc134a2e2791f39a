"""Stage ``catalogue``: which clips, which split, which shard, for good."""

import logging
import re
from collections import Counter
from pathlib import Path

from objectsounds.core.arguments import ONE
from objectsounds.core.errors import BrokenFileError, ObjectsoundsError
from objectsounds.core.files import format_lines, write_text_if_changed
from objectsounds.core.tables import format_table, read_table, split_names, write_table
from objectsounds.data.status import OBJECT_COLUMNS, SHARD_COLUMNS, performance_of
from objectsounds.sources.segments import BadRow
from objectsounds.sources.shards import assign_shards, choose_clips
from objectsounds.sources.splits import SPLITS

STAGE_VERSION = 4
COLUMNS = (*SHARD_COLUMNS, "shard", "used")
PERFORMANCE_COLUMNS = ("clip_id", "performance")

log = logging.getLogger(__name__)


def _shard_order(path: Path) -> tuple[int, int]:
    split, _, number = path.stem.rpartition("-")
    return SPLITS.index(split), int(number)


def read_earlier(clips: Path) -> list[dict]:
    """Return the rows of an earlier ``clips.tsv``; where it is cut or gone, those of the shards' tables.

    Failing so that the next run makes it again would not do: Snakemake puts the old file of a failed job back
    where the job was to update it, and a new one could place the clips otherwise.
    """
    try:
        if clips.exists():
            _refuse_older(clips)
            return read_table(clips, COLUMNS)
    except BrokenFileError:
        log.warning("%s was cut; it is made again from the tables of the shards", clips)
    rows = []
    for path in sorted((clips.parent / "shards").glob("*.tsv"), key=_shard_order):
        rows += [row | {"shard": path.stem} for row in read_table(path, SHARD_COLUMNS)]
    return rows


def _refuse_older(clips: Path) -> None:
    header = clips.read_bytes().partition(b"\n")[0].decode("utf-8", "replace").split("\t")
    if "objects" in header:
        raise ObjectsoundsError(
            f"{clips} was made by an earlier version of objectsounds, whose clips have other ids and labels "
            f"in another place: set results to a new folder, or delete {clips.parent.parent}."
        )


def _write_shards(assigned: list[dict], folder: Path) -> None:
    shards: dict[str, list[dict]] = {}
    for row in assigned:
        shards.setdefault(row["shard"], []).append(row)
    for shard, rows in shards.items():
        kept = [{name: row[name] for name in SHARD_COLUMNS} for row in rows]
        write_text_if_changed(folder / "shards" / f"{shard}.tsv", format_table(SHARD_COLUMNS, kept))


def _write_clips_in_use(rows: list[dict], assigned: list[dict], folder: Path) -> None:
    """Write of each split the clips in use with their objects, and what they are performances of."""
    known = {(row["clip_id"], row["split"]): row for row in rows}
    for split in SPLITS:
        used = [row for row in assigned if row["split"] == split and row["used"] == "yes"]
        objects = [{name: known[row["clip_id"], split][name] for name in OBJECT_COLUMNS} for row in used]
        text = format_table(OBJECT_COLUMNS, objects)
        write_text_if_changed(folder / f"objects-{split}.tsv", text)
        media = [{"clip_id": row["clip_id"], "performance": performance_of(row)} for row in used]
        write_text_if_changed(folder / f"performances-{split}.tsv", format_table(PERFORMANCE_COLUMNS, media))


def make_catalogue(settings: dict, clips: str | Path, shards: str | Path) -> str:
    """Write ``clips.tsv``, one table per shard, and of each split the clips in use, and ``shards.txt``.

    What is cheap and changes is apart from what starts dear work: ``objects-<split>.tsv`` holds what sounds
    and is seen in the clips in use, as lists, truth and classes have it now, ``performances-<split>.tsv``
    what they are sections of. Each file is written only when it changes.

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
    _write_clips_in_use(rows, assigned, clips.parent)
    write_table(clips.parent / "rejected.tsv", ("path", "line", "reason"), [vars(row) for row in rejected])
    write_table(clips, COLUMNS, assigned)
    in_use = sorted({row["shard"] for row in assigned if row["used"] == "yes"})
    write_text_if_changed(shards, format_lines(in_use))
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


LISTS, FILES = ("train", "test"), ("single_source", "ontology", "truth")
OPTIONS = {
    **{name: {"nargs": "+", "help": "in place of the settings'"} for name in LISTS},
    **{name.replace("_", "-"): {"help": "in place of the settings'"} for name in FILES},
    "clips": ONE | {"help": "clips.tsv; its rows keep their shards"},
    "shards": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    given = {name: getattr(args, name) for name in (*LISTS, *FILES) if getattr(args, name) is not None}
    settings = settings | {"catalogue": settings["catalogue"] | given}
    print(make_catalogue(settings, args.clips, args.shards))
