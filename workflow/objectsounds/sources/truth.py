"""What a person knows of clips, ``catalogue.truth``: what sounds in them and what is seen, for evaluation."""

from dataclasses import dataclass
from pathlib import Path

from objectsounds.config.classes import NONE_ADDED, Added, names_by_alias
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import PersonsRow, read_persons_table
from objectsounds.sources.candidates import labels_in
from objectsounds.sources.clip_rows import ClipRow
from objectsounds.sources.segments import BadRow

IDS = ("clip_id", "media_id", "file")
STARTS = ("start", "start_seconds")
KNOWN = ("sounding", "visible")
FORM = (
    "its first line should name, separated by tabs, commas or semicolons, one of the columns media_id, "
    "clip_id and file, then sounding, visible or both (several objects separated by ';', 'none' where there "
    "is none, empty where it is not known), and where wanted start (s)"
)
Key = tuple[str, int | None]  # an id or a file, and the start in ms where it concerns one clip alone


@dataclass(frozen=True)
class Known:
    """What sounds and what is seen, separated by semicolons: ``none``, or empty where it is not known."""

    sounding: str
    visible: str


class Truth:
    """A person's table of what sounds and what is seen.

    Parameters
    ----------
    path : path
    added : mapping
        A person's own classes, as in `known_classes`.

    Attributes
    ----------
    rejected : list of BadRow
        The rows that are not used, with their reasons.

    Raises
    ------
    ObjectsoundsError
        If it cannot be read or is no such table; it stays where it is.
    """

    def __init__(self, path: str | Path, added: Added = NONE_ADDED):
        self.path, self.rejected = Path(path), []
        columns, rows = read_persons_table(
            path, "catalogue.truth", "name a table of what sounds and is seen, or set it to null"
        )
        if not set(columns) & set(IDS) or not set(columns) & set(KNOWN):
            raise ObjectsoundsError(
                f"catalogue.truth: {path} has the columns {', '.join(columns) or '(none)'}; {FORM}."
            )
        self.names = names_by_alias(added)
        self.found: dict[Key, Known] = {}
        for row in rows:
            problem = row.problem or self._add(row)
            if problem:
                self.rejected.append(BadRow(str(path), row.line, problem))
        if len(self.rejected) >= max(1, len(rows) - len(self.rejected)):
            worst = self.rejected[0]
            raise ObjectsoundsError(
                f"catalogue.truth: {path} is mostly unusable: {len(self.rejected)} of {len(rows)} rows, the "
                f"first in line {worst.line} ({worst.reason}); {FORM}."
            )

    def _add(self, row: PersonsRow) -> str | None:
        """Take a row; return what is wrong with it."""
        name = next((row.cells[column] for column in IDS if row.cells.get(column)), "")
        if not name:
            return "no media_id, clip_id or file"
        cells = {key: labels_in(row.cells.get(key, ""), self.names) for key in KNOWN}
        unknown = [item for cell in cells.values() for item in cell if item not in {*self.names, "none"}]
        if unknown:
            return f"unknown object {unknown[0][:30]!r}"
        start = next((row.cells[column] for column in STARTS if row.cells.get(column)), None)
        try:
            moment = None if start is None else round(float(start) * 1000)
        except (ValueError, OverflowError):
            return f"start {start[:20]!r} is not a number"
        if (name, moment) in self.found:
            return "listed before"
        known = Known(*(self._cell(cells[key]) for key in KNOWN))
        self.found[name, moment] = known
        if row.cells.get("file") == name:  # relative to the table, as in a list of files
            self.found[str(self.path.parent / name), moment] = known
        return None

    def _cell(self, names: list[str]) -> str:
        objects = [self.names[name] for name in names if name != "none"]
        return ";".join(dict.fromkeys(objects)) or ("none" if names else "")

    def of(self, row: ClipRow) -> Known | None:
        """Return what is known of a clip: by its own id, else by its medium and start, else by its medium."""
        media_id, _, start = row.clip_id.rpartition("_")
        keys: list[Key] = [(row.clip_id, moment) for moment in (int(start), None)]
        keys += [(name, moment) for moment in (int(start), None) for name in (media_id, row.source)]
        return next((self.found[key] for key in keys if key in self.found), None)


def add_truth(rows: list[ClipRow], path: str | Path, added: Added = NONE_ADDED) -> list[BadRow]:
    """Put what is known into the rows of clips, and return what of the table is not used.

    What is seen counts in every split. What sounds takes the place of the lists' labels in the test split
    alone, where it is evaluated: from the labels of train and val the upper bound learns, as of the lists.
    """
    truth, fitting = Truth(path, added), 0
    for row in rows:
        known = truth.of(row)
        if known is not None:
            fitting += 1
            row.visible = known.visible or row.visible
            if row.split == "test" and known.sounding:
                row.objects = known.sounding
    if not fitting:
        return [*truth.rejected, BadRow(str(path), 0, "none of its rows is of a chosen clip")]
    return truth.rejected
