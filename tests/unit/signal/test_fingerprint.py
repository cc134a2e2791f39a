"""A recording is known again in another format, rate, level and start, and no other is taken for it."""

import itertools

import ffmpeg
import numpy as np
import pytest

from objectsounds.media.ffmpeg import local_file, run_ffmpeg
from objectsounds.signal.fingerprint import HOP, RATE, Index, landmarks

SAMPLED = 22050  # Hz
SCALE = 220.0 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16]) / 12)  # Hz


def played(seed, seconds=10.0, melody=None, late=0.0, cents=0.0):
    """Return one instrument's notes of 0.2 to 0.6 s with ten partials and a little noise.

    With ``melody``, a seed, the notes and their lengths are that one's, each late by up to ``late`` seconds
    and all tuned ``cents`` higher.
    """
    rng = np.random.default_rng(seed)
    notes = np.random.default_rng(seed if melody is None else melody)
    time = np.arange(int(seconds * SAMPLED)) / SAMPLED
    sound, start = 1e-3 * rng.standard_normal(len(time)), 0.0
    while start < seconds:
        pitch, length = notes.choice(SCALE) * 2 ** (cents / 1200), notes.uniform(0.2, 0.6)
        begin = start + late * rng.uniform()
        heard = slice(round(begin * SAMPLED), round((begin + 2) * SAMPLED))
        since = (time[heard] - begin).clip(0)
        envelope = np.exp(-3 * since) * (1 - np.exp(-200 * since))
        for partial in range(1, 11):
            phase = rng.uniform(0, 2 * np.pi)
            sound[heard] += envelope * np.sin(2 * np.pi * partial * pitch * since + phase) / partial
        start += length
    return (0.1 * sound).astype(np.float32)


def encoded(sound, path, rate, **options):
    """Return a sound as a lossy file holds it, and that file's rate."""
    source = ffmpeg.input("pipe:0", format="f32le", ac=1, ar=SAMPLED)
    run_ffmpeg(
        ffmpeg.output(source, local_file(path), ar=rate, ac=1, **options), data=sound.astype("<f4").tobytes()
    )
    back = ffmpeg.output(ffmpeg.input(local_file(path)), "pipe:1", format="f32le", ac=1, ar=rate)
    return np.frombuffer(run_ffmpeg(back), np.float32), rate


@pytest.fixture(scope="module")
def recordings():
    return [played(seed) for seed in range(6)]


@pytest.fixture(scope="module")
def index(recordings):
    return Index([landmarks(sound, SAMPLED) for sound in recordings])


@pytest.mark.parametrize(
    ("ending", "rate", "options"),
    [
        ("mp3", 22050, {"acodec": "libmp3lame", "audio_bitrate": "48k"}),
        ("m4a", 44100, {"acodec": "aac", "audio_bitrate": "64k"}),
        ("opus", 48000, {"acodec": "libopus", "audio_bitrate": "32k"}),
        ("wav", 11025, {"acodec": "pcm_u8"}),
    ],
)
def test_it_is_known_again_in_another_format_rate_level_and_start(
    recordings, index, tmp_path, ending, rate, options
):
    for number, sound in enumerate(recordings[:3]):
        cut = 0.3 * sound[round(2.345 * SAMPLED) :]
        again = landmarks(*encoded(cut, tmp_path / f"{number}.{ending}", rate, **options))
        (match,) = index.matches(again)
        assert match.number == number and match.seconds >= 4
        assert match.offset == pytest.approx(2.345, abs=0.12)


def test_what_begins_before_the_other_has_a_negative_offset(recordings, index):
    early = np.concatenate([played(77, 3.0), recordings[4][: 6 * SAMPLED]])
    (match,) = index.matches(landmarks(early, SAMPLED))
    assert match.number == 4 and match.offset == pytest.approx(-3.0, abs=2 * HOP / RATE)


def test_other_recordings_of_one_instrument_are_not_taken_for_each_other(recordings):
    sounds = [landmarks(sound, SAMPLED) for sound in recordings]
    for one, other in itertools.permutations(sounds, 2):
        assert Index([one]).matches(other) == []


def test_the_same_melody_played_again_is_another_recording(index):
    assert index.matches(landmarks(played(50, melody=1, late=0.3, cents=25), SAMPLED)) == []


def test_a_quarter_of_a_second_in_common_is_no_recording(recordings, index):
    few = played(60)
    few[SAMPLED : SAMPLED + SAMPLED // 4] = recordings[2][3 * SAMPLED : 3 * SAMPLED + SAMPLED // 4]
    assert index.matches(landmarks(few, SAMPLED)) == []


def test_a_recording_under_another_sound_is_found(recordings, index):
    mixed = recordings[3] + 0.5 * played(61)
    assert [match.number for match in index.matches(landmarks(mixed, SAMPLED))] == [3]


@pytest.mark.parametrize("sound", [np.zeros(5 * SAMPLED), np.zeros(0), np.ones(200), np.full(50000, 0.3)])
def test_silence_and_what_is_too_short_have_no_landmarks(index, sound):
    found = landmarks(sound.astype(np.float32), SAMPLED)
    assert index.matches(found) == [] and Index([found]).matches(found) == []


def test_an_empty_index_knows_nothing(recordings):
    assert Index([]).matches(landmarks(recordings[0], SAMPLED)) == []


def test_a_level_changes_no_landmark(recordings):
    one, other = landmarks(recordings[0], SAMPLED), landmarks(0.01 * recordings[0], SAMPLED)
    assert np.array_equal(one.hashes, other.hashes) and np.array_equal(one.frames, other.frames)
