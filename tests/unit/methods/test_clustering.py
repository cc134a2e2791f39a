"""The unguided methods: planted sounds are told apart, masks sum to one, nothing depends on chance."""

from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
import pytest

from objectsounds.config.paths import models_of
from objectsounds.config.settings import load_settings
from objectsounds.data.mixtures import mix
from objectsounds.dictionaries.file import Dictionary
from objectsounds.methods.clustering import (
    binary_masks,
    cluster,
    component_count,
    ideal_binary_mask,
    kmeans_nmf,
    mel_cepstra,
    mfcc_nmf,
)
from objectsounds.methods.problem import Problem
from objectsounds.signal.cqt import Cqt
from objectsounds.signal.measures import si_sdr
from objectsounds.signal.nmf import Factorization, factorize
from objectsounds.signal.transforms import Stft

RATE = 8000
TRANSFORM = Stft.for_rate(RATE, 0.1, 0.05)
OPTIONS = {"iterations": 200, "tolerance": 1e-4, "components_per_source": 25}
LOW_PITCHES = (200, 251, 317)
HIGH_PITCHES = (223, 281, 353)
CLUSTERINGS = [kmeans_nmf, mfcc_nmf]


@dataclass
class RatedProblem(Problem):
    rate: int = field(default=RATE, kw_only=True)


