"""One's own videos: blocks without seams, any rate and channels, odd files, remixes, and what is refused."""

import json
import os
import re
import shlex
import subprocess
import sys
import time

import cv2
import ffmpeg
import h5py
import numpy as np
import psutil
import pytest
import soundfile

from objectsounds.cli.main import main
from objectsounds.config.method_table import NO_REFINEMENT
from objectsounds.config.settings import load_settings, merge, stage_settings
from objectsounds.config.video_options import parse_gains
from objectsounds.core.damage import check_wav_size
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import ROOT
from objectsounds.dictionaries.file import read_dictionary, write_dictionary
from objectsounds.media.ffmpeg import NoSoundError, local_file, run_ffmpeg
from objectsounds.media.frames import read_frames
from objectsounds.media.sound_stream import SoundStream
from objectsounds.media.wav import WavWriter
from objectsounds.methods.guided import guided_nmf
from objectsounds.methods.guided_masks import bases_at
from objectsounds.methods.problem import Problem
from objectsounds.signal.crossfade import CrossFade, overlapping
from objectsounds.signal.transforms import transform_of
from objectsounds.stages.export import export_model
from objectsounds.video.detection import Detection, sections_of
from objectsounds.video.guided_stream import GuidedSeparator
from objectsounds.video.levels import Levels, not_heard
from objectsounds.video.model_file import read_model
from objectsounds.video.separator import Separator

RATE = 8000  # of the model
PITCHES = {"piano": 400, "violin": 1500}
SETTINGS = merge(
    load_settings({"preset": "demo", "classes": ["drum", "piano", "violin"]}),
    {"clips": {"sample_rate": RATE}, "labeller": {"kind": "imagenet", "weights": "nowhere.pth"}},
)


def tones(rate=RATE, seconds=2.0):
    """Return a tone for each object, swelling each in its own time, shape=(2, T)."""
    t = np.arange(round(rate * seconds)) / rate
    swells = (np.sin(2 * np.pi * 0.9 * t) ** 2, np.cos(2 * np.pi * 0.9 * t) ** 2)
    waves = [swell * np.sin(2 * np.pi * f * t) for swell, f in zip(swells, PITCHES.values(), strict=True)]
    return (0.3 * np.stack(waves)).astype(np.float32)


def duet(path, rate=RATE, seconds=2.0, channels=1, gain=1.0):
    """Write a WAV file with both tones; a second channel holds them in antiphase."""
    mixture = gain * tones(rate, seconds).sum(axis=0)
    signs = np.array([1, -1, 0.5, 0, 0.2, -0.3])[:channels]
    soundfile.write(path, mixture[:, None] * signs, rate, subtype="FLOAT", format="WAV")
    return path


@pytest.fixture(scope="session")
def dictionary(tmp_path_factory):
    """The planted spectra of piano and violin; the drum has none."""
    path = tmp_path_factory.mktemp("words") / "surest.h5"
    spectra = [np.abs(transform_of(SETTINGS, RATE).forward(wave)).mean(axis=1) for wave in tones()]
    origin = {"clip_id": ["a", "b"]}
    reasons = {"drum": "no clip holds it"}
    write_dictionary(
        path, SETTINGS, 1, "surest", SETTINGS["classes"], [1, 2], np.stack(spectra), origin, reasons
    )
    return path


@pytest.fixture(scope="session")
def model(dictionary):
    path = dictionary.parent / "model.h5"
    export_model(stage_settings(SETTINGS, "export"), "miml", dictionary, None, path)
    return path


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """A 3 s video whose sound, in stereo at 44.1 kHz, begins after 1 s and is both tones."""
    folder = tmp_path_factory.mktemp("film")
    sound = ffmpeg.input(local_file(duet(folder / "duet.wav", 44100, 2.0, 2)), itsoffset=1.0).audio
    picture = ffmpeg.input("testsrc=size=96x64:rate=5:duration=3", format="lavfi").video
    path = folder / "film.mkv"
    run_ffmpeg(ffmpeg.output(picture, sound, local_file(path), acodec="flac", pix_fmt="yuv420p", threads=1))
    return path


def separate(*arguments, model):
    """Run the command on videos; return its exit code."""
    return main(["separate", *map(str, arguments), "--model", str(model)])


def separated(folder, *names):
    return [soundfile.read(folder / f"{name}.wav", dtype="float32", always_2d=True)[0] for name in names]


@pytest.mark.parametrize("length", [50, 100, 101, 260, 421])
def test_blocks_with_the_same_masks_give_the_sound_back(length):
    sound = np.random.default_rng(0).standard_normal((length, 2)).astype(np.float32)
    position = iter(range(0, 10**6))
    rest = [sound]

    def read(count):
        next(position)
        piece, rest[0] = rest[0][:count], rest[0][count:]
        return piece

    fade, masks = CrossFade(20), np.array([0.3, 0.7], np.float32)[:, None, None]
    blocks = list(overlapping(read, 100, 20))
    assert [last for _, last in blocks] == [False] * (len(blocks) - 1) + [True]
    whole = np.concatenate([fade(masks * block, last) for block, last in blocks], axis=1)
    np.testing.assert_allclose(whole, masks * sound, atol=1e-6)


