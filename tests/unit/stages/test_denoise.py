"""Denoising: noise of known colour and level, planted objects found under it, fallbacks that are counted."""

import logging

import numpy as np
import pytest

from objectsounds.config.settings import load_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.seeds import generator
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.status import COLUMNS as STATUS_COLUMNS
from objectsounds.data.status import clip_sizes
from objectsounds.dictionaries.file import Dictionary, write_dictionary
from objectsounds.media.wav import write_wav
from objectsounds.methods.denoise_clips import Clip, folder_clips, own_clips
from objectsounds.methods.denoising import add_noise, coloured_noise, denoise, score_clip
from objectsounds.signal.nmf import fit_with_free_bases
from objectsounds.signal.transforms import Stft
from objectsounds.stages.denoise import COLUMNS, make_denoising, summaries, summarise

RATE = 8000
TONES = {"drum": (200, 300), "piano": (800, 1000), "violin": (2400, 3000)}


def sound(name, seconds=2.0):
    """Return tones that swell, each object its own."""
    time = np.arange(int(RATE * seconds)) / RATE
    swell = 1 + np.sin(2 * np.pi * time)
    return (0.1 * swell * sum(np.sin(2 * np.pi * hz * time) for hz in TONES[name])).astype(np.float32)


def words(*names, bins=401):
    """Return a dictionary with a basis at each tone of some objects, none for the others."""
    bases = np.zeros((len(names), bins), np.float32)
    for row, name in zip(bases, names, strict=True):
        for hz in TONES[name]:
            row[hz // 10 - 1 : hz // 10 + 2] = 1
    objects = list(TONES)
    return Dictionary(objects, np.array([objects.index(name) for name in names]), bases, [], {})


@pytest.fixture(scope="module")
def options():
    """Settings for 8 kHz: 401 bins of 10 Hz."""
    user = {
        "preset": "demo",
        "classes": list(TONES),
        "clips": {"sample_rate": RATE},
        "denoise": {"noises": ["white"], "snr_db": [0], "dictionaries": ["surest"]},
    }
    return load_settings(user)


@pytest.mark.parametrize(("colour", "slope"), [("white", 0), ("pink", -1), ("brown", -2)])
def test_the_power_of_noise_falls_with_the_frequency_as_its_colour_says(colour, slope):
    noise = coloured_noise(40 * RATE, RATE, colour, generator(0))
    power = np.abs(np.fft.rfft(noise)) ** 2
    frequencies = np.fft.rfftfreq(len(noise), 1 / RATE)
    octaves = [power[(frequencies >= f) & (frequencies < 2 * f)].mean() for f in (50, 100, 200, 400, 800)]
    assert np.polyfit(np.arange(5), np.log2(octaves), 1)[0] == pytest.approx(slope, abs=0.05)
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(1)
    assert (power[(frequencies > 0) & (frequencies < 19.9)].mean() > 1e-9) == (colour == "white")


@pytest.mark.parametrize("snr_db", [-5, 0, 12.5])
def test_noise_is_added_at_its_ratio_to_the_clip(snr_db):
    clean = sound("piano")
    noisy, noise = add_noise(clean, generator(1).standard_normal(len(clean)), snr_db)
    np.testing.assert_array_equal(noisy, clean + noise)
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(snr_db, abs=0.01)


def test_a_planted_object_is_freed_of_noise_by_its_own_bases_and_lost_with_anothers(options):
    transform = Stft.for_rate(RATE, 0.1, 0.05)
    clean = sound("piano")
    noisy, _ = add_noise(clean, generator(1).standard_normal(len(clean)), 0)
    kept, lost = (
        denoise(noisy, words(name).of(name), transform, options["denoise"], generator(2))
        for name in ("piano", "violin")
    )
    assert len(kept) == len(clean)
    assert np.corrcoef(kept, clean)[0, 1] > 0.97 and abs(np.corrcoef(lost, clean)[0, 1]) < 0.3
    assert np.mean((kept - clean) ** 2) < 0.1 * np.mean((noisy - clean) ** 2)


def test_the_share_of_the_objects_bases_beside_as_many_free_ones_is_kept():
    transform, draw = Stft.for_rate(RATE, 0.1, 0.05), np.random.default_rng(3)
    noisy = draw.standard_normal(2 * RATE).astype(np.float32)
    bases = np.concatenate([words("piano").of("piano"), words("violin").of("violin")], axis=1)
    spectrogram = transform.forward(noisy)
    fit = fit_with_free_bases(
        np.abs(spectrogram), bases, 2, generator=generator(2), iterations=5, tolerance=0
    )
    kept, free = (fit.bases[:, part] @ fit.activations[part] for part in (slice(0, 2), slice(2, 4)))
    expected = transform.inverse(spectrogram * (kept / (kept + free)), len(noisy))
    found = denoise(noisy, bases, transform, {"iterations": 5}, generator(2))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found).max() > 0.01


