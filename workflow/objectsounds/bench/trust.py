"""``python -m objectsounds.bench.trust --run results/demo [--pairs 100]``: does trust hold on a run's sounds?

Pairs of train clips with one label are mixed at levels up to 8 dB apart and separated by bases of other clips
of their objects; in every second mixture a quarter of these clips are of other objects. It prints the rank
correlation of trust with SDR, what share of the estimates at each trust has an SDR above 5 dB, and the
coefficients that these estimates would give. Those of `objectsounds.methods.trust` were found in this way.
"""

import argparse
import itertools
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from objectsounds.config.settings import load_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator
from objectsounds.core.tables import split_names
from objectsounds.data.mixtures import mix
from objectsounds.data.status import good_clips, read_audio, read_objects
from objectsounds.dictionaries.transposition import with_transpositions
from objectsounds.media.wav import resampled
from objectsounds.methods.guided_masks import guided_masks, trust_of
from objectsounds.methods.refinement import Refinement
from objectsounds.methods.timbre import Timbre, features
from objectsounds.methods.trust import LEAST, MOST, trust_in
from objectsounds.signal.bss_eval import bss_eval
from objectsounds.signal.nmf import factorize
from objectsounds.signal.transforms import Stft, bin_frequencies

RATE = 16000  # Hz
STFT = Stft.for_rate(RATE, 0.1, 0.05)
FREQUENCIES = bin_frequencies(STFT, RATE)
CLIPS, STRANGERS, LEVELS = 8, 0.25, 8.0  # a dictionary's clips, its share of wrong ones, dB
SEMITONES = 1  # that bases of pitched objects are moved by
GOOD = 5.0  # dB SDR
EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass
class Solo:
    """A clip with one label: its object, waveform [shape=(T,)] and bases [shape=(F, m)]."""

    name: str
    waveform: np.ndarray
    bases: np.ndarray


def solos_of(run: Path, settings: dict) -> list[Solo]:
    """Return a run's train clips with one label.

    Raises
    ------
    ObjectsoundsError
        If the run has no clips.
    """
    table = run / "catalogue" / "objects-train.tsv"
    if not table.exists():
        raise ObjectsoundsError(f"{run} is no finished run to take clips from: run `make demo` first.")
    known, solos = read_objects(table), []
    rows = [
        (status, row)
        for status in sorted((run / "clips").glob("train-*/status.tsv"))
        for row in good_clips(status)
    ]
    for status, row in rows:
        objects = split_names(known[row["clip_id"]]["objects"]) if row["clip_id"] in known else []
        if len(objects) != 1:
            continue
        waveform, rate = read_audio(status, row)
        heard = resampled(waveform, rate, RATE)
        draw = generator(settings["seed"], "bench trust", len(solos))
        fit = factorize(np.abs(STFT.forward(heard)), settings["bases"]["count"], generator=draw)
        solos.append(Solo(objects[0], heard, fit.bases / np.maximum(fit.bases.sum(axis=0), 1e-12)))
    return solos


def dictionary_without(
    pair: tuple[int, int], name: str, solos: list[Solo], clean: bool, draw: np.random.Generator
) -> tuple[np.ndarray, list[str]]:
    """Return an object's bases, shape=(F, m), without the pair's, and the number of each one's clip."""
    own = [k for k, solo in enumerate(solos) if solo.name == name and k not in pair]
    strange = [k for k, solo in enumerate(solos) if solo.name != name and k not in pair]
    chosen = draw.permutation(own)[:CLIPS].tolist()
    if not clean:
        chosen = [int(draw.choice(strange)) if draw.random() < STRANGERS else k for k in chosen]
    bases = np.concatenate([solos[k].bases for k in chosen], axis=1)
    clips = [str(k) for k in chosen for _ in range(solos[k].bases.shape[1])]
    every = with_transpositions(bases.T, [0] * len(clips), FREQUENCIES, SEMITONES)
    return every.bases.T, [clips[row] for row in every.rows]


