"""The local page end to end: headless Chromium gives files to a real server, as a person does."""

import io
import json
import threading
import time
import zipfile

import numpy as np
import pytest
import soundfile

from tests.chromium import DESK, PHONE, browser
from tests.unit.web.conftest import OBJECTS

pytest.importorskip("gradio", reason="Gradio is not installed (make test-web)")

import uvicorn

from objectsounds.web import workshop as workshop_module
from objectsounds.web.offers import StarterOffer
from objectsounds.web.server import application, listening_at
from objectsounds.web.sessions import Sessions
from objectsounds.web.workshop import Limits, Workshop

__all__ = ["browser"]
HOST = "127.0.0.1"
WAIT = 120_000  # ms


@pytest.fixture(scope="module")
def server(kept):
    """The page with narrow limits, served by a thread: its workshop and its address."""
    with listening_at(HOST, 0) as listening, Sessions() as sessions, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(sessions.uploads))
        work = Workshop([StarterOffer()], sessions, Limits(megabytes=3, minutes=1))
        port = listening.getsockname()[1]
        config = uvicorn.Config(application(work, HOST, port), log_level="error", timeout_graceful_shutdown=1)
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        yield work, f"http://{HOST}:{port}"
        running.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def open_page(browser, server):
    """Return a function that opens the page; at the end nothing may have been asked of any other machine."""
    contexts, wrong, asked = [], [], []

    def opened(viewport=DESK):
        context = browser.new_context(viewport=viewport, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server[1])
        page.wait_for_selector("#os-start")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong
    assert asked and [url for url in asked if not url.startswith((server[1], "data:", "blob:"))] == []


def give(page, path, name=None):
    """Give a file, whose name may be another one."""
    file = {"name": name or path.name, "mimeType": "audio/wav", "buffer": path.read_bytes()}
    page.set_input_files("#os-upload input[type=file]", file)


def told(page) -> str:
    """Return the sentence that says what is wrong, once it is there."""
    return page.wait_for_selector("#os-message [role=alert]").inner_text()


def separate(page, duet):
    """Give the duet and have it separated."""
    give(page, duet)
    page.wait_for_function("document.querySelector('#os-seen').innerText.includes('no picture')")
    for name in OBJECTS:
        page.get_by_label(name, exact=True).check()
    page.click("#os-start")
    page.wait_for_selector(".os-mixer")


def fetched(page, link) -> bytes:
    """Return what a link downloads."""
    with page.expect_download() as download:
        page.click(link)
    return download.value.path().read_bytes()


def test_a_duet_is_separated_heard_mixed_and_downloaded(open_page, duet):
    page = open_page()
    separate(page, duet)
    assert "Trust: " in page.inner_text(".os-mixer")
    page.click(".os-play")
    page.wait_for_function(
        "[...document.querySelectorAll('.os-mixer audio')].every(sound => sound.currentTime > 0.3)"
    )
    page.click(".os-play")
    assert page.evaluate("[...document.querySelectorAll('.os-mixer audio')].every(sound => sound.paused)")
    slider = page.locator("[data-track=flute] [data-do=gain]")
    assert (slider.get_attribute("min"), slider.get_attribute("max")) == ("-60.0", "6.0")
    slider.fill("-6")
    assert page.inner_text("[data-track=flute] [data-show=gain]") == "-6 dB"
    page.click("[data-track=drum] [data-do=solo]")
    assert json.loads(page.evaluate("objectsoundsGains()")) == {"drum": 0, "flute": None}
    page.click("[data-track=drum] [data-do=solo]")
    page.click("[data-track=drum] [data-do=mute]")
    page.click("#os-again")
    page.wait_for_selector(".os-remix")
    assert "drum left out, flute -6 dB" in page.inner_text(".os-remix")
    page.wait_for_function("document.querySelector('.os-remix audio').duration > 3.9")
    remix, _ = soundfile.read(io.BytesIO(fetched(page, ".os-remix a")))
    with zipfile.ZipFile(io.BytesIO(fetched(page, ".os-mixer a[href$='stems.zip']"))) as packed:
        sounds = {name: soundfile.read(packed.open(f"{name}.wav"))[0] for name in OBJECTS}
    np.testing.assert_allclose(sum(sounds.values()), soundfile.read(duet)[0], atol=1e-5)
    np.testing.assert_allclose(remix, sounds["flute"] * 10 ** (-6 / 20), atol=1e-6)


def test_on_a_phone_nothing_is_wider_than_the_screen(open_page, duet):
    page = open_page(PHONE)
    separate(page, duet)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for part in page.query_selector_all(".os-mixer button, .os-mixer input, .os-mixer a"):
        box = part.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]


def test_hostile_files_are_told_in_a_sentence_and_run_nothing(open_page, server, tmp_path):
    page = open_page()
    (tmp_path / "x.wav").write_text("<script>document.title='taken'</script>")
    give(page, tmp_path / "x.wav", "<img src=x onerror=document.title='taken'>`${1}`.wav")
    assert "cannot be decoded" in told(page)
    assert page.title() == "objectsounds" and not page.query_selector("#os-message img")
    page.reload()
    page.wait_for_selector("#os-start")
    soundfile.write(tmp_path / "long.wav", np.zeros(61 * 8000), 8000)
    give(page, tmp_path / "long.wav")
    assert "long.wav is 1.0 minutes long, the most is 1" in told(page)
    page.click("#os-start")
    page.wait_for_function("document.querySelector('#os-message').innerText.includes('sound first')")


def test_a_file_larger_than_the_limit_does_not_stay(open_page, server, tmp_path):
    page = open_page()
    (tmp_path / "large.wav").write_bytes(bytes(4_000_000))
    give(page, tmp_path / "large.wav")
    page.wait_for_function("document.body.innerText.includes('maximum')")
    left = [path for path in server[0].sessions.uploads.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in left) < 3_000_001


def test_the_next_page_waits_and_a_cancelled_one_makes_room(open_page, duet, monkeypatch):
    begun = threading.Semaphore(0)

    def endless(tools, path, target, options, progress):
        begun.release()
        while True:
            progress("separated", 1, 2)
            time.sleep(0.05)

    monkeypatch.setattr(workshop_module, "separate_video", endless)
    first, second = open_page(), open_page()
    for page in (first, second):
        give(page, duet)
        page.wait_for_function("document.querySelector('#os-seen').innerText.includes('no picture')")
        page.get_by_label("flute", exact=True).check()
    first.click("#os-start")
    assert begun.acquire(timeout=60)
    first.wait_for_function("document.querySelector('#os-message').innerText.includes('seconds separated')")
    second.click("#os-start")
    second.wait_for_function("document.querySelector('#os-message').innerText.includes('queue')")
    assert not begun.acquire(timeout=1)
    first.click("#os-stop")
    first.wait_for_function("document.querySelector('#os-message').innerText.includes('Cancelled')")
    assert begun.acquire(timeout=60)
    second.click("#os-stop")
    second.wait_for_function("document.querySelector('#os-message').innerText.includes('Cancelled')")


def test_a_closed_pages_files_go(open_page, server, duet):
    page = open_page()
    give(page, duet)
    page.wait_for_function("document.querySelector('#os-seen').innerText.includes('no picture')")
    before = {session.folder for session in server[0].sessions.open.values()}
    assert any((folder / "given" / duet.name).is_file() for folder in before)
    page.close()
    end = time.monotonic() + 60
    while any(folder.exists() for folder in before) and time.monotonic() < end:
        time.sleep(0.2)
    assert not any(folder.exists() for folder in before)
