"""A whole run from nothing: what it leaves, what a second run does, and that it does not depend on chance."""

import csv
import json

import h5py
import numpy as np
import pytest

from objectsounds.data.bags import open_dataset
from objectsounds.data.status import read_status
from objectsounds.dictionaries.file import read_dictionary

MADE_OF_CLIPS = ("bases/default", "labels")
METHODS = ["mixture", "ideal_ratio_mask", "gaussian", "miml", "miml_gao"]


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def scores_of(place):
    return {
        (row["method"], row["mixture"], row["object"]): [float(row[name]) for name in ("sdr", "sir", "sar")]
        for row in table(place.results / "score" / "scores.tsv")
    }


def test_every_method_has_a_row_for_both_sources_of_every_mixture(finished):
    rows = table(finished.results / "score" / "scores.tsv")
    pairs = table(finished.results / "mixtures" / "mixtures.tsv")
    assert len(pairs) == 4 and all(len(set(pair["objects"].split(";"))) == 2 for pair in pairs)
    expected = {(m, p["mixture"], name) for m in METHODS for p in pairs for name in p["objects"].split(";")}
    assert {(row["method"], row["mixture"], row["object"]) for row in rows} == expected
    assert len(rows) == len(expected)


def test_the_summary_has_its_columns_and_its_bounds(finished):
    rows = {row["method"]: row for row in table(finished.results / "score" / "summary.tsv")}
    needed = {"method", "group", "n", "sdr_mean", "sdr_median", "sir_mean", "sar_mean", "n_fallback"}
    assert needed <= set(rows["miml"]) and list(rows) == METHODS
    assert abs(float(rows["mixture"]["sdr_mean"])) < 1
    assert float(rows["ideal_ratio_mask"]["sdr_mean"]) > float(rows["miml"]["sdr_mean"])
    assert float(rows["ideal_ratio_mask"]["sdr_mean"]) > 6
    assert float(rows["mixture"]["sdr_improvement_mean"]) == 0


@pytest.mark.parametrize("method", ["ideal_ratio_mask", "miml", "gaussian"])
def test_estimates_of_a_mixture_sum_to_it(finished, method):
    from objectsounds.media.wav import read_wav

    mixtures, block = finished.results / "mixtures" / "0", finished.results / "separate" / method / "0"
    estimated, summed = table(block / "estimates.tsv"), 0
    for row in table(mixtures / "mixtures.tsv"):
        own = [cells for cells in estimated if cells["mixture"] == row["mixture"]]
        assert {cells["object"] for cells in own} >= set(row["objects"].split(";"))
        assert all(cells["file"] or cells["fallback"] for cells in own)
        files = {cells["file"] for cells in own if cells["file"]}
        assert files == {f"{row['mixture']}/{path.name}" for path in (block / row["mixture"]).iterdir()}
        assert len(files) == 2 or method != "ideal_ratio_mask"
        if files:
            mixture, _ = read_wav(mixtures / row["mixture"] / "mixture.wav")
            total = sum(read_wav(block / file)[0] for file in files)
            np.testing.assert_allclose(total, mixture, atol=1e-4 * np.abs(mixture).max())
            summed += 1
    assert summed == 4 if method == "ideal_ratio_mask" else summed > 0


def test_every_file_tells_what_made_it(finished):
    for path in finished.results.rglob("*.h5"):
        with h5py.File(path) as file:
            assert {"settings", "version", "seed", "stage_version"} <= set(file.attrs), path
            assert json.loads(file.attrs["settings"])


def test_every_rule_leaves_a_log_and_a_benchmark(finished):
    stages = ["demo", "catalogue", "clips", "bases", "labeller", "labels", "dataset", "train"]
    stages += ["soundfont", "dictionary", "mixtures", "separate", "score", "export", "report"]
    for folder in ("logs", "benchmarks"):
        found = {path.name.split(".")[0] for path in (finished.results / folder).iterdir()}
        assert found == set(stages)


def test_every_file_of_a_run_is_a_declared_output(finished):
    listed = finished.snakemake("--summary").stdout.splitlines()
    outputs = {finished.folder / line.split("\t")[0] for line in listed if line.startswith("results/")}
    outputs |= {finished.results / "demo" / name for name in ("media", "pictures")}
    beside = [finished.results / name for name in ("logs", "benchmarks")]  # Snakemake knows these as such
    files = [path for path in finished.results.rglob("*") if path.is_file()]
    strange = [path for path in files if not {path, *path.parents} & {*outputs, *beside}]
    assert not strange and len(files) > 100


def test_with_keep_test_the_media_of_train_and_val_go_and_nothing_runs_again(copy_of_finished):
    place = copy_of_finished("clips/val-*", "bases/default/val-*", "labels/val-*")
    with open(place.folder / "config" / "config.yaml", "a") as file:
        file.write("clips: {keep: test}\n")
    place.snakemake(
        *(f"{place.results.relative_to(place.folder)}/{name}/val-00000.h5" for name in MADE_OF_CLIPS)
    )
    assert list(place.results.glob("clips/val-*/status.tsv"))
    assert not list(place.results.glob("clips/val-*/media"))
    assert list(place.results.glob("clips/test-*/media/*/audio.wav"))
    assert not {"clips", "clips_passing", "bases", "labels"} & set(place.planned())


def test_the_splits_share_no_medium(finished):
    sources = {}
    for status in finished.results.glob("clips/*/status.tsv"):
        for row in read_status(status):
            sources.setdefault(row["split"], set()).add(row["source"])
    assert set(sources) == {"train", "val", "test"}
    assert not (sources["train"] | sources["val"]) & sources["test"]
    assert not sources["train"] & sources["val"]


def test_the_page_refers_only_to_files_beside_it(finished):
    import re

    page = finished.results / "report" / "index.html"
    text = page.read_text()
    assert "http" not in re.sub(r"<p class=.soft.>.*?</p>", "", text)
    links = re.findall(r'(?:src|href)="([^"#:]+)"', text)
    assert len(links) > 10
    for link in links:
        assert (page.parent / link).exists(), link


def test_a_second_run_does_nothing_and_says_so(finished):
    done = finished.snakemake()
    assert "Nothing to be done" in done.stdout + done.stderr


@pytest.fixture(scope="module")
def other_run(new_place):
    """The same run on one core with other shards."""
    place = new_place("other", "catalogue: {clips_per_shard: 5}\n")
    place.snakemake(cores=1)
    return place


def test_labels_do_not_depend_on_cores_or_shards(finished, other_run):
    for split in ("train", "val", "test"):
        one, two = (
            open_dataset(place.results / f"dataset/default/{split}.h5") for place in (finished, other_run)
        )
        assert one.clip_ids == two.clip_ids
        np.testing.assert_array_equal(one.targets, two.targets)
    assert len(list(other_run.results.glob("bases/default/*"))) > len(
        list(finished.results.glob("bases/default/*"))
    )


@pytest.mark.parametrize("name", ["consensus", "gao", "gaussian"])
def test_dictionaries_do_not_depend_on_cores_or_shards(finished, other_run, name):
    one, two = (
        read_dictionary(place.results / f"dictionary/default/{name}.h5") for place in (finished, other_run)
    )
    assert one.clip_ids == two.clip_ids and (one.owners == two.owners).all()
    np.testing.assert_allclose(one.bases, two.bases, atol=1e-6)


def test_scores_do_not_depend_on_cores_or_shards(finished, other_run):
    one, two = scores_of(finished), scores_of(other_run)
    assert one.keys() == two.keys()
    for key, values in one.items():
        np.testing.assert_allclose(values[:1], two[key][:1], atol=0.01, err_msg=str(key))
