"""Every result says what made it: in its attributes, and in the log of its job."""

import json
import re
import subprocess

import h5py

from objectsounds import __version__
from objectsounds.cli.main import main
from objectsounds.core.hdf5 import describe
from objectsounds.core.provenance import commit, packages
from objectsounds.report.overview import versions


def test_the_commit_is_a_hash_or_unknown():
    assert re.fullmatch(r"([0-9a-f]{40}\+?)?", commit())


def test_a_repository_above_an_installed_package_is_not_its_own(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(
        ["git", "-C", tmp_path, *author, "commit", "--quiet", "--allow-empty", "-m", "a"], check=True
    )
    (tmp_path / "site-packages").mkdir()
    monkeypatch.setattr("objectsounds.core.provenance.ROOT", tmp_path)
    commit.cache_clear()
    assert len(commit()) == 40
    monkeypatch.setattr("objectsounds.core.provenance.ROOT", tmp_path / "site-packages")
    commit.cache_clear()
    assert commit() == ""
    commit.cache_clear()


def test_versions_name_python_and_what_results_depend_on():
    assert {"python", "numpy", "torch", "h5py"} <= set(packages())


def test_the_page_names_the_commit_beside_the_version():
    assert list(versions())[:2] == ["objectsounds", "commit"]
    assert versions()["commit"] == (commit() or "unknown")


def test_an_hdf5_file_says_what_made_it(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        describe(file, {"seed": 3, "bases": {"count": 2}}, 7)
        made = dict(file.attrs)
    assert json.loads(made["settings"]) == {"seed": 3, "bases": {"count": 2}}
    assert (made["version"], made["stage_version"], made["seed"]) == (__version__, 7, 3)
    assert made["commit"] == commit()


def test_a_jobs_log_begins_with_the_version_and_the_command(tmp_path, caplog):
    caplog.set_level("INFO")
    arguments = ["score_tables", "--settings", '{"seed":3}', "--methods", "a b", "--blocks", "gone.tsv"]
    arguments += ["--scores", "s.tsv", "--summary", "t.tsv", "--comparisons", "c.tsv"]
    assert main(arguments) == 1
    first, second = caplog.messages[:2]
    assert __version__ in first and "commit" in first and "numpy" in first
    assert second.startswith("python -m objectsounds score_tables --settings '{\"seed\":3}' --methods 'a b'")
