"""What is behind the local page, without a browser: files taken in, looked at, separated and mixed."""

import logging
import math
import os
import shutil
import threading
import zipfile

import numpy as np
import pytest
import soundfile

from objectsounds.cli.main import main
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.media.decoder import has_sound
from objectsounds.video import separation, starter
from objectsounds.video.detection import Detection
from objectsounds.video.model_file import Model
from objectsounds.web import workshop as workshop_module
from objectsounds.web.offers import LearntOffer, StarterOffer, offers_of
from objectsounds.web.sessions import FORGOTTEN, CancelledError, Sessions
from objectsounds.web.workshop import Limits, Workshop, parse_mix, trust_in_words, zip_stems
from tests.unit.web.conftest import OBJECTS, RATE

TITLE = "Starter: 25 instruments"


def quiet(done, total, what):
    """Show nothing."""


@pytest.fixture
def sessions():
    """Sessions that end with the test."""
    with Sessions() as opened:
        yield opened


@pytest.fixture
def workshop(sessions, kept):
    """A workshop with the starter and narrow limits."""
    return Workshop([StarterOffer()], sessions, Limits(megabytes=1, minutes=1))


def given(workshop, path, name="a.wav", key="a"):
    """Return a session that was given a copy of a file."""
    session = workshop.sessions.of(key)
    upload = workshop.sessions.uploads / name
    shutil.copy(path, upload)
    workshop.take(session, upload)
    return session


@pytest.fixture
def separated(workshop, duet):
    """A session with separated sounds."""
    session = given(workshop, duet)
    assert workshop.separate(session, TITLE, OBJECTS, False, quiet) == []
    return session


def test_a_file_is_separated_and_its_sounds_are_packed(workshop, separated, duet):
    assert separated.facts["tracks"] == OBJECTS and 0 < separated.facts["trust"] < 1
    with zipfile.ZipFile(zip_stems(separated)) as packed:
        assert sorted(packed.namelist()) == ["drum.wav", "flute.wav", "separation.json"]
        sounds = [soundfile.read(packed.open(f"{name}.wav"))[0] for name in OBJECTS]
    np.testing.assert_allclose(sum(sounds), soundfile.read(duet)[0], atol=1e-5)


def test_a_remix_is_the_sum_at_the_sliders_levels(workshop, separated):
    assert workshop.remix(separated, {"drum": None, "flute": -6.0}) == ("remix.wav", 0.0)
    remix, flute = (soundfile.read(separated.separated / f"{name}.wav")[0] for name in ("remix", "flute"))
    np.testing.assert_allclose(remix, flute * 10 ** (-6 / 20), atol=1e-6)


def test_a_video_is_remixed_with_its_picture(workshop, make_video, tmp_path, kept):
    session = given(workshop, make_video(tmp_path / "v.mp4"), "v.mp4")
    seen = workshop.look(session, TITLE, quiet)
    assert len(seen.frames) == 5 and all((session.folder / name).is_file() for name in seen.frames)
    assert "tick what sounds" in seen.said and "240 MB" in seen.said
    workshop.separate(session, TITLE, OBJECTS, False, quiet)
    name, _ = workshop.remix(session, {"drum": 3})
    assert name == "remix.mp4" and has_sound(session.separated / name)


@pytest.mark.parametrize(
    ("gains", "sentence"),
    [
        ({"cat": 0}, "'cat' is none of the sounds; they are drum, flute"),
        ({"drum": 6.5}, "6.5 is no gain from -60 to 6 dB"),
        ({"drum": -61}, "no gain"),
        ({"drum": math.nan}, "no gain"),
        ({"drum": "loud"}, "no gain"),
        ({"drum": True}, "no gain"),
        ({"drum": None, "flute": None}, "Every sound is muted"),
    ],
)
def test_impossible_levels_are_refused_in_a_sentence(workshop, gains, sentence):
    separated = workshop.sessions.of("a")
    separated.facts = {"tracks": OBJECTS}
    with pytest.raises(ObjectsoundsError, match=sentence):
        workshop.remix(separated, gains)


