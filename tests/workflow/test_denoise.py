"""The target denoising beside a finished run: what it makes, and what an edit makes again."""

import shutil

import pytest

from objectsounds.core.tables import read_table
from objectsounds.data.status import read_objects
from tests.workflow.conftest import Place

PLAN = {"denoise": 1, "denoising": 1}


@pytest.fixture(scope="module")
def denoised(finished, tmp_path_factory) -> Place:
    """A copy of the finished run in which clips were denoised."""
    place = Place(tmp_path_factory.mktemp("denoised") / "run")
    shutil.copytree(finished.folder, place.folder, symlinks=True)
    assert place.planned("denoising") == PLAN
    place.snakemake("denoising")
    return place


def test_every_single_source_is_scored_by_every_method(denoised):
    rows = read_table(denoised.results / "denoise" / "scores.tsv")
    statuses = [row for path in denoised.results.glob("clips/test-*/status.tsv") for row in read_table(path)]
    known = read_objects(denoised.results / "catalogue" / "objects-test.tsv")
    good = [row["clip_id"] for row in statuses if row["status"] == "ok"]
    single = {name for name in good if ";" not in known[name]["objects"]}
    assert {row["clip"] for row in rows} == single and len(rows) == 4 * len(single)
    gained = {row["method"]: row for row in read_table(denoised.results / "denoise" / "summary.tsv")}
    assert list(gained) == ["noisy", "ideal_ratio_mask", "consensus", "gao"]
    assert float(gained["noisy"]["nsdr_mean"]) == 0 and float(gained["ideal_ratio_mask"]["nsdr_mean"]) > 5
    assert gained["consensus"]["n_fallback"] == str(
        sum(row["method"] == "consensus" and row["fallback"] != "" for row in rows)
    )


def test_denoising_is_no_part_of_a_whole_run_but_reaches_the_page_once_it_is_there(finished, denoised):
    assert not (finished.results / "denoise").exists()
    assert denoised.planned() == {"report": 1} and denoised.planned("denoising") == {}


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("denoise={noises: [white, pink]}", PLAN),
        ("denoise={dictionaries: [consensus, upper_bound]}", PLAN | {"train": 1, "dictionary": 1}),
        ("mixtures={max_pairs: 3}", {}),
    ],
)
def test_an_edit_makes_again_only_what_it_touches(denoised, override, expected):
    assert denoised.planned("denoising", "--config", override) == expected


def test_a_folder_is_denoised_with_a_row_for_each_of_its_files(denoised):
    rows = read_table(denoised.results / "clips" / "test-00000" / "status.tsv")
    known = read_objects(denoised.results / "catalogue" / "objects-test.tsv")
    piano = next(row["source"] for row in rows if known[row["clip_id"]]["objects"] == "piano")
    folder = denoised.folder / "mine"
    folder.mkdir()
    for name in ("Nocturne", "unnamed"):
        shutil.copyfile(denoised.results / "demo" / "media" / f"{piano}.mp4", folder / f"{name}.mp4")
    setting = "denoise={folder: mine, objects: {Nocturne: [piano]}, dictionaries: [solo]}"
    denoised.snakemake("denoising", "--config", setting)
    lines = read_table(denoised.results / "denoise" / "summary.tsv")
    solo = {line["clip"]: line for line in lines if line["method"] == "solo"}
    assert set(solo) == {"", "Nocturne", "unnamed"} and solo[""]["n"] == "2"
    assert solo["unnamed"]["fallback_reasons"] == "no detected object: 1"
    assert float(solo["Nocturne"]["nsdr_mean"]) > 2 and solo["Nocturne"]["n_fallback"] == "0"
