"""After an edit exactly the rules run again that depend on the key; all keys are in test_edit_matrix.py."""

import pytest

from tests.workflow import edits
from tests.workflow.conftest import RESULTS
from tests.workflow.faults import ran

GUIDED = {"separate": 3, "score": 3, "score_tables": 1, "report": 1}
TRAINED = {"train": 1, "dictionary": 2, "dictionary_gaussian": 1, "export": 1, **GUIDED}
EDITS = {  # some of the matrix, with the number of jobs
    "a threshold of gao's rule": (
        "dictionary={gao: {threshold: 0.2}}",
        {"dictionary": 1, "separate": 1, "score": 1, "score_tables": 1, "report": 1},
    ),
    "the number of bases": ("bases={count: 6}", {"bases": 4, "dataset": 3, "soundfont": 1, **TRAINED}),
    "a training key": ("train={learning_rate: 0.002}", TRAINED),
    "one method less": ("methods=[mixture, miml]", {"score_tables": 1, "report": 1}),
    "a variant of the training": (
        "variants={dropout: {train: {dropout: 0.1}}}",
        {"train": 1, "dictionary": 1, "separate": 1, "score": 1, "score_tables": 1, "report": 1},
    ),
}


def test_the_table_holds_every_key_of_the_configuration():
    assert sorted([edit.key for edit in edits.EDITS] + list(edits.ELSEWHERE)) == sorted(edits.schema_keys())


def test_the_manual_holds_the_table():
    written = (
        edits.README.read_text(encoding="utf-8").partition(edits.MARKS[0])[2].partition(edits.MARKS[1])[0]
    )
    assert written == edits.table(), "make it again: python -m tests.workflow.edits"


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_reruns_exactly_what_depends_on_it(finished, edit):
    override, expected = EDITS[edit]
    assert finished.planned("--config", override) == expected


def test_a_comment_or_another_order_reruns_nothing(copy_of_finished):
    place = copy_of_finished()
    path = place.folder / "config" / "config.yaml"
    path.write_text("# a comment\nseed: 2018\n" + path.read_text())
    assert place.planned() == {}


def test_a_catalogue_that_comes_out_the_same_reruns_nothing_else(copy_of_finished):
    done = copy_of_finished().snakemake("--forcerun", "catalogue")
    assert ran(done.stdout + done.stderr) == {"catalogue": 1}


def test_a_catalogue_that_failed_is_made_again(copy_of_finished):
    assert copy_of_finished("catalogue/shards.txt").planned()["catalogue"] == 1


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train={epoch: 3}", ["train.epoch", "'3'", "epochs"]),
        ("bases={count: 0}", ["bases.count", "0", "at least 1"]),
        ("methods=[magic]", ["'magic'", "miml_gao"]),
    ],
)
def test_a_bad_value_ends_the_run_at_once_with_one_sentence(finished, override, words):
    done = finished.snakemake("--config", override, check=False)
    text = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in text
    assert all(word in text for word in words), text
    assert f"{RESULTS}/report" not in text
