"""Stage ``dataset``: bases and labels of all shards of a split become one aggregated HDF5.

REQUIRED INPUTS:  <results>/catalogue/used-{split}.txt; every shard's table, bases and labels
OUTPUTS:          <results>/dataset/{variant}/{split}.h5
"""


rule dataset:
    input:
        used=after_catalogue("<results>/catalogue/used-{split}.txt"),
        tables=lambda wc: expand("<results>/catalogue/shards/{shard}.tsv", shard=shards_of(wc.split)),
        bases=lambda wc: expand(
            "<results>/bases/{variant}/{shard}.h5",
            variant=shared("bases", wc.variant),
            shard=shards_of(wc.split),
        ),
        labels=lambda wc: expand("<results>/labels/{shard}.h5", shard=shards_of(wc.split)),
    output:
        "<results>/dataset/{variant}/{split}.h5",
    log:
        "<logs>/dataset/{variant}/{split}.log",
    benchmark:
        "<benchmarks>/dataset/{variant}/{split}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=needs.memory(SETTINGS, "dataset"),
        runtime=needs.minutes(SETTINGS, "dataset"),
    params:
        settings=stage_params("dataset"),
        version=_settings.stage_version("dataset"),
    shell:
        "python -m objectsounds dataset"
        " --settings {params.settings:q}"
        " --used {input.used:q}"
        " --tables {input.tables:q}"
        " --bases {input.bases:q}"
        " --labels {input.labels:q}"
        " --output {output:q}"
        " 2> {log:q}"