def test_masks_that_jump_from_block_to_block_do_not_click():
    fade = CrossFade(100)
    ones = np.ones((1, 500, 1), np.float32)
    joined = np.concatenate([fade(0 * ones, False), fade(1 * ones, False), fade(0.2 * ones, True)], axis=1)
    assert np.abs(np.diff(joined[0, :, 0])).max() < np.pi / 2 / 100
    assert joined.shape[1] == 3 * 500 - 2 * 100


@pytest.mark.parametrize("seconds", [2.0, 0.05])
def test_a_short_sound_gets_exactly_what_the_pipeline_gives(dictionary, tmp_path, seconds):
    words, mixture = read_dictionary(dictionary), tones(seconds=seconds).sum(axis=0)
    options, seed = SETTINGS["separate"], SETTINGS["seed"]
    problem = Problem(
        mixture, list(PITCHES), transform_of(SETTINGS, RATE), options, words, rate=RATE, seed=seed
    )
    with SoundStream(duet(tmp_path / "duet.wav", seconds=seconds)) as sound:
        (piece,) = GuidedSeparator(SETTINGS, words, list(PITCHES), RATE, False).stream(sound)
    for estimate, expected in zip(piece, guided_nmf(problem).values(), strict=True):
        np.testing.assert_array_equal(estimate[:, 0], expected)


def test_block_sparsity_of_the_model_is_used_and_an_older_model_has_none(dictionary):
    words, draw = read_dictionary(dictionary), np.random.default_rng(0)
    words.bases = np.repeat(words.bases, 3, axis=0) * draw.gamma(1.0, 1.0, (6, 401)).astype(np.float32)
    words.owners, words.clip_ids = np.repeat(words.owners, 3), ["a", "b", "c", "d", "e", "f"]
    plain = merge(SETTINGS, {"separate": {"refine": NO_REFINEMENT, "bands": False}})
    sparse, older = merge(plain, {"separate": {"block_sparsity": 0.1}}), merge(plain, {})
    older["separate"] = {key: older["separate"][key] for key in ("iterations", "tolerance")}
    mixture = tones().sum(axis=0)
    made = []
    for settings in (sparse, plain, older):
        problem = Problem(mixture, list(PITCHES), transform_of(settings, RATE), sparse["separate"], words)
        made.append(GuidedSeparator(settings, words, list(PITCHES), RATE, False)(mixture[:, None])[..., 0])
    np.testing.assert_array_equal(made[0], list(guided_nmf(problem).values()))
    np.testing.assert_array_equal(made[1], made[2])
    assert np.abs(made[0] - made[1]).max() > 1e-3


def test_masks_are_refined_as_the_model_says_and_an_older_model_does_not(dictionary):
    words, draw = read_dictionary(dictionary), np.random.default_rng(0)
    words.bases = np.repeat(words.bases, 4, axis=0) * draw.gamma(1.0, 1.0, (8, 401)).astype(np.float32)
    words.owners, words.clip_ids = np.repeat(words.owners, 4), list("aabbccdd")
    plain, older = merge(SETTINGS, {"separate": {"refine": NO_REFINEMENT}}), merge(SETTINGS, {})
    del older["separate"]["refine"]
    mixture = tones().sum(axis=0)[:, None]
    refined, asked_none, knew_none = (
        GuidedSeparator(settings, words, list(PITCHES), RATE, False)(mixture)
        for settings in (SETTINGS, plain, older)
    )
    np.testing.assert_array_equal(asked_none, knew_none)
    assert np.abs(refined - asked_none).max() > 1e-3


def test_a_model_file_tells_of_block_sparsity_only_where_its_method_has_it(dictionary, tmp_path):
    found = {}
    for method in ("miml", "miml_gao"):
        for strength in (0, 0.1):
            settings = stage_settings(merge(SETTINGS, {"separate": {"block_sparsity": strength}}), "export")
            export_model(settings, method, dictionary, None, tmp_path / "model.h5")
            separate = read_model(tmp_path / "model.h5").settings["separate"]
            found[method, strength] = separate.get("block_sparsity")
            assert ("refine" in separate) == (method == "miml")
    assert found == {("miml", 0): None, ("miml", 0.1): 0.1, ("miml_gao", 0): None, ("miml_gao", 0.1): None}


