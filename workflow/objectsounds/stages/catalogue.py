"""Stage ``catalogue``: which clips, which split, which shard, for good."""

import gc
import logging
import re
from collections import Counter
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from objectsounds.core.arguments import ONE
from objectsounds.core.errors import BrokenFileError, ObjectsoundsError
from objectsounds.core.files import format_lines, write_text_if_changed
from objectsounds.core.tables import format_cells, read_cells, split_names, write_cells, write_table
from objectsounds.data.status import OBJECT_COLUMNS, SHARD_COLUMNS
from objectsounds.sources.clip_rows import COLUMNS, ClipRow, earlier_row
from objectsounds.sources.segments import BadRow
from objectsounds.sources.shards import assign_shards, choose_clips, shard_size
from objectsounds.sources.splits import SPLITS

STAGE_VERSION = 5
PERFORMANCE_COLUMNS = ("clip_id", "performance")

log = logging.getLogger(__name__)


def _shard_order(path: Path) -> tuple[int, int]:
    split, _, number = path.stem.rpartition("-")
    return SPLITS.index(split), int(number)


def read_earlier(clips: Path) -> list[ClipRow]:
    """Return the rows of an earlier ``clips.tsv``; where it is cut or gone, those of the shards' tables.

    Failing so that the next run makes it again would not do: Snakemake puts the old file of a failed job back
    where the job was to update it, and a new one could place the clips otherwise.
    """
    try:
        if clips.exists():
            _refuse_older(clips)
            return [earlier_row(cells) for cells in read_cells(clips, COLUMNS)]
    except BrokenFileError:
        log.warning("%s was cut; it is made again from the tables of the shards", clips)
    rows = []
    for path in sorted((clips.parent / "shards").glob("*.tsv"), key=_shard_order):
        rows += [earlier_row([*cells, path.stem]) for cells in read_cells(path, SHARD_COLUMNS)]
    return rows


def _refuse_older(clips: Path) -> None:
    with clips.open("rb") as file:
        header = file.readline().decode("utf-8", "replace").rstrip("\n")
    if "objects" in header.split("\t"):
        raise ObjectsoundsError(
            f"{clips} was made by an earlier version of objectsounds, whose clips have other ids and labels "
            f"in another place: set results to a new folder, or delete {clips.parent.parent}."
        )


def _text_of(rows: list[ClipRow], columns: tuple[str, ...]) -> str:
    return format_cells(columns, map(attrgetter(*columns), rows))


def _write_shards(assigned: list[ClipRow], folder: Path) -> list[str]:
    """Write the table of each shard; return a line of ``shards.txt`` for each that holds a clip in use."""
    listed, by_shard = [], attrgetter("shard")
    for shard, group in groupby(sorted(assigned, key=by_shard), by_shard):
        rows = list(group)
        write_text_if_changed(folder / "shards" / f"{shard}.tsv", _text_of(rows, SHARD_COLUMNS))
        if any(row.used == "yes" for row in rows):
            listed.append(f"{shard}\t{len(rows)}")
    return listed


def _write_clips_in_use(assigned: list[ClipRow], folder: Path) -> None:
    """Write of each split the clips in use with their objects, and what they are performances of."""
    tables = {"objects": OBJECT_COLUMNS, "performances": PERFORMANCE_COLUMNS}
    for split in SPLITS:
        used = [row for row in assigned if row.split == split and row.used == "yes"]
        for name, columns in tables.items():
            write_text_if_changed(folder / f"{name}-{split}.tsv", _text_of(used, columns))


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
        The list of shards that hold a clip in use, with the number of their clips.

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
    size = shard_size(settings["catalogue"], len(rows))
    assigned = assign_shards(rows, read_earlier(clips), size)
    in_use = _write_shards(assigned, clips.parent)
    _write_clips_in_use(assigned, clips.parent)
    write_table(clips.parent / "rejected.tsv", ("path", "line", "reason"), [vars(row) for row in rejected])
    write_cells(clips, COLUMNS, map(attrgetter(*COLUMNS), assigned))
    write_text_if_changed(shards, format_lines(in_use))
    log.info("%d clips in %d shards, %d rows left out", len(rows), len(in_use), len(rejected))
    return describe(rows, settings["classes"], rejected, len(in_use))


def describe(rows: list[ClipRow], classes: list[str], rejected: list[BadRow], shards: int) -> str:
    """Return what was chosen as text: clips per object and split, and the rows that were left out."""
    counts: Counter = Counter()
    for (split, objects), number in Counter(map(attrgetter("split", "objects"), rows)).items():
        counts.update(dict.fromkeys(((split, name) for name in split_names(objects)), number))
    splits = Counter(row.split for row in rows)
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
    gc.disable()  # two million clips are no garbage, and looking through them takes a fifth of the time
    try:
        print(make_catalogue(settings, args.clips, args.shards))
    finally:
        gc.enable()
