"""Which single-source clips are mixed, and the mixing at equal level (Gao 4.4)."""

import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from objectsounds.config.classes import NONE_ADDED, Added, added_of, chosen_classes, classes_of
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator
from objectsounds.core.tables import join_names, split_names
from objectsounds.data.status import read_audio, read_objects, read_status
from objectsounds.media.wav import level_db

MIXTURE_COLUMNS = ("mixture", "group", "block", "clips", "objects")
LEFT_OUT_COLUMNS = ("group", "clips", "objects", "clip", "level_db", "reason")
CROSS_DOMAIN = "cross-domain"
ENUMERABLE = 300_000  # combinations; of more a sample is drawn without listing them


def group_name(base: str, count: int) -> str:
    """Return the name of a group of mixtures of ``count`` sources; pairs have the plain name."""
    return base if count == 2 else f"{base} x{count}"


def groups_of(
    names: list[str], counts: list[int] | tuple[int, ...] = (2,), added: Added = NONE_ADDED
) -> list[str]:
    """Return the groups of mixtures that the configured classes can give, cross-domain last."""
    groups = list(dict.fromkeys(item.group for item in chosen_classes(names, added)))
    bases = [*groups, CROSS_DOMAIN] if len(groups) > 1 else groups
    return [group_name(base, count) for count in counts for base in bases]


def single_source(statuses: list[str | Path], objects: str | Path, names: list[str]) -> list[tuple[str, str]]:
    """Return (clip id, object) of the good clips in use with exactly one object, sorted by id."""
    known, found = read_objects(objects), []
    for status in statuses:
        for row in read_status(status):
            if row["status"] == "ok" and row["clip_id"] in known:
                sounding = split_names(known[row["clip_id"]]["objects"])
                if len(sounding) == 1 and sounding[0] in names:
                    found.append((row["clip_id"], sounding[0]))
    return sorted(found)


def _base_of(sources: tuple, group_of: dict[str, str]) -> str | None:
    """Return the group of a combination, None if two of its objects are the same."""
    objects = [name for _, name in sources]
    if len(set(objects)) < len(objects):
        return None
    groups = {group_of[name] for name in objects}
    return groups.pop() if len(groups) == 1 else CROSS_DOMAIN


def cells_of(clips: list[str], objects: list[str], settings: dict) -> dict[str, str]:
    """Return the cells of a mixture that tell what is mixed, and in which group of mixtures it is."""
    group_of = {item.name: item.group for item in classes_of(settings)}
    base = _base_of(tuple(zip(clips, objects, strict=True)), group_of)
    assert base is not None, objects
    return {
        "group": group_name(base, len(clips)),
        "clips": join_names(clips),
        "objects": join_names(objects),
    }


class Levels:
    """What clips hold once they are cut to the shortest of a mixture; a clip is read once a length.

    Parameters
    ----------
    statuses : list of path
        Of the test shards.
    settings : dict
        Keys ``clips.silence_db``, ``mixtures.quiet_db`` and ``mixtures.seconds``.
    """

    def __init__(self, statuses: list[str | Path], settings: dict):
        self.clips = {row["clip_id"]: (path, row) for path in statuses for row in read_status(path)}
        self.silence, self.quiet = settings["clips"]["silence_db"], settings["mixtures"]["quiet_db"]
        self.most = settings["mixtures"]["seconds"] or math.inf
        self.known: dict[tuple[str, float], float] = {}

    def _cut(self, clip: str, seconds: float) -> float:
        if (clip, seconds) not in self.known:
            waveform, rate = read_audio(*self.clips[clip])
            self.known[clip, seconds] = level_db(waveform[: round(seconds * rate)])
        return self.known[clip, seconds]

    def problem(self, clips: list[str]) -> dict | None:
        """Return which clip of a mixture is all but silent, its level and the reason; None if none is."""
        seconds = {clip: float(self.clips[clip][1]["seconds"]) for clip in clips}
        shortest = min(*seconds.values(), self.most)
        for clip in clips:
            if seconds[clip] == shortest:
                continue  # it is taken whole, as it was when it was judged
            level, whole = self._cut(clip, shortest), float(self.clips[clip][1]["rms_db"])
            cells = {"clip": clip, "level_db": f"{level:.1f}"}
            if level < self.silence:
                return cells | {"reason": f"its first {shortest:g} s are silent (clips.silence_db)"}
            if level < whole - self.quiet:
                return cells | {
                    "reason": f"its first {shortest:g} s are {whole - level:.0f} dB below the clip's level "
                    "(mixtures.quiet_db)"
                }
        return None


