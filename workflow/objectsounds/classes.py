"""The class table: which AudioSet mids and ImageNet indices mean which object."""

import csv
from dataclasses import dataclass
from pathlib import Path

from objectsounds.errors import ObjectsoundsError

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "resources" / "classes.tsv"


@dataclass(frozen=True)
class ObjectClass:
    """One object: its name, its group, its AudioSet mids and its ImageNet indices (0-based)."""

    name: str
    group: str
    mids: tuple[str, ...]
    imagenet: tuple[int, ...]


def _indices(text: str) -> tuple[int, ...]:
    indices: list[int] = []
    for part in filter(None, text.split(";")):
        first, _, last = part.partition("-")
        indices.extend(range(int(first), int(last or first) + 1))
    return tuple(indices)


def read_classes(path: str | Path = TABLE) -> dict[str, ObjectClass]:
    """Read the class table, by object name."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {
            row["object"]: ObjectClass(
                row["object"], row["group"], tuple(row["mids"].split(";")), _indices(row["imagenet"])
            )
            for row in rows
        }


def chosen_classes(names: list[str], path: str | Path = TABLE) -> list[ObjectClass]:
    """Return the configured classes in the order of ``names``.

    Raises
    ------
    ObjectsoundsError
        If a name is not in the table.
    """
    table = read_classes(path)
    unknown = [name for name in names if name not in table]
    if unknown:
        raise ObjectsoundsError(f"classes: unknown object {unknown[0]!r}; {path} knows {', '.join(table)}.")
    return [table[name] for name in names]
