"""Several seeds as one run: what draws nothing is shared, and a table tells of the seeds together."""

import csv

import pytest

from objectsounds.core.files import sha256_of
from tests.workflow.conftest import Place

SEEDS = "seeds: [2018, 1]\nmethods: [mixture, miml]\n"
SHARED = {"demo", "catalogue", "clips", "labeller", "labels", "mixtures_table", "mixtures"}


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def seeded(copy_of_finished) -> Place:
    """A copy of the finished run to whose config seeds were added, not yet run."""
    place = copy_of_finished()
    path = place.folder / "config" / "config.yaml"
    path.write_text(path.read_text() + SEEDS)
    return place


def test_a_second_seed_makes_only_what_depends_on_it_and_the_table_is_over_both(seeded):
    planned = seeded.planned()
    assert not SHARED & set(planned)
    assert {planned[name] for name in ("train", "dictionary", "separate", "score")} == {1}
    mixtures = sha256_of(seeded.results / "mixtures" / "mixtures.tsv")
    seeded.snakemake()
    assert seeded.planned() == {}
    assert sha256_of(seeded.results / "mixtures" / "mixtures.tsv") == mixtures
    summary = {row["method"]: row for row in table(seeded.results / "score" / "summary.tsv")}
    assert list(summary) == ["mixture", "miml", "miml@seed1"]
    rows = {row["method"]: row for row in table(seeded.results / "score" / "seeds.tsv")}
    means = [float(summary[name]["sdr_mean"]) for name in ("miml", "miml@seed1")]
    assert means[0] != means[1] and rows["miml"]["seeds"] == "2018;1"
    assert float(rows["miml"]["sdr_mean"]) == pytest.approx(sum(means) / 2, abs=2e-3)
    assert (rows["miml"]["sdr_lowest"], rows["miml"]["sdr_highest"]) == tuple(
        f"{mean:.3f}" for mean in sorted(means)
    )
    assert (rows["mixture"]["seeds"], rows["mixture"]["sdr_mean"]) == ("", summary["mixture"]["sdr_mean"])
    page = (seeded.results / "report" / "index.html").read_text()
    assert "Over seeds" in page and "MIML, clips that others explain (seed1)" in page
