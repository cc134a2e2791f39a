"""Sound and picture at file time t are those that a player shows at t, in every way into the program.

The files tell their own time (``own_time.py``).
"""

import cv2
import numpy as np
import pytest
import soundfile

from objectsounds.core.tables import write_table
from objectsounds.data.status import SHARD_COLUMNS, read_status
from objectsounds.media.decoder import Medium, duration
from objectsounds.media.frames import read_frames
from objectsounds.media.mono import decode_mono
from objectsounds.media.sound_stream import SoundStream
from objectsounds.sources.media_folder import Found, MediaFolder
from objectsounds.stages.clips import make_shard
from tests.own_time import (
    PICTURE,
    SECONDS,
    beep_times,
    ffmpeg_in,
    make_base,
    make_broadcast,
    own_times,
)

RATE = 16000
H264 = "-c:v libx264 -preset ultrafast -g 50 -pix_fmt yuv420p"
BASE, ONCE_MORE = "-i base.mkv", "-i base.mkv -itsoffset 1 -i base.mkv"

# name: (ffmpeg's arguments, seconds by which file time is ahead of the beeps' own)
FILES = {
    "aac.mp4": (f"{BASE} {H264} -c:a aac", 0),
    "opus.webm": (f"{BASE} -c:v libvpx -deadline realtime -cpu-used 8 -ac 1 -c:a libopus", 0),
    "vorbis.ogv": (f"{BASE} -c:v libtheora -c:a libvorbis", 0),
    "wma.asf": (f"{BASE} -c:v msmpeg4 -c:a wmav2", 0.046),  # its encoder begins before the picture
    "av1.mp4": (f"{BASE} -c:v libsvtav1 -preset 12 -c:a aac", 0),
    "h264.avi": (f"{BASE} {H264} -bf 2 -c:a pcm_s16le", 0),
    "divx.avi": (f"{BASE} -c:v mpeg4 -bf 2 -vtag DIVX -c:a pcm_s16le", 0),
    "hevc10.mp4": (f"{BASE} -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -c:a aac", 0),
    "sound_late.mkv": (f"{ONCE_MORE} -map 0:v -map 1:a -t 8 {H264} -c:a flac", 0),
    "sound_late.mp4": (f"{ONCE_MORE} -map 0:v -map 1:a -t 8 {H264} -c:a aac", 0),
    "picture_late.mp4": (f"-itsoffset 1 {BASE} {BASE} -map 0:v -map 1:a {H264} -c:a aac", 0),
    "gap.mp4": (f"{BASE} -af aselect='lt(t,3)+gte(t,5)' {H264} -c:a aac", 0),
    "stream.ts": (f"{BASE} {H264} -c:a mp2", 0.005),
    # its clock wraps after 3.7 s
    "wraps.ts": (f"{BASE} {H264} -c:a mp2 -output_ts_offset 95440", 0.005),
    "far.mkv": (f"{BASE} {H264} -c:a flac -output_ts_offset 100", 0),
    "cut.mp4": ("-ss 2.5 -i aac.mp4 -c copy", -2.5),  # an edit list hides what lies before
    "slow.mp4": (f"{BASE} -vf select='lt(n,25)+not(mod(n,25))' -fps_mode vfr {H264} -c:a aac", 0),
    "still.mp4": (f"{BASE} -vf select='eq(n,0)' -fps_mode vfr {H264} -c:a aac", 0),
    "sound_short.mp4": (f"{BASE} -af atrim=end=3 {H264} -c:a aac", 0),
    "picture_short.mp4": (f"{BASE} -vf trim=end=3 {H264} -c:a aac", 0),
    "tracks.mp4": (f"{ONCE_MORE} -map 0 -map 1:a {H264} -c:a aac", 0),
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A folder of files of all kinds."""
    folder = tmp_path_factory.mktemp("odd")
    make_base(folder)
    for name, (arguments, _) in FILES.items():
        ffmpeg_in(folder, f"{arguments} {name}")
    return folder


def expected_beeps(name, start, seconds):
    """Return {k: s} of the beeps that lie wholly in a section."""
    ahead = FILES[name][1]
    late = 1.0 if name.startswith("sound_late") else 0.0
    times = {k: k + late + ahead - start for k in range(SECONDS)}
    if name == "gap.mp4":
        times = {k: time for k, time in times.items() if k not in (3, 4)}
    if name == "wma.asf":
        times.pop(0)  # the codec's first frame is not decoded
    if name == "sound_short.mp4":
        times = {k: time for k, time in times.items() if k < 3}
    return {k: time for k, time in times.items() if -0.001 <= time <= seconds - 0.1}


def shown_at(name, times):
    """Return the picture's own time of the frame that is on screen at each time."""
    ahead, times = FILES[name][1], np.asarray(times)
    times = times - ahead - (1.0 if name == "picture_late.mp4" else 0.0)
    shown = np.clip(np.floor(times * 25 + 1e-6) / 25, 0, SECONDS - 0.04)
    if name == "slow.mp4":
        shown = np.where(shown >= 1, np.floor(shown), shown)
    if name in ("still.mp4", "picture_short.mp4"):
        shown = np.minimum(shown, 0 if name == "still.mp4" else 3 - 0.04)
    return shown


@pytest.mark.parametrize("start", [0, 1, 3])
@pytest.mark.parametrize("name", FILES)
def test_a_section_holds_what_a_player_shows(odd, name, start):
    length = 5.5 if name == "cut.mp4" else SECONDS
    seconds = length - start
    sound = decode_mono(odd / name, RATE, 60, start=start, seconds=seconds).waveform
    assert len(sound) == pytest.approx(seconds * RATE, abs=0.01 * RATE)
    expected, found = expected_beeps(name, start, seconds), beep_times(sound, RATE)
    assert found.keys() == expected.keys()
    assert all(abs(found[k] - time) < 0.02 for k, time in expected.items()), (found, expected)
    times = [start + 0.25 + 0.5 * index for index in range(int(2 * seconds) - 1)]
    shown = own_times(read_frames(odd / name, times, 240).frames)
    np.testing.assert_allclose(
        shown, shown_at(name, times), atol=0.085
    )  # brightness is whole numbers, and lossy


@pytest.mark.parametrize("name", FILES)
def test_a_stream_holds_what_a_player_plays(odd, name):
    with SoundStream(odd / name) as sound:
        waveform, rate = sound.read(10**7).mean(axis=1), sound.rate
    length = {"cut.mp4": 5.5, "picture_late.mp4": 9.0}.get(name, SECONDS + FILES[name][1])
    assert len(waveform) / rate == pytest.approx(length, abs=0.03)
    expected, found = expected_beeps(name, 0, length), beep_times(waveform, rate)
    assert found.keys() == expected.keys()
    assert all(abs(found[k] - time) < 0.02 for k, time in expected.items()), (found, expected)


@pytest.mark.parametrize(("name", "length"), [("far.mkv", 8), ("wraps.ts", 8), ("picture_late.mp4", 9)])
def test_a_files_length_is_that_of_what_is_in_it(odd, name, length):
    assert duration(odd / name) == pytest.approx(length, abs=0.05)


def clip_of(odd, tmp_path, settings, name, start=0, end=8, media=None, frames=5):
    """Make one clip by the stage and return its row, its waveform and its frames."""
    options = {
        "clips": settings["clips"] | {"media": str(media or odd), "sample_rate": RATE, "frames": frames}
    }
    options["clips"]["still_below"] = 0
    row = dict.fromkeys(SHARD_COLUMNS, "") | {"clip_id": "x", "source": name, "start": start, "end": end}
    write_table(tmp_path / "shard.tsv", SHARD_COLUMNS, [row])
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, {"enabled": False}, tmp_path / "shard.tsv", status)
    (row,) = read_status(status)
    folder = status.parent / row["folder"]
    if row["status"] != "ok":
        return row, None, None
    pictures = [cv2.imread(str(path)) for path in sorted((folder / "frames").iterdir())]
    return row, soundfile.read(folder / "audio.wav")[0], pictures


