"""Stage ``dictionary``: the bases that stand for each object, with where each came from (Gao 3.4)."""

import importlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from objectsounds.config.method_table import RULES
from objectsounds.core.arguments import ONE
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.data.bags import Bags, open_dataset
from objectsounds.dictionaries.choice import Choice
from objectsounds.dictionaries.file import write_dictionary
from objectsounds.dictionaries.performed import clip_name, read_performed
from objectsounds.dictionaries.transposition import with_transpositions
from objectsounds.networks.miml import normalise_bases
from objectsounds.networks.miml_training import load_network
from objectsounds.networks.relation_map import relation_maps
from objectsounds.signal.transforms import frequencies_of

STAGE_VERSION = 4


def _gather(choice: Choice, bags: Bags, norm: str) -> np.ndarray:
    """Return the chosen bases, normalised, float32 [shape=(n, F)]."""
    chosen = np.empty((len(choice.clips), bags.bases_shape[1]), dtype=np.float32)
    for clip in sorted(set(choice.clips)):
        bases = normalise_bases(torch.from_numpy(bags.read_bases(slice(clip, clip + 1))), norm)[0].numpy()
        rows = [row for row, owner in enumerate(choice.clips) if owner == clip]
        chosen[rows] = bases[:, [choice.bases[row] for row in rows]].T
    return chosen


@dataclass
class Bases:
    """Normalised bases with their objects and where each is from: parallel over bases."""

    columns: np.ndarray  # float32 [shape=(n, F)]
    owners: list[int]
    clip_ids: list[str]
    numbers: list[int]
    scores: list[float]

    def add(self, owner: int, performances: np.ndarray, norm: str) -> None:
        """Add an object's performances, shape=(P, F, M)."""
        columns = normalise_bases(torch.from_numpy(performances), norm).numpy()
        count, _, each = columns.shape
        self.columns = np.concatenate([self.columns, *columns.transpose(0, 2, 1)])
        self.owners += [owner] * (count * each)
        self.clip_ids += [clip_name(number) for number in range(count) for _ in range(each)]
        self.numbers += list(range(each)) * count
        self.scores += [0.0] * (count * each)


def _chosen(choice: Choice, bags: Bags, norm: str, soundfont: dict[str, np.ndarray]) -> Bases:
    """Return the chosen bases, and those of performances."""
    ids = [bags.clip_ids[clip] for clip in choice.clips]
    found = Bases(_gather(choice, bags, norm), list(choice.objects), ids, choice.bases, choice.scores)
    for owner, name in enumerate(bags.objects):
        if name in soundfont:
            found.add(owner, soundfont[name], norm)
    return found


def _write(settings: dict, rule: str, found: Bases, bags: Bags, empty: dict, norm: str, output) -> None:
    """Write bases, with the transposed ones that the settings ask for; see `make_dictionary`."""
    bases, rows = found.columns, range(len(found.owners))
    semitones, origin = 0 if RULES[rule].as_published else settings["dictionary"]["transpose"], {}
    if semitones:
        frequencies = frequencies_of(settings, settings["clips"]["sample_rate"])
        moved = with_transpositions(bases, found.owners, frequencies, semitones)
        rows, origin = moved.rows, {"semitones": np.asarray(moved.semitones, dtype=np.int32)}
        bases = normalise_bases(torch.from_numpy(moved.bases.T), norm).numpy().T
    origin |= {
        "clip_id": [found.clip_ids[row] for row in rows],
        "basis": np.asarray([found.numbers[row] for row in rows], dtype=np.int32),
        "score": np.asarray([found.scores[row] for row in rows], dtype=np.float32),
    }
    owners = [found.owners[row] for row in rows]
    write_dictionary(output, settings, STAGE_VERSION, rule, bags.objects, owners, bases, origin, empty)


def _read_network(network: str | Path, train: str | Path, bags: Bags) -> tuple[np.ndarray, str]:
    """Return the relation maps of the train clips and the norm of the bases that the network learnt with."""
    miml, saved = load_network(network)
    if saved["objects"] != bags.objects:
        raise ObjectsoundsError(f"{network} knows other objects than {train}: run the rule train again.")
    norm = saved["options"]["basis_norm"]
    return relation_maps(miml, bags, norm), norm


def make_dictionary(
    settings: dict,
    rule: str,
    supervision: str | None,
    network: str | Path | None,
    train: str | Path,
    output: str | Path,
    soundfont: str | Path | None = None,
) -> None:
    """Choose the bases of every object by a rule.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``train.basis_norm``, the sections of ``dictionary`` that the rule takes
        (``method_table.Source.sections``) and, unless it stays as published, ``stage_keys.TRANSPOSING``.
    rule : str
        One of ``method_table.RULES``.
    supervision : str or None
        The labels that say which clips hold an object: ``visual``, or ``audioset`` for the upper bound.
    network : path or None
        The trained network; None for the rules that ask none.
    train : path
        The aggregated HDF5 of the train split.
    output : path
        HDF5 with ``bases`` (n, F), normalised as for training, ``object`` (n,), ``clip_id`` (n,),
        ``basis`` (n,) and ``score`` (n,); where bases were transposed also ``semitones`` (n,), by which each
        was moved from the basis that ``clip_id`` and ``basis`` name; attribute ``empty`` tells why an object
        has no basis.
    soundfont : path, optional
        What stage ``soundfont`` wrote: bases that join the chosen ones, for whatever rule. Of these
        ``clip_id`` is the performance, as ``soundfont 3``, and ``score`` is 0.
    """
    bags = open_dataset(train)
    bags = replace(bags, targets=(bags.supervision(supervision or "visual") == 1).astype(np.uint8))
    maps, norm = None, settings["train"]["basis_norm"]
    if network is not None:
        maps, norm = _read_network(network, train, bags)
    options = {"seed": settings["seed"]}
    for section in RULES[rule].sections:
        options |= settings["dictionary"][section]
    choose = importlib.import_module(f"objectsounds.dictionaries.{rule}").choose
    choice = choose(maps, bags, options)
    found = _chosen(choice, bags, norm, read_performed(soundfont) if soundfont else {})
    empty = {name: why for name, why in choice.empty.items() if bags.objects.index(name) not in found.owners}
    _write(settings, rule, found, bags, empty, norm, output)


OPTIONS = {
    "rule": ONE | {"choices": list(RULES)},
    "supervision": {"choices": ["visual", "audioset"], "default": "visual"},
    "network": {"help": "for the rules that ask one"},
    "train": ONE,
    "soundfont": {"help": "bases of performances that join those of the clips"},
    "output": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    if RULES[args.rule].supervision and not args.network:
        raise ObjectsoundsError(f"--network is missing; the rule {args.rule} needs it.")
    make_dictionary(
        settings, args.rule, args.supervision, args.network, args.train, args.output, args.soundfont
    )
