"""Cutting media: what is right is right, what is wrong has its reason, and no clip harms another."""

import json

import cv2
import ffmpeg
import numpy as np
import pytest
import soundfile

from objectsounds.cli.main import main
from objectsounds.core.errors import BrokenFileError
from objectsounds.core.tables import write_table
from objectsounds.data.status import SHARD_COLUMNS, good_clips, read_audio, read_status
from objectsounds.media.decoder import duration
from objectsounds.media.ffmpeg import local_file, run_ffmpeg
from objectsounds.sources.media_folder import Found, MediaFolder, section_stems
from objectsounds.stages.clips import make_shard, motion_of


def shard_table(tmp_path, clips):
    rows = [
        dict.fromkeys(SHARD_COLUMNS, "")
        | {"clip_id": f"{source}_{start}", "source": source, "start": start, "end": end}
        for source, start, end in clips
    ]
    write_table(tmp_path / "shard.tsv", SHARD_COLUMNS, rows)
    return tmp_path / "shard.tsv"


@pytest.fixture
def options(settings, tmp_path):
    (tmp_path / "media").mkdir()
    return {"clips": settings["clips"] | {"media": str(tmp_path / "media")}}


OFF = {"enabled": False}


def made(options, tmp_path, clips, download=OFF):
    """Make a shard of (source, start, end) and return its rows by source."""
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, download, shard_table(tmp_path, clips), status)
    good_clips(status)
    return {row["source"]: row for row in read_status(status)}


def render(path, *streams, **options):
    """Write a media file of some lavfi sources."""
    inputs = [ffmpeg.input(source, format="lavfi") for source in streams]
    run_ffmpeg(ffmpeg.output(*inputs, local_file(path), threads=1, **options))
    return path


def test_a_section_becomes_mono_sound_and_ten_frames(options, tmp_path, make_video):
    make_video(tmp_path / "media" / "-abc_def-01.mp4", seconds=6, tone=1000)
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, OFF, shard_table(tmp_path, [("-abc_def-01", 1.0, 5.0)]), status)
    (row,) = good_clips(status)
    waveform, rate = read_audio(status, row)
    assert rate == 48000 and len(waveform) == 4 * 48000 and row["seconds"] == "4.000"
    spectrum = np.abs(np.fft.rfft(waveform))
    assert spectrum.argmax() / 4 == pytest.approx(1000, abs=1)
    frames = sorted((status.parent / row["folder"] / "frames").iterdir())
    assert len(frames) == 10 and len({path.read_bytes() for path in frames}) == 10


def test_every_bad_clip_has_its_reason_and_the_good_one_stays(options, tmp_path, make_video):
    media = tmp_path / "media"
    make_video(media / "good.mp4")
    make_video(media / "mute.mp4", volume=0)
    make_video(media / "deaf.mp4", sound=False)
    make_video(media / "blind.mp4", picture=False)
    make_video(media / "short.mp4", seconds=0.5)
    render(media / "slide.mp4", "color=c=orange:size=160x120:rate=10:duration=3", "sine=duration=3")
    (media / "empty.mp4").touch()
    (media / "cut.mp4").write_bytes((media / "good.mp4").read_bytes()[:3000])
    (media / "text.mp4").write_text("this is no video")
    names = ["good", "mute", "deaf", "blind", "short", "slide", "empty", "cut", "text", "nowhere"]
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, OFF, shard_table(tmp_path, [(name, 0, 3) for name in names]), status)
    found = {row["source"]: row["status"] for row in read_status(status)}
    assert found == {
        "good": "ok",
        "mute": "silent",
        "deaf": "no_audio",
        "blind": "no_video",
        "short": "too_short",
        "slide": "still",
        "empty": "undecodable",
        "cut": "undecodable",
        "text": "undecodable",
        "nowhere": "missing",
    }
    assert all(row["detail"] for row in read_status(status) if row["status"] != "ok")
    assert len([path for path in status.parent.iterdir() if path.is_dir()]) == 1


def test_a_file_name_is_never_run_nor_taken_for_an_option(options, tmp_path, make_video):
    name = "-i; $(touch ran) 'x' \"y\""
    make_video(tmp_path / "media" / f"{name}.mp4")
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, OFF, shard_table(tmp_path, [(name, 0, 3)]), status)
    assert [row["status"] for row in read_status(status)] == ["ok"]
    assert not list(tmp_path.rglob("ran"))


