"""A clip of the catalogue on its way from the lists to its shard; there may be two million of them."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from objectsounds.core.tables import join_names
from objectsounds.data.status import SHARD_COLUMNS
from objectsounds.sources.candidates import Candidate

COLUMNS = (*SHARD_COLUMNS, "shard", "used")


@dataclass(slots=True)
class ClipRow:
    """A row of ``clips.tsv`` (`COLUMNS`), and what sounds and is seen in the clip, for another table.

    Attributes
    ----------
    clip_id, source, picture, start, end, split, shard, used : str
        As in the table: seconds with three decimals, ``yes`` or ``no``. ``shard`` is empty until it is given.
    objects, visible : str
        Separated by semicolons; empty where that is not known.
    """

    clip_id: str
    source: str
    picture: str
    start: str
    end: str
    split: str
    shard: str = ""
    used: str = "yes"
    objects: str = ""
    visible: str = ""

    @property
    def performance(self) -> str:
        """What the clip is a section of, as `data.status.performance_of`."""
        return self.picture or self.source


# Cells that many rows have in common are one string: of two million clips that is a gigabyte less.
_seconds = lru_cache(maxsize=2**16)("{:.3f}".format)
_names = lru_cache(maxsize=2**16)(join_names)


def row_of(item: Candidate, split: str) -> ClipRow:
    """Return the row of a candidate, which has no shard yet."""
    span = _seconds(item.start), _seconds(item.end)
    return ClipRow(
        item.clip_id,
        item.source,
        item.picture,
        *span,
        split,
        objects=_names(item.objects),
        visible=item.visible,
    )


def earlier_row(cells: Iterable[str]) -> ClipRow:
    """Return the row of the cells of a line of ``clips.tsv``."""
    clip_id, source, *others = cells
    return ClipRow(clip_id, source, *map(sys.intern, others))
