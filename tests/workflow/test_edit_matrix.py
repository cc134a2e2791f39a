"""The edit matrix: after an edit of any key exactly the rules of the table in config/README.md run again.

A dry run sees nothing past the catalogue, so its keys, and one or more of every other section, are shown by
real runs, each on a copy of the finished tiny run.
"""

import shutil

import pytest
import yaml

from objectsounds.data.bags import open_dataset
from tests.workflow.edits import EDITS, ORDER, Edit
from tests.workflow.faults import ran, run, stamps

pytestmark = pytest.mark.edits
DEAR = {"clips", "bases", "labels"}  # folders of what no list, label or class edit makes again
PIANO, DRUM, VIOLIN = "/m/05r5c", "/m/026t6", "/m/07y_7"
HEADING = ("edit", "shown by", "rules that ran, and how often")
REAL = [edit for edit in EDITS if edit.real]
DRY = [edit for edit in EDITS if not edit.real]


@pytest.fixture
def place(copy_of_finished):
    place = copy_of_finished()
    yield place
    shutil.rmtree(place.folder)


@pytest.fixture
def record(matrix):
    """Return a function that adds an edit to the table."""

    def add(edit, how, jobs):
        counts = ", ".join(f"{rule} {jobs[rule]}" for rule in ORDER if jobs.get(rule)) or "nothing"
        matrix("edit matrix", HEADING, (edit, how, counts))

    return add


@pytest.mark.parametrize("edit", DRY, ids=lambda edit: edit.key)
def test_a_dry_run_after_an_edit(finished, record, edit):
    planned = finished.planned("--config", *_arguments(edit.settings(finished)))
    record(edit.key, "dry run", planned)
    if edit.rules >= {"catalogue"}:
        assert {"demo", "catalogue"} & set(planned) == {"demo", "catalogue"} & edit.rules
    else:
        assert set(planned) == edit.rules


def _arguments(settings):
    return [
        f"{key}={yaml.safe_dump(value, default_flow_style=True, width=10**6)}"
        for key, value in settings.items()
    ]


@pytest.mark.parametrize("edit", REAL, ids=lambda edit: edit.key)
def test_a_real_run_after_an_edit(place, record, edit):
    edit.apply(place)
    output = run(place)
    assert "The page to look at" in output, output[-4000:]
    jobs = ran(output)
    record(edit.key, "real run", jobs)
    assert set(jobs) == edit.rules
    assert "Nothing to do" in run(place)


def _edit_and_run(place, key, value):
    Edit(key, value, frozenset()).apply(place)
    before = stamps(place)
    output = run(place)
    assert "The page to look at" in output, output[-4000:]
    untouched = {path for path, time in stamps(place).items() if before.get(path) == time}
    return ran(output), before, untouched


@pytest.mark.parametrize(
    ("key", "small", "large"),
    [
        ("classes", ["drum", "piano"], ["drum", "piano", "violin"]),
        ("catalogue.clips_per_class.train", 3, 6),
    ],
)
def test_a_class_or_a_clip_more_computes_new_shards_only(new_place, record, key, small, large):
    place = new_place("more")
    _edit_and_run(place, key, small)
    jobs, before, untouched = _edit_and_run(place, key, large)
    shards = {path for path in before if set(path.parts) & DEAR}
    assert shards and shards <= untouched, "a shard that was finished was made again"
    assert jobs["clips"] == jobs["bases"] == jobs["labels"] >= 1
    assert not {"demo", "labeller"} & set(jobs)
    record(f"{key}: {small} to {large}", "real run", jobs)


def test_an_added_class_is_labelled_in_known_clips_and_in_new_ones(new_place, record):
    place = new_place("class")
    _edit_and_run(place, "classes", ["drum", "piano"])
    known = {split: set(_bags(place, split).clip_ids) for split in ("train", "test")}
    jobs, before, untouched = _edit_and_run(place, "classes", ["drum", "piano", "violin"])
    assert {path for path in before if set(path.parts) & DEAR} <= untouched
    for split, earlier in known.items():
        bags = _bags(place, split)
        column = bags.supervision("audioset")[:, bags.objects.index("violin")]
        having = {name for name, hit in zip(bags.clip_ids, column, strict=True) if hit == 1}
        assert having & earlier if split == "train" else having - earlier, f"no {split} clip has the class"
    assert "violin" in (place.results / "mixtures" / "mixtures.tsv").read_text()
    record("classes: one more, and its labels", "real run", jobs)


def test_a_relabelled_list_reaches_clips_that_have_a_shard(place, record):
    lists = {"train": "unbalanced_train_segments.csv", "test": "balanced_train_segments.csv"}
    changed = {}
    for split, name in lists.items():
        text = (place.results / "demo" / name).read_text()
        rows = [line for line in text.splitlines() if PIANO in line]
        row = next(line for line in rows if DRUM not in line and VIOLIN not in line)
        changed[split] = row.partition(",")[0]
        (place.folder / name).write_text(text.replace(row, row.replace(PIANO, f"{PIANO},{DRUM}")))
    edit = {split: [name] for split, name in lists.items()}
    edit["truth"] = None  # which would go before the lists' labels in the test clips
    jobs, before, untouched = _edit_and_run(place, "catalogue", edit)
    assert not {"clips", "bases", "labels"} & set(jobs), jobs
    assert {path for path in before if set(path.parts) & DEAR} <= untouched
    assert {"catalogue", "dataset", "mixtures_table", "train"} <= set(jobs)
    for split, media_id in changed.items():
        bags = [_bags(place, name) for name in (("train", "val") if split == "train" else ("test",))]
        labels = {name: row for part in bags for name, row in zip(part.clip_ids, part.audioset, strict=True)}
        cells = next(row for name, row in labels.items() if name.startswith(media_id))
        assert cells.tolist() == [1, 1, 0], split
    assert changed["test"] not in (place.results / "mixtures" / "mixtures.tsv").read_text()
    record("a label more in the lists", "real run", jobs)


def _bags(place, split):
    return open_dataset(place.results / "dataset" / "default" / f"{split}.h5", bases=False)


def test_a_method_more_computes_its_own_files_and_the_page(place, record):
    methods = ["mixture", "ideal_ratio_mask", "gaussian", "miml", "miml_gao", "ideal_binary_mask"]
    jobs, _, _ = _edit_and_run(place, "methods", methods)
    assert jobs == {"separate": 1, "score": 1, "score_tables": 1, "report": 1}
    record("methods: one more", "real run", jobs)


def test_a_video_more_in_the_folder_of_media_reruns_nothing(place, record):
    shutil.copytree(place.results / "demo" / "media", place.folder / "media")
    _edit_and_run(place, "clips.media", "media")
    video = next((place.folder / "media").iterdir())
    shutil.copy(video, place.folder / "media" / "another.mp4")
    jobs = ran(run(place))
    assert jobs == {}
    record("a video more in clips.media", "real run", jobs)
