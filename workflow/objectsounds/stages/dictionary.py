"""Stage ``dictionary``: the bases that stand for each object, with where each came from (Gao 3.4)."""

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from objectsounds.config.method_table import RULES
from objectsounds.core.arguments import ONE
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.data.bags import Bags, open_dataset
from objectsounds.dictionaries.choice import Choice
from objectsounds.dictionaries.file import write_dictionary
from objectsounds.networks.miml import normalise_bases
from objectsounds.networks.miml_training import load_network
from objectsounds.networks.relation_map import relation_maps

STAGE_VERSION = 3


def _gather(choice: Choice, bags: Bags, norm: str) -> np.ndarray:
    """Return the chosen bases, normalised, float32 [shape=(n, F)]."""
    chosen = np.empty((len(choice.clips), bags.bases_shape[1]), dtype=np.float32)
    for clip in sorted(set(choice.clips)):
        bases = normalise_bases(torch.from_numpy(bags.read_bases(slice(clip, clip + 1))), norm)[0].numpy()
        rows = [row for row, owner in enumerate(choice.clips) if owner == clip]
        chosen[rows] = bases[:, [choice.bases[row] for row in rows]].T
    return chosen


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
) -> None:
    """Choose the bases of every object by a rule.

    Parameters
    ----------
    settings : dict
        Keys ``seed``, ``train.basis_norm`` and the sections of ``dictionary`` that the rule takes
        (``method_table.Source.sections``).
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
        ``basis`` (n,) and ``score`` (n,); attribute ``empty`` tells why an object has no basis.
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
    origin = {
        "clip_id": [bags.clip_ids[clip] for clip in choice.clips],
        "basis": np.asarray(choice.bases, dtype=np.int32),
        "score": np.asarray(choice.scores, dtype=np.float32),
    }
    write_dictionary(
        output,
        settings,
        STAGE_VERSION,
        rule,
        bags.objects,
        choice.objects,
        _gather(choice, bags, norm),
        origin,
        choice.empty,
    )


OPTIONS = {
    "rule": ONE | {"choices": list(RULES)},
    "supervision": {"choices": ["visual", "audioset"], "default": "visual"},
    "network": {"help": "for the rules that ask one"},
    "train": ONE,
    "output": ONE,
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    if RULES[args.rule].supervision and not args.network:
        raise ObjectsoundsError(f"--network is missing; the rule {args.rule} needs it.")
    make_dictionary(settings, args.rule, args.supervision, args.network, args.train, args.output)