@pytest.mark.parametrize("name", ["sound_late", "gap", "h264"])
def test_the_stage_stores_what_was_decoded(odd, tmp_path, settings, name):
    (tmp_path / "media").mkdir()
    file = next(odd.glob(f"{name}.[am][vp][i4]"))
    (tmp_path / "media" / file.name).write_bytes(file.read_bytes())
    row, waveform, frames = clip_of(odd, tmp_path, settings, name, 1, 7, tmp_path / "media")
    assert row["status"] == "ok" and row["seconds"] == "6.000"
    expected, found = expected_beeps(file.name, 1, 6), beep_times(waveform, RATE)
    assert found.keys() == expected.keys()
    assert all(abs(found[k] - time) < 0.02 for k, time in expected.items())
    times = [1 + 6 * (index + 0.5) / 5 for index in range(5)]
    np.testing.assert_allclose(own_times(frames), shown_at(file.name, times), atol=0.085)
    assert ("without sound are silence" in row["detail"]) == (name == "gap")


def test_what_is_missing_is_told(odd, tmp_path, settings):
    row, _, _ = clip_of(odd, tmp_path, settings, "picture_late")
    assert "the first 1 frames are the next one: the picture begins at 1.00 s" in row["detail"]
    row, _, _ = clip_of(odd, tmp_path, settings, "picture_short")
    assert "the last 3 frames repeat the one before: the picture ends at 3.00 s" in row["detail"]