def _orders(sources: list, count: int, base: str, group_of: dict, draw, most: int) -> Iterator[tuple]:
    """Yield the combinations of a group as places among the sources, in a drawn order, each once."""
    if math.comb(len(sources), count) <= ENUMERABLE:
        fitting = [
            places
            for places in itertools.combinations(range(len(sources)), count)
            if _base_of(tuple(sources[i] for i in places), group_of) == base
        ]
        yield from (fitting[i] for i in draw.permutation(len(fitting)))
        return
    found: set[tuple[int, ...]] = set()
    for _ in range(200 * most):
        places = tuple(sorted(draw.choice(len(sources), count, replace=False).tolist()))
        if places not in found and _base_of(tuple(sources[i] for i in places), group_of) == base:
            found.add(places)
            yield places


def choose_mixtures(
    sources: list[tuple[str, str]],
    settings: dict,
    problem_of: Callable[[list[str]], dict | None] = lambda clips: None,
) -> tuple[list[dict], list[dict]]:
    """Choose mixtures of different objects, at most ``max_pairs`` a group, else a seeded sample.

    Parameters
    ----------
    sources : list of (clip id, object)
    settings : dict
        Keys ``seed``, ``classes`` and ``mixtures``.
    problem_of : callable
        Says what is wrong with a mixture of clips, or None: see `Levels.problem`. In place of one that is
        left out another is drawn, as long as there are any.

    Returns
    -------
    chosen : list of dict
        With the columns of the table of mixtures.
    left_out : list of dict
        With ``LEFT_OUT_COLUMNS``.
    """
    group_of = {item.name: item.group for item in classes_of(settings)}
    options, chosen, left_out = settings["mixtures"], [], []
    for count in options["sources"]:
        for base in groups_of(settings["classes"], added=added_of(settings)):
            name = base if count == 2 else f"{base}-{count}"
            draw, most = generator(settings["seed"], "mixtures", name), options["max_pairs"]
            found: list[tuple] = []
            for places in _orders(sources, count, base, group_of, draw, most):
                clips, objects = zip(*(sources[i] for i in places), strict=True)
                cells = cells_of(list(clips), list(objects), settings)
                problem = problem_of(list(clips))
                if problem is not None:
                    left_out.append(cells | problem)
                    continue
                found.append((places, name, cells))
                if len(found) == most:
                    break
            chosen += sorted(found, key=lambda item: item[0])
    rows = [
        {"mixture": f"{name}-{number:04d}", "block": number % options["blocks"]} | cells
        for number, (_, name, cells) in enumerate(chosen)
    ]
    return rows, left_out


def mix(
    sources: list[np.ndarray], rms_db: float, most: int | None = None
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Bring sources to equal level and add them, cut to the shortest.

    Parameters
    ----------
    sources : list of np.ndarray [shape=(T_j,)]
        None of them silent.
    rms_db : float
        Level of each, dB full scale.
    most : int, optional
        Samples to cut them to, where they are longer.

    Returns
    -------
    mixture : np.ndarray, float32 [shape=(T,)]
    references : list of np.ndarray, float32 [shape=(T,)]
        Their sum is the mixture.
    """
    length = min([len(source) for source in sources] + ([] if most is None else [most]))
    level = 10 ** (rms_db / 20)
    references = []
    for source in sources:
        cut = source[:length].astype(np.float64)
        power = np.sqrt(np.mean(cut**2))
        if power == 0:
            raise ObjectsoundsError(
                "A silent clip cannot be mixed, its level cannot be set: make mixtures.tsv again."
            )
        references.append((cut * (level / power)).astype(np.float32))
    return np.sum(references, axis=0), references