@pytest.mark.parametrize("text", ["", "[]", "{", "3", "[" * 100_000])
def test_levels_that_no_page_of_ours_sends_are_refused(text):
    with pytest.raises(ObjectsoundsError, match="sliders could not be read"):
        parse_mix(text)


def test_what_the_command_warns_of_is_on_the_page(workshop, duet):
    session = given(workshop, duet)
    lines = workshop.separate(session, TITLE, ["flute"], False, quiet)
    assert len(lines) == 1 and "flute alone is separated" in lines[0]
    assert not logging.getLogger("objectsounds.video").handlers


def test_hostile_files_get_the_sentences_of_the_command(workshop, tmp_path, capsys):
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n")
    (tmp_path / "text.wav").write_text("no sound at all")
    (tmp_path / "empty.wav").write_bytes(b"")
    soundfile.write(tmp_path / "none.wav", np.zeros(0, np.float32), RATE)
    for path in sorted(tmp_path.iterdir()):
        command = ["separate", str(path), "--objects", "flute", "--output", str(tmp_path / "out")]
        assert main(command) == 1
        said = capsys.readouterr().err.strip().removeprefix("objectsounds separate: ")
        with pytest.raises(ObjectsoundsError) as error:
            given(workshop, path, path.name)
        assert str(error.value) == said
        session = workshop.sessions.of("a")
        assert session.path is None and not any(path.is_file() for path in session.folder.rglob("*"))


def test_a_file_beyond_the_limits_is_refused_and_removed(workshop, tmp_path):
    soundfile.write(tmp_path / "long.wav", np.zeros(61 * 8000), 8000)
    soundfile.write(tmp_path / "large.wav", np.zeros(700_000), 48000)
    with pytest.raises(ObjectsoundsError, match=r"long.wav is 1\.0 minutes long.*--max-minutes"):
        given(workshop, tmp_path / "long.wav", "long.wav")
    with pytest.raises(ObjectsoundsError, match=r"large.wav has 1.3 MB, the most is 1 MB.*--max-megabytes"):
        given(workshop, tmp_path / "large.wav", "large.wav")
    assert not any(path.is_file() for path in workshop.sessions.root.rglob("*"))


def test_nothing_can_be_done_before_a_file_is_there(workshop, duet):
    session = workshop.sessions.of("a")
    for work in (workshop.look, lambda *a: workshop.separate(*a[:2], OBJECTS, False, quiet)):
        with pytest.raises(ObjectsoundsError, match="Give a video or a sound first"):
            work(session, TITLE, quiet)
    with pytest.raises(ObjectsoundsError, match="separate a file first"):
        workshop.remix(session, {})
    with pytest.raises(ObjectsoundsError, match="Tick the objects"):
        workshop.separate(given(workshop, duet), TITLE, [], False, quiet)


def test_a_cancelled_separation_leaves_nothing_and_the_next_one_goes_on(workshop, duet):
    session = given(workshop, duet)

    def cancel(done, total, what):
        if "separated" in what:
            session.stop.set()

    with pytest.raises(CancelledError, match="Cancelled"):
        workshop.separate(session, TITLE, OBJECTS, False, cancel)
    assert not session.separated.exists() and not session.facts
    workshop.separate(session, TITLE, OBJECTS, False, quiet)
    assert session.facts["tracks"] == OBJECTS


def test_what_a_closed_page_asked_for_stops_and_is_not_begun_again(workshop, duet):
    session = given(workshop, duet)
    workshop.sessions.close("a")
    assert not session.folder.exists()
    with pytest.raises(ObjectsoundsError):
        workshop.separate(session, TITLE, OBJECTS, False, quiet)
    with pytest.raises(CancelledError, match="closed"):
        workshop.sessions.of("a")


