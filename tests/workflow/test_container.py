"""``--sdm apptainer``: jobs run in the image, with its Python. A program that plays Apptainer stands in."""

import os
import stat
import sys

import pytest

TRUTH = "results/tiny/demo/truth.tsv"
APPTAINER = """#!/bin/bash
if [ "$1" = --version ]; then echo "apptainer version 1.4.0"; exit; fi
echo "$@" >> "{folder}/asked.txt"
PATH="{folder}/image:/usr/bin:/bin" exec bash -c "${{@: -1}}"
"""
PYTHON = """#!/bin/bash
echo "$PATH" >> "{folder}/started.txt"
exec {python} "$@"
"""


def script(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def run(new_place, monkeypatch):
    """Return a function that makes the demo's data under --sdm apptainer, and its folder."""
    place = new_place("container")
    script(place.folder / "bin" / "apptainer", APPTAINER.format(folder=place.folder))
    script(place.folder / "image" / "python", PYTHON.format(folder=place.folder, python=sys.executable))
    (place.folder / "objectsounds.sif").write_text("")

    def environment():
        kept = {name: value for name, value in os.environ.items() if name in ("HOME", "TMPDIR")}
        return kept | {"PATH": f"{place.folder / 'bin'}:/usr/bin:/bin"}

    monkeypatch.setattr(place, "environment", environment)

    def start(*arguments):
        place.snakemake(TRUTH, "--sdm", "apptainer", *arguments)
        assert (place.folder / TRUTH).exists()
        return place.folder

    return start


def test_jobs_run_in_the_one_image_with_its_python_first(run):
    folder = run()
    assert " objectsounds.sif bash -c " in (folder / "asked.txt").read_text()
    assert (folder / "started.txt").read_text() == f"{folder}/image:/usr/bin:/bin\n"


def test_another_image_takes_its_place_by_the_key_container(run):
    folder = run("--config", "container=mine.sif")
    assert " mine.sif bash -c " in (folder / "asked.txt").read_text()


def test_without_an_image_jobs_run_with_our_python(run):
    folder = run("--config", "container=")
    assert not (folder / "asked.txt").exists() and not (folder / "started.txt").exists()