def test_a_still_is_still_and_not_without_a_picture(odd, tmp_path, settings):
    options = settings | {"clips": settings["clips"] | {"still_below": 4}}
    row = dict.fromkeys(SHARD_COLUMNS, "") | {"clip_id": "x", "source": "still", "start": 0, "end": 8}
    write_table(tmp_path / "shard.tsv", SHARD_COLUMNS, [row])
    options["clips"]["media"] = str(odd)
    make_shard(options, {"enabled": False}, tmp_path / "shard.tsv", tmp_path / "status.tsv")
    assert read_status(tmp_path / "status.tsv")[0]["status"] == "still"


def sounding(folder, name, expression, layout, codec="pcm_s16le"):
    """Write 2 s of picture with a sound given by an expression for each channel."""
    sound = f"aevalsrc='{expression}':s=48000:d=2:c={layout}"
    ffmpeg_in(
        folder,
        "-f lavfi -i",
        PICTURE.format(seconds=2),
        "-f lavfi -i",
        sound,
        f"-c:v ffv1 -c:a {codec} {name}",
    )
    return folder / name


def tone(level, pitch=440, sign=""):
    return f"{sign}{level}*sin(2*PI*{pitch}*t)"


def amplitude(waveform, pitch):
    """Return the amplitude of a tone in a waveform at 48 kHz."""
    phase = np.exp(-2j * np.pi * pitch * np.arange(len(waveform)) / 48000)
    return 2 * abs(np.mean(waveform * phase))


def test_two_equal_channels_keep_their_level(tmp_path):
    path = sounding(tmp_path, "loud.mkv", f"{tone(0.9)}|{tone(0.9)}", "stereo")
    sound = decode_mono(path, 48000, 60)
    assert np.abs(sound.waveform).max() == pytest.approx(0.9, abs=0.01) and not sound.notes


def test_a_surround_mix_is_the_mean_without_the_low_frequency_effects(tmp_path):
    pitches = [300, 500, 700, 60, 1100, 1300]
    expression = "|".join(tone(0.9, pitch) for pitch in pitches)
    waveform = decode_mono(sounding(tmp_path, "five.mkv", expression, "5.1", "flac"), 48000, 60).waveform
    levels = [amplitude(waveform, pitch) for pitch in pitches]
    assert levels == pytest.approx([0.18, 0.18, 0.18, 0, 0.18, 0.18], abs=0.002)


def test_of_channels_that_cancel_the_loudest_is_taken_and_told(tmp_path):
    expression = f"{tone(0.4)}|{tone(0.42, sign='-')}"
    sound = decode_mono(sounding(tmp_path, "anti.mkv", expression, "stereo"), 48000, 60)
    assert amplitude(sound.waveform, 440) == pytest.approx(0.42, abs=0.002)
    assert sound.notes == ["its 2 channels cancel each other: channel 2 is taken"]


def test_what_would_clip_is_turned_down_and_told(tmp_path):
    path = sounding(tmp_path, "hot.mkv", tone(1.6), "mono", "pcm_f32le")
    sound = decode_mono(path, 48000, 60)
    assert np.abs(sound.waveform).max() == pytest.approx(1.0, abs=1e-6)
    assert sound.notes == ["turned down by 4.1 dB: it would clip"]


def test_a_change_of_channels_moves_nothing(tmp_path):
    broadcast = make_broadcast(tmp_path / "tv.ts")
    with SoundStream(broadcast) as sound:
        assert sound.channels == 2
        streamed = sound.read(10**7).mean(axis=1)
    mono = decode_mono(broadcast, 48000, 60).waveform
    for waveform in (streamed, mono):
        assert len(waveform) / 48000 == pytest.approx(8, abs=0.1)
        found = beep_times(waveform, 48000)
        assert found.keys() == set(range(8))
        assert all(abs(time - k) < 0.05 for k, time in found.items()), found  # AC-3 frames last 32 ms