def test_trust_is_told_by_the_command_in_the_json_on_the_page_and_in_a_notebook(model, tmp_path, capsys):
    video = duet(tmp_path / "duet.wav")
    assert separate(video, "--objects", "piano,violin", "--output", tmp_path / "out", model=model) == 0
    folder = tmp_path / "out" / "duet"
    trust = json.loads((folder / "separation.json").read_text())["trust"]
    assert 0 < trust < 1 and f"separated: piano, violin; trust {trust:.2f}" in capsys.readouterr().out
    assert f"Trust {trust:.2f}" in (folder / "index.html").read_text()
    assert Separator.load(model).separate(video, ["piano", "violin"]).trust == trust


@pytest.mark.parametrize("options", [["piano"], ["piano,violin", "--rest"]])
def test_of_one_object_and_beside_a_rest_no_trust_is_told(model, tmp_path, capsys, options):
    video = duet(tmp_path / "duet.wav")
    assert separate(video, "--objects", *options, "--output", tmp_path / "out", model=model) == 0
    folder = tmp_path / "out" / "duet"
    assert json.loads((folder / "separation.json").read_text())["trust"] is None
    assert "; trust" not in capsys.readouterr().out
    assert "Trust" not in (folder / "index.html").read_text()


@pytest.mark.parametrize("transform", ["stft", "cqt"])
@pytest.mark.parametrize("rest", [False, True])
@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (4000, 1), (11025, 6)])
def test_estimates_sum_to_the_mixture_at_any_rate_and_across_blocks(
    dictionary, tmp_path, transform, rest, rate, channels
):
    settings = merge(SETTINGS, {"bases": {"transform": transform}})
    words = read_dictionary(dictionary)
    bins = len(transform_of(settings, RATE).forward(np.zeros(RATE)))
    words.bases = np.resize(words.bases, (2, bins))
    path = duet(tmp_path / "duet.wav", rate, 5.0, channels)
    with SoundStream(path) as sound:
        assert (sound.rate, sound.channels) == (rate, channels)
        separator = GuidedSeparator(settings, words, list(PITCHES), rate, rest)
        pieces = list(separator.stream(sound, block_seconds=3.0))
    assert len(pieces) > 1 and separator.names == [*PITCHES, *(["rest"] if rest else [])]
    mixture, _ = soundfile.read(path, dtype="float32", always_2d=True)
    total = np.concatenate(pieces, axis=1).sum(axis=0)
    np.testing.assert_allclose(total, mixture, atol=1e-4 * np.abs(mixture).max())


@pytest.mark.parametrize("rest", [False, True])
def test_blocks_at_a_time_give_the_very_same_as_one_after_another(dictionary, tmp_path, rest):
    words, draw, made = read_dictionary(dictionary), np.random.default_rng(0), []
    words.bases = np.repeat(words.bases, 4, axis=0) * draw.gamma(1.0, 1.0, (8, 401)).astype(np.float32)
    words.owners, words.clip_ids = np.repeat(words.owners, 4), list("aabbccdd")
    path = duet(tmp_path / "duet.wav", RATE, 12.0, 2)
    for cores in (1, 2, 3):
        separator = GuidedSeparator(SETTINGS, words, list(PITCHES), RATE, rest)
        with SoundStream(path) as sound:
            pieces = list(separator.stream(sound, block_seconds=3.0, cores=cores))
        made.append((np.concatenate(pieces, axis=1), separator.trust, separator.levels.decibels()))
    assert len(pieces) > 5 and (made[0][1] is None) == rest
    for sounds, trust, levels in made[1:]:
        np.testing.assert_array_equal(sounds, made[0][0])
        assert (trust, levels) == made[0][1:]


@pytest.mark.parametrize("rate", [8000, 22050])  # of the second the windows have an odd length
@pytest.mark.parametrize("beyond", [0, 1, -1, -9])
def test_a_sound_of_any_length_ends_without_a_click(dictionary, rate, beyond):
    words = read_dictionary(dictionary)
    separator = GuidedSeparator(SETTINGS, words, list(PITCHES), rate, False)
    noise = 0.1 * np.random.default_rng(0).standard_normal(10 * separator.transform.hop + beyond)
    for estimate in separator(noise.astype(np.float32)[:, None]):
        assert np.abs(estimate[-50:]).max() < np.abs(estimate[:-200]).max()


def test_channels_in_antiphase_are_separated_and_not_silence(dictionary, tmp_path):
    words = read_dictionary(dictionary)
    with SoundStream(duet(tmp_path / "duet.wav", 44100, 2.0, 2)) as sound:
        (piece,) = GuidedSeparator(SETTINGS, words, list(PITCHES), 44100, False).stream(sound)
    for estimate, tone in zip(piece, tones(44100), strict=True):
        error = estimate - tone[:, None] * np.array([1, -1])
        assert 10 * np.log10((tone**2).sum() / (error[:, 0] ** 2).sum()) > 10
        np.testing.assert_allclose(estimate[:, 1], -estimate[:, 0], atol=1e-6)


