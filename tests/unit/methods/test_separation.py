"""The methods: masks sum to one, planted sounds are separated, fallbacks are explained."""

import numpy as np
import pytest

from objectsounds.config.method_table import METHODS, with_twins
from objectsounds.config.settings import experiment_methods, load_settings, merge, run_methods
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.bags import open_dataset
from objectsounds.data.mixtures import MIXTURE_COLUMNS, mix
from objectsounds.dictionaries.file import Dictionary, write_dictionary
from objectsounds.media.wav import read_wav, write_wav
from objectsounds.methods.guided import guided_nmf, unmatched_nmf, unmatched_objects
from objectsounds.methods.guided_masks import guided_masks
from objectsounds.methods.oracles import ideal_ratio_mask, unprocessed
from objectsounds.methods.problem import Problem
from objectsounds.methods.separation import detected_objects, fallback_reason, separate_mixture
from objectsounds.signal.block_sparsity import BlockSparsity
from objectsounds.signal.masks import soft_masks
from objectsounds.signal.measures import si_sdr
from objectsounds.signal.nmf import fit_with_free_bases
from objectsounds.signal.transforms import Stft, transform_of
from objectsounds.stages.separate import COLUMNS, separate_block

RATE = 8000
TRANSFORM = Stft.for_rate(RATE, 0.1, 0.05)
OPTIONS = {"iterations": 200, "tolerance": 1e-4, "block_sparsity": 0}


