"""Names with the shell's signs in them are names."""

import shutil


def test_paths_with_the_shells_signs_run_nothing(finished, new_place):
    evil = "$(touch RUN); touch 'RUN' `touch RUN`"
    place = new_place(
        "evil",
        f"""results: "results/{evil}"
catalogue: {{train: ["{evil}.csv"], test: ["balanced.csv"], truth: null}}
""",
    )
    demo = finished.results / "demo"
    shutil.copy(demo / "unbalanced_train_segments.csv", place.folder / f"{evil}.csv")
    shutil.copy(demo / "balanced_train_segments.csv", place.folder / "balanced.csv")
    place.snakemake("catalogue")
    assert (place.folder / "results" / evil / "catalogue" / "shards.txt").exists()
    assert not list(place.folder.rglob("RUN"))
