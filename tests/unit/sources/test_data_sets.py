"""Data sets of the field as catalogue kinds: small lists in their real formats, made from public facts."""

import csv
import json
from pathlib import Path

import pytest

from objectsounds.config.classes import read_classes
from objectsounds.config.kind_table import KINDS
from objectsounds.config.settings import load_settings, stage_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import read_table
from objectsounds.sources.audioset_strong import Event, solos
from objectsounds.sources.clip_rows import ClipRow
from objectsounds.sources.kinds import read_listing
from objectsounds.sources.labels import TABLE
from objectsounds.sources.media_folder import Found, MediaFolder
from objectsounds.sources.shards import choose_clips
from objectsounds.sources.single_sources import read_single_sources
from objectsounds.sources.truth import Truth
from objectsounds.stages.catalogue import make_catalogue

VIOLIN, DOG, CAR, MUSIC, ROOM = "/m/07y_7", "/m/0bt9lr", "/m/0k4j", "/m/04rlf", "/t/dd00125"
LISTS = ("vggsound", "ave", "music_avqa", "audioset_strong")


def settings_of(kind: str, train: list[Path], test: list[Path] = (), **keys) -> dict:
    catalogue = {"kind": kind, "train": [str(path) for path in train], "test": [str(path) for path in test]}
    given = {"classes": ["piano", "violin", "dog"], "catalogue": catalogue | keys}
    return stage_settings(load_settings(given), "catalogue")


def read(kind: str, path: Path, **keys):
    settings = settings_of(kind, [path], **keys)
    options = settings["catalogue"] | {name: settings[name] for name in ("classes", "added_classes")}
    return read_listing(kind, path, options)


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def reasons(rejected) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rejected]


VGGSOUND = [
    "---g-f_I2yQ,1,people marching,test",
    '--0PQM4-hqg,30,"playing violin, fiddle",train',
    "--56QUhyDQM,185,playing piano,train",
    "--5OkAjCI7g,40,dog bow-wow,test",
]


def test_a_row_of_vggsound_is_ten_seconds_of_the_object_that_its_label_means(tmp_path):
    found, rejected = read("vggsound", written(tmp_path / "vggsound.csv", VGGSOUND))
    assert [(item.clip_id, item.end, item.objects, item.split, item.only) for item in found] == [
        ("--0PQM4-hqg_30000", 40.0, ("violin",), "", ("train", "val")),
        ("--56QUhyDQM_185000", 195.0, ("piano",), "", ("train", "val")),
        ("--5OkAjCI7g_40000", 50.0, ("dog",), "test", ()),
    ]
    assert rejected == []


def test_bad_rows_of_vggsound_are_told_by_line_while_the_rest_is_read(tmp_path):
    bad = [
        "--7z4cFO4iQ,-3,playing piano,train",
        "--8puiAGLhs,twenty,playing piano,train",
        "short,3,playing piano,train",
        "--9O4XZOge4,40,playing piano,validation",
        "--A_xdmXL2k,40,playing pianos,train",
        "--B_xdmXL2k,40,playing violin, fiddle,train",
    ]
    lines = ["video,start_seconds,label,split", *VGGSOUND, *bad, *VGGSOUND]
    found, rejected = read("vggsound", written(tmp_path / "vggsound.csv", lines))
    assert len(found) == 6
    assert reasons(rejected) == [
        (6, "impossible start '-3'"),
        (7, "start 'twenty' is not a number"),
        (8, "impossible media id 'short'"),
        (9, "unknown split 'validation'"),
        (10, "unknown label 'playing pianos'"),
        (11, "5 cells instead of id, start, label, split"),
    ]


SPLIT = ("test", "train")


def test_vggsounds_train_clips_give_val_and_never_test(tmp_path):
    lines = [
        f"{index:011d},{index},playing piano,{'test' if index % 4 == 0 else 'train'}" for index in range(80)
    ]
    path = written(tmp_path / "vggsound.csv", lines)
    expected = {f"{index:011d}_{index * 1000}" for index in range(0, 80, 4)}
    for test in ([], [path]):
        rows, _ = choose_clips(settings_of("vggsound", [path], test, val_fraction=0.3, test_fraction=0.5))
        assert {row.clip_id for row in rows if row.split == "test"} == expected
        assert 8 < sum(row.split == "val" for row in rows) < 30 and len(rows) == 80