def measured(
    pair: tuple[int, int], solos: list[Solo], clean: bool, settings: dict, draw: np.random.Generator
) -> list[tuple[float, float, float]]:
    """Return colour, agreement and SDR (dB) of both estimates of a mixture; none where nothing is told."""
    gains = 10 ** (np.array([0.5, -0.5]) * draw.uniform(-LEVELS, LEVELS) / 20)
    levelled = np.asarray(mix([solos[k].waveform for k in pair], -23.0)[1]) * gains[:, None]
    mixture, options = levelled.sum(axis=0), settings["separate"]
    made = [dictionary_without(pair, solos[k].name, solos, clean, draw) for k in pair]
    bases, clips = [part for part, _ in made], [names for _, names in made]
    frames = round(options["refine"]["smooth_seconds"] / 0.05)
    timbre = Timbre([features(part, FREQUENCIES) for part in bases], clips, FREQUENCIES)
    refinement = Refinement(frames, tuple(options["refine"]["components"]), settings["seed"], timbre)
    trust = trust_of(refinement, bases, STFT, RATE)
    spectrogram, limits = STFT.forward(mixture), {key: options[key] for key in ("iterations", "tolerance")}
    masks = guided_masks(np.abs(spectrogram), bases, refinement=refinement, **limits)
    measures = trust.measures() if trust is not None else None
    if measures is None:
        return []
    estimates = np.stack([STFT.inverse(spectrogram * mask, len(mixture)) for mask in masks])
    return [(*measures, float(sdr)) for sdr in bss_eval(levelled, estimates)[0]]


def told(rows: np.ndarray) -> list[str]:
    """Return the lines that tell of rows of colour, agreement and SDR, shape=(n, 3)."""
    from scipy.stats import spearmanr
    from sklearn.linear_model import LogisticRegression

    trust, sdr = np.array([trust_in(*row[:2]) for row in rows]), rows[:, 2]
    lines = [f"{len(rows)} estimates, rank correlation of trust with SDR {spearmanr(trust, sdr)[0]:.2f}"]
    for low, high in itertools.pairwise(EDGES):
        among = (trust >= low) & ((trust < high) | (high == 1))
        if among.any():
            good, mean = np.mean(sdr[among] > GOOD), sdr[among].mean()
            lines.append(
                f"trust {low:.1f} to {high:.1f}: {among.sum()} estimates, {good:.0%} above {GOOD:g} dB, "
                f"mean SDR {mean:.1f} dB"
            )
    if 0 < np.mean(sdr > GOOD) < 1:
        points = np.column_stack([10 * rows[:, 0], np.clip(rows[:, 1], LEAST, MOST)])
        model = LogisticRegression(C=100).fit(points, sdr > GOOD)
        values = (model.intercept_[0], 10 * model.coef_[0, 0], model.coef_[0, 1])
        lines.append("coefficients: intercept {:.2f}, colour {:.2f}, agreement {:.3f}".format(*values))
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="objectsounds.bench.trust", description="Check trust on a run.")
    parser.add_argument("--run", type=Path, default=Path("results/demo"), help="a finished run")
    parser.add_argument("--pairs", type=int, default=100)
    options, settings = parser.parse_args(arguments), load_settings({})
    try:
        solos, by_object = solos_of(options.run, settings), defaultdict(list)
    except ObjectsoundsError as error:
        print(error, file=sys.stderr)
        return 1
    for number, solo in enumerate(solos):
        by_object[solo.name].append(number)
    kinds = list(itertools.combinations(sorted(n for n, part in by_object.items() if len(part) > 2), 2))
    if not kinds:
        print(f"{options.run}: no two objects have three clips with one label.", file=sys.stderr)
        return 1
    draw, rows = generator(settings["seed"], "bench trust"), []
    for number in range(options.pairs):
        first, second = (int(draw.choice(by_object[name])) for name in kinds[number % len(kinds)])
        rows += measured((first, second), solos, number % 2 == 0, settings, draw)
    print("\n".join(told(np.array(rows))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