def test_bases_are_cut_at_lower_rates_and_know_nothing_above_their_own():
    bases = np.random.default_rng(0).random((401, 3), dtype=np.float32)
    assert bases_at(4000, bases, SETTINGS, RATE).shape == (201, 3)
    assert bases_at(44100, bases, SETTINGS, RATE).shape == (401, 3)
    constant_q = merge(SETTINGS, {"bases": {"transform": "cqt"}})
    known = transform_of(constant_q, RATE).frequencies
    ramp = np.stack([known, 2 * known], axis=1)
    wanted = transform_of(constant_q, 11025).frequencies
    moved = bases_at(11025, ramp, constant_q, RATE)
    np.testing.assert_allclose(moved[:, 1], 2 * wanted[: len(moved)], rtol=1e-5)
    assert wanted[len(moved)] > RATE / 2 >= wanted[len(moved) - 1]


@pytest.mark.parametrize("most", [2**32 - 1, 1000])
def test_a_wav_file_written_in_pieces_is_read_again_even_as_rf64(tmp_path, most):
    samples = np.random.default_rng(0).standard_normal((400, 2)).astype(np.float32)
    with SoundStream(duet(tmp_path / "form.wav", 22050, 0.1, 2)) as sound:
        writer = WavWriter(tmp_path / "x.wav", sound.form, most)
    for piece in np.split(samples, 4):
        writer.write(piece)
    writer.scale(0.5)
    writer.close()
    found, rate = soundfile.read(tmp_path / "x.wav", dtype="float32")
    np.testing.assert_array_equal(found, samples * np.float32(0.5))
    info = soundfile.info(tmp_path / "x.wav")
    assert rate == 22050 and info.subtype == "FLOAT" and info.format == ("WAV" if most > 2**20 else "RF64")
    check_wav_size(tmp_path / "x.wav")
    with open(tmp_path / "x.wav", "ab") as file:
        file.write(b"more")
    with pytest.raises(ValueError, match="is cut"):
        check_wav_size(tmp_path / "x.wav")


def test_a_sound_that_starts_late_begins_with_silence(film):
    with SoundStream(film) as sound:
        samples = sound.read(10**7)
    assert (sound.rate, sound.channels) == (44100, 2) and abs(len(samples) / 44100 - 3) < 0.05
    assert not samples[:44000].any() and samples[45000:].any()


def test_a_file_without_sound_and_one_that_is_no_media_are_told_apart(tmp_path, make_video):
    with pytest.raises(NoSoundError, match=r"still.mp4 has no sound"):
        SoundStream(make_video(tmp_path / "still.mp4", seconds=0.5, sound=False))
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(ObjectsoundsError, match=r"text.mp4 cannot be decoded"):
        SoundStream(tmp_path / "text.mp4")


def test_frames_of_a_turned_video_are_upright(tmp_path, make_video):
    path = make_video(tmp_path / "x.mp4", seconds=1.0, sound=False)
    turned = tmp_path / "turned.mp4"
    stream = ffmpeg.input(local_file(path), display_rotation=90).output(local_file(turned), vcodec="copy")
    run_ffmpeg(stream)
    assert read_frames(path, [0.2], 500).frames[0].shape == (120, 160, 3)
    assert read_frames(turned, [0.2], 500).frames[0].shape == (160, 120, 3)


def test_sections_are_those_of_a_clip_and_a_short_last_one_is_left_out():
    assert sections_of(3.2, SETTINGS) == [(0, 3.2)]
    assert sections_of(10.4, SETTINGS) == [(0, 10)]
    assert sections_of(25.0, SETTINGS) == [(0, 10), (10, 10), (20, 5.0)]
    assert sections_of(0.01, SETTINGS) == [(0, 0.01)]


def test_a_videos_objects_are_those_seen_in_enough_sections():
    labels = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 1]], bool)
    detection = Detection(["a", "b", "c"], np.array([[0.5, 0.4, 0.1]] * 3 + [[0.5, 0.1, 0.4]]), labels)
    assert detection.objects(0.25) == ["a", "b", "c"] and detection.objects(0.3) == ["a"]
    rows = [(row["object"], row["sections"], row["share"]) for row in detection.rows()]
    assert rows == [("a", 4, 1.0), ("b", 1, 0.25), ("c", 1, 0.25)]
    assert [row["probability"] for row in detection.rows()] == pytest.approx([0.5, 0.4, 0.4])


