"""Stage ``dataset``: bases and labels of all shards of a split become one aggregated HDF5.

REQUIRED INPUTS:  <results>/catalogue/objects-{split}.tsv; every shard's bases and labels
OUTPUTS:          <results>/dataset/{variant}/{split}.h5
"""


rule dataset:
    input:
        objects=after_catalogue("<results>/catalogue/objects-{split}.tsv"),
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
        **asked("dataset"),
    params:
        **params_of("dataset"),
    shell:
        "{params.python} -m objectsounds dataset"
        " --settings {params.settings:q}"
        " --objects {input.objects:q}"
        " --bases {input.bases:q}"
        " --labels {input.labels:q}"
        " --output {output:q}"
        " 2> {log:q}"
