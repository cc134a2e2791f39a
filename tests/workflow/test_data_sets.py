"""Lists of the field's data sets in their own formats, through the real workflow to scored separations.

The sound and the pictures are the demo's: the lists say of them what VGGSound's, AVE's and the others' say of
theirs. One run has an object that the package does not know, by a table and a folder of pictures.
"""

import json
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
import soundfile
import yaml

from objectsounds.core.tables import read_table
from objectsounds.data.bags import open_dataset
from objectsounds.data.status import read_objects, read_status
from objectsounds.media.mono import decode_mono
from objectsounds.sources.splits import SPLITS
from tests.workflow.conftest import RESULTS, Place

LABELS = {"drum": "playing gizmo, gadget", "piano": "playing piano", "violin": "playing violin, fiddle"}
MIDS = {"drum": "/m/026t6", "piano": "/m/05r5c", "violin": "/m/07y_7"}
SECONDS = 3  # of the demo's videos
Clips = dict[str, list[str]]  # media id to what sounds


def _lines(path: Path, lines: list[str]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path.name


def vggsound(place: Place, demo: Path, train: Clips, test: Clips) -> dict:
    """VGGSound's CSV, with one label a clip, and an object of a person's own for the drum."""
    rows = [(name, LABELS[sounding[0]], "train") for name, sounding in train.items()]
    rows += [(name, LABELS[sounding[0]], "test") for name, sounding in test.items()]
    listed = _lines(
        place.folder / "vggsound.csv", [f'{name},0,"{label}",{split}' for name, label, split in rows]
    )
    pictures = place.folder / "my pictures"
    for split in ("train", "val"):
        for name in ("piano", "violin"):
            _link(demo / "pictures" / split / name, pictures / "all" / split / name)
        _link(demo / "pictures" / split / "drum", pictures / "gizmo" / split)
    table = ["object\tgroup\tmids\taliases\tpictures", f"gizmo\ttoy\t\t{LABELS['drum']}\tmy pictures/gizmo"]
    return {
        "classes": ["gizmo", "piano", "violin"],
        "class_table": _lines(place.folder / "my classes.tsv", table),
        "labeller": {"pictures": {"path": "my pictures/all"}},
        "catalogue": {"train": [listed], "test": []},
    }


def _link(target: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def ave(place: Place, demo: Path, train: Clips, test: Clips) -> dict:
    """AVE's annotations, whose sets beside them say the split; AVE has no piano and no drum."""
    names = {"drum": "Shofar", "piano": "Accordion", "violin": "Violin, fiddle"}
    rows = {
        name: [f"{names[label]}&{name}&good&0&{SECONDS}" for label in sounding]
        for name, sounding in (train | test).items()
    }
    header, held = "Category&VideoID&Quality&StartTime&EndTime", list(train)[:4]
    listed = _lines(place.folder / "Annotations.txt", [header, *chain.from_iterable(rows.values())])
    sets = {"trainSet": [name for name in train if name not in held], "valSet": held, "testSet": list(test)}
    for name, members in sets.items():
        _lines(place.folder / f"{name}.txt", list(chain.from_iterable(rows[member] for member in members)))
    classes = ["shofar", "accordion", "violin"]
    pictures = place.folder / "pictures"
    for split in ("train", "val"):
        for name, shown in zip(classes, ("drum", "piano", "violin"), strict=True):
            _link(demo / "pictures" / split / shown, pictures / split / name)
    return {
        "classes": classes,
        "labeller": {"pictures": {"path": "pictures"}},
        "catalogue": {"train": [listed], "test": []},
    }


def music_avqa(place: Place, demo: Path, train: Clips, test: Clips) -> dict:
    """MUSIC-AVQA's questions, which say of a video what sounds, and of how many kinds."""
    lists = {}
    for split, clips in (("train", train), ("test", test)):
        questions = [
            {
                "video_id": name,
                "question_content": content,
                "templ_values": json.dumps(words),
                "anser": answer,
            }
            for name, sounding in clips.items()
            for content, words, answer in [
                *(("Is there a <Object> sound?", [label], "yes") for label in sounding),
                (
                    "How many types of musical instruments sound in the video?",
                    [],
                    ("one", "two")[len(sounding) - 1],
                ),
            ]
        ]
        lists[split] = [_lines(place.folder / f"avqa-{split}.json", [json.dumps(questions)])]
    return {"catalogue": lists | {"section_seconds": SECONDS, "sections_per_medium": 1}}


def audioset_strong(place: Place, demo: Path, train: Clips, test: Clips) -> dict:
    """AudioSet's strong labels, with onset and offset of each sound."""
    lists = {}
    for split, clips in (("train", train), ("test", test)):
        lines = [
            f"{name}_0\t0.000\t{SECONDS:.3f}\t{MIDS[label]}"
            for name, sounding in clips.items()
            for label in sounding
        ]
        header = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel"
        lists[split] = [_lines(place.folder / f"audioset_{split}_strong.tsv", [header, *lines])]
    return {"catalogue": lists}


def _sound(demo: Path, name: str, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    waveform = decode_mono(demo / "media" / f"{name}.mp4", 16000, 60, start=0.0, seconds=SECONDS).waveform
    soundfile.write(path, waveform, 16000)
    return path


def audio(place: Place, demo: Path, train: Clips, test: Clips) -> dict:
    """Sound that was extracted, in folders called like what sounds; the pictures are in the demo's videos."""
    for split, clips in (("train", train), ("test", test)):
        for name, sounding in clips.items():
            _sound(demo, name, place.folder / "sounds" / split / "+".join(sounding) / f"{name}.flac")
    return {"catalogue": {"train": ["sounds"], "test": [], "pictures": str(demo / "media")}}


def parquet(place: Place, demo: Path, train: Clips, test: Clips) -> dict:
    """The same in Hugging Face's Parquet shards."""
    pyarrow, files = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for split, clips in (("train", train), ("test", test)):
        rows = []
        for name, sounding in clips.items():
            path = _sound(demo, name, place.folder / "sounds" / f"{name}.wav")
            rows.append({"video_id": name, "audio": {"bytes": path.read_bytes(), "path": path.name}})
            rows[-1]["labels"] = [LABELS[label].replace("gizmo, gadget", "drum kit") for label in sounding]
        (place.folder / "shards").mkdir(exist_ok=True)
        shard = place.folder / "shards" / f"{split}-00000-of-00001.parquet"
        files.write_table(pyarrow.Table.from_pylist(rows), shard, row_group_size=4)
    catalogue = {"train": ["shards"], "test": [], "pictures": str(demo / "media")}
    return {"catalogue": catalogue | {"kind": "audio"}}


RUNS: list[Callable] = [vggsound, ave, music_avqa, audioset_strong, audio, parquet]


def clips_of(demo: Path) -> tuple[Clips, Clips]:
    """Return what sounds in the demo's clips of train and of test."""
    known = {row["media_id"]: row["sounding"].split(";") for row in read_table(demo / "truth.tsv")}
    ids = [
        line.partition(",")[0] for line in (demo / "unbalanced_train_segments.csv").read_text().splitlines()
    ]
    train = {name: known[name] for name in ids if name in known}
    return train, {name: sounding for name, sounding in known.items() if name not in train}


EACH = [pytest.param(kind, marks=() if kind is vggsound else pytest.mark.kinds) for kind in RUNS]


@pytest.mark.parametrize("kind", EACH, ids=lambda kind: kind.__name__)
def test_a_list_in_a_data_sets_own_format_ends_in_scored_separations(finished, new_place, kind):
    if kind is parquet:
        pytest.importorskip("pyarrow")
    demo = (finished.results / "demo").resolve()
    train, test = clips_of(demo)
    place = new_place(kind.__name__)
    settings = kind(place, demo, train, test)
    catalogue = {"kind": kind.__name__, "truth": None, "val_fraction": 0.2} | settings["catalogue"]
    settings |= {"catalogue": catalogue, "clips": {"media": str(demo / "media")}}
    whole = kind is vggsound  # the others need no more than what depends on the list: the clips and mixtures
    settings["methods"] = ["mixture", "ideal_ratio_mask", *(["miml"] if whole else [])]
    config = place.folder / "config" / "config.yaml"
    config.write_text(config.read_text() + yaml.safe_dump(settings))
    place.snakemake(*([] if whole else [f"{RESULTS}/score/scores.tsv"]))
    if kind is audioset_strong:  # nothing sounds alone in a duet
        test = {name: sounding for name, sounding in test.items() if len(sounding) == 1}
    clips = read_table(place.results / "catalogue" / "clips.tsv")
    assert {row["split"] for row in clips} == set(SPLITS) and len(clips) == len(train) + len(test)
    assert {row["clip_id"] for row in clips if row["split"] == "test"} == {f"{name}_0" for name in test}
    statuses = [row for path in place.results.glob("clips/*/status.tsv") for row in read_status(path)]
    assert {row["status"] for row in statuses} == {"ok"}
    classes = settings.get("classes", ["drum", "piano", "violin"])
    known = read_objects(place.results / "catalogue" / "objects-test.tsv")
    heard = {name.partition("_0")[0]: row["objects"].split(";") for name, row in known.items()}
    expected = {
        name: [classes[list(MIDS).index(label)] for label in sounding] for name, sounding in test.items()
    }
    if kind is vggsound:
        expected = {name: sounding[:1] for name, sounding in expected.items()}
    assert {name: set(sounding) for name, sounding in heard.items()} == {
        name: set(sounding) for name, sounding in expected.items()
    }
    scores = read_table(place.results / "score" / "scores.tsv")
    assert {row["method"] for row in scores} == set(settings["methods"])
    assert {row["object"] for row in scores} == set(classes)
    if whole:
        data = open_dataset(place.results / "dataset" / "default" / "test.h5")
        assert data.objects == classes and data.targets[:, 0].any()  # the gizmo is seen, too
        assert {row["group"] for row in scores} == {"instrument", "cross-domain"}
        assert "gizmo" in (place.results / "report" / "index.html").read_text()
