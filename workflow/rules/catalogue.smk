"""Stage ``catalogue``: which clips, which split, which shard, for good.

REQUIRED INPUTS:  what catalogue.train and catalogue.test name: lists or folders of a kind of catalogue, which
                  config/kind_table.py lists; for kind audio the folder of pictures; optional ontology, single_source, truth
OUTPUTS:          <results>/catalogue/clips.tsv (grows, never reorders), shards.txt, shards/{shard}.tsv,
                  objects-{split}.tsv (the clips in use with what sounds and is seen), performances-{split}.tsv
                  (what they are sections of), rejected.tsv
"""

CATALOGUE_FILES = ("train", "test", "single_source", "ontology", "truth")


checkpoint catalogue:
    input:
        train=SETTINGS["catalogue"]["train"],
        test=SETTINGS["catalogue"]["test"],
        single_source=SETTINGS["catalogue"]["single_source"] or [],
        ontology=SETTINGS["catalogue"]["ontology"] or [],
        truth=SETTINGS["catalogue"]["truth"] or [],
    output:
        shards="<results>/catalogue/shards.txt",  # first: what Snakemake looks for where the checkpoint is asked
        clips=update("<results>/catalogue/clips.tsv"),
        tables=update(directory("<results>/catalogue/shards")),  # each is written only when it changes
        objects=[update(f"<results>/catalogue/objects-{split}.tsv") for split in SPLITS],
        performances=[update(f"<results>/catalogue/performances-{split}.tsv") for split in SPLITS],
        rejected="<results>/catalogue/rejected.tsv",
    log:
        "<logs>/catalogue.log",
    benchmark:
        "<benchmarks>/catalogue.tsv"
    localrule: True  # seconds: no job of a cluster
    conda:
        "../../envs/fetch.yaml"
    threads: 1
    resources:
        **asked("catalogue"),
    params:
        **params_of("catalogue"),
        lists=lambda wildcards, input: paths.options_of(input, *CATALOGUE_FILES),
    shell:
        "{params.python} -m objectsounds catalogue"
        " --settings {params.settings:q}"
        " {params.lists}"
        " --clips {output.clips:q}"
        " --shards {output.shards:q}"
        " 2> {log:q}"
