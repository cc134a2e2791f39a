"""``objectsounds init``, and what ``run`` adds where a folder has no workflow or configuration of its own."""

import pytest

from objectsounds.cli.main import main
from objectsounds.cli.run import completed
from objectsounds.core.places import ROOT


def test_a_persons_files_are_never_overwritten(tmp_path, capsys):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("mine")
    assert main(["init", str(tmp_path)]) == 0
    assert (tmp_path / "config" / "config.yaml").read_text() == "mine"
    assert "config.yaml is there, and stays." in capsys.readouterr().out
    assert (tmp_path / "profiles" / "site" / "profile.v9+.yaml").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["init", str(tmp_path / "file")]) == 1
    assert f"{tmp_path / 'file'}" in capsys.readouterr().err


def test_an_empty_folder_gets_our_workflow_and_the_demos_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert completed(["--cores", "2"]) == [
        f"--snakefile={ROOT / 'Snakefile'}",
        f"--configfile={ROOT / 'config' / 'config.yaml'}",
        "--cores",
        "2",
    ]


@pytest.mark.parametrize("name", ["Snakefile", "workflow/Snakefile"])
def test_what_a_folder_has_of_its_own_is_taken(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / name, tmp_path / "config" / "config.yaml"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    assert completed(["-n"]) == ["-n"]


@pytest.mark.parametrize("given", [["-s", "a", "--configfile", "b"], ["--snakefile=a", "--configfile=b"]])
def test_what_the_arguments_name_is_taken(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    assert completed(given) == given