def test_a_page_that_is_closed_at_work_leaves_nothing(workshop, duet):
    session = given(workshop, duet)

    def close(done, total, what):
        workshop.sessions.close("a")
        (session.folder / "late").mkdir(parents=True)

    with pytest.raises(CancelledError):
        workshop.separate(session, TITLE, OBJECTS, False, close)
    assert not session.folder.exists()
    workshop.end()


def test_at_the_end_nothing_is_left_of_any_page_and_old_uploads_go_before(duet):
    with Sessions() as opened:
        old = opened.uploads / "left"
        old.write_bytes(b"x")
        os.utime(old, (old.stat().st_mtime - 2 * FORGOTTEN,) * 2)
        (opened.uploads / "new").write_bytes(b"x")
        first, second = opened.of("a"), opened.of("b")
        assert first.token != second.token and opened.of("a") is first
        assert [path.name for path in opened.uploads.iterdir()] == ["new"]
        assert opened.by_token(first.token) is first and opened.by_token("x") is None
    assert not opened.root.exists()


def test_files_are_worked_on_one_at_a_time(workshop, duet, monkeypatch):
    running, most = [], []

    def separate(tools, path, target, options, progress, cores):
        running.append(path)
        most.append(len(running))
        threading.Event().wait(0.1)
        running.remove(path)
        return {"tracks": options.objects}

    monkeypatch.setattr(workshop_module, "separate_video", separate)
    open_pages = [given(workshop, duet, key=key) for key in "abc"]
    threads = [
        threading.Thread(target=workshop.separate, args=(session, TITLE, OBJECTS, False, quiet))
        for session in open_pages
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]


def model_of(tmp_path):
    """Return a model of two objects of which one has bases, whose classifier is its own."""
    base = starter.starter_model(["drum"])
    base.settings["labeller"] = base.settings["labeller"] | {"kind": "pictures"}
    classes = starter.chosen_classes(["drum", "harp"])
    return Model(tmp_path / "m.h5", "miml", base.settings, classes, base.dictionary, "a network")


def test_what_is_seen_is_ticked_with_its_probability(sessions, kept, make_video, tmp_path, monkeypatch):
    offer = LearntOffer("mine", model_of(tmp_path))
    assert offer.title == "mine: 1 objects, miml" and offer.objects == ["drum"]
    work = Workshop([offer], sessions, Limits())
    session = given(work, make_video(tmp_path / "v.mp4"), "v.mp4")
    found = Detection(["drum", "harp"], np.array([[0.9, 0.1]]), np.array([[True, False]]))
    monkeypatch.setattr(separation.Tools, "labeller", None)
    monkeypatch.setattr(workshop_module, "look", lambda *args: found)
    seen = work.look(session, offer.title, quiet)
    assert seen.objects == ["drum"] and seen.rows[0]["probability"] == 0.9 and not seen.said


def test_a_sound_has_nothing_to_see(workshop, duet):
    seen = workshop.look(given(workshop, duet), TITLE, quiet)
    assert not seen.frames and "no picture" in seen.said


def test_models_that_are_not_there_are_named(tmp_path):
    with pytest.raises(ObjectsoundsError, match="no folder of a finished run"):
        offers_of([str(tmp_path / "run")], [])
    with pytest.raises(ObjectsoundsError, match=r"m\.h5 is no file"):
        offers_of([], [str(tmp_path / "m.h5")])
    with pytest.raises(ObjectsoundsError, match=r"w\.pth is no file"):
        offers_of([], [], str(tmp_path / "w.pth"))


@pytest.mark.parametrize(
    ("trust", "word"),
    [(None, "not known"), (0.95, "high, 0.95"), (0.6, "good, 0.60"), (0.41, "middling"), (0.0, "very low")],
)
def test_trust_is_told_in_words_and_a_number(trust, word):
    assert f"Trust: {word}" in trust_in_words(trust)
