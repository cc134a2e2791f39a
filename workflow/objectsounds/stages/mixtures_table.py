"""Stage ``mixtures_table``: which single-source test clips are mixed."""

import logging
from pathlib import Path

from objectsounds.core.arguments import MANY, ONE
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import write_table
from objectsounds.data.mixture_list import listed_mixtures
from objectsounds.data.mixtures import (
    LEFT_OUT_COLUMNS,
    MIXTURE_COLUMNS,
    Levels,
    choose_mixtures,
    single_source,
)

STAGE_VERSION = 3

log = logging.getLogger(__name__)


def list_mixtures(
    settings: dict, objects: str | Path, statuses: list[str], output: str | Path, left_out: str | Path
) -> None:
    """Write the table of mixtures, and that of those that are left out: a source of theirs says nothing."""
    sources = single_source(statuses, objects, settings["classes"])
    problem_of, listed = Levels(statuses, settings).problem, settings["mixtures"]["list"]
    if listed:
        rows, quiet = listed_mixtures(listed, sources, settings, problem_of)
    else:
        rows, quiet = choose_mixtures(sources, settings, problem_of)
    for row in quiet:
        log.warning("%s (%s) is left out: of %s %s", row["clips"], row["objects"], row["clip"], row["reason"])
    if not rows:
        raise ObjectsoundsError(
            f"Nothing can be mixed: {len(sources)} good test clips hold exactly one object of "
            f"{', '.join(settings['classes'])}, and {len(quiet)} mixtures of them are left out as silent; "
            "add test clips of at least two objects."
        )
    write_table(output, MIXTURE_COLUMNS, rows)
    write_table(left_out, LEFT_OUT_COLUMNS, quiet)
    log.info("%d mixtures of %d single-source clips, %d left out", len(rows), len(sources), len(quiet))


OPTIONS = {
    "status": MANY,
    "objects": ONE | {"help": "the test clips in use"},
    "output": ONE,
    "left-out": ONE | {"help": "the table to write of those that a silent source leaves out"},
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    list_mixtures(settings, args.objects, args.status, args.output, args.left_out)
