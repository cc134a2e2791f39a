"""Stage ``mixtures``: single-source test clips, two or more, summed at equal level (Gao 4.4)."""

import logging
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import folder_written_whole
from objectsounds.core.tables import read_table, split_names, write_table
from objectsounds.data.mixtures import (
    LEFT_OUT_COLUMNS,
    MIXTURE_COLUMNS,
    Levels,
    choose_mixtures,
    mix,
    single_source,
)
from objectsounds.data.status import good_clips, read_audio
from objectsounds.media.wav import write_wav

STAGE_VERSION = 3


log = logging.getLogger(__name__)


def list_mixtures(
    settings: dict, objects: str | Path, statuses: list[str], output: str | Path, left_out: str | Path
) -> None:
    """Write the table of mixtures, and that of those that are left out: a source of theirs says nothing."""
    sources = single_source(statuses, objects, settings["classes"])
    rows, quiet = choose_mixtures(sources, settings, Levels(statuses, settings).problem)
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


def make_block(
    settings: dict, table: str | Path, block: int, statuses: list[str], output: str | Path
) -> None:
    """Write the mixtures and references of one block.

    Writes a folder with ``mixtures.tsv`` and, per mixture, ``<mixture>/mixture.wav`` and
    ``reference_<number>.wav`` for its sources from 1 on, as 32-bit float.
    """
    rows = [row for row in read_table(table, MIXTURE_COLUMNS) if int(row["block"]) == block]
    wanted = {clip for row in rows for clip in split_names(row["clips"])}
    audio = {}
    for status in statuses:
        for clip in good_clips(status):
            if clip["clip_id"] in wanted:
                audio[clip["clip_id"]] = read_audio(status, clip)
    with folder_written_whole(output) as folder:
        for row in rows:
            sources = [audio[clip] for clip in split_names(row["clips"])]
            mixture, references = mix([source for source, _ in sources], settings["mixtures"]["rms_db"])
            target = folder / row["mixture"]
            target.mkdir()
            write_wav(target / "mixture.wav", mixture, sources[0][1])
            for number, reference in enumerate(references, start=1):
                write_wav(target / f"reference_{number}.wav", reference, sources[0][1])
        write_table(folder / "mixtures.tsv", MIXTURE_COLUMNS, rows)
    log.info("%d mixtures", len(rows))