def test_a_damaged_middle_is_silence_there_and_counted(odd, tmp_path):
    data = bytearray((odd / "stream.ts").read_bytes())
    third = len(data) // 3 // 188 * 188
    noise = np.random.default_rng(0).integers(0, 256, third // 3, np.uint8).tobytes()
    data[third : third + len(noise)] = noise
    (tmp_path / "hurt.ts").write_bytes(data)
    sound = decode_mono(tmp_path / "hurt.ts", RATE, 60)
    found = beep_times(sound.waveform, RATE)
    assert {0, 1, 6, 7} <= found.keys() and len(found) < 8
    assert all(abs(time - k) < 0.03 for k, time in found.items()), found
    assert any("without sound are silence" in note for note in sound.notes), sound.notes
    times = [0.25 + 0.5 * index for index in range(15)]
    shown = own_times(read_frames(tmp_path / "hurt.ts", times, 240).frames)
    assert np.abs(shown[[0, 1, 13, 14]] - np.array(times)[[0, 1, 13, 14]]).max() < 0.13


def test_damage_is_counted_once_however_often_the_file_is_read(odd, tmp_path):
    data = bytearray((odd / "aac.mp4").read_bytes())
    (tmp_path / "whole.mp4").write_bytes(data)
    ffmpeg_in(tmp_path, "-i whole.mp4 -c copy -bsf:a noise=amount=20 hurt.mkv")
    with Medium(tmp_path / "hurt.mkv") as medium:
        count = len(list(medium.frames("sound"))) and medium.damaged
        assert count > 0 and medium.seconds and medium.damaged == count
        assert list(medium.frames("sound")) and medium.damaged == count


def test_one_medium_in_two_files(tmp_path, make_video):
    for name in ("audio", "video", "media"):
        (tmp_path / name).mkdir()
    make_video(tmp_path / "media" / "bbbbbbbbbbb.mp4", seconds=0.5)
    make_video(tmp_path / "video" / "aaaaaaaaaaa.mp4", seconds=0.5)
    make_video(tmp_path / "media" / "ccccccccccc.mp4", seconds=0.5, sound=False)
    for name in ("audio/aaaaaaaaaaa.mp3", "media/bbbbbbbbbbb.mp3", "media/ccccccccccc.wav"):
        (tmp_path / name).touch()
    media = MediaFolder(tmp_path)
    audio, video, beside = (tmp_path / name for name in ("audio", "video", "media"))
    assert media.find("aaaaaaaaaaa", 1, 2) == Found(audio / "aaaaaaaaaaa.mp3", video / "aaaaaaaaaaa.mp4", 1)
    assert media.find("bbbbbbbbbbb", 1, 2) == Found(beside / "bbbbbbbbbbb.mp4", beside / "bbbbbbbbbbb.mp4", 1)
    assert media.find("ccccccccccc", 1, 2) == Found(beside / "ccccccccccc.wav", beside / "ccccccccccc.mp4", 1)


def test_pixels_that_are_not_square_are_made_so(odd, tmp_path):
    ffmpeg_in(odd, f"{BASE} -vf scale=32:48,setsar=2 {H264} -an narrow.mp4")
    assert read_frames(odd / "narrow.mp4", [0.5], 240).frames[0].shape == (48, 64, 3)


def test_a_jump_into_a_long_file_lands_at_its_time(tmp_path):
    picture = "color=black:s=32x32:r=5:d=200,geq=lum='16+T':cb=128:cr=128"
    sound = "aevalsrc='0.5*sin(2*PI*(200+10*floor(t))*t)':s=8000:d=200"
    ffmpeg_in(tmp_path, "-f lavfi -i", picture, "-f lavfi -i", sound, "-c:v libx264 -g 200 -c:a aac long.mp4")
    for start in (61, 150):
        waveform = decode_mono(tmp_path / "long.mp4", 8000, 60, start=start + 0.5, seconds=1).waveform
        halves = [np.abs(np.fft.rfft(half * np.hanning(4000))).argmax() * 2 for half in np.split(waveform, 2)]
        assert halves == pytest.approx([200 + 10 * start, 210 + 10 * start], abs=4)
        with Medium(tmp_path / "long.mp4") as medium:
            first = next(medium.frames("picture", start))[0]
        assert start - 45 < first <= start
        times = [start + 0.5, start + 10.5]
        shown = own_times(read_frames(tmp_path / "long.mp4", times, 240).frames) * 25
        np.testing.assert_allclose(shown, np.array(times), atol=2)
