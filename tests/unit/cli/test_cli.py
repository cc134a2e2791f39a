"""The command line as a clumsy person uses it: one sentence with a remedy, an exit code, nothing written."""

import os
import subprocess
import sys

import pytest

from objectsounds.cli.commands import COMMANDS, parser_of
from objectsounds.cli.main import THREAD_VARIABLES, limit_threads, main
from objectsounds.config.settings import load_settings
from objectsounds.core.arguments import Number
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import ROOT

ESTIMATE = ["estimate", "--clips", "100", "--cores", "2"]
NOT_COUNTS = ["0", "-5", "1.5", "nan", "inf", "1e400", "many", "", "9" * 30]
NOT_SHARES = ["0", "-1", "2", "nan", "inf", "1e400", "x"]
MIXTURES = ["mixtures", "--status", "s.tsv", "--output", "out"]
SOLOS = ["solos", "--dataset", "d.h5", "--status", "s.tsv", "--output", "out"]
SEPARATE = ["separate", "v.mp4", "--model", "m.h5", "--output", "out"]
NUMBERS = [
    *[(ESTIMATE, "--cores", value, "of at least 1") for value in NOT_COUNTS],
    *[(ESTIMATE, "--clips", value, "of at least 1") for value in NOT_COUNTS],
    *[(ESTIMATE, "--gpus", value, "of at least 0") for value in NOT_COUNTS if value != "0"],
    *[(["demo", "--output", "out"], "--workers", value, "of at least 1") for value in NOT_COUNTS],
    *[(MIXTURES, "--block", value, "of at least 0") for value in NOT_COUNTS if value != "0"],
    *[(SOLOS, "--rate", value, "of at least 1000") for value in NOT_COUNTS],
    *[(SEPARATE, "--threads", value, "of at least 1") for value in NOT_COUNTS],
    *[(SEPARATE, "--min-share", value, "at most 1") for value in NOT_SHARES],
]


def refused(arguments, capsys, folder):
    """Run a command that must be refused; return its exit code and sentence."""
    before = sorted(folder.rglob("*"))
    code = main(arguments)
    said = capsys.readouterr()
    assert code in (1, 2) and not said.out and "Traceback" not in said.err
    assert sorted(folder.rglob("*")) == before
    sentence = said.err.strip()
    assert sentence.startswith(f"objectsounds {arguments[0]}: ") and "\n" not in sentence
    return code, sentence


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder but for a file and a folder of a person's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("a person's")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").write_text("a person's")
    return tmp_path


@pytest.mark.parametrize(("command", "option", "value", "range"), NUMBERS)
def test_an_impossible_number_is_refused_with_its_range(capsys, folder, command, option, value, range):
    code, said = refused([*command, f"{option}={value}"], capsys, folder)
    assert code == 2 and f"{option}: {value!r} is impossible; give a" in said and range in said


def test_every_numeric_option_has_a_range():
    for name in COMMANDS:
        kinds = [action.type for action in parser_of(name)._actions]
        assert all(kind is None or isinstance(kind, Number) for kind in kinds), name


def test_the_ends_of_a_range_are_allowed_but_for_an_open_one():
    assert Number("cores", 1, 4)("1") == 1 and Number("cores", 1, 4)("4") == 4
    share = Number("share", 0, 1, whole=False, above=True)
    assert share("1") == 1.0 and share("0.25") == 0.25


RUNS = ["--cores 0", "--cores=0", "-c0", "-c 0", "--cores -2", "--cores nan", "-j 0", "--jobs=0", "-n -j-1"]


@pytest.mark.parametrize("words", RUNS)
def test_a_run_on_no_core_is_refused_before_snakemake_starts(capsys, folder, monkeypatch, words):
    monkeypatch.setattr(subprocess, "Popen", None)
    _, said = refused(["run", *words.split()], capsys, folder)
    assert "is impossible; give a whole number of at least 1" in said and "or all" in said


@pytest.mark.parametrize("words", ["--cores 2", "-c all", "-c2", "--jobs unlimited", "--cores --dry-run", ""])
def test_a_run_on_cores_goes_to_snakemake(folder, monkeypatch, words):
    started = []
    monkeypatch.setattr(
        "objectsounds.cli.run.run_snakemake", lambda arguments: started.append(arguments) or 3
    )
    assert main(["run", *words.split()]) == 3 and len(started) == 1
    assert started[0][2:] == words.split()  # after our workflow and settings, which an empty folder lacks


