"""The class table: which AudioSet mids and ImageNet indices mean which object."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import ROOT

TABLE = ROOT / "resources" / "classes.tsv"
MID = re.compile(r"/[a-z]+/[A-Za-z0-9_]+")
Added = Mapping[str, Mapping]
NONE_ADDED: Added = {}


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
        What data sets call it: MUSIC's names, URMP's codes, the labels of VGGSound, AVE and MUSIC-AVQA.
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


def cell_items(text: str) -> tuple[str, ...]:
    """Return the parts of a cell, which semicolons separate."""
    return tuple(filter(None, (part.strip() for part in text.split(";"))))


def index_ranges(text: str) -> tuple[int, ...]:
    """Return the numbers that a cell names: ``7;8``, or ``151-268``."""
    indices: list[int] = []
    for part in cell_items(text):
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
                cell_items(row["mids"]),
                cell_items(row["descendants"]),
                index_ranges(row["imagenet"]),
                index_ranges(row["imagenet_added"]),
                cell_items(row["aliases"]),
            )
            for row in rows
        }


def known_classes(added: Added = NONE_ADDED) -> dict[str, ObjectClass]:
    """Return the class table with a person's own classes after it, by object name.

    Parameters
    ----------
    added : mapping
        ``added_classes`` of the merged settings, in which the rows of ``class_table`` are too.
    """
    own = {
        name: ObjectClass(
            name,
            cells["group"],
            tuple(cells["mids"]),
            tuple(cells["descendants"]),
            tuple(cells["imagenet"]),
            (),
            tuple(cells["aliases"]),
        )
        for name, cells in added.items()
    }
    return read_classes() | own


def chosen_classes(names: Iterable[str], added: Added = NONE_ADDED) -> list[ObjectClass]:
    """Return the configured classes in the order of ``names``.

    Raises
    ------
    ObjectsoundsError
        If a name is not in the table and not added.
    """
    table = known_classes(added)
    unknown = [name for name in names if name not in table]
    if unknown:
        raise ObjectsoundsError(
            f"classes: unknown object {unknown[0]!r}; known are {', '.join(table)}; another one is a row of "
            "class_table, or an entry of added_classes."
        )
    return [table[name] for name in names]


def classes_of(settings: Mapping) -> list[ObjectClass]:
    """Return the classes of a run: ``classes`` of its settings, with what ``added_classes`` says of them."""
    return chosen_classes(settings["classes"], added_of(settings))


def added_of(settings: Mapping) -> Added:
    """Return ``added_classes`` of settings; none in those that an earlier version wrote."""
    return settings.get("added_classes") or NONE_ADDED


def names_by_alias(added: Added = NONE_ADDED) -> dict[str, str]:
    """Return object names by everything that data sets call them."""
    table = known_classes(added)
    return {alias: item.name for item in table.values() for alias in (item.name, *item.aliases)}


def objects_by_mid(
    configured: list[str], descendants: bool, added: Added = NONE_ADDED
) -> dict[str, tuple[str, ...]]:
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
    added : mapping
        As in `known_classes`.
    """
    own = chosen_classes(configured, added)
    taken = frozenset().union(*(item.all_mids for item in own))
    others = [item for item in known_classes(added).values() if not item.all_mids & taken]
    objects: dict[str, tuple[str, ...]] = {}
    for item in (*own, *others):
        for mid in item.mids + item.descendants if descendants else item.mids:
            objects[mid] = (*objects.get(mid, ()), item.name)
    return objects