def tone(frequency, seconds=2.0, seed=0):
    t = np.arange(int(RATE * seconds)) / RATE
    swell = np.random.default_rng(seed).random(len(t) // 400 + 1).repeat(400)[: len(t)]
    return (np.sin(2 * np.pi * frequency * t) * swell).astype(np.float32)


@pytest.fixture
def problem():
    sources = {"piano": tone(400, seed=1), "violin": tone(1500, seed=2)}
    mixture, references = mix(list(sources.values()), -23.0)
    spectra = [np.abs(TRANSFORM.forward(source)).mean(axis=1) for source in sources.values()]
    words = Dictionary(["piano", "violin"], np.array([0, 1]), np.stack(spectra), ["a", "b"], {})
    named = dict(zip(sources, references, strict=True))
    return Problem(mixture, list(sources), TRANSFORM, OPTIONS, words, named)


def test_masks_sum_to_one_and_share_what_nobody_claims():
    magnitudes = np.random.default_rng(0).random((3, 5, 4))
    magnitudes[:, 2, 1] = 0
    masks = soft_masks(magnitudes)
    np.testing.assert_allclose(masks.sum(axis=0), 1)
    np.testing.assert_allclose(masks[:, 2, 1], 1 / 3)


@pytest.mark.parametrize("method", [guided_nmf, ideal_ratio_mask])
def test_planted_sounds_are_separated_and_the_estimates_sum_to_the_mixture(problem, method):
    estimates = method(problem)
    np.testing.assert_allclose(
        sum(estimates.values()), problem.mixture, atol=1e-4 * np.abs(problem.mixture).max()
    )
    for name, reference in problem.references.items():
        assert si_sdr(reference, estimates[name]) > 15


def test_the_unprocessed_mixture_is_the_mixture(problem):
    assert all((estimate == problem.mixture).all() for estimate in unprocessed(problem).values())


def test_with_block_sparsity_the_groups_are_each_objects_clips(problem):
    draw = np.random.default_rng(0)
    bases = np.repeat(problem.dictionary.bases, 3, axis=0) * draw.gamma(1.0, 1.0, (6, 401))
    clips = ["a", "b", "b", "b", "c", "b"]
    problem.dictionary = Dictionary(["piano", "violin"], np.array([0, 0, 0, 1, 1, 1]), bases, clips, {})
    problem.options = OPTIONS | {"block_sparsity": 0.1}
    groups = BlockSparsity(0.1, np.array([0, 1, 1, 2, 3, 2]), np.array([0, 0, 1, 1]))
    spectrogram = problem.transform.forward(problem.mixture)
    masks = guided_masks(
        np.abs(spectrogram), [bases[:3].T, bases[3:].T], iterations=200, tolerance=1e-4, sparsity=groups
    )
    estimates = guided_nmf(problem)
    for name, mask in zip(problem.objects, masks, strict=True):
        expected = problem.transform.inverse(spectrogram * mask, len(problem.mixture))
        np.testing.assert_allclose(estimates[name], expected, atol=1e-6)
    problem.options = OPTIONS
    assert np.abs(guided_nmf(problem)["piano"] - estimates["piano"]).max() > 1e-4


def test_a_single_object_gets_the_whole_mixture(problem):
    problem.objects = ["violin"]
    np.testing.assert_allclose(guided_nmf(problem)["violin"], problem.mixture, atol=1e-6)


def test_unmatched_never_draws_an_object_that_is_there_nor_one_without_bases(problem):
    names = ["piano", "violin", "drum", "flute", "harp"]
    owners = np.array([0, 1, 2, 3])  # the harp has no basis
    problem.dictionary = Dictionary(names, owners, np.ones((4, 401), np.float32), [""] * 4, {"harp": "none"})
    drawn = set()
    for seed in range(30):
        problem.seed = seed
        found = unmatched_objects(problem)
        assert set(found) == {"piano", "violin"} and set(found.values()) == {"drum", "flute"}
        drawn.add(tuple(found.values()))
    assert len(drawn) == 2
    assert set(unmatched_nmf(problem)) == {"piano", "violin"}


def test_unmatched_has_nothing_where_every_object_is_there(problem):
    assert unmatched_nmf(problem) == {}
    assert problem.left_out == dict.fromkeys(["piano", "violin"], "no absent object has bases")


def test_silence_in_silence_out(problem):
    problem.mixture = np.zeros_like(problem.mixture)
    assert not any(estimate.any() for estimate in guided_nmf(problem).values())


def test_objects_without_bases_are_left_out_and_the_reason_is_said(problem):
    problem.objects = ["piano", "drum"]
    estimates = guided_nmf(problem)
    assert list(estimates) == ["piano"]
    asked, left_out = problem.objects, problem.left_out
    assert fallback_reason("drum", asked, left_out, estimates) == "empty dictionary"
    assert fallback_reason("violin", asked, left_out, estimates) == "not detected"
    assert fallback_reason("piano", asked, left_out, estimates) == ""
    assert fallback_reason("piano", asked, left_out, {"piano": np.zeros(10)}) == "silent estimate"
    assert fallback_reason("drum", asked, {}, estimates) == "no estimate"


PITCHES = {"drum": 2500, "piano": 400, "violin": 1500}
BLOCK = {"m0": ("piano", "violin"), "m1": ("drum", "piano"), "m2": ("violin", "drum", "piano")}
CLIPS = {"m0": "test_0;test_1", "m1": "test_2;test_3", "m2": "test_1;test_2;test_4"}
SEEN = [["piano"], ["violin"], ["drum"], ["violin"], ["piano"]]  # what sounds in test_3 is a piano


def block_settings(**changes):
    user = {"preset": "demo", "classes": list(PITCHES), "clips": {"sample_rate": RATE}}
    return merge(load_settings(user), changes)


@pytest.fixture
def block(tmp_path, planted_dataset):
    """A block of three mixtures of tones, the last of three sources, and what is seen in their clips."""
    rows = []
    for number, (name, objects) in enumerate(BLOCK.items()):
        sounds = [tone(PITCHES[item], seed=10 * number + index) for index, item in enumerate(objects)]
        mixture, references = mix(sounds, -23.0)
        (tmp_path / "block" / name).mkdir(parents=True)
        write_wav(tmp_path / "block" / name / "mixture.wav", mixture, RATE)
        for place, reference in enumerate(references, start=1):
            write_wav(tmp_path / "block" / name / f"reference_{place}.wav", reference, RATE)
        cells = {"mixture": name, "group": "instrument", "block": 0, "clips": CLIPS[name]}
        rows.append(cells | {"objects": ";".join(objects)})
    write_table(tmp_path / "block" / "mixtures.tsv", MIXTURE_COLUMNS, rows)
    sounding = [["piano"], ["violin"], ["drum"], ["piano"], ["piano"]]
    return tmp_path / "block", planted_dataset("test", sounding, labels=SEEN)


@pytest.fixture
def words_of(tmp_path):
    """Return a function that writes a dictionary: two bases of the piano, one of each other object."""

    def make(*objects, settings=None):
        transform, owners, spectra = transform_of(settings or block_settings(), RATE), [], []
        for name in objects:
            for seed in range(2 if name == "piano" else 1):
                owners.append(list(PITCHES).index(name))
                spectra.append(np.abs(transform.forward(tone(PITCHES[name], seed=seed))).mean(axis=1))
        origin = {"clip_id": [""] * len(owners)}
        path = tmp_path / "words.h5"
        write_dictionary(path, {}, 1, "planted", list(PITCHES), owners, np.stack(spectra), origin, {})
        return path

    return make


def rows_of(folder):
    """Return (mixture, object, has a file, fallback) of a table of estimates."""
    rows = read_table(folder / "estimates.tsv", COLUMNS)
    for row in rows:
        assert row["file"] in ("", f"{row['mixture']}/{row['object']}.wav")
        assert (folder / row["file"]).is_file() == bool(row["file"])
    return [(row["mixture"], row["object"], bool(row["file"]), row["fallback"]) for row in rows]


def gains_of(folder, block):
    """Return each estimate's SI-SDR (dB) against its own reference, and the best against another's."""
    own, other = {}, {}
    for mixture, objects in BLOCK.items():
        for name in objects:
            path = folder / mixture / f"{name}.wav"
            if path.is_file():
                estimate, rate = read_wav(path)
                reference, _ = read_wav(block / mixture / f"reference_{objects.index(name) + 1}.wav")
                assert rate == RATE and estimate.shape == reference.shape
                own[mixture, name] = si_sdr(reference, estimate)
                for place in range(1, len(objects) + 1):
                    if place != objects.index(name) + 1:
                        wrong, _ = read_wav(block / mixture / f"reference_{place}.wav")
                        other[mixture, name] = max(other.get((mixture, name), -999), si_sdr(wrong, estimate))
    return own, other


def test_what_is_detected_in_a_mixture_is_what_is_seen_in_any_of_its_clips(block):
    bags = open_dataset(block[1], bases=False)
    assert detected_objects(bags, ["test_0", "test_1"]) == ["piano", "violin"]
    assert detected_objects(bags, ["test_3", "test_2"]) == ["drum", "violin"]
    assert detected_objects(bags, ["test_3"]) == ["violin"]


def test_a_block_is_separated_by_what_is_seen_and_each_fallback_has_its_own_reason(block, words_of, tmp_path):
    out = tmp_path / "out"
    separate_block(block_settings(), "miml", block[0], out, words_of("piano", "violin"), block[1])
    assert rows_of(out) == [
        ("m0", "piano", True, ""),
        ("m0", "violin", True, ""),
        ("m1", "drum", False, "empty dictionary"),
        ("m1", "piano", False, "not detected"),
        ("m1", "violin", True, ""),  # seen, though it does not sound: an extra estimate
        ("m2", "violin", True, ""),
        ("m2", "drum", False, "empty dictionary"),
        ("m2", "piano", True, ""),
    ]
    detected = {row["mixture"]: row["detected"] for row in read_table(out / "estimates.tsv")}
    assert detected == {"m0": "piano;violin", "m1": "drum;violin", "m2": "drum;piano;violin"}
    own, other = gains_of(out, block[0])
    assert min(own["m0", "piano"], own["m0", "violin"]) > 15
    assert max(other["m0", "piano"], other["m0", "violin"]) < -5
    whole, _ = read_wav(out / "m1" / "violin.wav")
    np.testing.assert_allclose(whole, read_wav(block[0] / "m1" / "mixture.wav")[0], atol=1e-6)


def test_the_twin_of_a_method_is_given_the_true_objects_and_the_method_is_not(block, words_of, tmp_path):
    words = words_of("piano", "violin", "drum")
    for name in ("miml", "miml_true_objects"):
        separate_block(block_settings(), name, block[0], tmp_path / name, words, block[1])
    assert ("m1", "piano", False, "not detected") in rows_of(tmp_path / "miml")
    found = rows_of(tmp_path / "miml_true_objects")
    assert found == [(m, name, True, "") for m, objects in BLOCK.items() for name in objects]
    assert {row["detected"] for row in read_table(tmp_path / "miml_true_objects/estimates.tsv")} == {""}
    own, other = gains_of(tmp_path / "miml_true_objects", block[0])
    assert min(own.values()) > 12 and max(other.values()) < -5


def test_the_twin_needs_no_labels_of_the_test_clips(block, words_of, tmp_path):
    out = tmp_path / "out"
    separate_block(block_settings(), "miml_true_objects", block[0], out, words_of("piano", "violin", "drum"))
    assert len(rows_of(out)) == 7


def test_twins_are_run_beside_each_guided_method_where_the_configuration_asks():
    user = {"preset": "demo", "methods": ["mixture", "miml", "unmatched"]}
    user |= {"variants": {"v": {"train": {"dropout": 0.1}}}, "experiments": {"variants": {"cqt": None}}}
    plain = load_settings(user)
    asked = merge(plain, {"mixtures": {"objects": True}})
    assert run_methods(plain) == ["mixture", "miml", "unmatched", "miml@v"]
    twins = ["miml_true_objects", "unmatched_true_objects", "miml_true_objects@v"]
    assert run_methods(asked) == ["mixture", "miml", twins[0], "unmatched", twins[1], "miml@v", twins[2]]
    added = set(experiment_methods(asked)) - set(experiment_methods(plain))
    assert added == set(with_twins(experiment_methods(plain))) - set(experiment_methods(plain))
    assert {"gaussian_true_objects", "miml_true_objects@dropout"} <= added
    assert with_twins(["miml", "miml_true_objects", "kmeans"]) == ["miml", "miml_true_objects", "kmeans"]
    twin = METHODS["solo_oracle_true_objects"]
    assert twin.told == "which train clips are solos and which objects sound"
    assert (twin.dictionary, twin.guided, twin.detects) == ("solo", True, False)
    assert not METHODS["miml"].true_objects and METHODS["miml"].told == ""


@pytest.mark.parametrize("transform", ["stft", "cqt"])
def test_a_guided_method_separates_at_another_rate_than_its_bases_were_learnt_at(
    block, words_of, tmp_path, transform
):
    settings = block_settings(separate={"rate": 4000}, bases={"transform": transform})  # keeps 1500 Hz
    words = words_of("piano", "violin", settings=settings)
    separate_block(settings, "miml", block[0], tmp_path / "out", words, block[1])
    own, other = gains_of(tmp_path / "out", block[0])
    assert min(own["m0", "piano"], own["m0", "violin"]) > 10
    assert max(other["m0", "piano"], other["m0", "violin"]) < -5


def test_no_mixture_is_brought_to_a_rate_above_its_own(block, words_of, tmp_path):
    words, found = words_of("piano", "violin"), []
    for rate in (None, 2 * RATE):
        separate_block(
            block_settings(separate={"rate": rate}), "miml", block[0], tmp_path / str(rate), words, block[1]
        )
        found.append(read_wav(tmp_path / str(rate) / "m0" / "violin.wav")[0])
    np.testing.assert_array_equal(*found)


def test_unmatched_without_an_absent_object_says_so_and_not_that_a_dictionary_is_empty(
    block, words_of, tmp_path
):
    words = words_of("piano", "violin")
    separate_block(block_settings(), "unmatched", block[0], tmp_path / "out", words, block[1])
    reasons = {(mixture, name): reason for mixture, name, _, reason in rows_of(tmp_path / "out")}
    why = "no absent object has bases"  # of m0 the drum is absent, which has none
    assert reasons["m0", "piano"] == reasons["m0", "violin"] == why
    assert reasons["m1", "drum"] == "" and reasons["m1", "piano"] == "not detected"
    assert [reason for (mixture, _), reason in reasons.items() if mixture == "m2"] == [why] * 3


def test_a_silent_estimate_is_a_fallback_with_its_file(block, words_of, tmp_path):
    write_wav(block[0] / "m0" / "mixture.wav", np.zeros(2 * RATE, np.float32), RATE)
    separate_block(
        block_settings(), "miml", block[0], tmp_path / "out", words_of("piano", "violin"), block[1]
    )
    assert rows_of(tmp_path / "out")[:2] == [
        ("m0", "piano", True, "silent estimate"),
        ("m0", "violin", True, "silent estimate"),
    ]


@pytest.mark.parametrize("rate", [None, 4000])
def test_a_method_is_given_the_mixture_with_all_that_is_known_of_it(block, monkeypatch, rate):
    given = []

    def keep(problem):
        given.append(problem)
        return {"violin": problem.mixture}

    monkeypatch.setattr("objectsounds.methods.oracles.unprocessed", keep)
    settings = block_settings(separate={"rate": rate})
    for name in ("m0", "m2"):
        row = {"mixture": name, "clips": CLIPS[name], "objects": ";".join(BLOCK[name])}
        estimates, rows, found = separate_mixture(METHODS["mixture"], settings, block[0], row, None, None)
        assert found == RATE and estimates["violin"].shape == (2 * RATE,)
    assert [row["fallback"] for row in rows] == ["", "no estimate", "no estimate"]
    two, three = given
    assert (two.sources, three.sources) == (2, 3) and two.seed != three.seed
    assert three.clips == ["test_1", "test_2", "test_4"] and three.objects == ["violin", "drum", "piano"]
    assert three.rate == (rate or RATE) and len(three.mixture) == 2 * three.rate
    assert list(three.references) == three.objects
    total = sum(three.references.values())
    np.testing.assert_allclose(total, three.mixture, atol=1e-3 * np.abs(three.mixture).max())
    assert two.transform == Stft.for_rate(rate or RATE, 0.1, 0.05)


LIMITS = {"iterations": 300, "tolerance": 0}
LOW, HIGH = np.zeros((6, 2)), np.zeros((6, 1))
LOW[:3] = [[1, 0], [1, 1], [0, 2]]
HIGH[3:5] = 1


def test_masks_are_those_of_the_objects_whose_bases_explain_the_bins():
    magnitude = np.array([3.0, 5, 4, 2, 2])[:, None] * [1, 2, 3, 0.5]
    masks = guided_masks(magnitude, [LOW[:5], HIGH[:5]], **LIMITS)
    assert masks.shape == (2, 5, 4)
    np.testing.assert_allclose(masks[0], np.repeat([[1], [1], [1], [0], [0]], 4, axis=1), atol=1e-6)
    swapped = guided_masks(magnitude, [HIGH[:5], LOW[:5]], **LIMITS)
    np.testing.assert_allclose(swapped, masks[::-1], atol=1e-6)


def test_a_bin_that_two_objects_share_is_split_by_what_their_own_bins_say():
    first, second = np.array([[1.0], [1], [0]]), np.array([[0.0], [1], [1]])
    magnitude = np.array([[3.0, 1], [4, 4], [1, 3]])
    masks = guided_masks(magnitude, [first, second], **LIMITS)
    np.testing.assert_allclose(masks[0], [[1, 1], [0.75, 0.25], [0, 0]], atol=1e-3)


def test_above_the_bins_that_the_bases_know_all_is_shared_or_free():
    magnitude = np.ones((8, 4))
    masks = guided_masks(magnitude, [LOW, HIGH, HIGH], **LIMITS)
    np.testing.assert_allclose(masks[:, 6:], 1 / 3)
    masks = guided_masks(magnitude, [LOW, HIGH], free=np.random.default_rng(0), **LIMITS)
    assert masks.shape == (3, 8, 4)
    np.testing.assert_allclose(masks[:, 6:], np.repeat([[0], [0], [1]], 2, axis=1)[..., None].repeat(4, 2))
    np.testing.assert_allclose(masks.sum(axis=0), 1, atol=1e-6)


def test_free_bases_take_what_the_objects_do_not_explain_and_come_last():
    magnitude = np.outer([3.0, 5, 4, 0, 0, 7], [1, 2, 3, 0.5, 1])  # the last bin is in no basis
    masks = guided_masks(magnitude, [LOW, HIGH], free=np.random.default_rng(0), **LIMITS)
    np.testing.assert_allclose(masks[2, 5], 1, atol=1e-6)
    assert (masks[:2, 5] < 1e-6).all()
    again = guided_masks(magnitude, [LOW, HIGH], free=np.random.default_rng(0), **LIMITS)
    other = guided_masks(magnitude, [LOW, HIGH], free=np.random.default_rng(1), **LIMITS)
    assert (masks == again).all() and (masks != other).any()


def test_there_are_as_many_free_bases_as_fixed_ones_and_the_limits_are_the_callers(monkeypatch):
    asked = []

    def keep(spectrogram, fixed, count, *, generator, iterations, tolerance):
        asked.append((spectrogram.shape, fixed.shape, count, iterations, tolerance))
        return fit_with_free_bases(spectrogram, fixed, count, generator=generator, iterations=1)

    monkeypatch.setattr("objectsounds.methods.guided_masks.fit_with_free_bases", keep)
    free, limits = np.random.default_rng(0), {"iterations": 7, "tolerance": 0.5}
    masks = guided_masks(np.ones((8, 4)), [LOW, HIGH], free=free, **limits)
    assert asked == [((6, 4), (6, 3), 3, 7, 0.5)] and masks.shape == (3, 8, 4)