FILES = [
    (["labels", "--status", "folder", "--output", "out"], ["folder is a folder", "name a file"]),
    (["clips", "--shard", "folder", "--status", "out"], ["folder is a folder", "name a file"]),
    (["clips", "--shard", "pipe", "--status", "out"], ["pipe is a pipe", "name a file"]),
    (["clips", "--shard", "nowhere", "--status", "out"], ["nowhere does not exist"]),
    (["bases", "--status", "folder", "--output", "out"], ["folder is a folder", "name a file"]),
    (["train", "--train", "folder", "--output", "o", "--history", "h"], ["folder is a folder"]),
    (["demo", "--output", "file"], ["--output file", "is no folder", "name another"]),
    (["demo", "--output", "/proc/x"], ["--output /proc/x", "cannot be written to", "name another"]),
    (["check", "--results", "file"], ["file is no folder"]),
    (["retry", "--results", "file"], ["file holds no"]),
    (["estimate", "--run", "file", "--clips", "3", "--cores", "2"], ["file is no finished run", "--run"]),
    (["export", "--run", "file"], ["file", "does not exist"]),
    (["export", "--run", "folder", "--network", "unet"], ["'unet'", "no network of folder"]),
    (["info", "file"], ["file is neither a model file or network", "nor the folder of a run"]),
    (["info", "folder"], ["folder is neither a model file or network"]),
    (["export", "--run", "folder", "--method", "kazoo"], ["'kazoo'", "miml"]),
    (["report", "--results", "folder", "--methods", "kazoo", "--output", "out"], ["'kazoo'", "miml"]),
    (["bases", "--settings", "folder", "--status", "s", "--output", "o"], ["'folder'", "JSON"]),
    (["bases", "--settings", "{", "--status", "s", "--output", "o"], ["'{'", "JSON"]),
    (["separate", "v.mp4", "--model", "folder", "--output", "out"], ["folder is no file", "export"]),
    (["separate", "v.mp4", "--output", "out", "--objects", "kazoo"], ["'kazoo'", "violin"]),
    (["separate", "--model", "m.h5", "--output", "out"], ["name videos"]),
    (["separate", "v.mp4", "--model", "m.h5"], ["--output", "--help"]),
    (["dictionary", "--rule", "surest", "--output", "out"], ["required: --train"]),
    (["dictionary", "--rule", "surest", "--train", "t.h5", "--output", "out"], ["--network is missing"]),
    (["dictionary_gaussian", "--output", "out"], ["required: --like"]),
    (["dictionary", "--rule", "best", "--output", "out"], ["'best'", "surest"]),
    (["mixtures_table", "--status", "s", "--output", "out"], ["required: --objects", "--left-out"]),
    (["mixtures", "--status", "s", "--block", "0", "--output", "out"], ["required: --table"]),
    (["frame_network", "--status", "s", "--output", "out"], ["required: --train"]),
    (
        ["dataset", "--objects", "u", "--bases", "a", "b", "--labels", "c", "--output", "o"],
        ["2 --bases and 1 --labels", "one of each"],
    ),
]


@pytest.mark.parametrize(("arguments", "words"), FILES)
def test_a_wrong_file_is_refused_by_name_and_stays_where_it_is(capsys, folder, arguments, words):
    os.mkfifo(folder / "pipe")
    code, said = refused(arguments, capsys, folder)
    assert code and all(word in said for word in words), said
    assert (folder / "folder" / "inside").read_text() == "a person's"


@pytest.mark.parametrize("place", ["/proc/x", "file", "a" * 300])
def test_a_folder_of_results_that_cannot_be_made_is_one_sentence_to_snakemake_too(folder, place):
    place = str(folder / place) if place == "file" else place
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    (folder / "config").mkdir()
    (folder / "config" / "config.yaml").write_text("preset: demo\n")
    before = sorted(folder.rglob("*"))
    done = subprocess.run(
        [*command, "--dry-run", "--config", f"results={place}"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow")},
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in said
    assert f"results {place}" in said and "name another" in said
    assert [path for path in sorted(folder.rglob("*")) if ".snakemake" not in path.parts] == before


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_of_the_configuration_that_is_not_finite_is_refused_with_its_key(value):
    with pytest.raises(ObjectsoundsError, match=r"train\.learning_rate = .* must be finite"):
        load_settings({"train": {"learning_rate": value}})


def test_waiting_threads_sleep_and_do_not_spin():
    """Two threads that spin took three times the core-seconds of one on a busy machine."""
    code = (
        "import os, sys; from objectsounds.cli.main import main; main(['check', '--results', 'nowhere']); "
        "assert 'torch' not in sys.modules; print(os.environ['OMP_WAIT_POLICY'])"
    )
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    environment["PYTHONPATH"] = str(ROOT / "workflow")
    for given, expected in (({}, "passive"), ({"OMP_WAIT_POLICY": "active"}, "active")):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment | given, check=True
        )
        assert done.stdout.strip() == expected


@pytest.mark.parametrize(
    ("command", "section"),
    [
        ("bases", "bases"),
        ("labels", "labeller"),
        ("dictionary", "train"),
        ("frame_predictions", "frame_network"),
        ("pixel_features", "sound_of_pixels"),
    ],
)
def test_a_command_takes_its_threads_from_the_section_of_its_rule(monkeypatch, command, section):
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "9")
    limit_threads(command, {section: {"threads": 3}})
    assert {os.environ[name] for name in THREAD_VARIABLES} == {"3"}
