"""Real sounds over real photographs, labelled by a real ImageNet network: a person's own CSV and media."""

import csv

import numpy as np
import pytest

from objectsounds.data.bags import open_dataset
from objectsounds.data.status import read_status
from objectsounds.report.labels_table import label_rates
from tests.workflow.conftest import ROOT

SHARED = ROOT.parent / "shared"
CLIPS, WEIGHTS = SHARED / "realclips", SHARED / "weights" / "mobilenet_v2_imagenet.pth"
OBJECTS = ["accordion", "chicken", "dog", "electric_guitar", "flute", "harp", "piano", "violin"]
CONFIG = f"""
classes: [{", ".join(OBJECTS)}]
catalogue:
  train: [{CLIPS}/train_segments.csv]
  test: [{CLIPS}/eval_segments.csv]
  truth: null
  clips_per_shard: 24
clips: {{media: {CLIPS}/media, frames: 5, frame_size: 256}}
labeller: {{kind: imagenet, architecture: mobilenet_v2, weights: {WEIGHTS}}}
methods: [mixture, ideal_ratio_mask, miml, miml_gao, upper_bound]
"""

pytestmark = pytest.mark.skipif(
    not (CLIPS.is_dir() and WEIGHTS.is_file()),
    reason="the real clips and the ImageNet network are not beside this checkout",
)


@pytest.fixture(scope="module")
def real(new_place):
    """A whole run on the real clips, with short NMF and training."""
    place = new_place("real", CONFIG)
    place.snakemake()
    return place


def rows_of(place):
    return [row for path in place.results.glob("clips/*/status.tsv") for row in read_status(path)]


def test_every_bad_clip_is_told_and_every_good_one_arrives(real):
    with open(CLIPS / "truth.csv", newline="") as file:
        kinds = {row["clip_id"]: row["kind"] for row in csv.DictReader(file)}
    expected = {
        "bad_missing_file": "missing",
        "bad_zero_bytes": "undecodable",
        "bad_truncated": "undecodable",
        "bad_no_audio": "no_audio",
        "bad_audio_only": "no_video",
    }
    found = {row["source"]: row["status"] for row in rows_of(real)}
    assert len(found) == len(kinds) == 85
    assert found == {clip: expected.get(kind, "ok") for clip, kind in kinds.items()}


def test_every_object_is_labelled_where_it_sounds_clearly_more_often_than_elsewhere(real):
    parts = [open_dataset(path, bases=False) for path in real.results.glob("dataset/default/*.h5")]
    targets = np.concatenate([part.targets for part in parts])
    truth = np.concatenate([part.audioset for part in parts])
    rates = {row["object"]: row for row in label_rates(targets, truth, parts[0].objects)}
    assert list(rates) == OBJECTS
    for name, row in rates.items():
        print(f"{name}: {row['found']:.2f} of {row['clips']} clips, elsewhere {row['chance']:.2f}")
        assert row["clips"] >= 10
        assert row["found"] > row["chance"] + 0.25 and row["found"] > 3 * row["chance"], name


def test_the_table_and_the_page_tell_of_all_methods_and_reasons(real):
    with open(real.results / "score" / "summary.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert {row["method"] for row in rows} == {
        "mixture",
        "ideal_ratio_mask",
        "miml",
        "miml_gao",
        "upper_bound",
    }
    assert {row["group"] for row in rows if row["n"] != "0"} == {"instrument", "animal", "cross-domain"}
    page = (real.results / "report" / "index.html").read_text()
    for words in ("undecodable", "no audio", "Upper bound", "Labelled among the others"):
        assert words in page
