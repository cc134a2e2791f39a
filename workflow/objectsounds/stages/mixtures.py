"""Stage ``mixtures``: single-source test clips, two or more, summed at equal level (Gao 4.4)."""

import logging
from pathlib import Path

from objectsounds.core.arguments import BLOCK, MANY, ONE
from objectsounds.core.files import folder_written_whole
from objectsounds.core.tables import read_table, split_names, write_table
from objectsounds.data.mixtures import (
    MIXTURE_COLUMNS,
    mix,
)
from objectsounds.data.status import good_clips, read_audio
from objectsounds.media.wav import write_wav

STAGE_VERSION = 3

log = logging.getLogger(__name__)


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
            rate, options = sources[0][1], settings["mixtures"]
            most = round(options["seconds"] * rate) if options["seconds"] else None
            mixture, references = mix([source for source, _ in sources], options["rms_db"], most)
            target = folder / row["mixture"]
            target.mkdir()
            write_wav(target / "mixture.wav", mixture, rate)
            for number, reference in enumerate(references, start=1):
                write_wav(target / f"reference_{number}.wav", reference, rate)
        write_table(folder / "mixtures.tsv", MIXTURE_COLUMNS, rows)
    log.info("%d mixtures", len(rows))


OPTIONS = {
    "status": MANY,
    "table": ONE | {"help": "the table of mixtures"},
    "block": ONE | {"type": BLOCK},
    "output": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    make_block(settings, args.table, args.block, args.status, args.output)