AVE = [
    "Category&VideoID&Quality&StartTime&EndTime",
    "Church bell&RUhOCu3LNXM&good&0&10",
    "Violin, fiddle&3EGRBIP1PCE&good&0&10",
    "Bark&4fOPARTldEM&good&2&7",
    "Male speech, man speaking&4fOPARTldEM&good&6&9",
    "Bark&4fOPARTldEM&good&9&10",
    "Bark&rtg-Fq4olmY&good&0&4",
    "Violin, fiddle&rtg-Fq4olmY&good&1&3",
]


def test_a_row_of_ave_is_an_event_with_all_that_sounds_within_it(tmp_path):
    found, rejected = read("ave", written(tmp_path / "Annotations.txt", AVE))
    assert [(item.clip_id, item.end, item.objects, item.only) for item in found] == [
        ("RUhOCu3LNXM_0", 10.0, ("church_bell",), ()),  # an object, though none of the run's
        ("3EGRBIP1PCE_0", 10.0, ("violin",), ()),
        ("4fOPARTldEM_2000", 7.0, ("dog",), ("train", "val")),  # a man speaks in its last second
        ("4fOPARTldEM_9000", 10.0, ("dog",), ()),
        ("rtg-Fq4olmY_0", 4.0, ("dog", "violin"), ()),
        ("rtg-Fq4olmY_1000", 3.0, ("dog", "violin"), ()),
    ]
    assert rejected == []


def test_the_sets_beside_aves_annotations_say_the_split(tmp_path):
    path = written(tmp_path / "Annotations.txt", AVE)
    written(tmp_path / "trainSet.txt", [AVE[2]])
    written(tmp_path / "valSet.txt", AVE[6:])
    written(tmp_path / "testSet.txt", AVE[3:6])
    found, rejected = read("ave", path)
    places = [(item.clip_id, item.split, item.only) for item in found]
    assert places == [
        ("RUhOCu3LNXM_0", "", ()),
        ("3EGRBIP1PCE_0", "", ("train", "val")),
        ("4fOPARTldEM_9000", "test", ()),
        ("rtg-Fq4olmY_0", "val", ()),
        ("rtg-Fq4olmY_1000", "val", ()),
    ]
    assert reasons(rejected) == [
        (4, "4fOPARTldEM: 'Male speech, man speaking' sounds too, which is none of the objects")
    ]
    assert {item.split for item in read("ave", tmp_path / "testSet.txt")[0]} == {"test"}


def test_bad_rows_of_ave_are_told_by_line_while_the_rest_is_read(tmp_path):
    bad = [
        "Bark&4fOPARTldEM&good&0&0",
        "Bark&4fOPARTldEM&good&0&11",
        "Bark&short&good&0&4",
        "Bark&4fOPARTldEM&good&zero&4",
        "Barking&4fOPARTldEM&good&0&4",
        "Bark&4fOPARTldEM&good",
    ]
    found, rejected = read("ave", written(tmp_path / "Annotations.txt", [*AVE, *bad]))
    assert len(found) == 6
    assert reasons(rejected) == [
        (9, "onset 0 and offset 0 are no section of 10 s"),
        (10, "onset 0 and offset 11 are no section of 10 s"),
        (11, "impossible media id 'short'"),
        (12, "onset or offset is not a number"),
        (13, "unknown label 'Barking'"),
        (14, "3 cells instead of category, id, quality, onset, offset"),
    ]


def question(video: str, content: str, answer: str, *named: str) -> dict:
    return {
        "video_id": video,
        "question_id": 50,
        "type": '["Audio", "Counting"]',
        "question_content": content,
        "templ_values": json.dumps(list(named)),
        "question_deleted": 0,
        "anser": answer,
    }


