"""Stage ``mixtures``: pairs of single-source test clips, summed at equal level (Gao 4.4)."""

import itertools
import logging
from pathlib import Path

import numpy as np

from objectsounds.audio import write_wav
from objectsounds.classes import chosen_classes
from objectsounds.errors import ObjectsoundsError
from objectsounds.files import folder_written_whole
from objectsounds.seeds import generator
from objectsounds.status import good_clips, read_audio, read_status
from objectsounds.tables import read_table, split_names, write_table

STAGE_VERSION = 1
PAIR_COLUMNS = ("mixture", "group", "block", "clip_1", "clip_2", "object_1", "object_2")
CROSS_DOMAIN = "cross-domain"

log = logging.getLogger(__name__)


def groups_of(names: list[str]) -> list[str]:
    """Return the groups of pairs that the configured classes can give, cross-domain last."""
    groups = list(dict.fromkeys(item.group for item in chosen_classes(names)))
    return [*groups, CROSS_DOMAIN] if len(groups) > 1 else groups


def single_source(statuses: list[str | Path], used: set[str], names: list[str]) -> list[tuple[str, str]]:
    """Return (clip id, object) of the good clips in use with exactly one object, sorted by id."""
    found = []
    for status in statuses:
        for row in read_status(status):
            objects = split_names(row["objects"])
            if row["status"] == "ok" and row["clip_id"] in used and len(objects) == 1 and objects[0] in names:
                found.append((row["clip_id"], objects[0]))
    return sorted(found)


def choose_pairs(sources: list[tuple[str, str]], settings: dict) -> list[dict]:
    """Choose pairs of two different objects, at most ``max_pairs`` a group, else a seeded sample.

    Parameters
    ----------
    sources : list of (clip id, object)
    settings : dict
        Keys ``seed``, ``classes`` and ``mixtures``.

    Returns
    -------
    list of dict
        With the columns of the pair table.
    """
    group_of = {item.name: item.group for item in chosen_classes(settings["classes"])}
    options, pairs = settings["mixtures"], []
    for group in groups_of(settings["classes"]):
        fitting = [
            (a, b)
            for a, b in itertools.combinations(sources, 2)
            if a[1] != b[1]
            and (group_of[a[1]] if group_of[a[1]] == group_of[b[1]] else CROSS_DOMAIN) == group
        ]
        if len(fitting) > options["max_pairs"]:
            draw = generator(settings["seed"], "mixtures", group)
            fitting = [
                fitting[i] for i in sorted(draw.choice(len(fitting), options["max_pairs"], replace=False))
            ]
        pairs += [(group, *pair) for pair in fitting]
    return [
        {
            "mixture": f"{group}-{number:04d}",
            "group": group,
            "block": number % options["blocks"],
            "clip_1": first[0],
            "clip_2": second[0],
            "object_1": first[1],
            "object_2": second[1],
        }
        for number, (group, first, second) in enumerate(pairs)
    ]


def make_pairs(settings: dict, used: str | Path, statuses: list[str], output: str | Path) -> None:
    """Write the table of pairs."""
    in_use = set(Path(used).read_text(encoding="utf-8").split())
    sources = single_source(statuses, in_use, settings["classes"])
    pairs = choose_pairs(sources, settings)
    if not pairs:
        raise ObjectsoundsError(
            f"No pair can be mixed: {len(sources)} good test clips hold exactly one object of "
            f"{', '.join(settings['classes'])}; add test clips of at least two objects."
        )
    write_table(output, PAIR_COLUMNS, pairs)
    log.info("%d pairs of %d single-source clips", len(pairs), len(sources))


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
    settings: dict, pairs: str | Path, block: int, statuses: list[str], output: str | Path
) -> None:
    """Write the mixtures and references of one block.

    Writes a folder with ``pairs.tsv`` and, per mixture, ``<mixture>/mixture.wav``, ``reference_1.wav``
    and ``reference_2.wav`` as 32-bit float.
    """
    rows = [row for row in read_table(pairs, PAIR_COLUMNS) if int(row["block"]) == block]
    wanted = {row[key] for row in rows for key in ("clip_1", "clip_2")}
    audio = {}
    for status in statuses:
        for clip in good_clips(status):
            if clip["clip_id"] in wanted:
                audio[clip["clip_id"]] = read_audio(status, clip)
    with folder_written_whole(output) as folder:
        for row in rows:
            (first, rate), (second, _) = audio[row["clip_1"]], audio[row["clip_2"]]
            mixture, references = mix([first, second], settings["mixtures"]["rms_db"])
            target = folder / row["mixture"]
            target.mkdir()
            names = ("mixture", "reference_1", "reference_2")
            for name, waveform in zip(names, (mixture, *references), strict=True):
                write_wav(target / f"{name}.wav", waveform, rate)
        write_table(folder / "pairs.tsv", PAIR_COLUMNS, rows)
    log.info("%d mixtures", len(rows))