def test_a_folder_of_oddly_named_files_is_separated_and_a_bad_one_does_not_stop_the_rest(
    model, tmp_path, capsys, caplog
):
    videos, out = tmp_path / "in", tmp_path / "out"
    videos.mkdir()
    names = ["-dash", 'it\'s "so" %d', "with spaces"]
    for name in names:
        duet(videos / f"{name}.wav", seconds=0.3)
    (videos / "broken.mp4").write_bytes(b"no media")
    (videos / "notes.txt").write_text("no media, and not taken for it")
    assert separate(videos, "--objects", "piano,violin", "--output", out, model=model) == 1
    said = capsys.readouterr()
    assert "1 of 4 files were not separated: broken.mp4." in said.err
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    assert "broken.mp4 cannot be decoded" in caplog.text
    for name in names:
        parts = separated(out / name, "piano", "violin")
        np.testing.assert_allclose(sum(parts)[:, 0], tones(seconds=0.3).sum(axis=0), atol=1e-5)
        assert f"{name}.wav: 0.3 s, 8000 Hz, 1 channel" in said.out
    page = (out / "-dash" / "index.html").read_text().partition("<script>")[0]
    links = re.findall(r'(?:src|href|data-sound)="([^"#:]+)"', page)
    assert links and all((out / "-dash" / link).is_file() for link in links)


def test_files_at_a_time_give_and_print_the_very_same_as_one_after_another(model, tmp_path, capsys, caplog):
    videos, said = tmp_path / "in", []
    videos.mkdir()
    for number, seconds in enumerate((1.5, 0.3, 0.9, 0.6)):
        duet(videos / f"{number}.wav", seconds=seconds)
    (videos / "1.wav").write_bytes(b"no media")
    for cores in ("1", "3"):
        caplog.clear()
        options = ["--objects", "piano,violin", "--output", tmp_path / cores, "--cores", cores]
        assert separate(videos, *options, model=model) == 1
        told = capsys.readouterr()
        errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        said.append([text.replace(str(tmp_path / cores), "") for text in (told.out, told.err, *errors)])
        assert len(errors) == 1 and "1.wav cannot be decoded" in errors[0]
    assert said[0] == said[1] and "1 of 4 files were not separated: 1.wav." in said[0][1]
    for number in (0, 2, 3):
        one, other = (separated(tmp_path / cores / str(number), "piano", "violin") for cores in ("1", "3"))
        np.testing.assert_array_equal(one, other)


def test_interrupted_among_several_files_those_at_work_end_and_leave_nothing(model, tmp_path, monkeypatch):
    begun, videos = [], [duet(tmp_path / f"{number}.wav", seconds=0.5) for number in range(4)]

    def work(tools, path, target, options, progress, cores):
        begun.append(path.name)
        if path.name == "0.wav":
            raise KeyboardInterrupt
        while True:  # a sound without an end
            progress("separated", 0, 1)

    monkeypatch.setattr("objectsounds.stages.separate_videos.separate_video", work)
    options = ["--objects", "piano,violin", "--output", tmp_path / "out", "--cores", "2"]
    assert separate(*videos, *options, model=model) == 130
    assert "0.wav" in begun and "3.wav" not in begun


def test_nothing_is_overwritten_unless_asked_and_never_what_is_not_ours(model, tmp_path, capsys):
    video, out = duet(tmp_path / "duet.wav", seconds=0.3), tmp_path / "out"
    wanted = [video, "--objects", "piano,violin", "--output", out]
    assert separate(*wanted, model=model) == 0
    before = (out / "duet" / "piano.wav").stat().st_mtime_ns
    assert separate(*wanted, model=model) == 1 and "--force replaces it" in capsys.readouterr().err
    assert (out / "duet" / "piano.wav").stat().st_mtime_ns == before
    assert separate(*wanted, "--force", model=model) == 0
    assert (out / "duet" / "piano.wav").stat().st_mtime_ns > before
    (out / "duet" / "separation.json").unlink()
    assert separate(*wanted, "--force", model=model) == 1
    assert "was not made by separate" in capsys.readouterr().err and (out / "duet" / "piano.wav").is_file()


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("duet.wav", ["--objects", "piano,kazoo"], ["'kazoo'", "drum, piano, violin"]),
        ("duet.wav", ["--objects", "drum"], ["drum was named", "no clip holds it", "piano, violin"]),
        ("duet.wav", ["--objects", "piano", "--mute", "rest"], ["'rest'", "--rest"]),
        ("duet.wav", ["--objects", "piano", "--remix", "piano=loud"], ["'piano=loud'", "violin=-6"]),
        ("duet.wav", ["--objects", "piano", "--mute", "violin"], ["nothing to remix", "piano", "violin"]),
        ("duet.wav", ["--objects", "piano", "--remix", "piano=400"], ["'piano=400'", "60 dB"]),
        ("duet.wav", ["--objects", "piano", "--remix", "piano=-1e400"], ["'piano=-1e400'", "60 dB"]),
        ("duet.wav", ["--objects", "piano", "--remix", "piano=nan"], ["'piano=nan'", "violin=-6"]),
        ("duet.wav", ["--objects", "piano", "--remix", "=3"], ["'=3'", "violin=-6"]),
        ("duet.wav", ["--objects", "piano", "--remix", "piano=3,piano=-3"], ["--remix", "piano twice"]),
        (
            "duet.wav",
            ["--objects", "piano", "--remix", "piano=3", "--mute", "piano"],
            ["piano has a gain", "choose one"],
        ),
        ("duet.wav", ["--objects", "piano", "--remix", ","], ["--remix ','", "leave it out"]),
        ("duet.wav", ["--objects", "piano", "--mute", ""], ["--mute ''", "leave it out"]),
        ("duet.wav", ["--objects", ""], ["--objects ''", "violin,piano"]),
        ("duet.wav", [], ["nowhere.pth", "--weights"]),
        ("gone.wav", ["--objects", "piano"], ["gone.wav does not exist"]),
        (".", ["--objects", "piano"], ["holds no video or sound"]),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_an_exit_code(model, tmp_path, capsys, name, options, words):
    if name.endswith("duet.wav"):
        duet(tmp_path / name, seconds=0.2)
    assert separate(tmp_path / name, *options, "--output", tmp_path / "out", model=model) == 1
    said = capsys.readouterr().err.strip()
    assert all(word in said for word in words), said
    assert said.startswith("objectsounds separate: ") and "\n" not in said
    assert not list(tmp_path.glob("out/*"))