KINDS_OF = "How many types of musical instruments sound in the video?"
QUESTIONS = [
    question("00000272", "Is there a <Object> sound?", "yes", "violin"),
    question("00000272", KINDS_OF, "one"),
    question("00000272", "Where is the performance?", "indoor"),
    question("00000259", "Is the <Object> louder than the <Object>?", "no", "piano", "violin"),
    question("00000259", KINDS_OF, "two"),
    question("sa00007434", "What is the <TH> instrument that comes in?", "piano", "second"),
    question("00007052", "Which instrument makes sounds <BA> the <Object>?", "cello", "before", "violin"),
    question("00007053", "Is there a <Object> sound?", "no", "piano"),
    question("00007053", "Is there a <Object> in the entire video?", "yes", "piano"),
    question("00007054", "How many sounding <Object> in the video?", "three", "violin"),
    question("00007054", "How many sounding <Object> in the video?", "zero", "cello"),
    question("00007054", KINDS_OF, "one"),
    question("00007054", "Is there a voiceover?", "yes"),
]


def test_the_questions_of_music_avqa_say_what_sounds_in_a_video(tmp_path):
    path = tmp_path / "questions.json"
    path.write_text(json.dumps(QUESTIONS))
    found, rejected = read("music_avqa", path, section_seconds=6, sections_per_medium=2)
    facts = {item.media_id: (item.objects, item.only) for item in found}
    both = ("train", "val")
    assert facts == {
        "00000272": (("violin",), ()),
        "00000259": (("piano", "violin"), ()),
        "sa00007434": (("piano",), both),  # how many sound is not told
        "00007052": (("violin", "cello"), both),
        "00007054": (("violin",), both),  # and a voice
    }
    assert [(item.start, item.end) for item in found[:2]] == [(0, 6), (6, 12)] and rejected == []


def test_a_video_of_music_avqas_test_questions_that_is_half_known_is_left_out_and_told(tmp_path):
    path = tmp_path / "avqa-test.json"
    path.write_text(json.dumps(QUESTIONS))
    found, rejected = read("music_avqa", path)
    assert {item.media_id for item in found} == {"00000272", "00000259"}
    assert {item.split for item in found} == {"test"}
    assert [row.reason for row in rejected] == [
        f"{name}: its questions do not tell all that sounds"
        for name in ("sa00007434", "00007052", "00007054")
    ]


def test_bad_questions_of_music_avqa_are_told_by_number(tmp_path):
    bad = [{"video_id": "00000272"}, question("../x", KINDS_OF, "one"), "text"]
    bad += [question("00000272", "Is there a <Object> sound?", "yes", "kazoo"), question("1", KINDS_OF, 1)]
    bad += [question("00000272", KINDS_OF, "one") | {"templ_values": "["}]
    path = tmp_path / "avqa-train.json"
    path.write_text(json.dumps([*QUESTIONS, *bad]))
    _, rejected = read("music_avqa", path)
    assert [row.reason for row in rejected] == [
        "question 14: no 'question_content'",
        "question 15: impossible video id '../x'",
        "question 16: it is no question with its templ_values",
        "question 17: 00000272: unknown label 'kazoo'",
        "question 18: its question or answer is no text",
        "question 19: it is no question with its templ_values",
    ]


STRONG = [
    "segment_id\tstart_time_seconds\tend_time_seconds\tlabel",
    f"b0RFKhbpFJA_30000\t0.000\t10.000\t{ROOM}",
    f"b0RFKhbpFJA_30000\t0.500\t3.000\t{DOG}",
    f"b0RFKhbpFJA_30000\t3.600\t5.000\t{DOG}",
    f"b0RFKhbpFJA_30000\t5.000\t7.000\t{CAR}",
    f"b0RFKhbpFJA_30000\t6.000\t9.500\t{DOG}",
    f"s9d-2nhuJCQ_0\t1.0\t9.0\t{MUSIC}",
]


def test_strong_labels_give_whole_segments_to_train_and_true_solos_to_test(tmp_path):
    found, rejected = read("audioset_strong", written(tmp_path / "strong.tsv", STRONG))
    assert [(item.clip_id, item.end, item.objects, item.only) for item in found] == [
        ("b0RFKhbpFJA_30000", 40.0, ("dog", "car"), ("train", "val")),
        ("b0RFKhbpFJA_30500", 35.0, ("dog",), ("test",)),  # with a pause of 0.6 s; the car is too short
        ("b0RFKhbpFJA_37000", 39.5, ("dog",), ("test",)),
    ]
    (row,) = rejected
    assert row.reason == "no event of piano, violin: the strong labels call most music just Music"


