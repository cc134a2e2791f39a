"""Stage ``train``: the MIML network learns which bases go with which objects.

REQUIRED INPUTS:  <results>/dataset/{variant}/train.h5, and val.h5 where clips are held out, with the bases
                  of their shards, which they look into
OUTPUTS:          <results>/train/{variant}/{supervision}/network.pt, history.jsonl
BESIDE THEM:      checkpoint.pt while it runs: no output, so that a killed training goes on from it
"""


rule train:
    input:
        train=lambda wc: f"<results>/dataset/{shared('dataset', wc.variant)}/train.h5",
        bases=lambda wc: bases_of(wc.variant, "train", "val"),
        val=lambda wc: f"<results>/dataset/{shared('dataset', wc.variant)}/val.h5" if shards_of("val") else [],
    output:
        network="<results>/train/{variant}/{supervision}/network.pt",
        history="<results>/train/{variant}/{supervision}/history.jsonl",
    log:
        "<logs>/train/{variant}/{supervision}.log",
    benchmark:
        "<benchmarks>/train/{variant}/{supervision}.tsv"
    conda:
        environment("train", SETTINGS["train"]["device"])
    threads: SETTINGS["train"]["threads"]
    resources:
        **asked("train", SETTINGS["train"]["device"]),
    params:
        **params_of("train"),
        val=lambda wildcards, input: f"--val {shlex.quote(str(input.val))}" if input.val else "",
    shell:
        "{params.python} -m objectsounds train"
        " --settings {params.settings:q}"
        " --train {input.train:q}"
        " {params.val}"
        " --supervision {wildcards.supervision:q}"
        " --output {output.network:q}"
        " --history {output.history:q}"
        " 2> {log:q}"
