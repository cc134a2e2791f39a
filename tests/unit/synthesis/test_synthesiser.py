"""How the synthesiser is had where it is not installed."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.synthesis import synthesiser


@pytest.fixture
def missing(monkeypatch, tmp_path):
    """The package seems not to be there; the cache is an empty folder."""
    monkeypatch.setattr(synthesiser, "NAME", "tinysoundfont_of_this_test")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, synthesiser.NAME, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "objectsounds"


def pip(monkeypatch, status):
    """Let pip write the package, or fail; return the list of commands that were asked."""
    asked = []

    def run(command, **_):
        asked.append(command)
        target = Path(command[command.index("--target") + 1])
        (target / f"{synthesiser.NAME}.py").write_text("Synth = 1\n")
        return subprocess.CompletedProcess(command, status, "", "ERROR: no network\n")

    monkeypatch.setattr(subprocess, "run", run)
    return asked


def test_it_is_installed_once_without_its_dependencies_and_pinned(missing, monkeypatch):
    asked = pip(monkeypatch, 0)
    assert synthesiser.tinysoundfont().Synth == synthesiser.tinysoundfont().Synth == 1
    assert len(asked) == 1 and "--no-deps" in asked[0]
    constraints = Path(asked[0][asked[0].index("--constraint") + 1])
    assert "tinysoundfont==" in constraints.read_text()
    assert [path.name for path in missing.iterdir()] == [synthesiser._folder().name]


def test_where_pip_fails_a_sentence_says_what_to_do_and_nothing_is_left(missing, monkeypatch):
    pip(monkeypatch, 1)
    with pytest.raises(
        ObjectsoundsError, match=r"\(ERROR: no network\): install it with pip install --no-deps"
    ):
        synthesiser.tinysoundfont()
    assert list(missing.iterdir()) == []
    assert importlib.util.find_spec(synthesiser.NAME) is None
