"""Stage ``co_separation``: a network learns to separate from mixtures of clips of any number of visible objects.

REQUIRED INPUTS:  <results>/solos/{variant}/{rate}-labelled/train.h5, and val.h5 where clips are held out
OUTPUTS:          <results>/co_separation/{variant}/network.pt, history.jsonl
BESIDE THEM:      checkpoint.pt while it runs: no output, so that a killed training goes on from it
"""


rule co_separation:
    input:
        train=lambda wc: paths.solos_of(SETTINGS, "co_separation", wc.variant, "train", "-labelled"),
        val=lambda wc: (
            paths.solos_of(SETTINGS, "co_separation", wc.variant, "val", "-labelled")
            if shards_of("val")
            else []
        ),
    output:
        network="<results>/co_separation/{variant}/network.pt",
        history="<results>/co_separation/{variant}/history.jsonl",
    log:
        "<logs>/co_separation/{variant}.log",
    benchmark:
        "<benchmarks>/co_separation/{variant}.tsv"
    conda:
        environment("train", SETTINGS["co_separation"]["device"])
    threads: SETTINGS["co_separation"]["threads"]
    resources:
        **asked("co_separation", SETTINGS["co_separation"]["device"]),
    params:
        **params_of("co_separation"),
        optional=lambda wildcards, input: paths.options_of(input, "val"),
    shell:
        "{params.python} -m objectsounds co_separation"
        " --settings {params.settings:q}"
        " --train {input.train:q}"
        " {params.optional}"
        " --output {output.network:q}"
        " --history {output.history:q}"
        " 2> {log:q}"
