"""Activations of fixed bases against scikit-learn, what float32 changes, and whole separations in less."""

import itertools
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from objectsounds.bench.inputs import TRANSFORM, pairs
from objectsounds.bench.table import Comparison, judge_divergences, timed
from objectsounds.config.settings import load_settings
from objectsounds.dictionaries.file import Dictionary, read_dictionary
from objectsounds.media.wav import resampled
from objectsounds.methods.guided import guided_nmf
from objectsounds.methods.problem import Problem
from objectsounds.methods.separation import dictionary_at
from objectsounds.signal.bss_eval import bss_eval
from objectsounds.signal.kl_descent import kl_divergence
from objectsounds.signal.masks import soft_masks
from objectsounds.signal.nmf import fit_activations
from objectsounds.signal.transforms import transform_of

LIMIT = 0.005
SDR_LIMIT = 0.01  # dB
WHOLE_LIMIT = 0.5  # dB of the mean, of separations in bands or at a lower rate
WHOLE = ((48000, True, None), (16000, False, None), (16000, True, 10))  # rate, bands, and the goal
BLOCK = 10  # mixtures for which a job learns objects' colours once


def by_scikit_learn(V: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Return H of Rowe's trick: V transposed, and H held in place of W; 200 iterations at most."""
    from sklearn.decomposition import non_negative_factorization

    transposed, _, _ = non_negative_factorization(
        V.T.astype(np.float64),
        H=np.ascontiguousarray(W.T, dtype=np.float64),
        n_components=W.shape[1],
        update_H=False,
        solver="mu",
        beta_loss="kullback-leibler",
        max_iter=200,
    )
    return transposed.T


def separated(spectrogram: np.ndarray, W: np.ndarray, H: np.ndarray, own: int, length: int) -> np.ndarray:
    """Return the two waveforms (2, T) whose bases are the first ``own`` columns of W and the others."""
    edges = (0, own, W.shape[1])
    models = np.stack([W[:, a:b] @ H[a:b] for a, b in itertools.pairwise(edges)])
    return np.stack([TRANSFORM.inverse(spectrogram * mask, length) for mask in soft_masks(models)])


def separated_whole(
    settings: dict, words: Dictionary, rate: int, objects: list[str], mixture: np.ndarray
) -> np.ndarray:
    """Return the two waveforms, shape=(2, T), of guided separation at a rate in Hz, refined masks and all."""
    learnt = settings["clips"]["sample_rate"]
    heard, transform = resampled(mixture, learnt, rate), transform_of(settings, rate)
    bases = dictionary_at(rate, words, settings, learnt)
    found = guided_nmf(Problem(heard, objects, transform, settings["separate"], bases, rate=rate))
    return np.stack([resampled(found[name], rate, learnt, len(mixture)) for name in objects])


def compare_whole(run: Path, words: Dictionary, count: int) -> list[Comparison]:
    """Return the comparisons of whole separations with one on all bins at the clips' rate."""
    settings = load_settings({"preset": "demo"})

    def options(bands: bool) -> dict:
        return settings | {"separate": settings["separate"] | {"bands": bands}}

    rows = [
        Comparison(
            f"guided separation, refined, one core, at {rate // 1000} kHz{', in bands' if bands else ''}",
            "the same at 48 kHz on all bins, colours learnt for each pair",
            goal,
        )
        for rate, bands, goal in WHOLE
    ]
    gained: list[list[float]] = [[] for _ in rows]
    blocks = [words] * len(rows)
    for number, (objects, mixture, references) in enumerate(pairs(run, count)):
        if number % BLOCK == 0:
            blocks = [replace(words, made={}) for _ in rows]
        if not all(words.of(name).shape[1] for name in objects):
            continue
        anew = replace(words, made={})
        spent, waveforms = timed(partial(separated_whole, options(False), anew, 48000, objects, mixture))
        reference = bss_eval(references, waveforms)[0].mean()
        for row, (rate, bands, _), block, gains in zip(rows, WHOLE, blocks, gained, strict=True):
            row.peer.append(spent)
            own, waveforms = timed(partial(separated_whole, options(bands), block, rate, objects, mixture))
            row.ours.append(own)
            gains.append(float(bss_eval(references, waveforms)[0].mean() - reference))
    for row, gains in zip(rows, gained, strict=True):
        row.equal = float(np.mean(gains)) > -WHOLE_LIMIT
        row.shown = (
            f"SDR {np.mean(gains):+.2f} dB in the mean of {len(gains)} pairs (s.e. {_error(gains):.2f})"
        )
    return rows


def _error(values: list[float]) -> float:
    """Return the standard error of a mean."""
    return float(np.std(values, ddof=1) / len(values) ** 0.5)


def compare(run: Path, count: int = 8, scored: int = 100) -> list[Comparison]:
    """Return comparisons with scikit-learn on ``count`` pairs, of numbers on ``scored``, and whole ones."""
    words = read_dictionary(run / "dictionary" / "default" / "consensus.h5")
    speed = Comparison(
        "activations of two objects' bases, one core",
        "scikit-learn, float64, its tolerance",
        None,
    )
    types = Comparison("the same in float32", "ours, float64", 1)
    reached: tuple[list[float], list[float]] = ([], [])
    changes = []
    for number, (objects, mixture, references) in enumerate(pairs(run, scored)):
        parts = [words.of(name) for name in objects]
        if not all(part.shape[1] for part in parts):
            continue
        W = np.concatenate(parts, axis=1)
        spectrogram = TRANSFORM.forward(mixture)
        V = np.abs(spectrogram)
        scores = []
        for kind, times in ((np.float32, types.ours), (np.float64, types.peer)):
            spent, fit = timed(lambda V=V, W=W, kind=kind: fit_activations(V, W, dtype=kind))
            times.append(spent)
            waveforms = separated(spectrogram, fit.bases, fit.activations, parts[0].shape[1], len(mixture))
            scores.append(bss_eval(references, waveforms)[0])
            if kind == np.float32 and number < count:
                speed.ours.append(spent)
                reached[0].append(kl_divergence(V, fit.bases.astype(np.float64) @ fit.activations))
                spent, H = timed(lambda V=V, W=W: by_scikit_learn(V, W))
                speed.peer.append(spent)
                reached[1].append(kl_divergence(V, W.astype(np.float64) @ H))
        changes.append(np.abs(scores[0] - scores[1]).max())
    judge_divergences(speed, *reached, LIMIT)
    types.equal = max(changes) < SDR_LIMIT
    types.shown = f"SDR changed by at most {max(changes):.2g} dB in {len(changes)} pairs"
    return [speed, types, *compare_whole(run, words, scored // 4)]
