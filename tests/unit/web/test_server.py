"""The local page's server: who may ask it, what it gives, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from objectsounds.cli import serve as command
from objectsounds.cli.main import main
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.web import server
from objectsounds.web.server import file_of, is_loopback, listening_at
from objectsounds.web.sessions import Sessions
from objectsounds.web.workshop import Limits


def test_it_keeps_to_the_loopback_address_by_default():
    assert is_loopback(command.HOST)
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "localhost", "::1")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.2", "localhost.example", "")))  # noqa: S104


def test_without_gradio_one_sentence_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda name: None)
    assert main(["serve"]) == 1
    said = capsys.readouterr().err
    assert "pip install 'objectsounds[web]'" in said and said.count("\n") == 1


def test_a_port_that_is_taken_is_said():
    with listening_at("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ObjectsoundsError, match=f"--port {port} cannot be used"):
            listening_at("127.0.0.1", port)


def test_a_host_that_is_none_is_said():
    with pytest.raises(ObjectsoundsError, match=r"--host no\.such\.host\.invalid"):
        listening_at("no.such.host.invalid", 0)


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])  # noqa: S104
def test_another_host_than_this_machine_is_warned_of(host, warned, monkeypatch, caplog):
    roots, handler = [], signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(server, "_run", lambda workshop, *args: roots.append(workshop.sessions.root))
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "")
    server.serve([], Limits(), host, 0)
    assert ("without a password" in caplog.text) == warned
    assert not roots[0].exists() and signal.getsignal(signal.SIGTERM) is handler


def test_only_a_sessions_own_sounds_are_given(tmp_path):
    with Sessions() as sessions:
        session = sessions.of("a")
        (session.folder / "frame_0.jpg").write_bytes(b"x")
        (session.folder / "given").mkdir()
        (session.folder / "given" / "v.mp4").write_bytes(b"x")
        (session.separated / "media").mkdir(parents=True)
        for name in ("flute.wav", "index.html", "media/flute.png"):
            (session.separated / name).write_bytes(b"x")
        assert file_of(sessions, session.token, 0, "frame_0.jpg") == session.folder / "frame_0.jpg"
        assert file_of(sessions, session.token, 0, "flute.wav") is None  # before it was separated
        session.facts = {"tracks": ["flute"]}
        for name in ("flute.wav", "media/flute.png"):
            assert file_of(sessions, session.token, 0, name) == session.separated / name
        refused = ("index.html", "../given/v.mp4", "given/v.mp4", "/etc/passwd", "..", "", "nul\0")
        assert [name for name in refused if file_of(sessions, session.token, 0, name)] == []
        assert file_of(sessions, session.token, 1, "flute.wav") is None
        assert file_of(sessions, "another", 0, "flute.wav") is None


@pytest.fixture
def running(tmp_path):
    """The command, started: its process and address."""
    pytest.importorskip("gradio", reason="Gradio is not installed (make test-web)")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    words = [sys.executable, "-m", "objectsounds", "serve", "--port", "0"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    ) as process:
        yield process, re.search(r"http://\S+", process.stdout.readline())[0], temporary
        process.kill()


def answer(url: str, **headers: str) -> tuple[int, dict, str]:
    """Return status, headers and text of an answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as got:  # noqa: S310
            return got.status, dict(got.headers), got.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def test_the_command_answers_its_own_machine_alone_and_leaves_nothing(running):
    process, url, temporary = running
    status, headers, text = answer(url)
    assert status == 200 and "objectsounds" in text
    assert "default-src 'self'" in headers["content-security-policy"]
    assert answer(url, Host="other.example")[0] == 403
    assert answer(url, Origin="http://other.example")[0] == 403
    assert answer(url, Origin=url)[0] == 200
    assert answer(f"{url}/gradio_api/file=/etc/hostname")[0] in (403, 404)
    assert answer(f"{url}/sounds/x/0/flute.wav")[0] == 404
    assert [path.name.startswith("objectsounds-") for path in temporary.iterdir()].count(True) == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    assert "Traceback" not in process.stderr.read()
    assert not list(Path(temporary).glob("objectsounds-*"))
