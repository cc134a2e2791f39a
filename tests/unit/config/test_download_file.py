"""How the jobs of stage clips learn how media are downloaded."""

import json

import pytest

from objectsounds.config.download_file import download_option, download_options, write_download_file
from objectsounds.config.settings import load_settings, stage_settings
from objectsounds.core.errors import ObjectsoundsError


def settings_of(results, enabled=True, **download):
    return load_settings(
        {"preset": "demo", "results": str(results), "clips": {"download": {"enabled": enabled, **download}}}
    )


def test_a_job_is_told_of_the_file_what_the_run_was_configured_to(tmp_path):
    settings = settings_of(tmp_path / "run", proxy="http://me:secret@127.0.0.1:1")
    write_download_file(settings)
    given = stage_settings(settings, "clips")
    assert given["clips"]["download"] == {"enabled": True}
    found = download_options(given, tmp_path / "run" / "download.json")
    assert found == settings["clips"]["download"]


def test_the_file_is_its_owners_alone_also_where_it_was_not(tmp_path):
    path = tmp_path / "download.json"
    for _ in range(2):
        write_download_file(settings_of(tmp_path))
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)


def test_the_file_stays_as_it_is_while_the_options_do(tmp_path):
    write_download_file(settings_of(tmp_path))
    first = (tmp_path / "download.json").stat().st_ino
    write_download_file(settings_of(tmp_path))
    assert (tmp_path / "download.json").stat().st_ino == first
    write_download_file(settings_of(tmp_path, attempts=2))
    assert json.loads((tmp_path / "download.json").read_text())["attempts"] == 2


def test_where_nothing_is_downloaded_there_is_no_file_and_no_option(tmp_path):
    settings = settings_of(tmp_path / "run", enabled=False)
    write_download_file(settings)
    assert not (tmp_path / "run").exists() and download_option(settings) == ""
    assert download_options(stage_settings(settings, "clips"), None) == {"enabled": False}


def test_the_option_survives_a_shell_and_snakemakes_own_braces(tmp_path):
    option = download_option(settings_of(tmp_path / "a b{c}"))
    assert option == f" --download '{tmp_path}/a b{{{{c}}}}/download.json'"


def test_settings_that_were_given_whole_need_no_file(tmp_path):
    settings = settings_of(tmp_path)
    assert download_options(settings, None) == settings["clips"]["download"]


@pytest.mark.parametrize("content", [None, "", "{"])
def test_a_file_that_is_needed_and_cannot_be_read_is_named_with_the_remedy(tmp_path, content):
    path = tmp_path / "download.json"
    if content is not None:
        path.write_text(content)
    given = stage_settings(settings_of(tmp_path), "clips")
    with pytest.raises(ObjectsoundsError, match=r"download\.json cannot be read .*snakemake -n"):
        download_options(given, path)
    with pytest.raises(ObjectsoundsError, match=r"enabled is true.*--download"):
        download_options(given, None)
