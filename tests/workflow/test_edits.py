"""After an edit of the configuration exactly the rules run again that depend on the edited key."""

import pytest

from tests.workflow.conftest import RESULTS

GUIDED = {"separate": 3, "score": 3, "score_tables": 1, "report": 1}
TRAINED = {"train": 1, "dictionary": 2, "dictionary_gaussian": 1, "export": 1, **GUIDED}
EDITS = {
    "a threshold of gao's rule": (
        "dictionary={gao: {threshold: 0.2}}",
        {"dictionary": 1, "separate": 1, "score": 1, "score_tables": 1, "report": 1},
    ),
    "the label threshold": ("dataset={threshold: 0.4}", {"dataset": 3, **TRAINED}),
    "the number of bases": ("bases={count: 6}", {"bases": 4, "dataset": 3, **TRAINED}),
    "a training key": ("train={learning_rate: 0.002}", TRAINED),
    "one method less": ("methods=[mixture, miml]", {"score_tables": 1, "report": 1}),
    "a key of one's own videos": ("separate_videos={rest: true}", {}),
    "a key of the separation": (
        "separate={iterations: 40}",
        {**GUIDED, "separate": 5, "score": 5, "export": 1},
    ),
    "a key of the page": ("report={mixtures: 2}", {"report": 1}),
    "where a labelled picture lies": (
        "labeller={pictures: {epochs: 2}}",
        {"labeller": 1, "labels": 4, "dataset": 3, **TRAINED},
    ),
    "a variant of the training": (
        "variants={dropout: {train: {dropout: 0.1}}}",
        {"train": 1, "dictionary": 1, "separate": 1, "score": 1, "score_tables": 1, "report": 1},
    ),
    "nothing": ("train={epochs: 8}", {}),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_reruns_exactly_what_depends_on_it(finished, edit):
    override, expected = EDITS[edit]
    assert finished.planned("--config", override) == expected


def test_a_comment_or_another_order_reruns_nothing(finished):
    path = finished.folder / "config" / "config.yaml"
    text = path.read_text()
    path.write_text("# a comment\nseed: 2018\n" + text)
    assert finished.planned() == {}
    path.write_text(text)


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