def test_the_shortest_solo_and_its_splits_are_settings(tmp_path):
    path = written(tmp_path / "strong.tsv", STRONG)
    found, _ = read("audioset_strong", path, solo_seconds=1.0, strong_solos=["train", "val", "test"])
    assert [(item.start, item.end) for item in found] == [(30.5, 35.0), (35.0, 36.0), (37.0, 39.5)]


def test_an_event_that_ends_a_little_late_ends_with_its_segment(tmp_path):
    path = written(tmp_path / "strong.tsv", [f"b0RFKhbpFJA_30000\t5.0\t10.03\t{DOG}"])
    found, _ = read("audioset_strong", path, strong_solos=["train", "val", "test"])
    assert [(item.start, item.end) for item in found] == [(35.0, 40.0)]


OBJECTS = {DOG: ("dog",), CAR: ("car",), "/m/0342h": ("guitar", "acoustic_guitar")}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(DOG, 0, 4)], [("dog", 0, 4)]),
        ([(DOG, 0, 4), (DOG, 5.5, 8)], [("dog", 0, 4), ("dog", 5.5, 8)]),  # a long pause
        ([(DOG, 0, 8), (MUSIC, 3, 5)], [("dog", 0, 3), ("dog", 5, 8)]),
        ([(DOG, 0, 8), (MUSIC, 0, 10)], []),
        ([(DOG, 0, 3), (MUSIC, 3.2, 3.6), (DOG, 3.8, 5)], [("dog", 0, 3), ("dog", 3.8, 5)]),
        ([("/m/0342h", 0, 5)], []),  # two objects that one label means
        ([(ROOM, 0, 10)], []),
    ],
)
def test_a_solo_is_where_one_object_is_labelled_and_nothing_else(events, expected):
    assert solos([Event(*event) for event in events], OBJECTS) == expected


def test_bad_rows_of_strong_labels_are_told_by_line_while_the_rest_is_read(tmp_path):
    (tmp_path / "ontology.json").write_text(
        json.dumps(
            [{"id": mid} for item in read_classes().values() for mid in item.all_mids] + [{"id": MUSIC}]
        )
    )
    bad = [
        f"b0RFKhbpFJA\t0\t1\t{DOG}",
        f"b0RFKhbpFJA_30000\t2\t1\t{DOG}",
        f"b0RFKhbpFJA_30000\t2\t12\t{DOG}",
        f"b0RFKhbpFJA_30000\tx\t12\t{DOG}",
        "b0RFKhbpFJA_30000\t0\t1\tBark",
        "b0RFKhbpFJA_30000\t0\t1\t/m/unheard",
        "b0RFKhbpFJA_30000\t0\t1",
    ]
    lines = [*STRONG[:1], *STRONG[2:], *STRONG[2:], *bad]
    ontology = str(tmp_path / "ontology.json")
    _, rejected = read("audioset_strong", written(tmp_path / "strong.tsv", lines), ontology=ontology)
    assert reasons(rejected)[:-1] == [
        (12, "impossible segment id 'b0RFKhbpFJA'"),
        (13, "onset 2 and offset 1 are no section of 10 s"),
        (14, "onset 2 and offset 12 are no section of 10 s"),
        (15, "onset or offset is not a number"),
        (16, "impossible label 'Bark'"),
        (17, "label /m/unheard is not in the ontology"),
        (18, "3 cells instead of segment id, onset, offset, mid"),
    ]


