"""The class table: which AudioSet mids and ImageNet indices mean which object."""

import csv
from dataclasses import dataclass
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import ROOT

TABLE = ROOT / "resources" / "classes.tsv"


@dataclass(frozen=True)
class ObjectClass:
    """One object.

    Attributes
    ----------
    name, group : str
    mids : tuple of str
        Its AudioSet classes.
    descendants : tuple of str
        Classes below these in AudioSet's ontology that mean this object too (a bark is a dog), but not
        those that others share (a growl may be a cat's).
    imagenet : tuple of int
        The papers' own ImageNet indices of it, 0-based; none where ImageNet does not know it.
    imagenet_added : tuple of int
        Indices that mean it too and that the papers leave out.
    aliases : tuple of str
        What other listings call it: MUSIC's names, URMP's codes.
    """

    name: str
    group: str
    mids: tuple[str, ...]
    descendants: tuple[str, ...]
    imagenet: tuple[int, ...]
    imagenet_added: tuple[int, ...]
    aliases: tuple[str, ...]

    @property
    def all_mids(self) -> frozenset[str]:
        """Its mids and their descendants."""
        return frozenset(self.mids + self.descendants)

    def imagenet_of(self, choice: str) -> tuple[int, ...]:
        """Its ImageNet indices: the ``papers``' own, or the ``full`` list with what was added."""
        return self.imagenet if choice == "papers" else self.imagenet + self.imagenet_added


def _cell(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(";")))


def _indices(text: str) -> tuple[int, ...]:
    indices: list[int] = []
    for part in _cell(text):
        first, _, last = part.partition("-")
        indices.extend(range(int(first), int(last or first) + 1))
    return tuple(indices)


def read_classes(path: str | Path = TABLE) -> dict[str, ObjectClass]:
    """Read the class table, by object name."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {
            row["object"]: ObjectClass(
                row["object"],
                row["group"],
                _cell(row["mids"]),
                _cell(row["descendants"]),
                _indices(row["imagenet"]),
                _indices(row["imagenet_added"]),
                _cell(row["aliases"]),
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


def names_by_alias() -> dict[str, str]:
    """Return object names by everything that listings call them."""
    table = read_classes()
    return {alias: item.name for item in table.values() for alias in (item.name, *item.aliases)}


def objects_by_mid(configured: list[str], descendants: bool) -> dict[str, tuple[str, ...]]:
    """Return the objects that each mid means.

    The objects of the table that are not configured are told too, so that a clip in which one of them
    sounds is not taken for a single source; but none that overlaps a configured one (guitar beside
    acoustic_guitar).

    Parameters
    ----------
    configured : list of str
        The run's objects.
    descendants : bool
        Whether classes below an object's own in the ontology count.
    """
    own = chosen_classes(configured)
    taken = frozenset().union(*(item.all_mids for item in own))
    others = [item for item in read_classes().values() if not item.all_mids & taken]
    objects: dict[str, tuple[str, ...]] = {}
    for item in (*own, *others):
        for mid in item.mids + item.descendants if descendants else item.mids:
            objects[mid] = (*objects.get(mid, ()), item.name)
    return objects
