"""Stage ``dictionary``: the bases that stand for each object, with where each came from (Gao 3.4)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from objectsounds.config.method_table import rule_sections
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator
from objectsounds.data.bags import Bags, open_dataset
from objectsounds.dictionaries.agreement import choose_agreement
from objectsounds.dictionaries.choice import Choice
from objectsounds.dictionaries.consensus import choose_consensus
from objectsounds.dictionaries.exemplar import choose_exemplar
from objectsounds.dictionaries.file import read_dictionary, write_dictionary
from objectsounds.dictionaries.gao import choose_gao
from objectsounds.dictionaries.solo import choose_solo
from objectsounds.dictionaries.surest import choose_surest
from objectsounds.networks.miml import normalise_bases
from objectsounds.networks.miml_training import load_network
from objectsounds.networks.relation_map import relation_maps

STAGE_VERSION = 3


RULES = {
    "gao": choose_gao,
    "surest": choose_surest,
    "agreement": choose_agreement,
    "consensus": choose_consensus,
    "exemplar": choose_exemplar,
    "solo": choose_solo,
}


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
        (`registry.rule_sections`).
    rule : str
        One of ``RULES``.
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
    for section in rule_sections(rule):
        options |= settings["dictionary"][section]
    choice = RULES[rule](maps, bags, options)
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


def make_gaussian(settings: dict, like: str | Path, output: str | Path) -> None:
    """Draw random non-negative bases, as many for each object as another dictionary has (Gao 4.3).

    Parameters
    ----------
    settings : dict
        Key ``seed``.
    like : path
        The dictionary whose sizes are taken.
    output : path
    """
    model = read_dictionary(like)
    bases = np.empty_like(model.bases)
    for index, name in enumerate(model.objects):
        rows = model.owners == index
        draw = generator(settings["seed"], "dictionary", "gaussian", name)
        bases[rows] = np.abs(draw.standard_normal((rows.sum(), bases.shape[1]), dtype=np.float32))
    origin = {
        "clip_id": [""] * len(bases),
        "basis": np.full(len(bases), -1),
        "score": np.zeros(len(bases), np.float32),
    }
    write_dictionary(
        output,
        settings,
        STAGE_VERSION,
        "gaussian",
        model.objects,
        model.owners.tolist(),
        bases,
        origin,
        model.empty,
    )