def test_ids_that_differ_in_case_alone_have_folders_that_differ_in_more(options, tmp_path, make_video):
    for name, tone in (("aBc", 300), ("AbC", 600)):
        make_video(tmp_path / "media" / f"{name}.mp4", tone=tone)
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, OFF, shard_table(tmp_path, [("aBc", 0, 3), ("AbC", 0, 3)]), status)
    folders = {row["folder"].lower() for row in good_clips(status)}
    assert len(folders) == 2


@pytest.mark.parametrize("harm", ["cut wav", "no wav", "cut frame", "no frame"])
def test_a_harmed_clip_moves_its_shards_status_aside(options, tmp_path, make_video, harm):
    make_video(tmp_path / "media" / "good.mp4")
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, OFF, shard_table(tmp_path, [("good", 0, 3)]), status)
    folder = status.parent / good_clips(status)[0]["folder"]
    path = folder / "audio.wav" if "wav" in harm else folder / "frames" / "03.jpg"
    path.unlink() if harm.startswith("no") else path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(BrokenFileError, match="start the run again"):
        good_clips(status)
    assert not status.exists() and status.with_name("status.tsv.broken").exists()


def test_sound_is_what_the_file_holds(options, tmp_path, make_video):
    make_video(tmp_path / "media" / "tone.mp4", volume=0.3)
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, OFF, shard_table(tmp_path, [("tone", 0, 3)]), status)
    (row,) = good_clips(status)
    waveform = soundfile.read(status.parent / row["folder"] / "audio.wav")[0]
    assert float(row["rms_db"]) == pytest.approx(20 * np.log10(np.sqrt(np.mean(waveform**2))), abs=0.1)
    assert float(row["rms_db"]) == pytest.approx(20 * np.log10(0.3 / 8 / np.sqrt(2)), abs=0.5)