def test_a_solo_is_found_within_the_section_that_was_cut(tmp_path):
    for name in ("b0RFKhbpFJA_30000_40000.mkv", "s9d-2nhuJCQ_20_30.wav", "s9d-2nhuJCQ_20_30.mp4"):
        (tmp_path / name).write_bytes(b"x")
    media = MediaFolder(tmp_path)
    cut = tmp_path / "b0RFKhbpFJA_30000_40000.mkv"
    assert media.find("b0RFKhbpFJA", 32.5, 37.25) == Found(cut, cut, 2.5)
    assert media.find("b0RFKhbpFJA", 32.5, 40.5) is None and media.find("b0RFKhbpFJB", 32.5, 37.0) is None
    assert media.find("s9d-2nhuJCQ", 21.0, 30.0).start == 1.0


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00bad", "no text in UTF-8"),
        (b"<html>\n<body>Not found</body>\n</html>\n", "mostly unreadable|is no JSON"),
        (b"", "mostly unreadable|is no JSON|holds no row"),
        (b"[]", "mostly unreadable|holds no questions"),
    ],
)
def test_a_damaged_list_is_one_sentence_with_its_file_and_stays_where_it_is(tmp_path, kind, content, words):
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    with pytest.raises(ObjectsoundsError, match=words) as caught:
        read(kind, path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", ["ave", "music_avqa"])
def test_what_cannot_be_downloaded_by_its_ids_or_times_is_refused_with_the_remedy(kind):
    user = {"catalogue": {"kind": kind}, "clips": {"download": {"enabled": True}}}
    with pytest.raises(ObjectsoundsError, match=f"ids or times of {kind}.*set it to false"):
        load_settings(user)


def test_every_label_of_the_data_sets_is_listed_once_and_no_alias_is_misspelt():
    with TABLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    listed = {kind: [row["label"] for row in rows if row["kind"] == kind] for kind in KINDS}
    counts = {kind: len(labels) for kind, labels in listed.items() if labels}
    assert counts == {"vggsound": 309, "ave": 28, "music_avqa": 22}
    assert all(len(labels) == len(set(labels)) for labels in listed.values())
    labels = {row["label"] for row in rows}
    other = [alias for item in read_classes().values() for alias in item.aliases if alias not in labels]
    assert other == ["vc", "fl", "hn", "sax", "tbn", "vn", "bn", "cl", "db", "ob", "tpt", "tba", "va"]
    known = {name for item in read_classes().values() for name in (item.name, *item.aliases)}
    assert set(listed["music_avqa"]) <= known
    assert set(listed["ave"]) - known == {
        "Male speech, man speaking",
        "Female speech, woman speaking",
        "Baby cry, infant cry",
    }


def test_a_person_may_use_the_labels_of_data_sets_in_folders_lists_and_truth(tmp_path, make_video):
    make_video(tmp_path / "videos" / "playing violin, fiddle" / "a.mp4", seconds=2)
    found, _ = read("folder", tmp_path / "videos")
    assert {item.objects for item in found} == {("violin",)}
    lines = ["file\tobjects", "videos/playing violin, fiddle/a.mp4\tplaying violin, fiddle;dog barking"]
    found, rejected = read("folder", written(tmp_path / "list.tsv", lines))
    assert {item.objects for item in found} == {("violin", "dog")} and rejected == []
    lines = ["media_id\tsounding\tvisible", "abcdefghij0\tViolin, fiddle\tdog, Bark;piano"]
    truth = Truth(written(tmp_path / "truth.tsv", lines))
    known = truth.of(ClipRow("abcdefghij0_0", "abcdefghij0", "", "0.000", "10.000", "test"))
    assert (known.sounding, known.visible) == ("violin", "dog;piano")
    singles, _ = read_single_sources(written(tmp_path / "s.txt", ['abcdefghij0, 0, 3, "Violin, fiddle"']))
    assert singles[0].objects == ("violin",)


@pytest.mark.parametrize(
    ("kind", "name", "lines", "expected"),
    [
        ("vggsound", "v.csv", VGGSOUND, {"--0PQM4-hqg_30000", "--56QUhyDQM_185000", "--5OkAjCI7g_40000"}),
        ("ave", "Annotations.txt", AVE[:3], {"3EGRBIP1PCE_0"}),
        ("music_avqa", "q.json", [json.dumps(QUESTIONS[:2])], {"00000272_0", "00000272_10000"}),
        ("audioset_strong", "s.tsv", STRONG, {"b0RFKhbpFJA_30000"}),
    ],
)
def test_a_list_becomes_the_catalogue_of_clips(tmp_path, kind, name, lines, expected):
    path = written(tmp_path / name, lines)
    settings = settings_of(kind, [path], test_fraction=0.01, sections_per_medium=2, val_fraction=0.0)
    clips = tmp_path / "c" / "clips.tsv"
    make_catalogue(settings, clips, tmp_path / "c" / "shards.txt")
    assert {row["clip_id"] for row in read_table(clips)} == expected