@pytest.mark.parametrize("inside", [False, True], ids=["named", "in a shell's <(...)"])
def test_a_pipe_is_refused_at_once_and_no_decoder_waits_for_it(model, tmp_path, inside):
    pipe, out = tmp_path / "pipe.wav", tmp_path / "out"
    os.mkfifo(pipe)
    named = f"<(cat {duet(tmp_path / 'duet.wav', seconds=0.2)})" if inside else pipe
    options = f"--model {model} --objects piano --output {out}"
    command = f"{shlex.quote(sys.executable)} -m objectsounds separate {named} {options}"
    started = time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    # A session of its own: whatever is left behind of the command is found by it.
    done = subprocess.Popen(
        ["bash", "-c", command], stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    said = done.communicate(timeout=60)[1].strip()
    assert done.returncode == 1 and time.monotonic() - started < 60
    assert "is no file but a pipe" in said and "write it to a file first" in said and "\n" not in said
    left = [item.info["name"] for item in psutil.process_iter(["name"]) if _session(item.pid) == done.pid]
    assert "ffmpeg" not in " ".join(left) and not out.exists()


def _session(pid):
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def test_a_file_that_may_not_be_read_is_said(model, tmp_path, capsys, monkeypatch):
    video = duet(tmp_path / "duet.wav", seconds=0.2)
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != video and allowed(path, mode))
    assert separate(video, "--objects", "piano", "--output", tmp_path / "out", model=model) == 1
    assert "duet.wav may not be read; allow it" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("output", ["file", "file/deeper", "/proc/objectsounds", "a" * 300])
def test_an_output_that_cannot_be_a_folder_is_refused_before_anything_is_decoded(
    model, tmp_path, capsys, monkeypatch, output
):
    monkeypatch.chdir(tmp_path)
    video = duet(tmp_path / "duet.wav", seconds=0.2)
    (tmp_path / "file").write_text("a person's")
    monkeypatch.setattr("objectsounds.stages.separate_videos.separate_video", None)
    assert separate(video, "--objects", "piano", "--output", output, model=model) == 1
    said = capsys.readouterr().err.strip()
    assert f"--output {output}" in said and "name another" in said and "\n" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["duet.wav", "file"]
    assert (tmp_path / "file").read_text() == "a person's"


@pytest.mark.parametrize("length", [250, 255])
def test_a_file_whose_name_is_as_long_as_can_be_is_separated(model, tmp_path, length):
    video = duet(tmp_path / f"{'n' * (length - 4)}.wav", seconds=0.2)
    options = ["--objects", "piano,violin", "--output", tmp_path / "out"]
    assert separate(video, *options, model=model) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [video.stem]


def test_a_file_without_sound_is_refused_by_the_command(model, tmp_path, capsys, make_video):
    video = make_video(tmp_path / "still.mp4", seconds=0.5, sound=False)
    assert separate(video, "--objects", "piano", "--output", tmp_path / "out", model=model) == 1
    assert "no audio track" in capsys.readouterr().err


def test_silence_and_a_sound_of_a_few_samples_are_separated(model, tmp_path, caplog):
    duet(tmp_path / "silent.wav", gain=0.0, seconds=0.5)
    duet(tmp_path / "short.wav", seconds=0.002)
    for name in ("silent", "short"):
        options = ["--objects", "piano,violin", "--rest", "--output", tmp_path / "out"]
        assert separate(tmp_path / f"{name}.wav", *options, model=model) == 0
    assert not any(part.any() for part in separated(tmp_path / "out" / "silent", "piano", "violin", "rest"))
    assert len(separated(tmp_path / "out" / "short", "rest")[0]) == 16
    assert "silent.wav is silent" in caplog.text


