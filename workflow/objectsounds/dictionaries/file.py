"""Dictionaries on disk: bases per object, with where each came from."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np

from objectsounds.core.hdf5 import describe, new_hdf5, opened

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass
class Dictionary:
    """Bases per object.

    Attributes
    ----------
    objects : list of str
    owners : np.ndarray, int [shape=(n,)]
        Index of each basis' object.
    bases : np.ndarray, float32 [shape=(n, F)]
    clip_ids : list of str
    empty : dict
        Object name to the reason why it has no basis.
    made : dict
        What ``once`` has made of the bases.
    """

    objects: list[str]
    owners: np.ndarray
    bases: np.ndarray
    clip_ids: list[str]
    empty: dict[str, str]
    made: dict = field(default_factory=dict, repr=False, compare=False)

    def once(self, key: tuple, make: Callable[[], T]) -> T:
        """Return what is made of the bases, the first time; the key tells all that it depends on."""
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def ready(self, names: list[str]) -> None:
        """Have the bases of some objects at hand; those of a file are."""

    def of(self, name: str) -> np.ndarray:
        """Return an object's bases as columns, shape=(F, m); m may be 0."""
        if name not in self.objects:
            return self.bases[:0].T
        return self.bases[self.owners == self.objects.index(name)].T

    def clip_objects(self) -> dict[str, str]:
        """Return the object of each clip that an object has bases of, where it is but one."""
        found: dict[str, set[int]] = {}
        for clip, owner in zip(self.clip_ids, self.owners.tolist(), strict=True):
            found.setdefault(clip, set()).add(owner)
        return {clip: self.objects[owners.pop()] for clip, owners in found.items() if len(owners) == 1}

    def clips_of(self, name: str) -> list[str]:
        """Return the clip that each of an object's bases comes from, in the order of ``of``."""
        owners = zip(self.clip_ids, self.owners, strict=True)
        return [clip for clip, owner in owners if self.objects[owner] == name]


def read_dictionary(path: str | Path) -> Dictionary:
    """Read a dictionary file."""
    with opened(path, "object", "bases", "clip_id") as file:
        return dictionary_in(file)


def dictionary_in(file: h5py.File) -> Dictionary:
    """Read the dictionary that an open file holds."""
    return Dictionary(
        json.loads(file.attrs["objects"]),
        file["object"][()],
        file["bases"][()],
        [name.decode() for name in file["clip_id"][()]],
        json.loads(file.attrs["empty"]),
    )


def write_dictionary(
    path: str | Path,
    settings: dict,
    stage_version: int,
    rule: str,
    objects: list[str],
    owners: list[int],
    bases: np.ndarray,
    origin: dict,
    empty: dict[str, str],
) -> None:
    """Write a dictionary: ``bases`` (n, F), ``object`` (n,), and ``origin``'s arrays (n,).

    ``empty`` tells why an object has no basis; it is kept with the file and warned of.
    """
    with new_hdf5(path) as file:
        describe(file, settings, stage_version)
        file.attrs["rule"] = rule
        file.attrs["objects"] = json.dumps(objects)
        file.attrs["empty"] = json.dumps(empty, sort_keys=True)
        file.create_dataset("object", data=np.asarray(owners, dtype=np.int32))
        file.create_dataset("bases", data=bases)
        for name, values in origin.items():
            kind = h5py.string_dtype() if name == "clip_id" else None
            file.create_dataset(name, data=values, dtype=kind)
    counts = {name: owners.count(index) for index, name in enumerate(objects)}
    log.info("%s: %s", rule, ", ".join(f"{name} {count}" for name, count in counts.items()))
    for name, reason in empty.items():
        log.warning("%s: no basis for %s: %s", rule, name, reason)
