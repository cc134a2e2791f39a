"""Stage ``mixtures``: single-source test clips, two or more, summed at equal level (Gao 4.4)."""

import itertools
import logging
import math
from pathlib import Path

import numpy as np

from objectsounds.audio import write_wav
from objectsounds.classes import chosen_classes
from objectsounds.errors import ObjectsoundsError
from objectsounds.files import folder_written_whole
from objectsounds.seeds import generator
from objectsounds.status import good_clips, read_audio, read_objects, read_status
from objectsounds.tables import join_names, read_table, split_names, write_table

STAGE_VERSION = 3
MIXTURE_COLUMNS = ("mixture", "group", "block", "clips", "objects")
CROSS_DOMAIN = "cross-domain"
ENUMERABLE = 300_000  # combinations; of more a sample is drawn without listing them

log = logging.getLogger(__name__)


def group_name(base: str, count: int) -> str:
    """Return the name of a group of mixtures of ``count`` sources; pairs bear the plain name."""
    return base if count == 2 else f"{base} x{count}"


def groups_of(names: list[str], counts: list[int] | tuple[int, ...] = (2,)) -> list[str]:
    """Return the groups of mixtures that the configured classes can give, cross-domain last."""
    groups = list(dict.fromkeys(item.group for item in chosen_classes(names)))
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


def _combinations(sources: list, count: int, base: str, group_of: dict, draw, most: int) -> list[tuple]:
    """Return at most ``most`` combinations of a group: all if they are few, else a seeded sample."""
    if math.comb(len(sources), count) <= ENUMERABLE:
        fitting = [c for c in itertools.combinations(sources, count) if _base_of(c, group_of) == base]
        if len(fitting) <= most:
            return fitting
        return [fitting[i] for i in sorted(draw.choice(len(fitting), most, replace=False))]
    found: set[tuple[int, ...]] = set()
    for _ in range(200 * most):
        picked = tuple(sorted(draw.choice(len(sources), count, replace=False).tolist()))
        if len(found) < most and _base_of(tuple(sources[i] for i in picked), group_of) == base:
            found.add(picked)
    return [tuple(sources[i] for i in picked) for picked in sorted(found)]


def choose_mixtures(sources: list[tuple[str, str]], settings: dict) -> list[dict]:
    """Choose mixtures of different objects, at most ``max_pairs`` a group, else a seeded sample.

    Parameters
    ----------
    sources : list of (clip id, object)
    settings : dict
        Keys ``seed``, ``classes`` and ``mixtures``.

    Returns
    -------
    list of dict
        With the columns of the table of mixtures.
    """
    group_of = {item.name: item.group for item in chosen_classes(settings["classes"])}
    options, chosen = settings["mixtures"], []
    for count in options["sources"]:
        for base in groups_of(settings["classes"]):
            name = base if count == 2 else f"{base}-{count}"
            draw = generator(settings["seed"], "mixtures", name)
            found = _combinations(sources, count, base, group_of, draw, options["max_pairs"])
            chosen += [(name, group_name(base, count), combination) for combination in found]
    return [
        {
            "mixture": f"{name}-{number:04d}",
            "group": group,
            "block": number % options["blocks"],
            "clips": join_names(clip for clip, _ in combination),
            "objects": join_names(item for _, item in combination),
        }
        for number, (name, group, combination) in enumerate(chosen)
    ]


def list_mixtures(settings: dict, objects: str | Path, statuses: list[str], output: str | Path) -> None:
    """Write the table of mixtures of the test clips in use, whose objects are in the table ``objects``."""
    sources = single_source(statuses, objects, settings["classes"])
    rows = choose_mixtures(sources, settings)
    if not rows:
        raise ObjectsoundsError(
            f"Nothing can be mixed: {len(sources)} good test clips hold exactly one object of "
            f"{', '.join(settings['classes'])}; add test clips of at least two objects."
        )
    write_table(output, MIXTURE_COLUMNS, rows)
    log.info("%d mixtures of %d single-source clips", len(rows), len(sources))


def mix(sources: list[np.ndarray], rms_db: float) -> tuple[np.ndarray, list[np.ndarray]]:
    """Bring sources to equal level and add them, cut to the shortest.

    Parameters
    ----------
    sources : list of np.ndarray [shape=(T_j,)]
        None of them silent.
    rms_db : float
        Level of each, dB full scale.

    Returns
    -------
    mixture : np.ndarray, float32 [shape=(T,)]
    references : list of np.ndarray, float32 [shape=(T,)]
        Their sum is the mixture.
    """
    length = min(len(source) for source in sources)
    level = 10 ** (rms_db / 20)
    references = []
    for source in sources:
        cut = source[:length].astype(np.float64)
        power = np.sqrt(np.mean(cut**2))
        if power == 0:
            raise ObjectsoundsError("A silent clip cannot be mixed: its level cannot be set.")
        references.append((cut * (level / power)).astype(np.float32))
    return np.sum(references, axis=0), references


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
