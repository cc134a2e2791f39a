"""Stage ``leakage``: which test clips are of a recording that is also in train or val, by their sound."""

import logging
from collections.abc import Callable
from pathlib import Path

from objectsounds.core.arguments import MANY, ONE
from objectsounds.core.progress import tracker
from objectsounds.core.tables import write_table
from objectsounds.data.status import good_clips, read_audio
from objectsounds.signal.fingerprint import Index, Landmarks, landmarks

STAGE_VERSION = 1
COLUMNS = (
    *("clip", "source", "split", "other_clip", "other_source", "same_source"),
    *("landmarks", "seconds", "offset"),
)

log = logging.getLogger(__name__)


def _read(statuses: list[str | Path], progress: Callable) -> tuple[list[dict], list[Landmarks]]:
    """Return the rows of the good clips of some shards, and each one's landmarks."""
    rows = [(status, row) for status in statuses for row in good_clips(status)]
    return [row for _, row in rows], [landmarks(*read_audio(*item)) for item in progress(rows)]


def find_leakage(
    settings: dict,
    tests: list[str | Path],
    others: list[str | Path],
    output: str | Path,
    progress: Callable = iter,
) -> None:
    """Write a table with a row for each test clip and clip elsewhere of the same recording.

    Parameters
    ----------
    settings : dict
    tests, others : list of path
        The status tables of the shards of test, and of train and val.
    output : path
        TSV: the test clip and its medium, the other's split, clip and medium, whether the medium is the
        same by its name; how many landmarks agree, over how many seconds of the test clip, and by how many
        seconds later the same is in the other (`fingerprint.Match`).
    progress : callable
        Wraps the clips.
    """
    known, elsewhere = _read(others, progress)
    index, rows = Index(elsewhere), []
    clips, sounds = _read(tests, progress)
    for clip, sound in zip(clips, sounds, strict=True):
        for match in index.matches(sound):
            other = known[match.number]
            same = "yes" if other["source"] == clip["source"] else "no"
            cells = (clip["clip_id"], clip["source"], other["split"], other["clip_id"], other["source"], same)
            figures = (match.landmarks, f"{match.seconds:.1f}", f"{match.offset:.2f}")
            rows.append(dict(zip(COLUMNS, (*cells, *figures), strict=True)))
    write_table(output, COLUMNS, rows)
    leaked = len({row["clip"] for row in rows})
    if leaked:
        log.warning(
            "%d of %d test clips are of recordings that are also in train or val: see %s, and take these out "
            "of a list",
            leaked,
            len(clips),
            output,
        )
    log.info("%d test clips looked for among %d others", len(clips), len(known))


OPTIONS = {
    "test": MANY | {"help": "the test shards' status tables"},
    "others": MANY | {"help": "those of train and val"},
    "output": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    find_leakage(settings, args.test, args.others, args.output, tracker("leakage"))
