"""Own videos by a finished run: the target gives what the command gives, and an edit reruns one file."""

import doctest
import shutil

import numpy as np
import pytest
import soundfile

from objectsounds.cli.check import check_results
from objectsounds.cli.main import main
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.data.bags import open_dataset
from objectsounds.data.status import read_status
from objectsounds.video import separator
from objectsounds.video.detection import look
from objectsounds.video.model_file import read_model, read_origin
from tests.workflow.conftest import Place

SECTION = (
    "separate_videos={{videos: [duet.mp4, 'it''s -a \"clip\".mp4'{more}], rest: true,"
    " objects: {{duet: [piano, violin]}}, remix: {{duet: 'violin=-6,rest={gain}'}}}}"
)


@pytest.fixture(scope="module")
def place(finished, tmp_path_factory) -> Place:
    """A copy of the finished run in which two videos were separated."""
    copy = Place(tmp_path_factory.mktemp("own") / "run")
    shutil.copytree(finished.folder, copy.folder, symlinks=True)
    rows = read_status(copy.results / "clips" / "test-00000" / "status.tsv")
    media = [copy.results / "demo" / "media" / f"{row['source']}.mp4" for row in rows]
    names = ("duet", 'it\'s -a "clip"', "third")
    for name, source in zip(names, media, strict=False):
        shutil.copyfile(source, copy.folder / f"{name}.mp4")
    copy.snakemake("separate_videos", "--config", SECTION.format(more="", gain=0))
    return copy


def sounds(folder):
    return {
        path.name: soundfile.read(path, dtype="float32", always_2d=True)[0] for path in folder.glob("*.wav")
    }


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("duet", ["--objects", "piano,violin", "--remix", "violin=-6,rest=0", "--rest"]),
        ('it\'s -a "clip"', ["--rest"]),
    ],
)
def test_the_target_and_the_command_give_equal_files(place, tmp_path, name, options):
    video = place.folder / f"{name}.mp4"
    assert (
        main(["separate", str(video), "--run", str(place.results), "--output", str(tmp_path), *options]) == 0
    )
    made, found = (sounds(folder / name) for folder in (place.results / "separate_videos", tmp_path))
    assert made.keys() == found.keys() and len(made) >= 2 and "rest.wav" in made
    for file, samples in made.items():
        np.testing.assert_allclose(samples, found[file], atol=1e-6)
    pages = [folder / name / "index.html" for folder in (place.results / "separate_videos", tmp_path)]
    assert pages[0].read_text() == pages[1].read_text()
    assert (tmp_path / name / "remix.mp4").is_file() == ("remix.wav" in made)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (SECTION.format(more="", gain=0), {}),
        (SECTION.format(more=", third.mp4", gain=0), {"separate_video": 1, "separate_videos": 1}),
        (SECTION.format(more="", gain=3), {"separate_video": 1, "separate_videos": 1}),
    ],
)
def test_an_edit_of_the_list_runs_only_what_changed(place, section, expected):
    assert place.planned("separate_videos", "--config", section) == expected


def test_ones_own_videos_are_no_part_of_a_whole_run(finished, place):
    assert not (finished.results / "separate_videos").exists() and place.planned() == {}


def test_a_section_is_seen_as_the_run_saw_the_clip(finished):
    bags = open_dataset(finished.results / "dataset" / "default" / "test.h5", bases=False)
    model = read_model(finished.results / "export" / "miml.h5")
    labeller = model.load_labeller()
    rows = read_status(finished.results / "clips" / "test-00000" / "status.tsv")[:3]
    for row in rows:
        video = finished.results / "demo" / "media" / f"{row['source']}.mp4"
        detection = look(model, labeller, video, float(row["seconds"]))
        index = bags.clip_ids.index(row["clip_id"])
        np.testing.assert_allclose(detection.probabilities[0], bags.probabilities[index], atol=1e-5)
        assert (detection.labels[0] == bags.targets[index].astype(bool)).all()
        assert detection.objects(1.0)


def test_the_example_for_notebooks_runs(place, tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "demo").symlink_to(place.results)
    (tmp_path / "video.mp4").symlink_to(place.folder / "duet.mp4")
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(separator)
    assert result.attempted >= 5 and result.failed == 0


def test_the_exported_model_is_found_copied_and_made_for_another_method(
    finished, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(finished.folder)
    run = ["export", "--run", str(finished.results)]
    assert main([*run, "--output", str(tmp_path / "model.h5")]) == 0
    made = read_model(finished.results / "export" / "miml.h5")
    assert main([*run, "--method", "gaussian", "--output", str(tmp_path / "g.h5")]) == 0
    one, two = (read_model(tmp_path / name) for name in ("model.h5", "g.h5"))
    np.testing.assert_array_equal(one.dictionary.bases, made.dictionary.bases)
    assert one.settings == made.settings and one.dictionary.clip_ids == made.dictionary.clip_ids
    for path in (tmp_path / "model.h5", tmp_path / "g.h5"):
        about = read_origin(path).about
        assert about["clips"]["train"] > 0 and about["scores"] and "## Scores" in read_origin(path).card
    assert two.method == "gaussian" and two.settings == one.settings
    assert two.dictionary.bases.shape == one.dictionary.bases.shape
    capsys.readouterr()
    assert main([*run, "--method", "exemplar"]) == 1 and main([*run, "--method", "visual_exemplar"]) == 1
    said = capsys.readouterr().err
    assert "'exemplar' does not separate" in said and "exemplar.h5 does not exist" in said


def test_check_looks_into_ones_own_videos_and_the_model(place):
    check_results(place.results)
    folder = place.results / "separate_videos" / "duet"
    with open(folder / "violin.wav", "ab") as file:
        file.write(b"more")
    with pytest.raises(ObjectsoundsError, match="1 broken files"):
        check_results(place.results)
    assert not folder.exists() and (place.results / "export" / "miml.h5").is_file()
