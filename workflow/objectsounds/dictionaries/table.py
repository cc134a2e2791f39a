"""What a dictionary holds, for the page: bases per object and the clips they came from."""

from pathlib import Path

import numpy as np

from objectsounds.dictionaries.file import Dictionary, read_dictionary
from objectsounds.dictionaries.performed import is_performance


def _sources(
    rows: list[int], owner: int, dictionary: Dictionary, truth: dict[str, np.ndarray]
) -> dict[str, int]:
    """Count an object's bases by what sounds in the clips that they came from; see `dictionary_table`."""
    counts = dict.fromkeys(("alone", "others", "absent", "unknown", "played", "none"), 0)
    for clip_id in (dictionary.clip_ids[row] for row in rows):
        sounding = truth.get(clip_id)
        if not clip_id:
            counts["none"] += 1
        elif is_performance(clip_id):
            counts["played"] += 1
        elif sounding is None or (sounding > 1).any():
            counts["unknown"] += 1
        elif sounding[owner]:
            counts["alone" if sounding.sum() == 1 else "others"] += 1
        else:
            counts["absent"] += 1
    return counts


def dictionary_table(
    results: Path, paths: list[Path] | None = None, truth: dict[str, np.ndarray] | None = None
) -> list[dict]:
    """Return for dictionaries the bases per object, the clips they came from and why one is empty.

    Parameters
    ----------
    results : Path
    paths : list of Path, optional
        The dictionaries; all of the run's folder unless given.
    truth : dict, optional
        Train clip to what sounds in it, shape=(L,) in the order of the dictionaries' objects; a value above 1
        is not known. By it each cell's ``sources`` counts the bases by what sounds in their clips: the
        object "alone", with "others", not ("absent"), "unknown"; those that a SoundFont "played"; "none" came
        from no clip.
    """
    tables = []
    for path in paths or sorted((results / "dictionary").glob("*/*.h5")):
        dictionary = read_dictionary(path)
        cells = []
        for index, name in enumerate(dictionary.objects):
            rows = [row for row, owner in enumerate(dictionary.owners) if owner == index]
            names = {dictionary.clip_ids[row] for row in rows} - {""}
            clips = {name for name in names if not is_performance(name)}
            cell = {
                "object": name,
                "bases": len(rows),
                "clips": len(clips),
                "why": dictionary.empty.get(name, ""),
            }
            cells.append(cell | {"sources": _sources(rows, index, dictionary, truth or {})})
        variant = path.parent.name
        tables.append({"name": path.stem + ("" if variant == "default" else f"@{variant}"), "cells": cells})
    return tables
