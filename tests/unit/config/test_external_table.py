"""Section ``external``: what is declared becomes methods, and what is declared wrongly a sentence."""

import pytest

from objectsounds.config.external_table import files_of, names, register, release_of, run_keys
from objectsounds.config.method_table import METHODS, method_of, with_twins
from objectsounds.config.settings import load_settings, run_methods, stage_settings
from objectsounds.core.errors import ObjectsoundsError

COMMAND = ["run", "{mixture}", "{output}"]


@pytest.fixture(autouse=True)
def _without():
    yield
    register({})


def settings_of(**external):
    return load_settings({"preset": "demo", "methods": ["mixture", "miml", *external], "external": external})


def test_a_declared_method_stands_among_the_methods():
    settings = settings_of(theirs={"command": COMMAND, "title": "Theirs"})
    assert run_methods(settings) == ["mixture", "miml", "theirs"]
    method = method_of("theirs@dropout")
    assert (method.title, method.detects, method.told, method.best_matching) == ("Theirs", True, "", False)
    assert with_twins(["theirs"]) == ["theirs", "theirs_true_objects"]
    assert method_of("theirs_true_objects").told == "which objects sound"
    load_settings({"preset": "demo"})
    assert "theirs" not in METHODS and names() == []


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"objects": "named"}, "which objects sound"),
        ({"objects": "blind"}, "which estimate is which and how many sources sound"),
        ({"given": ["frames"]}, ""),
        ({"given": ["frames_apart"]}, "which frames are of which source"),
        ({"given": ["references"], "told": "the score"}, "the references and the score"),
    ],
)
def test_what_a_method_is_told_is_shown(item, told):
    settings_of(theirs={"command": COMMAND} | item)
    assert method_of("theirs").told == told and method_of("theirs").title == "theirs"
    assert method_of("theirs").best_matching == (item.get("objects") == "blind")


@pytest.mark.parametrize(
    ("external", "sentence"),
    [
        ({"miml": {"command": COMMAND}}, r"external\.miml: miml is a method of this project; choose another"),
        ({"x": {}}, r"external\.x has none of command, entry_point, estimates; give one"),
        ({"x": {"command": COMMAND, "estimates": "e"}}, r"has command and estimates of .*; give one"),
        ({"x": {"command": ["run", "{mixture}"]}}, r"external\.x\.command lacks \{mixture\} or \{output\}"),
        ({"x": {"command": ["run", "{mix}"]}}, r"\{mix\} stands for nothing; allowed are \{mixture\}, "),
        ({"x": {"command": ["run", "{jobs}", "{mixture}"]}}, r"\{mixture\} is one mixture's and \{jobs\}"),
        ({"x": {"command": [*COMMAND, "{frames}"]}}, r"declares it; write given: \[frames\]"),
        ({"x": {"command": [*COMMAND, "{references}"]}}, r"write given: \[references\]"),
        ({"x": {"command": "run {mixture}"}}, r"external\.x\.command = 'run \{mixture\}' is impossible"),
        ({"x": {"command": COMMAND, "objects": "all"}}, r"it must be 'detected', 'named' or 'blind'"),
        ({"x": {"command": COMMAND, "timeout": 0}}, r"external\.x\.timeout = 0 is impossible"),
        ({"x": {"command": COMMAND, "time": 5}}, r"external\.x\.time \(= 5\) is not a key"),
        ({"x": "run"}, r"external\.x = 'run' is impossible"),
        ({"X y": {"command": COMMAND}}, r"external: the name 'X y' is impossible"),
    ],
)
def test_what_is_declared_wrongly_is_said(external, sentence):
    with pytest.raises(ObjectsoundsError, match=sentence):
        load_settings({"preset": "demo", "external": external})


def test_a_name_that_is_not_declared_is_no_method():
    with pytest.raises(ObjectsoundsError, match="unknown method 'theirs'"):
        load_settings({"preset": "demo", "methods": ["theirs"]})


def test_what_a_method_is_called_is_nothing_that_its_estimates_depend_on():
    settings = settings_of(theirs={"command": COMMAND, "title": "Theirs"}, other={"command": ["b", *COMMAND]})
    keys = run_keys("theirs_true_objects@dropout")
    assert stage_settings(settings, "separate_external", extra=keys)["external"] == {
        "theirs": {
            "command": COMMAND,
            "entry_point": None,
            "estimates": None,
            "objects": "detected",
            "given": [],
            "rate": None,
            "timeout": 600,
        }
    }
    assert run_keys("miml") == ()


def test_files_that_make_it_run_again_and_a_folder_without_estimates(tmp_path):
    (tmp_path / "m0").mkdir()
    settings = settings_of(theirs={"estimates": str(tmp_path), "files": ["a.txt"]})
    with pytest.raises(
        ObjectsoundsError, match=r"external\.theirs\.estimates: .* holds no <mixture>/<object>"
    ):
        files_of(settings, "theirs")
    (tmp_path / "m0" / "drum.wav").touch()
    assert files_of(settings, "theirs") == ["a.txt", str(tmp_path / "m0" / "drum.wav")]


def test_an_entry_point_that_nobody_offers_is_said():
    assert release_of({"entry_point": "module:function"}) == ""
    with pytest.raises(ObjectsoundsError, match="no installed package offers 'nothing'"):
        release_of({"entry_point": "nothing"})