def notes(pitches, formant, seed, count=12, seconds=0.25):
    """Return a melody of harmonic tones whose partials are shaped by one formant (Hz)."""
    draw = np.random.default_rng(seed)
    t = np.arange(int(RATE * seconds)) / RATE
    melody = []
    for number in range(count):
        partials = np.arange(1, RATE / 2 // pitches[number % len(pitches)]) * pitches[number % len(pitches)]
        levels = np.exp(-0.5 * ((partials - formant) / 350) ** 2)
        tone = (levels[:, None] * np.sin(2 * np.pi * partials[:, None] * t)).sum(axis=0)
        melody.append(tone * np.hanning(len(t)) * draw.uniform(0.3, 1))
    return np.concatenate(melody).astype(np.float32)


def tone(frequencies, seed, seconds=3.0, step=0.25):
    """Return a tone (partials in Hz) that is silent in about half of its steps."""
    draw = np.random.default_rng(seed)
    t = np.arange(int(RATE * seconds)) / RATE
    steps = int(seconds / step)
    levels = (draw.random(steps) * (draw.random(steps) < 0.5)).repeat(int(RATE * step))
    swell = np.convolve(levels, np.hanning(RATE // 20), "same") / RATE * 40
    partials = np.sin(2 * np.pi * np.outer(frequencies, t)) / np.arange(1, len(frequencies) + 1)[:, None]
    return (partials.sum(axis=0) * swell).astype(np.float32)


def problem_of(sources, **options):
    mixture, references = mix(list(sources.values()), -23.0)
    named = dict(zip(sources, references, strict=True))
    return RatedProblem(mixture, list(sources), TRANSFORM, OPTIONS | options, references=named)


@pytest.fixture
def disjoint():
    """Return two tones that share no partial and swell independently."""
    return problem_of({"piano": tone((300, 600, 900), 41), "violin": tone((1700, 2500, 3300), 42)})


@pytest.fixture
def interleaved():
    """Return melodies whose pitches interleave while one formant is low and one high."""
    sources = {"cello": notes(LOW_PITCHES, 500, 3), "violin": notes(HIGH_PITCHES, 2500, 4, 10, 0.3)}
    return problem_of(sources, components_per_source=10)


def best_si_sdr(problem, estimates):
    """Return the worse source's SI-SDR in dB under the best matching."""
    names = list(problem.references)
    return max(
        min(si_sdr(problem.references[a], estimates[b]) for a, b in zip(names, order, strict=True))
        for order in permutations(names)
    )


@pytest.mark.parametrize("method", CLUSTERINGS)
def test_sources_with_disjoint_spectra_are_separated(disjoint, method):
    assert best_si_sdr(disjoint, method(disjoint)) > 15


def test_mfcc_separates_by_envelope_though_the_pitches_interleave(interleaved):
    assert best_si_sdr(interleaved, mfcc_nmf(interleaved)) > 15


@pytest.mark.parametrize("method", [*CLUSTERINGS, ideal_binary_mask])
def test_estimates_sum_to_the_mixture(interleaved, method):
    peak, estimates = np.abs(interleaved.mixture).max(), method(interleaved)
    assert list(estimates) == ["cello", "violin"]
    assert min(np.abs(estimate).max() for estimate in estimates.values()) > 0.05 * peak
    np.testing.assert_allclose(sum(estimates.values()), interleaved.mixture, atol=1e-4 * peak)


@pytest.mark.parametrize("method", CLUSTERINGS)
def test_the_same_mixture_gives_the_same_estimates(interleaved, method):
    once, again = method(interleaved), method(interleaved)
    assert list(once) == interleaved.objects
    assert all((once[name] == again[name]).all() for name in once)


def test_another_seed_starts_the_factorisation_and_the_clusters_elsewhere(interleaved, monkeypatch):
    drawn = []

    def keep_factorize(spectrogram, count, *, generator, **_):
        drawn.append(int(generator.integers(2**62)))
        return factorize(spectrogram, count, generator=generator, iterations=5)

    def keep_cluster(features, count, seed):
        drawn.append(seed)
        return cluster(features, count, seed)

    monkeypatch.setattr("objectsounds.methods.clustering.factorize", keep_factorize)
    monkeypatch.setattr("objectsounds.methods.clustering.cluster", keep_cluster)
    estimates = []
    for seed in (1, 2, 1):
        interleaved.seed = seed
        estimates.append(kmeans_nmf(interleaved)["cello"])
    first, second, again = drawn[:2], drawn[2:4], drawn[4:]
    assert first == again and first[0] != second[0] and first[1] != second[1]
    assert (estimates[0] == estimates[2]).all() and (estimates[0] != estimates[1]).any()


@pytest.mark.parametrize("method", CLUSTERINGS)
def test_silence_in_silence_out(disjoint, method):
    disjoint.mixture = np.zeros_like(disjoint.mixture)
    estimates = method(disjoint)
    assert list(estimates) == disjoint.objects
    assert not any(estimate.any() for estimate in estimates.values())


@pytest.mark.parametrize("method", CLUSTERINGS)
def test_a_single_source_gets_the_whole_mixture(disjoint, method):
    disjoint.objects = ["violin"]
    np.testing.assert_allclose(method(disjoint)["violin"], disjoint.mixture, atol=1e-5)


@pytest.mark.parametrize("method", CLUSTERINGS)
def test_a_cluster_without_components_is_silence(disjoint, method, monkeypatch):
    def one_audible_component(spectrogram, count, **_):
        audible = np.arange(count) == 1
        return Factorization(
            np.ones((len(spectrogram), count), np.float32) * audible,
            np.ones((count, spectrogram.shape[1]), np.float32),
        )

    monkeypatch.setattr("objectsounds.methods.clustering.factorize", one_audible_component)
    estimates = method(disjoint)
    np.testing.assert_allclose(estimates["piano"], disjoint.mixture, atol=1e-5)
    assert not estimates["violin"].any()


def test_the_number_of_components_is_25_per_source_unless_configured(disjoint, monkeypatch):
    asked = []

    def stop(spectrogram, count, **_):
        asked.append(count)
        raise InterruptedError

    monkeypatch.setattr("objectsounds.methods.clustering.factorize", stop)
    for options in ({}, {"components_per_source": 7}):
        disjoint.options = OPTIONS | options
        with pytest.raises(InterruptedError):
            kmeans_nmf(disjoint)
    assert asked == [50, 14]


def test_or_as_many_components_as_the_objects_have_bases_and_one_where_they_have_none(disjoint):
    owners = np.array([0, 1, 1, 1, 0, 1])  # two of the drum, which is not there, four of the piano
    bases = np.ones((6, 401), np.float32)
    disjoint.dictionary = Dictionary(["drum", "piano", "violin"], owners, bases, [""] * 6, {})
    disjoint.options = OPTIONS | {"components_per_source": None}
    assert component_count(disjoint) == 5


def test_the_dictionary_that_counts_components_is_asked_for_where_no_number_is_given():
    numbered = load_settings({"preset": "demo"})
    unnumbered = load_settings({"preset": "demo", "separate": {"components_per_source": None}})
    for name in ("kmeans", "mfcc"):
        assert models_of(numbered, name) == {}
        assert models_of(unnumbered, name) == {"dictionary": "<results>/dictionary/default/gao.h5"}
    assert models_of(unnumbered, "mixture") == {}


def test_clusters_are_numbered_by_their_first_member():
    points = np.array([[5.0, 0], [0, 5], [5.1, 0], [0, 0], [0, 5.1]])
    for seed in range(5):
        assert cluster(points, 3, seed).tolist() == [0, 1, 0, 2, 1]


def test_fewer_points_than_clusters_are_a_cluster_each():
    assert cluster(np.array([[0.0], [1.0]]), 3, 0).tolist() == [0, 1]
    assert cluster(np.ones((4, 2)), 3, 0).tolist() == [0, 0, 0, 0]
    assert cluster(np.empty((0, 2)), 3, 0).tolist() == []


def test_the_cepstra_do_not_see_a_common_level():
    spectra, frequencies = np.random.default_rng(0).random((401, 6)), np.arange(401) * 10.0
    np.testing.assert_allclose(mel_cepstra(spectra, frequencies), mel_cepstra(7 * spectra, frequencies))
    assert mel_cepstra(spectra, frequencies).shape == (13, 6)


def test_binary_masks_are_zero_or_one_and_sum_to_one():
    masks = binary_masks(np.random.default_rng(0).random((3, 5, 4)))
    assert set(np.unique(masks)) == {0, 1}
    assert (masks.sum(axis=0) == 1).all()


def test_equal_magnitudes_share_the_bin():
    magnitudes = np.array([2.0, 2.0, 1.0, 0.0]).reshape(4, 1, 1)
    assert binary_masks(magnitudes).ravel().tolist() == [0.5, 0.5, 0, 0]
    assert binary_masks(np.zeros((4, 1, 1))).ravel().tolist() == [0.25] * 4


def test_the_ideal_binary_mask_is_near_perfect_on_disjoint_sources(disjoint):
    estimates = ideal_binary_mask(disjoint)
    assert all(si_sdr(reference, estimates[name]) > 25 for name, reference in disjoint.references.items())


def test_clustering_by_mfcc_works_on_the_constant_q_transform_too(interleaved):
    interleaved.transform = Cqt.for_rate(RATE, 24, 32.7, 0.01)
    estimates = mfcc_nmf(interleaved)
    peak = np.abs(interleaved.mixture).max()
    np.testing.assert_allclose(sum(estimates.values()), interleaved.mixture, atol=1e-4 * peak)