def test_one_object_alone_is_warned_of_and_with_a_rest_it_is_not_the_mixture(model, tmp_path, caplog):
    video = duet(tmp_path / "duet.wav")
    assert separate(video, "--objects", "violin", "--output", tmp_path / "out", model=model) == 0
    assert "violin alone is separated" in caplog.text
    caplog.clear()
    options = ["--objects", "violin", "--rest", "--output", tmp_path / "rest"]
    assert separate(video, *options, model=model) == 0
    assert "alone" not in caplog.text
    violin, rest = separated(tmp_path / "rest" / "duet", "violin", "rest")
    mixture, reference = tones().sum(axis=0), tones()[1]
    np.testing.assert_allclose((violin + rest)[:, 0], mixture, atol=1e-4 * np.abs(mixture).max())
    assert np.sum((violin[:, 0] - reference) ** 2) < 0.2 * np.sum((mixture - reference) ** 2)


def streams_of(path):
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    code = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode()
    frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    return code, frames


def test_a_remix_is_the_weighted_sum_and_goes_back_into_the_video(model, film, tmp_path):
    options = ["--objects", "piano,violin", "--remix", "violin=-6", "--mute", "piano"]
    assert separate(film, *options, "--output", tmp_path, model=model) == 0
    violin, remix = separated(tmp_path / "film", "violin", "remix")
    np.testing.assert_allclose(remix, 10 ** (-6 / 20) * violin, atol=1e-6)
    assert streams_of(tmp_path / "film" / "remix.mp4") == streams_of(film) == ("h264", 15)
    with SoundStream(tmp_path / "film" / "remix.mp4") as sound:
        heard = sound.read(10**7)
    assert (sound.rate, sound.channels) == (44100, 2) and abs(len(heard) - len(remix)) < 4096
    assert np.corrcoef(heard[50000:120000, 0], remix[50000:120000, 0])[0, 1] > 0.95


def test_a_picture_that_cannot_be_decoded_is_copied_and_one_that_cannot_be_copied_is_told(
    model, film, tmp_path, caplog
):
    options = ["--objects", "piano,violin", "--remix", "violin=-6", "--output", tmp_path / "out"]
    hurt, strange = tmp_path / "hurt.mkv", tmp_path / "strange.mkv"
    damage = {"c": "copy", "bsf:v": "noise=amount=1"}
    run_ffmpeg(ffmpeg.input(local_file(film)).output(local_file(hurt), **damage))
    assert separate(hurt, *options, model=model) == 0
    facts = json.loads((tmp_path / "out" / "hurt" / "separation.json").read_text())
    assert (
        facts["page"]["video"] == "remix.mp4"
        and (tmp_path / "out" / "hurt" / "remix.mp4").stat().st_size > 1000
    )
    strange.write_bytes(film.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_STRANGE/X/YYY"))
    assert separate(strange, *options, model=model) == 0
    folder = tmp_path / "out" / "strange"
    facts = json.loads((folder / "separation.json").read_text())
    assert facts["page"]["video"] == "" and "its picture cannot be copied" in caplog.text
    assert (folder / "remix.wav").exists()


def test_a_remix_that_would_clip_is_turned_down_and_says_so(model, tmp_path, caplog):
    video = duet(tmp_path / "duet.wav", gain=2.0)
    options = ["--objects", "piano,violin", "--remix", "violin=+12", "--output", tmp_path / "out"]
    assert separate(video, *options, model=model) == 0
    (remix,) = separated(tmp_path / "out" / "duet", "remix")
    assert np.abs(remix).max() == pytest.approx(0.99, abs=1e-3)
    facts = json.loads((tmp_path / "out" / "duet" / "separation.json").read_text())
    assert facts["turned_down_db"] > 3 and "would clip and was turned down" in caplog.text
    assert "turned down" in (tmp_path / "out" / "duet" / "index.html").read_text()


def test_a_picture_that_mp4_cannot_hold_is_copied_into_matroska(model, tmp_path, make_video):
    video = make_video(tmp_path / "web.webm", seconds=1.0, webm=True)
    options = ["--objects", "piano,violin", "--mute", "piano", "--output", tmp_path / "out"]
    assert separate(video, *options, model=model) == 0
    assert streams_of(tmp_path / "out" / "web" / "remix.mkv")[0] == "VP80"
    assert not (tmp_path / "out" / "web" / "remix.mp4").exists()


def test_gains_are_read_from_one_word():
    assert parse_gains("violin=-6, piano=+3", "drum") == {"violin": -6, "piano": 3, "drum": float("-inf")}
    assert parse_gains(None, None) == {}


def test_a_file_that_is_no_model_is_refused_and_left_where_it_is(tmp_path, model, dictionary):
    cut = tmp_path / "cut.h5"
    cut.write_bytes(model.read_bytes()[:5000])
    for path, words in (
        (cut, "cannot be read"),
        (dictionary, "no model file"),
        (tmp_path / "no.h5", "export"),
    ):
        with pytest.raises(ObjectsoundsError, match=words):
            read_model(path)
    assert cut.is_file() and dictionary.is_file()


def test_a_model_file_holds_settings_and_numbers_alone(model):
    found = read_model(model)
    assert (found.method, found.labeller) == ("miml", "resnet152 of ImageNet")
    assert found.objects == SETTINGS["classes"] and found.classes[1].imagenet == (579, 881)
    with h5py.File(model) as file:
        assert set(file) == {"bases", "object", "clip_id"}
        assert "labeller" in json.loads(file.attrs["settings"])


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"videos": ["a/x.mp4", "b/x.wav"]}, ["'x'", "rename"]),
        ({"videos": ["x.mp4"], "objects": {"y": ["violin"]}}, ["objects.y", "'y'"]),
        ({"videos": ["x.mp4"], "mute": {"x": ["kazoo"]}}, ["mute.x", "'kazoo'", "violin"]),
        ({"videos": ["x.mp4"], "remix": {"x": "rest=3"}}, ["remix.x", "'rest'"]),
    ],
)
def test_a_bad_list_of_videos_is_refused_with_the_key(section, words):
    with pytest.raises(ObjectsoundsError) as error:
        load_settings({"preset": "demo", "separate_videos": section})
    assert all(word in str(error.value) for word in ["separate_videos.", *words])


