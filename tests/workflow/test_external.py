"""Methods from outside of the project in a real run: a function, a program, and finished estimates."""

import json
import shlex
import shutil

import pytest

from objectsounds.config.external_table import register
from objectsounds.config.settings import of_seeds
from objectsounds.core.tables import read_table
from tests.workflow.conftest import RESULTS

FUNCTIONS = """
import librosa


def percussive(problem):
    assert not problem.frames
    return list(librosa.effects.hpss(problem.mixture))[: problem.sources]
"""
PROGRAM = """
import sys
from pathlib import Path

import cv2
import soundfile

mixture, objects, frames, output = sys.argv[1:]
pictures = [cv2.imread(str(path)) for path in Path(frames).iterdir()]
assert len(pictures) == 8 and all(picture.shape == (64, 64, 3) for picture in pictures)
sound, rate = soundfile.read(mixture)
for name in objects.split(","):
    soundfile.write(Path(output) / f"{name}.wav", sound / 2, rate, subtype="FLOAT")
"""
EXTERNAL = """
methods: [mixture, miml, hpss, program, finished]
external:
  hpss:
    entry_point: functions:percussive
    objects: blind
    title: Harmonic-percussive
    files: [functions.py]
  program:
    command: [python, program.py, "{mixture}", "{objects}", "{frames}", "{output}"]
    given: [frames]
    told: nothing but this
    files: [program.py]
  finished:
    estimates: finished
    objects: named
"""
ALL = ["hpss", "program", "finished"]


@pytest.fixture(scope="module")
def place(finished, new_place):
    """A copy of the finished run, with methods from outside in its folder."""
    place = new_place("external", EXTERNAL)
    for name in ("results", ".snakemake"):
        shutil.copytree(finished.folder / name, place.folder / name, symlinks=True)
    (place.folder / "functions.py").write_text(FUNCTIONS)
    (place.folder / "program.py").write_text(PROGRAM)
    for mixture in (place.results / "mixtures" / "0").glob("*/mixture.wav"):
        (place.folder / "finished" / mixture.parent.name).mkdir(parents=True)
    row = read_table(place.results / "mixtures" / "0" / "mixtures.tsv")[0]
    first, name = row["mixture"], row["objects"].split(";")[1]
    reference = place.results / "mixtures" / "0" / first / "reference_2.wav"
    shutil.copy(reference, place.folder / "finished" / first / f"{name}.wav")
    place.snakemake()
    return place


def test_they_are_rows_of_every_table_and_tracks_of_the_page(place):
    scores = read_table(place.results / "score" / "scores.tsv")
    by_method = {name: [row for row in scores if row["method"] == name] for name in ["mixture", *ALL]}
    assert {name: len(rows) for name, rows in by_method.items()} == dict.fromkeys(by_method, 8)
    assert {row["fallback"] for row in by_method["hpss"]} == {""}
    # A half of the mixture scores as the mixture does.
    seen = [row for row in by_method["program"] if not row["fallback"]]
    mixture = {(row["mixture"], row["object"]): float(row["sdr"]) for row in by_method["mixture"]}
    assert seen and {row["fallback"] for row in by_method["program"]} <= {"", "not detected"}
    for row in seen:
        assert float(row["sdr"]) == pytest.approx(mixture[row["mixture"], row["object"]], abs=2e-3)
    finished = [row for row in by_method["finished"] if not row["fallback"]]
    assert len(finished) == 1 and float(finished[0]["sdr"]) > 60
    page = (place.results / "report" / "index.html").read_text()
    assert "Harmonic-percussive" in page and "which estimate is which and how many sources sound" in page
    assert "program, nothing but this" in page
    for name in ALL:
        assert (place.results / "benchmarks" / "separate" / name / "0.tsv").exists()
    assert list((place.results / "report" / "media").rglob("*hpss*"))


def test_only_what_changed_runs_again(place):
    assert place.planned() == {}
    again = {"separate_external": 1, "score": 1, "score_tables": 1, "report": 1}
    config = place.folder / "config" / "config.yaml"
    text = config.read_text()
    config.write_text(text.replace("title: Harmonic-percussive", "title: Other"))
    assert place.planned() == {"report": 1}
    config.write_text(text.replace("objects: blind", "objects: named"))
    assert place.planned() == again
    config.write_text(text)
    (place.folder / "program.py").write_text(PROGRAM + "# changed\n")
    assert place.planned() == again
    planned = place.planned("--config", "separate={iterations: 40}")  # of guided methods alone
    assert planned == again | {"separate": 2, "score": 3, "export": 1}


def test_the_true_objects_are_named_to_a_twin(place):
    planned = place.planned("--config", "mixtures={objects: true}", "--", f"{RESULTS}/score/summary.tsv")
    assert planned == {"separate": 1, "separate_external": 2, "score": 3, "score_tables": 1}


def test_the_tables_over_seeds_and_of_the_target_know_them(place):
    for target in ("score/seeds.tsv", "experiments/summary.tsv"):
        told = ("--printshellcmds", "--config", "seeds=[2018, 1]", "--", f"{RESULTS}/{target}")
        done = place.snakemake("--dry-run", *told)
        stage = "score_tables" if "score" in target else "experiments"
        said = done.stdout + done.stderr
        (command,) = {line for line in said.splitlines() if f"objectsounds {stage} " in line}
        settings = json.loads(shlex.split(command.partition("--settings")[2])[0])
        register({})
        register(settings["external"])
        assert of_seeds(settings, "hpss") == ["hpss", "hpss@seed1"]
    register({})


def test_an_entry_point_that_is_not_installed_ends_the_plan_with_a_sentence(place):
    done = place.snakemake("--dry-run", "--config", "external={hpss: {entry_point: harmonics}}", check=False)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "no installed package offers 'harmonics' in the group objectsounds.methods" in said
