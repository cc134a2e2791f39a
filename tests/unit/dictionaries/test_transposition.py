"""Transposed bases in dictionaries: pitched objects alone get copies, which keep where they came from."""

import h5py
import numpy as np
import pytest

from objectsounds.config.method_table import DICTIONARIES, separate_options
from objectsounds.config.settings import dictionary_keys, load_settings, shared_variant
from objectsounds.dictionaries import transposition
from objectsounds.dictionaries.file import read_dictionary
from objectsounds.dictionaries.transposition import pitched_objects, with_transpositions
from objectsounds.methods.guided_masks import guided_masks
from objectsounds.signal.measures import si_sdr
from objectsounds.signal.transforms import Stft
from objectsounds.signal.transposition import transposed
from objectsounds.stages.dictionary import make_dictionary

FREQUENCIES = np.arange(801) * 10.0


def bases_of(kind, count=4):
    """Return bases of notes, of noise, or of chords without a common pitch, shape=(count, 801)."""
    draw = np.random.default_rng(3)
    found = draw.random((count, 801)) * (1 if kind == "noise" else 0.02)
    for row, basis in enumerate(found):
        pitch = 20 + 3 * row  # bins of 10 Hz
        peaks = np.arange(pitch, 400, pitch) if kind == "notes" else draw.integers(8, 400, 15)
        if kind != "noise":
            basis[peaks] += 1
    return found.astype(np.float32)


def test_notes_are_pitched_and_noise_and_scattered_partials_are_not():
    bases = np.concatenate([bases_of(kind) for kind in ("noise", "notes", "scattered")])
    assert pitched_objects(bases, [0] * 4 + [2] * 4 + [5] * 4, FREQUENCIES) == [2]


def test_a_pitched_object_gets_a_copy_of_each_basis_for_each_semitone_up_and_down():
    bases = np.concatenate([bases_of("noise", 2), bases_of("notes", 2)])
    found = with_transpositions(bases, [0, 0, 1, 1], FREQUENCIES, 2)
    assert found.rows == [0, 1, 2, 3, *[2, 3] * 4]
    assert found.semitones == [0] * 4 + [1, 1, -1, -1, 2, 2, -2, -2]
    np.testing.assert_array_equal(found.bases[:4], bases)
    np.testing.assert_array_equal(found.bases[6:8], transposed(bases[2:].T, FREQUENCIES, -1).T)


def test_without_semitones_bases_or_pitched_objects_nothing_is_added():
    notes, noise = bases_of("notes"), bases_of("noise")
    assert with_transpositions(notes, [0] * 4, FREQUENCIES, 0).rows == [0, 1, 2, 3]
    assert with_transpositions(noise, [0] * 4, FREQUENCIES, 1).rows == [0, 1, 2, 3]
    assert with_transpositions(notes[:0], [], FREQUENCIES, 1).bases.shape == (0, 801)


def note(semitone, centre):
    """Return a second of a note, in semitones from 220 Hz, its harmonics strongest at ``centre`` Hz."""
    t = np.arange(8000) / 8000
    harmonics = 220 * 2 ** (semitone / 12) * np.arange(1, 13)[:, None]
    strength = np.where(harmonics < 4000, np.exp(-(np.log(harmonics / centre) ** 2)), 0)
    return (strength * np.sin(2 * np.pi * harmonics * t)).sum(axis=0)


