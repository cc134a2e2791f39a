"""Cutting media: what is right is right, what is wrong has its reason, and no clip harms another."""

import numpy as np
import pytest
import soundfile

from objectsounds.clips import make_shard
from objectsounds.errors import BrokenFileError
from objectsounds.status import SHARD_COLUMNS, good_clips, read_audio, read_status
from objectsounds.tables import write_table


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


def test_a_section_becomes_mono_sound_and_ten_frames(options, tmp_path, make_video):
    make_video(tmp_path / "media" / "-abc_def-01.mp4", seconds=6, tone=1000)
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, shard_table(tmp_path, [("-abc_def-01", 1.0, 5.0)]), status)
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
    (media / "empty.mp4").touch()
    (media / "cut.mp4").write_bytes((media / "good.mp4").read_bytes()[:3000])
    (media / "text.mp4").write_text("this is no video")
    names = ["good", "mute", "deaf", "blind", "short", "empty", "cut", "text", "nowhere"]
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, shard_table(tmp_path, [(name, 0, 3) for name in names]), status)
    found = {row["source"]: row["status"] for row in read_status(status)}
    assert found == {
        "good": "ok",
        "mute": "silent",
        "deaf": "no_audio",
        "blind": "no_video",
        "short": "too_short",
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
    make_shard(options, shard_table(tmp_path, [(name, 0, 3)]), status)
    assert [row["status"] for row in read_status(status)] == ["ok"]
    assert not list(tmp_path.rglob("ran"))


def test_ids_that_differ_in_case_alone_have_folders_that_differ_in_more(options, tmp_path, make_video):
    for name, tone in (("aBc", 300), ("AbC", 600)):
        make_video(tmp_path / "media" / f"{name}.mp4", tone=tone)
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, shard_table(tmp_path, [("aBc", 0, 3), ("AbC", 0, 3)]), status)
    folders = {row["folder"].lower() for row in good_clips(status)}
    assert len(folders) == 2


@pytest.mark.parametrize("harm", ["cut wav", "no wav", "cut frame", "no frame"])
def test_a_harmed_clip_moves_its_shards_status_aside(options, tmp_path, make_video, harm):
    make_video(tmp_path / "media" / "good.mp4")
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, shard_table(tmp_path, [("good", 0, 3)]), status)
    folder = status.parent / good_clips(status)[0]["folder"]
    path = folder / "audio.wav" if "wav" in harm else folder / "frames" / "03.jpg"
    path.unlink() if harm.startswith("no") else path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(BrokenFileError, match="start the run again"):
        good_clips(status)
    assert not status.exists() and status.with_name("status.tsv.broken").exists()


def test_sound_is_what_the_file_holds(options, tmp_path, make_video):
    make_video(tmp_path / "media" / "tone.mp4", volume=0.3)
    status = tmp_path / "out" / "status.tsv"
    make_shard(options, shard_table(tmp_path, [("tone", 0, 3)]), status)
    (row,) = good_clips(status)
    waveform = soundfile.read(status.parent / row["folder"] / "audio.wav")[0]
    assert float(row["rms_db"]) == pytest.approx(20 * np.log10(np.sqrt(np.mean(waveform**2))), abs=0.1)
    assert float(row["rms_db"]) == pytest.approx(20 * np.log10(0.3 / 8 / np.sqrt(2)), abs=0.5)
