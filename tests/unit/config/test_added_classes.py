"""A person's own classes, by a table or by the configuration: taken everywhere, and bad rows told."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from objectsounds.config.classes import added_of, classes_of, names_by_alias
from objectsounds.config.job_resources import minutes
from objectsounds.config.settings import load_settings, stage_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import read_table
from objectsounds.data.mixtures import choose_mixtures, groups_of
from objectsounds.data.targets import object_probabilities
from objectsounds.networks.labeller import read_pictures
from objectsounds.sources.shards import choose_clips
from objectsounds.stages.catalogue import make_catalogue

KAZOO, BELL = "/m/0kzoo", "/m/0395lw"
TABLE = "object\tgroup\tmids\timagenet\taliases\nkazoo\ttoy\t/m/0kzoo\t7;151-153\tplaying kazoo, buzzing;kz\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "my classes.tsv"
    path.write_text(TABLE)
    return path


def test_a_row_of_a_table_is_a_class_like_those_of_the_package(table):
    settings = load_settings({"class_table": str(table), "classes": ["kazoo", "violin"]})
    kazoo = classes_of(settings)[0]
    assert (kazoo.name, kazoo.group, kazoo.mids) == ("kazoo", "toy", (KAZOO,))
    assert kazoo.imagenet_of("papers") == kazoo.imagenet_of("full") == (7, 151, 152, 153)
    assert names_by_alias(settings["added_classes"])["playing kazoo, buzzing"] == "kazoo"


@pytest.mark.parametrize(
    "entry",
    [
        {
            "group": "toy",
            "mids": [KAZOO],
            "imagenet": [7, "151-153"],
            "aliases": ["playing kazoo, buzzing", "kz"],
        },
        {"group": "toy", "mids": KAZOO, "imagenet": "7;151-153", "aliases": "playing kazoo, buzzing;kz"},
    ],
)
def test_an_entry_of_the_configuration_says_the_same_as_a_row(table, entry):
    by_table = load_settings({"class_table": str(table), "classes": ["kazoo", "violin"]})
    by_entry = load_settings({"added_classes": {"kazoo": entry}, "classes": ["kazoo", "violin"]})
    assert by_entry["added_classes"] == by_table["added_classes"]


def test_only_stages_that_ask_what_a_class_is_are_given_the_added_ones(table):
    settings = load_settings({"class_table": str(table)})
    given = {"catalogue", "dataset", "mixtures", "score_tables", "export", "ablation_table", "report"}
    given |= {"experiments", "publication"}
    stages = {"bases", "labels", "train", "soundfont", "separate", "score", "denoise"} | given
    holders = {stage for stage in stages if "added_classes" in stage_settings(settings, stage)}
    assert holders == given
    assert "kazoo" in stage_settings(settings, "catalogue")["added_classes"]
    assert "class_table" not in stage_settings(settings, "catalogue")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("violin\t\t\t\t", ["line 2", "'violin' is a name of violin already"]),
        ("kazoo\t\t\t\tsax", ["line 2", "'sax' is a name of saxophone already"]),
        ("kazoo\t\t\t\t\nkazoo\t\t\t\t", ["line 3", "'kazoo' is a name of kazoo already"]),
        ("kazoo\t\t\t\tkz\nbell\t\t\t\tkz", ["line 3", "'kz' is a name of kazoo already"]),
        ("kazoo\t\t/0kzoo\t\t", ["line 2", "'/0kzoo' is no AudioSet mid", "/m/05r5c"]),
        ("kazoo\t\t\t1000\t", ["line 2", "imagenet", "'1000'", "from 0 to 999"]),
        ("kazoo\t\t\t-1\t", ["line 2", "imagenet", "from 0 to 999"]),
        ("kazoo\t\t\tseven\t", ["line 2", "'seven'", "from 0 to 999"]),
        ("my kazoo\t\t\t\t", ["line 2", "'my kazoo' cannot be an object's name"]),
        ("none\t\t\t\t", ["line 2", "'none' cannot be an object's name"]),
        ("\t\t\t1\t", ["line 2", "'' cannot be an object's name"]),
        ("kazoo\tmy toys\t\t\t", ["line 2", "'my toys' cannot be a group"]),
        ("kazoo\t\t\t\t\tmore", ["line 2", "more cells than columns"]),
    ],
)
def test_a_bad_row_is_one_sentence_with_the_table_its_line_the_value_and_the_remedy(table, row, words):
    table.write_text("object\tgroup\tmids\timagenet\taliases\n" + row + "\n")
    with pytest.raises(ObjectsoundsError) as caught:
        load_settings({"class_table": str(table)})
    said = str(caught.value)
    assert said.startswith(f"class_table: {table}") and "\n" not in said
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name\tmids\nkazoo\t\n", "the unknown column 'name'.*should name object"),
        ("object\tmid\nkazoo\t\n", "the unknown column 'mid'"),
        ("mids\tgroup\n/m/1\ttoy\n", "no column 'object'"),
        (b"\xff\xfe", "no text in UTF-8"),
    ],
)
def test_what_is_no_table_of_classes_is_refused(table, text, words):
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ObjectsoundsError, match=words):
        load_settings({"class_table": str(table)})


def test_a_missing_table_is_named():
    with pytest.raises(ObjectsoundsError, match=r"class_table: nowhere\.tsv cannot be read.*set it to null"):
        load_settings({"class_table": "nowhere.tsv"})


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kazoo": {"index": 7}}, r"added_classes\.kazoo = .* is impossible.*any of group, mids"),
        ({"kazoo": None}, r"added_classes\.kazoo = None is impossible"),
        ({"kazoo": {"mids": {"a": 1}}}, r"added_classes\.kazoo: mids = .* should be a list of texts"),
        ({"kazoo": {"imagenet": [1000]}}, r"added_classes\.kazoo: imagenet \[1000\] is impossible"),
        ({"kazoo": {"pictures": "nowhere"}}, r"added_classes\.kazoo: pictures nowhere is no folder"),
    ],
)
def test_a_bad_entry_is_one_sentence_with_its_key(entry, words):
    with pytest.raises(ObjectsoundsError, match=words):
        load_settings({"added_classes": entry})


def test_an_unknown_class_says_where_a_new_one_is_added():
    with pytest.raises(ObjectsoundsError, match=r"unknown object 'kazoo'.*row of class_table"):
        load_settings({"classes": ["kazoo", "violin"]})


def test_a_mid_that_the_ontology_lacks_is_named_with_its_table(table, tmp_path):
    (tmp_path / "list.csv").write_text(f'abcdefghij0, 0.000, 10.000, "{KAZOO}"\n')
    ontology = [{"id": "/m/07y_7"}]
    (tmp_path / "ontology.json").write_text(json.dumps(ontology))
    catalogue = {
        "train": [str(tmp_path / "list.csv")],
        "test": [],
        "ontology": str(tmp_path / "ontology.json"),
    }
    user = {"class_table": str(table), "classes": ["kazoo", "violin"], "catalogue": catalogue}
    with pytest.raises(ObjectsoundsError, match=f"class_table or added_classes: {KAZOO} of kazoo is not in"):
        choose_clips(stage_settings(load_settings(user), "catalogue"))


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("audioset", [f'{i:011d}, 0.000, 10.000, "{KAZOO}"' for i in range(9)]),
        ("vggsound", [f'{i:011d},0,"playing kazoo, buzzing",train' for i in range(9)]),
        ("ave", [f"playing kazoo, buzzing&{i:011d}&good&0&10" for i in range(9)]),
        ("audioset_strong", [f"{i:011d}_0\t0\t10\t{KAZOO}" for i in range(9)]),
        ("music", ['{"videos": {"kazoo": [' + ", ".join(f'"{i:011d}"' for i in range(9)) + "]}}"]),
    ],
)
def test_every_kind_of_catalogue_finds_an_added_class_by_its_name_mid_or_alias(table, tmp_path, kind, lines):
    (tmp_path / "list").write_text("\n".join(lines) + "\n")
    catalogue = {"kind": kind, "train": [str(tmp_path / "list")], "test": [], "sections_per_medium": 1}
    user = {"class_table": str(table), "classes": ["kazoo", "violin"], "catalogue": catalogue}
    settings = stage_settings(load_settings(user), "catalogue")
    make_catalogue(settings, tmp_path / "c" / "clips.tsv", tmp_path / "c" / "shards.txt")
    assert len(read_table(tmp_path / "c" / "clips.tsv")) == 9
    objects = [row for path in (tmp_path / "c").glob("objects-*.tsv") for row in read_table(path)]
    assert {row["objects"] for row in objects} == {"kazoo"} and len(objects) == 9


def test_frames_labels_mixtures_and_their_groups_know_an_added_class(table):
    settings = load_settings({"class_table": str(table), "classes": ["kazoo", "violin", "piano"]})
    scores = np.zeros((1, 1, 1000), np.float32)
    scores[..., 152] = 20.0
    names = [f"class {index}" for index in range(1000)]
    found = object_probabilities(scores, names, classes_of(settings), settings["dataset"])
    assert found[0].argmax() == 0
    assert groups_of(settings["classes"], added=settings["added_classes"]) == [
        "toy",
        "instrument",
        "cross-domain",
    ]
    sources = [("a", "kazoo"), ("b", "violin"), ("c", "piano")]
    rows, _ = choose_mixtures(sources, settings)
    assert {row["group"] for row in rows} == {"instrument", "cross-domain"}
    assert minutes(settings, "mixtures", {}.__getitem__)(None, 1) > 0


def test_pictures_of_an_added_class_are_learnt_beside_those_of_the_others(tmp_path):
    rng = np.random.default_rng(0)
    for name, count in (("all/train/violin", 3), ("all/val/violin", 1), ("kazoos", 7), ("bells/train", 2)):
        (tmp_path / name).mkdir(parents=True)
        for index in range(count):
            picture = rng.integers(0, 256, (32, 32, 3), np.uint8)
            cv2.imwrite(str(tmp_path / name / f"{index}.png"), picture)
    (tmp_path / "bells" / "val").mkdir()
    cv2.imwrite(str(tmp_path / "bells" / "val" / "0.png"), picture)
    own = {"kazoo": {"pictures": str(tmp_path / "kazoos")}, "bell": {"pictures": str(tmp_path / "bells")}}
    own["unused"] = {"pictures": str(tmp_path / "bells")}
    labeller = {"kind": "pictures", "pictures": {"path": str(tmp_path / "all")}}
    user = {"added_classes": own, "classes": ["kazoo", "bell", "violin"], "labeller": labeller}
    options = stage_settings(load_settings(user), "labeller")["labeller"]["pictures"]
    assert options["folders"] == {name: own[name]["pictures"] for name in ("kazoo", "bell")}
    counts = {}
    for split in ("train", "val"):
        _, targets, objects = read_pictures(Path(options["path"]), split, options["folders"])
        counts[split] = {name: int((targets == index).sum()) for index, name in enumerate(objects)}
    assert counts == {
        "train": {"bell": 2, "kazoo": 6, "violin": 3},
        "val": {"bell": 1, "kazoo": 1, "violin": 1},
    }
    _, _, alone = read_pictures(None, "train", options["folders"])
    assert alone == ["bell", "kazoo"]
    with pytest.raises(ObjectsoundsError, match=r"bells has no picture of bell for val: add some"):
        (tmp_path / "bells" / "val" / "0.png").unlink()
        read_pictures(None, "val", options["folders"])


@pytest.mark.parametrize("stage", ["mixtures_table", "score_tables", "experiments"])
def test_every_stage_that_asks_for_groups_is_told_of_added_classes(table, stage):
    settings = load_settings({"class_table": str(table), "classes": ["kazoo", "violin"]})
    kept = stage_settings(settings, stage)
    assert groups_of(kept["classes"], (2,), added_of(kept)) == ["toy", "instrument", "cross-domain"]