def test_notes_that_no_clip_played_are_separated_by_copies_of_their_neighbours():
    transform = Stft.for_rate(8000, 0.1, 0.05)
    played, heard, centres = [0, 2, 4, 6], [1, 3, 5], (500, 2000)
    orders = ([0, 1, 2], [2, 0, 1])
    notes = [[note(semitone, centre) for semitone in played] for centre in centres]
    bases = np.concatenate(
        [[np.abs(transform.forward(n)).mean(axis=1) for n in instrument] for instrument in notes]
    )
    sounds = [
        np.concatenate([note(heard[place], centre) for place in order])
        for order, centre in zip(orders, centres, strict=True)
    ]
    spectrogram, gains = transform.forward(sum(sounds)), []
    for semitones in (0, 1):
        found = with_transpositions(bases, [0] * 4 + [1] * 4, np.arange(401) * 10.0, semitones)
        owners = np.array([0] * 4 + [1] * 4)[found.rows]
        parts = [found.bases[owners == owner].T for owner in (0, 1)]
        masks = guided_masks(np.abs(spectrogram), parts, iterations=200, tolerance=1e-4)
        estimates = [transform.inverse(spectrogram * mask, len(sounds[0])) for mask in masks]
        gains.append([si_sdr(*pair) for pair in zip(sounds, estimates, strict=True)])
    assert min(gains[1]) > max(gains[0]) + 5


def settings_with(semitones):
    """Return settings of a dictionary whose transform has the 30 bins of the planted clips."""
    return {
        "seed": 1,
        "train": {"basis_norm": "max"},
        "dictionary": {"transpose": semitones, "surest": {"clips_per_object": 1}},
        "clips": {"sample_rate": 580},
        "bases": {"transform": "stft", "window_seconds": 0.1, "hop_seconds": 0.05},
    }


@pytest.fixture
def solo_files(planted_dataset, tmp_path, monkeypatch):
    """Dictionaries of true solo clips, without and with transpositions, every object counting as pitched."""
    monkeypatch.setattr(transposition, "PITCHED", 0.0)
    train = planted_dataset("train", [["drum"], ["piano"], ["violin"], ["drum", "piano"]])
    for semitones in (0, 1):
        path = tmp_path / f"{semitones}.h5"
        make_dictionary(settings_with(semitones), "solo", None, None, train, path)
    return train, tmp_path / "0.h5", tmp_path / "1.h5"


def test_the_file_holds_the_copies_normalised_with_the_clip_and_basis_that_they_are_of(solo_files):
    _, plain, moved = solo_files
    with h5py.File(plain) as one, h5py.File(moved) as three:
        count = len(one["bases"])
        assert len(three["bases"]) == 3 * count and "semitones" not in one
        assert three["semitones"][()].tolist() == [0] * count + [1] * count + [-1] * count
        for name in ("clip_id", "basis", "object", "score"):
            np.testing.assert_array_equal(three[name][()], np.tile(one[name][()], 3))
        np.testing.assert_array_equal(three["bases"][:count], one["bases"][()])
        np.testing.assert_allclose(three["bases"][()].max(axis=1), 1)
    words = read_dictionary(moved)
    assert words.clips_of("piano") == ["train_1"] * 18 and words.of("piano").shape == (30, 18)


def test_what_is_published_is_neither_transposed_nor_made_sparse(solo_files, tmp_path):
    make_dictionary(settings_with(1), "exemplar", "visual", None, solo_files[0], tmp_path / "e.h5")
    assert len(read_dictionary(tmp_path / "e.h5").bases) == 18
    asked = {"block_sparsity": 0.1}
    methods = ("miml", "miml_gao", "visual_exemplar", "miml_gao@x", "mixture")
    sparse = [name for name in methods if separate_options(name, asked)["block_sparsity"]]
    assert sparse == ["miml", "mixture"]
    assert "dictionary.transpose" not in dictionary_keys("gao")


def test_a_variant_of_the_separation_shares_the_dictionary_and_one_of_the_transposition_does_not():
    variants = {"sparse": {"separate": {"block_sparsity": 0.03}}, "moved": {"dictionary": {"transpose": 2}}}
    settings = load_settings({"preset": "demo", "variants": variants})
    names = {
        variant: {
            name: shared_variant(settings, "dictionary", variant, dictionary_keys(name))
            for name in DICTIONARIES
        }
        for variant in variants
    }
    assert set(names["sparse"].values()) == {"default"}
    assert {name for name, variant in names["moved"].items() if variant == "default"} == {"gao", "exemplar"}
    assert shared_variant(settings, "separate", "sparse") == "sparse"
