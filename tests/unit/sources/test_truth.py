"""What a person knows of clips: its table in all the forms that people have, and what it is used for."""

import pytest

from objectsounds.config.settings import load_settings, stage_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import ROOT
from objectsounds.sources.clip_rows import ClipRow
from objectsounds.sources.shards import choose_clips
from objectsounds.sources.truth import Known, Truth, add_truth

SHARED = ROOT.parent / "shared"


def row(clip_id, split="test", source="", objects="", visible=""):
    source = source or clip_id.rpartition("_")[0]
    return ClipRow(clip_id, source, "", "0.000", "10.000", split, objects=objects, visible=visible)


CLIP = row("v0000000001_30000")


def truth_of(tmp_path, text, name="truth.csv"):
    path = tmp_path / name
    path.write_text(text)
    return Truth(path)


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
def test_each_separator_is_read(tmp_path, separator):
    lines = ["media_id|sounding|visible", 'v0000000001|"piano;violin"|none']
    truth = truth_of(tmp_path, "\n".join(lines).replace("|", separator))
    assert truth.of(CLIP) == Known("piano;violin", "none")


def test_a_row_of_a_medium_holds_for_all_its_clips(tmp_path):
    truth = truth_of(tmp_path, "media_id,visible\nv0000000001,piano\n")
    assert truth.of(CLIP) == truth.of(row("v0000000001_0")) == Known("", "piano")
    assert truth.of(row("v0000000002_0")) is None


def test_two_clips_of_one_medium_differ_by_their_start(tmp_path):
    text = "media_id,start,visible\nv0000000001,30,piano\nv0000000001,0.0,violin\nv0000000001,,none\n"
    truth = truth_of(tmp_path, text)
    found = [truth.of(row(f"v0000000001_{start}")).visible for start in (30000, 0, 10000)]
    assert found == ["piano", "violin", "none"]


def test_a_row_of_a_clips_own_id_goes_before_one_of_its_medium(tmp_path):
    text = "media_id,clip_id,visible\nv0000000001,,violin\n,v0000000001_30000,piano\n"
    assert truth_of(tmp_path, text).of(CLIP).visible == "piano"


def test_a_file_is_named_as_the_list_names_it_or_beside_the_table(tmp_path):
    truth = truth_of(tmp_path, "file,sounding\nvideos/a.mp4,piano\n")
    for source in ("videos/a.mp4", str(tmp_path / "videos" / "a.mp4")):
        assert truth.of(row("a-0123_0", source=source)).sounding == "piano"


def test_rows_that_cannot_be_used_are_told_with_their_lines(tmp_path):
    good = "".join(f"v{index:010d},piano\n" for index in range(9))
    text = f"media_id,visible\n{good},piano\nw0000000000,kazoo\nv0000000001,violin\nx,piano,violin\n"
    truth = truth_of(tmp_path, text)
    assert [(bad.line, bad.reason.partition(":")[0]) for bad in truth.rejected] == [
        (11, "no media_id, clip_id or file"),
        (12, "unknown object 'kazoo'"),
        (13, "listed before"),
        (14, "more cells than columns"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,seen\na,piano\n", "has the columns name, seen; its first line should name"),
        ("media_id\na\n", "has the columns media_id; its first line should name"),
        ("", r"has the columns \(none\)"),
        ("media_id,visible\na,kazoo\nb,kazoo\n", "mostly unusable: 2 of 2 rows.*line 2.*kazoo"),
    ],
)
@pytest.mark.parametrize("name", ["truth.csv", "truth.tsv"])
def test_what_is_no_table_of_truth_is_refused_in_a_sentence_and_stays(tmp_path, text, words, name):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ObjectsoundsError, match=words) as raised:
        Truth(path)
    assert "tabs, commas or semicolons" in str(raised.value) and "\n" not in str(raised.value)
    assert [item.name for item in tmp_path.iterdir()] == [name] and path.read_text() == text


def test_what_sounds_is_believed_where_it_is_tested_and_what_is_seen_everywhere(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("media_id,sounding,visible\na,piano,violin\nb,piano,violin\nc,,\n")
    rows = [row("a_0", "train", objects="drum"), row("b_0", objects="drum"), row("c_0", objects="drum")]
    assert add_truth(rows, path) == []
    assert [(item.objects, item.visible) for item in rows] == [
        ("drum", "violin"),
        ("piano", "violin"),
        ("drum", ""),
    ]


def test_a_truth_of_other_clips_is_told(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("media_id,visible\na,piano\n")
    assert "none of its rows is of a chosen clip" in add_truth([row("b_0")], path)[0].reason


@pytest.mark.skipif(not (SHARED / "realset").is_dir(), reason="the real clips are not beside this checkout")
@pytest.mark.parametrize("name", ["realset/truth.tsv", "realset/truth.csv", "realclips/truth.csv"])
def test_real_tables_of_truth_name_what_is_seen_in_every_clip(name):
    folder = (SHARED / name).parent
    lists = {"train": [str(folder / "train_segments.csv")], "test": [str(folder / "eval_segments.csv")]}
    user = {"catalogue": lists | {"truth": str(SHARED / name), "val_fraction": 0.1}}
    rows, rejected = choose_clips(stage_settings(load_settings(user), "catalogue"))
    assert len(rows) > 80 and all(item.visible for item in rows)
    assert [bad for bad in rejected if bad.path.endswith(name)] == []