def clip_of(detected=("piano",)):
    return Clip("a", sound("piano"), RATE, ["piano"], list(detected))


def test_methods_lie_between_the_noisy_clip_and_the_ideal_mask(options):
    rows = score_clip(clip_of(), "white", 0, {"surest": words("piano")}, options)
    gained = {row["method"]: float(row["nsdr"]) for row in rows}
    assert tuple(rows[0]) == COLUMNS
    assert gained["noisy"] == 0 and gained["surest"] > 8 and gained["ideal_ratio_mask"] > 8
    assert len({row["sdr_noisy"] for row in rows}) == 1
    for row in rows:
        assert float(row["sdr"]) - float(row["sdr_noisy"]) == pytest.approx(float(row["nsdr"]), abs=2e-4)
    assert [row["detected"] for row in rows] == ["", "", "piano"]


@pytest.mark.parametrize(
    ("detected", "dictionary", "reason"),
    [
        ((), words("piano"), "no detected object"),
        (("violin",), words("piano"), "empty dictionary"),
        (("piano",), Dictionary(["piano"], np.array([0]), np.zeros((1, 401)), [], {}), "silent estimate"),
        (("violin", "piano"), words("piano"), ""),
    ],
)
def test_a_clip_that_cannot_be_denoised_stays_noisy_with_its_reason(options, detected, dictionary, reason):
    row = score_clip(clip_of(detected), "white", 0, {"surest": dictionary}, options)[-1]
    assert row["fallback"] == reason
    assert (float(row["nsdr"]) == 0 and row["sdr"] == row["sdr_noisy"]) == bool(reason)


def test_the_same_clip_gets_the_same_noise_and_the_same_bases_again(options):
    first, second = (score_clip(clip_of(), "pink", 5, {"gao": words("piano")}, options) for _ in range(2))
    assert first == second


def score(method, clip, nsdr, fallback="", noise="white"):
    row = {"method": method, "noise": noise, "snr_db": "0", "clip": clip, "nsdr": str(nsdr)}
    return row | {"sdr": str(nsdr + 1), "fallback": fallback}


def test_the_summary_counts_fallbacks_and_keeps_them_in_the_mean():
    line = summarise([score("gao", "a", 6), score("gao", "b", 3), score("gao", "c", 0, "empty dictionary")])
    assert (line["n"], line["n_fallback"], line["fallback_reasons"]) == (3, 1, "empty dictionary: 1")
    assert (line["nsdr_mean"], line["nsdr_median"], line["sdr_mean"]) == ("3.000", "3.000", "4.000")
    assert line["nsdr_mean_denoised"] == "4.500"
    assert summarise([score("gao", "c", 0, "empty dictionary")])["nsdr_mean_denoised"] == ""


def test_the_summary_of_a_folder_has_a_row_per_clip_beside_each_over_all():
    rows = [score("gao", c, 1, noise=n) for n in ("white", "pink") for c in "ab"]
    assert [line["clip"] for line in summaries(rows, per_clip=True)] == ["", "a", "b", "", "a", "b"]
    assert [line["noise"] for line in summaries(rows, per_clip=False)] == ["white", "pink"]


@pytest.fixture
def own(planted_dataset, objects_table, tmp_path):
    """A shard of test clips with sounds, the clips in use and their data set: objects, status, test."""
    sounds = [["drum"], ["piano"], ["violin"], ["drum", "piano"], ["piano"]]
    test = planted_dataset("test", sounds, labels=[["drum"], ["violin"], ["violin"], ["piano"], ["piano"]])
    status, rows = tmp_path / "shard" / "status.tsv", []
    for index, objects in enumerate(sounds):
        folder = tmp_path / "shard" / str(index)
        (folder / "frames").mkdir(parents=True)
        write_wav(folder / "audio.wav", sound(objects[0]), RATE, "PCM_16")
        row = {"clip_id": f"test_{index}", "status": "ok", "folder": str(index)}
        rows.append(dict.fromkeys(STATUS_COLUMNS, "") | row | clip_sizes(folder))
    write_table(status, STATUS_COLUMNS, rows)
    objects = objects_table("in-use", {f"test_{index}": sounds[index] for index in range(4)})
    return objects, [status], test


def test_clips_in_use_with_one_object_are_taken_with_what_was_seen_in_them(options, own):
    clips = own_clips(options, *own)
    assert [(clip.name, clip.objects, clip.detected) for clip in clips] == [
        ("test_0", ["drum"], ["drum"]),
        ("test_1", ["piano"], ["violin"]),
        ("test_2", ["violin"], ["violin"]),
    ]
    assert clips[0].rate == RATE and len(clips[0].waveform) == 2 * RATE


