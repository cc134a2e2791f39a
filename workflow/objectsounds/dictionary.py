"""Stage ``dictionary``: the bases that stand for each object, with where each came from (Gao 3.4)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from objectsounds.choices import Choice, whole_clips
from objectsounds.consensus import choose_consensus
from objectsounds.dataset import Bags, open_dataset, softmax
from objectsounds.dictionaries import read_dictionary, write_dictionary
from objectsounds.errors import ObjectsoundsError
from objectsounds.network import normalise_bases
from objectsounds.registry import rule_sections
from objectsounds.seeds import generator
from objectsounds.train import load_network

STAGE_VERSION = 3


@torch.no_grad()
def relation_maps(network, bags: Bags, norm: str, batch: int = 64) -> np.ndarray:
    """Return the basis-object relation maps of all clips, float32 [shape=(n, L, M)]."""
    maps = []
    for start in range(0, len(bags.clip_ids), batch):
        bases = torch.from_numpy(bags.read_bases(slice(start, start + batch)))
        maps.append(network.relation_map(normalise_bases(bases, norm)).numpy())
    return np.concatenate(maps)


def choose_gao(maps: np.ndarray, bags: Bags, options: dict) -> Choice:
    """Choose single bases by Gao's rule with Rowe's numbers (Gao 3.4; Rowe 3.4.2).

    The maps become probabilities by a softmax over a clip's bases. A basis is taken for a visually
    detected object if its probability is at least ``threshold`` and at least ``support_count`` bases
    of that clip reach ``support_threshold``; the ``max_bases`` most probable are kept.

    Parameters
    ----------
    maps : np.ndarray [shape=(n, L, M)]
    bags : Bags
    options : dict
        Section ``dictionary.gao``.
    """
    probabilities = softmax(maps, axis=2 if options["axis"] == "bases" else 1)
    choice = Choice()
    for target, name in enumerate(bags.objects):
        found = []
        labelled = np.flatnonzero(bags.targets[:, target])
        for clip in labelled:
            row = probabilities[clip, target]
            if (row >= options["support_threshold"]).sum() >= options["support_count"]:
                found += [(row[basis], clip, basis) for basis in np.flatnonzero(row >= options["threshold"])]
        found.sort(key=lambda item: (-item[0], item[1], item[2]))
        for score, clip, basis in found[: options["max_bases"]]:
            choice.add(target, clip, basis, score)
        if not found:
            choice.empty[name] = (
                "no train clip has this visual label"
                if not len(labelled)
                else f"in none of {len(labelled)} clips with this visual label do {options['support_count']} "
                f"bases reach {options['support_threshold']} and one {options['threshold']}"
            )
    return choice


def choose_surest(maps: np.ndarray, bags: Bags, options: dict) -> Choice:
    """Choose all bases of the clips in which the network is surest of exactly one object (our default).

    With P the softmax over objects of the bag scores: of the clips whose visual labels hold c and
    whose argmax of P is c, the ``clips_per_object`` with the highest P_c.

    Parameters
    ----------
    maps : np.ndarray [shape=(n, L, M)]
    bags : Bags
    options : dict
        Section ``dictionary.surest``.
    """
    probabilities = softmax(maps.max(axis=2), axis=1)
    fits = (bags.targets == 1) & (probabilities == probabilities.max(axis=1, keepdims=True))
    why = "the network is surest of this object in none of {labelled} clips with this visual label"
    return whole_clips(probabilities, fits, bags, options["clips_per_object"], why)


def choose_agreement(maps: np.ndarray, bags: Bags, options: dict) -> Choice:
    """Choose all bases of the clips in which ear and eye agree best.

    With P as for `choose_surest`, the network's word on the sounds, and V the labeller's on the frames:
    of the clips whose visual labels hold c, the ``clips_per_object`` with the highest P_c V_c. A clip in
    which a second object is seen has a lower V_c, one in which a second one sounds a lower P_c; and an
    object that the network is never surest of is not left without bases.

    Parameters
    ----------
    maps : np.ndarray [shape=(n, L, M)]
    bags : Bags
    options : dict
        Section ``dictionary.surest``, whose number of clips it takes.
    """
    agreed = softmax(maps.max(axis=2), axis=1) * bags.probabilities
    return whole_clips(agreed, bags.targets == 1, bags, options["clips_per_object"])


def choose_exemplar(maps: None, bags: Bags, options: dict) -> Choice:
    """Choose all bases of the one clip that the labeller is surest of (Gao 4.3, "visual exemplar").

    "An exemplar video is the one that has the largest confidence score for a class among all unlabeled
    training videos": of all clips, whether the score suffices for a label or not.
    """
    del maps, options
    return whole_clips(bags.probabilities, np.ones(bags.targets.shape, bool), bags, 1)


def choose_solo(maps: None, bags: Bags, options: dict) -> Choice:
    """Choose all bases of clips in which just this object sounds, by the lists' labels, drawn by seed.

    As many clips as ``surest`` takes: a reference for what a rule could reach, not a bound.
    """
    del maps
    truth = bags.audioset == 1
    draw = generator(options["seed"], "dictionary", "solo")
    alone = truth & (truth.sum(axis=1, keepdims=True) == 1)
    order = draw.random((len(truth), 1)).repeat(truth.shape[1], axis=1)
    return whole_clips(order, alone, bags, options["clips_per_object"], "it sounds alone in no train clip")


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