LAYOUTS = {
    "whole": ("abcdefghij0.mp4", 30.0),
    "milliseconds": ("abcdefghij0_30000_32000.mp4", 0.0),
    "seconds": ("abcdefghij0_30_32.mp4", 0.0),
    "decimals": ("abcdefghij0_30.000_32.000.webm", 0.0),
    "VGGSound's": ("abcdefghij0_000030.mp4", 0.0),
    "a folder a class": ("violin/abcdefghij0.mkv", 30.0),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_media_already_downloaded_are_found_in_the_common_layouts(tmp_path, layout):
    name, start = LAYOUTS[layout]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    for other in ("abcdefghij0.part", "abcdefghij0.info.json", ".partial/abcdefghij0.mp4", "unavailable.tsv"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).touch()
    found = Found(tmp_path / name, tmp_path / name, start)
    assert MediaFolder(tmp_path).find("abcdefghij0", 30.0, 32.0) == found
    assert MediaFolder(tmp_path).find("Abcdefghij0", 30.0, 32.0) is None


def test_a_section_is_taken_before_the_whole_medium_and_no_other_section(tmp_path):
    for name in ("abcdefghij0.mp4", "abcdefghij0_30000_32000.mp4"):
        (tmp_path / name).touch()
    media = MediaFolder(tmp_path)
    assert media.find("abcdefghij0", 30.0, 32.0).start == 0.0
    whole = tmp_path / "abcdefghij0.mp4"
    assert media.find("abcdefghij0", 40.0, 42.0) == Found(whole, whole, 40.0)
    assert section_stems("x", 0.5, 2.25)[0] == "x_500_2250"


def test_ten_seconds_of_a_file_of_two_hours_are_cut_out_rightly(options, tmp_path):
    path = tmp_path / "media" / "long.mkv"
    picture = "color=black:size=32x32:rate=2:duration=7200,geq=lum='30+mod(N\\,180)':cb=128:cr=128"
    beeps = "sine=frequency=220:beep_factor=4:sample_rate=8000:duration=7200"  # 880 Hz at every full second
    codecs = {
        "vcodec": "libx264",
        "preset": "ultrafast",
        "g": 240,
        "acodec": "pcm_mulaw",
        "pix_fmt": "yuv420p",
    }
    render(path, picture, beeps, **codecs)
    row = made(options, tmp_path, [("long", 6000, 6010)])["long"]
    assert row["status"] == "ok" and row["seconds"] == "10.000"
    folder = tmp_path / "out" / row["folder"]
    waveform, rate = soundfile.read(folder / "audio.wav")
    power = np.abs(np.fft.rfft(waveform.reshape(100, -1) * np.hanning(rate // 10), axis=1)) ** 2
    assert (power[:, 88].argsort()[-10:] % 10 == 0).all()
    levels = [cv2.imread(str(folder / "frames" / f"{i:02d}.jpg")).mean() for i in range(10)]
    shown = np.array([30 + (12000 + 2 * i + 1) % 180 for i in range(10)])  # at 6000.5 s, 6001.5 s, ...
    np.testing.assert_allclose(levels, (shown - 16) * 255 / 219, atol=3)


def test_frames_of_a_variable_frame_rate_are_those_shown_at_their_times(options, tmp_path):
    path = tmp_path / "media" / "vfr.mp4"
    # One picture a second for 4 s, then ten: the brightness is the time, 20 a second.
    picture = (
        "color=black:size=64x64:rate=10:duration=8,geq=lum='20*N/10':cb=128:cr=128,"
        "select='gte(t\\,4)+not(mod(n\\,10))'"
    )
    render(path, picture, "sine=duration=8", vcodec="libx264", pix_fmt="yuv420p", fps_mode="vfr")
    row = made(options, tmp_path, [("vfr", 0, 8)])["vfr"]
    assert row["status"] == "ok"
    folder = tmp_path / "out" / row["folder"] / "frames"
    levels = np.array([cv2.imread(str(folder / f"{i:02d}.jpg")).mean() for i in range(10)])
    times = (np.arange(10) + 0.5) * 0.8
    late = times >= 4
    full = (levels - levels[late][0]) / (levels[late][-1] - levels[late][0])
    np.testing.assert_allclose(full[late], (times[late] - times[late][0]) / np.ptp(times[late]), atol=0.05)
    assert (np.diff(levels) >= -0.5).all()


def test_a_rotated_video_is_stored_upright(options, tmp_path):
    path = tmp_path / "media" / "rotated.mp4"
    plain = render(
        tmp_path / "plain.mp4",
        "testsrc=size=160x120:rate=10:duration=3",
        "sine=duration=3",
        pix_fmt="yuv420p",
    )
    turned = ffmpeg.input(local_file(plain), display_rotation=90).output(local_file(path), c="copy")
    run_ffmpeg(turned)
    row = made(options, tmp_path, [("rotated", 0, 3)])["rotated"]
    frame = cv2.imread(str(tmp_path / "out" / row["folder"] / "frames" / "00.jpg"))
    assert frame.shape == (160, 120, 3)


@pytest.mark.parametrize(
    ("name", "source", "codec"),
    [
        ("telephone", "sine=frequency=440:sample_rate=8000:duration=3", {"acodec": "aac", "ac": 1}),
        (
            "surround",
            "aevalsrc=0.1*sin(880*PI*t)|0.1*sin(880*PI*t)|0.1*sin(880*PI*t)|0|0.1*sin(880*PI*t)|0.1*sin(880*PI*t)"
            ":channel_layout=5.1:sample_rate=48000:duration=3",
            {"acodec": "ac3"},
        ),
    ],
)
def test_other_rates_and_channels_become_mono_at_the_wanted_rate(options, tmp_path, name, source, codec):
    picture = "testsrc=size=160x120:rate=10:duration=3"
    render(tmp_path / "media" / f"{name}.mkv", picture, source, pix_fmt="yuv420p", **codec)
    row = made(options, tmp_path, [(name, 0, 3)])[name]
    waveform, rate = soundfile.read(tmp_path / "out" / row["folder"] / "audio.wav")
    assert row["status"] == "ok" and rate == 48000 and waveform.ndim == 1
    assert np.abs(np.fft.rfft(waveform)).argmax() * rate / len(waveform) == pytest.approx(440, abs=0.5)
    assert np.abs(waveform).max() < 1.0


def test_a_cover_picture_is_no_video(options, tmp_path, make_video):
    cover = tmp_path / "cover.png"
    cv2.imwrite(str(cover), np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    sound = ffmpeg.input("sine=duration=3", format="lavfi")
    picture = ffmpeg.input(local_file(cover))
    target, cover_only = tmp_path / "media" / "album.m4a", {"disposition:v:0": "attached_pic"}
    run_ffmpeg(ffmpeg.output(picture, sound, local_file(target), vcodec="mjpeg", acodec="aac", **cover_only))
    assert made(options, tmp_path, [("album", 0, 3)])["album"]["status"] == "no_video"


def test_a_picture_that_ends_early_is_told(options, tmp_path):
    path = tmp_path / "media" / "early.mp4"
    render(path, "testsrc=size=160x120:rate=10:duration=2", "sine=duration=4", pix_fmt="yuv420p")
    row = made(options, tmp_path, [("early", 0, 4)])["early"]
    assert row["status"] == "ok" and "the last 5 frames repeat" in row["detail"]


def test_a_cut_file_whose_index_comes_first_gives_what_is_left_of_it(options, tmp_path, make_video):
    whole = make_video(tmp_path / "whole.mp4", seconds=8)
    first = tmp_path / "media" / "first.mp4"
    run_ffmpeg(ffmpeg.input(local_file(whole)).output(local_file(first), c="copy", movflags="faststart"))
    first.write_bytes(first.read_bytes()[: first.stat().st_size // 2])
    row = made(options, tmp_path, [("first", 0, 8)])["first"]
    assert row["status"] == "ok" and 1 < float(row["seconds"]) < 6


def test_sound_and_picture_may_come_from_two_files(options, tmp_path, make_video):
    make_video(tmp_path / "piece" / "Vid.mp4", tone=300, seconds=4)
    sound = tmp_path / "piece" / "AuSep_1.wav"
    soundfile.write(sound, 0.3 * np.sin(2 * np.pi * 900 * np.arange(4 * 48000) / 48000), 48000)
    table = shard_table(tmp_path, [(str(sound), 1, 4)])
    table.write_text(
        table.read_text().replace(f"\t{sound}\t\t", f"\t{sound}\t{tmp_path / 'piece' / 'Vid.mp4'}\t")
    )
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, OFF, table, status)
    (row,) = good_clips(status)
    waveform = soundfile.read(status.parent / row["folder"] / "audio.wav")[0]
    assert np.abs(np.fft.rfft(waveform)).argmax() / 3 == pytest.approx(900, abs=1)


def test_motion_is_found_where_one_place_changes_and_not_in_coding_noise():
    still = np.full((60, 80, 3), 100, np.uint8)
    noisy = np.clip(still + np.random.default_rng(0).normal(0, 1.5, still.shape), 0, 255).astype(np.uint8)
    moved = still.copy()
    moved[10:20, 10:20] = 160
    assert motion_of([still, noisy]) < 4 < motion_of([still, moved])


def test_a_files_length_is_found_with_and_without_a_header(tmp_path, make_video):
    whole = make_video(tmp_path / "a.mkv", seconds=3)
    assert duration(whole) == pytest.approx(3, abs=0.1)
    piped = run_ffmpeg(ffmpeg.input(local_file(whole)).output("pipe:", format="matroska", c="copy"))
    (tmp_path / "live.mkv").write_bytes(piped)
    assert duration(tmp_path / "live.mkv") == pytest.approx(3, abs=0.2)


def test_a_section_within_a_file_is_whole_and_begins_where_it_should(options, tmp_path):
    beeps = "sine=frequency=220:beep_factor=4:sample_rate=8000:duration=20"
    render(tmp_path / "media" / "beeps.mp4", "testsrc=size=64x64:rate=5:duration=20", beeps, acodec="aac")
    row = made(options, tmp_path, [("beeps", 7.5, 12.5)])["beeps"]
    waveform, rate = soundfile.read(tmp_path / "out" / row["folder"] / "audio.wav")
    assert len(waveform) == 5 * rate
    power = np.abs(np.fft.rfft(waveform.reshape(50, -1) * np.hanning(rate // 10), axis=1)) ** 2
    assert sorted(power[:, 88].argsort()[-5:]) == [5, 15, 25, 35, 45]


def test_a_listed_file_that_is_gone_is_missing_and_never_asked_for_on_the_network(options, tmp_path):
    gone = str(tmp_path / "gone.mp4")
    row = made(options, tmp_path, [(gone, 0, 3)], download={"enabled": True})[gone]
    assert (row["status"], row["detail"]) == ("missing", f"no file {gone}")


def test_the_folder_of_media_that_a_command_names_counts_not_the_settings(options, tmp_path, make_video):
    make_video(tmp_path / "elsewhere" / "a.mp4", seconds=2.0)
    shard, status = shard_table(tmp_path, [("a", 0, 2)]), tmp_path / "out" / "status.tsv"
    given = json.dumps(options | {"clips": options["clips"] | {"download": OFF}})
    command = ["clips", "--settings", given, "--shard", str(shard), "--status", str(status)]
    for media, found in (([], "missing"), (["--media", str(tmp_path / "elsewhere")], "ok")):
        assert main([*command, *media]) == 0
        assert [row["status"] for row in read_status(status)] == [found]
