"""The target labeller_ablation beside a finished run: what it makes, and what an edit makes again."""

import shutil

import pytest

from objectsounds.core.tables import read_table
from tests.workflow.conftest import Place


@pytest.fixture(scope="module")
def ablated(finished, tmp_path_factory) -> Place:
    """A copy of the finished run in which the ablation was made."""
    place = Place(tmp_path_factory.mktemp("ablated") / "run")
    shutil.copytree(finished.folder, place.folder, symlinks=True)
    assert place.planned("labeller_ablation") == {"ablation": 4, "ablation_table": 1, "labeller_ablation": 1}
    place.snakemake("labeller_ablation")
    return place


def test_the_table_has_twelve_rows_and_counts_every_good_clip(ablated):
    rows = read_table(ablated.results / "ablation" / "ablation.tsv")
    assert len({(row["pool"], row["view"], row["normalised"]) for row in rows}) == len(rows) == 12
    statuses = [row for path in ablated.results.glob("clips/*/status.tsv") for row in read_table(path)]
    good = sum(row["status"] == "ok" for row in statuses)
    assert {row["clips"] for row in rows} == {str(good)}
    assert (ablated.results / "ablation" / "ablation.svg").stat().st_size > 1000


def test_the_ablation_is_no_part_of_a_whole_run_but_reaches_the_page_once_it_is_there(finished, ablated):
    assert not (finished.results / "ablation").exists()
    assert ablated.planned() == {"report": 1} and ablated.planned("labeller_ablation") == {}


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("dataset={group_reduce: max}", {"ablation_table": 1, "labeller_ablation": 1}),
        ("ablation={splits: [test]}", {"ablation_table": 1, "labeller_ablation": 1}),
        ("dataset={threshold: 0.4}", {}),
    ],
)
def test_an_edit_never_runs_the_classifier_again_for_what_is_derived(ablated, override, expected):
    assert ablated.planned("labeller_ablation", "--config", override) == expected


def test_the_page_shows_the_ablation_once_it_is_there(finished, ablated):
    assert "media/ablation.svg" not in (finished.results / "report" / "index.html").read_text()
    ablated.snakemake("--forcerun", "report")
    text = (ablated.results / "report" / "index.html").read_text()
    assert text.count('<td class="published">') == 12 and 'src="media/ablation.svg"' in text
    assert (ablated.results / "report" / "media" / "ablation.svg").exists()
