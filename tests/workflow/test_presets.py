"""The papers' presets on the real lists: from the catalogue to a plan of every job."""

import pytest

from objectsounds.config.paths import shard_sizes
from objectsounds.core.tables import read_table
from tests.workflow.conftest import ROOT

SHARED = ROOT.parent / "shared" / "audioset"
PRESETS = ["gao2018", "gao2018_instruments", "gao2018_animals", "gao2018_vehicles", "rowe2019"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real AudioSet lists are not beside this checkout")
@pytest.mark.parametrize("preset", PRESETS)
def test_a_papers_preset_makes_its_catalogue_and_plans_every_job(new_place, preset):
    place = new_place(preset)
    (place.folder / "config" / "config.yaml").write_text(f"preset: {preset}\n")
    data = place.folder / "data" / "audioset"
    data.mkdir(parents=True)
    # The unbalanced list is not to be had here: the eval list has its form.
    (data / "unbalanced_train_segments.csv").symlink_to(SHARED / "eval_segments.csv")
    for name in ("balanced_train_segments.csv", "ontology.json"):
        (data / name).symlink_to(SHARED / name)
    done = place.snakemake("catalogue")
    assert "clips in all" in done.stdout
    results = place.folder / "results" / preset
    shards = shard_sizes(results / "catalogue" / "shards.txt")
    clips = read_table(results / "catalogue" / "clips.tsv")
    assert len(clips) == sum(shards.values()) > 1000 and len(shards) >= len(clips) / 64
    planned = place.planned()
    assert planned["clips"] == planned["bases"] == planned["labels"] == len(shards)
    assert planned["train"] >= 2 and planned["report"] == 1


@pytest.mark.parametrize("target", ["all", "tables", "labeller_ablation", "denoising"])
def test_every_target_is_planned_before_anything_is_made(new_place, target):
    place = new_place(target)
    assert place.planned(target)["catalogue"] == 1