def test_a_good_list_of_videos_is_taken_with_every_key_for_several_files():
    section = {"videos": ["x.mp4", "y.mp4"], "rest": True, "objects": {"x": ["piano"], "y": ["violin"]}}
    section |= {"remix": {"x": "violin=-6", "y": "rest=3"}, "mute": {"x": ["drum"], "y": ["piano"]}}
    found = load_settings({"preset": "demo", "separate_videos": section})["separate_videos"]
    assert found["remix"] == section["remix"] and found["mute"] == section["mute"]


def test_importing_the_package_stays_light():
    code = "import sys, objectsounds; assert objectsounds.__version__ and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def one_tone(path):
    """Write a WAV file in which the piano's tone sounds alone."""
    soundfile.write(path, tones()[0], RATE, subtype="FLOAT")
    return path


def test_an_object_that_is_named_but_does_not_sound_is_told_as_not_heard(model, tmp_path, capsys, caplog):
    video = one_tone(tmp_path / "solo.wav")
    options = ["--objects", "piano,violin", "--output", tmp_path / "out"]
    assert separate(video, *options, model=model) == 0
    folder = tmp_path / "out" / "solo"
    facts = json.loads((folder / "separation.json").read_text())
    piano, violin = separated(folder, "piano", "violin")
    level = 10 * np.log10((violin**2).sum() / ((piano + violin) ** 2).sum())
    assert level < -30 and facts["levels_db"]["violin"] == pytest.approx(level, abs=0.01)
    sentence = f"no violin heard: {level:.0f} dB against the mixture"
    assert facts["not_heard"] == [sentence] and f"solo.wav: {sentence}" in caplog.text
    assert sentence in (folder / "index.html").read_text()
    sounds = Separator.load(model).separate(video, ["piano", "violin"])
    assert sounds.not_heard == [sentence] and sounds.levels_db == facts["levels_db"]


def test_of_objects_that_all_sound_none_is_told_as_not_heard(model, tmp_path, caplog):
    sounds = Separator.load(model).separate(duet(tmp_path / "duet.wav"), ["piano", "violin"])
    assert sounds.not_heard == [] and "heard" not in caplog.text
    assert sounds.levels_db == pytest.approx({"piano": -3, "violin": -3}, abs=0.5)


def test_levels_are_against_the_mixture_over_all_pieces_and_channels():
    levels = Levels(["a", "b", "rest"])
    for gain in (1.0, 3.0):
        tone = gain * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32)
        levels.add(np.stack([tone[:, :1] * [1, 1], 0.01 * tone[:, 1:] * [1, 1], 0 * tone]))
    found = levels.decibels()
    assert found == pytest.approx({"a": 0.0, "b": -40.0, "rest": -100.0}, abs=0.01)
    assert not_heard(found, ["a", "b"]) == ["no b heard: -40 dB against the mixture"]


@pytest.mark.parametrize(("level", "said"), [(-29.9, 0), (-30.1, 1)])
def test_an_object_is_heard_down_to_30_db_below_the_mixture(level, said):
    sentences = not_heard({"french_horn": level, "rest": -80.0}, ["french_horn"])
    assert sentences == ["no french horn heard: -30 dB against the mixture"][:said]


def test_of_a_silent_mixture_no_levels_are_told(model, tmp_path):
    sounds = Separator.load(model).separate(duet(tmp_path / "x.wav", gain=0.0), ["piano", "violin"])
    assert (sounds.levels_db, sounds.not_heard) == ({}, [])