def test_a_higher_limit_only_adds_clips(options, own):
    chosen = [
        {clip.name for clip in own_clips(options | {"denoise": {"max_clips": most}}, *own)}
        for most in (1, 2, 9)
    ]
    assert [len(names) for names in chosen] == [1, 2, 3] and chosen[0] < chosen[1] < chosen[2]


def test_without_a_single_source_nothing_can_be_denoised(options, own, objects_table):
    _, statuses, test = own
    objects = objects_table("duet", {"test_3": ["drum", "piano"]})
    with pytest.raises(ObjectsoundsError, match=r"exactly one object.*denoise\.folder"):
        own_clips(options, objects, statuses, test)


def test_the_tables_hold_every_method_noise_ratio_and_clip(options, own, tmp_path):
    objects, statuses, test = own
    planted = words("drum", "violin")
    owners, origin = list(planted.owners), {"clip_id": ["x", "y"]}
    write_dictionary(
        tmp_path / "surest.h5", {}, 1, "surest", planted.objects, owners, planted.bases, origin, {}
    )
    settings = options | {"denoise": options["denoise"] | {"noises": ["white", "brown"], "snr_db": [0, 6]}}
    scores, summary = tmp_path / "scores.tsv", tmp_path / "summary.tsv"
    make_denoising(settings, [tmp_path / "surest.h5"], scores, summary, objects, statuses, test)
    rows, lines = read_table(scores, COLUMNS), read_table(summary)
    assert len(rows) == 3 * 2 * 2 * 3 and len(lines) == 3 * 2 * 2
    assert [line["method"] for line in lines[::4]] == ["noisy", "ideal_ratio_mask", "surest"]
    assert {line["n"] for line in lines} == {"3"}
    good = [float(row["nsdr"]) for row in rows if row["method"] == "surest" and row["clip"] != "test_1"]
    assert min(good) > 3


def folder_settings(options, folder, **denoise):
    return options | {"denoise": options["denoise"] | {"folder": str(folder), **denoise}}


def test_a_folder_gives_its_sounds_whole_with_the_objects_named_for_them(options, make_video, tmp_path):
    make_video(tmp_path / "media" / "deep" / "Violin Yanni.mp4", seconds=3.0)
    write_wav(tmp_path / "media" / "other.wav", sound("drum"), RATE)
    settings = folder_settings(options, tmp_path / "media", objects={"Violin Yanni": ["violin"]})
    clips = {clip.name: clip for clip in folder_clips(settings)}
    assert clips["Violin Yanni"].detected == ["violin"] and clips["other"].detected == []
    assert len(clips["Violin Yanni"].waveform) == pytest.approx(3 * RATE, rel=0.05)
    np.testing.assert_allclose(clips["other"].waveform, sound("drum"), atol=1e-6)
    for name, objects in (("Violin Yanni", ["violin"]), ("other", ["drum"])):
        few = folder_settings(options, tmp_path / "media", max_clips=1, objects={name: objects})
        assert [clip.name for clip in folder_clips(few)] == [name]


def test_a_file_without_sound_is_left_out_and_said(options, tmp_path, caplog):
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    write_wav(tmp_path / "silent.wav", np.zeros(RATE, np.float32), RATE)
    with pytest.raises(ObjectsoundsError, match=r"denoise\.folder: no sound"):
        folder_clips(folder_settings(options, tmp_path))
    write_wav(tmp_path / "good.wav", sound("drum"), RATE)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert [clip.name for clip in folder_clips(folder_settings(options, tmp_path))] == ["good"]
    assert "broken.mp4 is left out" in caplog.text and "silent.wav is left out: it is silent" in caplog.text


def test_a_name_that_no_file_bears_is_refused(options, tmp_path):
    write_wav(tmp_path / "GuitarSolo.wav", sound("drum"), RATE)
    with pytest.raises(ObjectsoundsError, match=r"'guitar'.*it holds GuitarSolo"):
        folder_clips(folder_settings(options, tmp_path, objects={"guitar": ["drum"]}))


@pytest.mark.parametrize(
    ("denoise_settings", "words_of_it"),
    [
        ({"objects": {"WoodenHorse": ["horse"]}}, ["denoise.objects.WoodenHorse", "'horse'", "violin"]),
        ({"dictionaries": ["best"]}, ["denoise.dictionaries", "'best'", "surest"]),
        ({"noises": ["grey"]}, ["denoise.noises", "'grey'", "'brown'"]),
    ],
)
def test_an_impossible_setting_is_named_with_what_is_allowed(denoise_settings, words_of_it):
    with pytest.raises(ObjectsoundsError) as error:
        load_settings({"preset": "demo", "denoise": denoise_settings})
    assert all(word in str(error.value) for word in words_of_it)
