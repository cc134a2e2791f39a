"""Stage ``unet``: the semantic-mask U-Net learns from mixtures of solo clips which bins are whose.

REQUIRED INPUTS:  <results>/solos/{variant}/{rate}/train.h5, and val.h5 where clips are held out
OUTPUTS:          <results>/unet/{variant}/network.pt, history.jsonl
BESIDE THEM:      checkpoint.pt while it runs: no output, so that a killed training goes on from it
"""


rule unet:
    input:
        train=lambda wc: paths.solos_of(SETTINGS, "unet", wc.variant, "train"),
        val=lambda wc: paths.solos_of(SETTINGS, "unet", wc.variant, "val") if shards_of("val") else [],
    output:
        network="<results>/unet/{variant}/network.pt",
        history="<results>/unet/{variant}/history.jsonl",
    log:
        "<logs>/unet/{variant}.log",
    benchmark:
        "<benchmarks>/unet/{variant}.tsv"
    conda:
        environment("train", SETTINGS["unet"]["device"])
    threads: SETTINGS["unet"]["threads"]
    resources:
        **asked("unet", SETTINGS["unet"]["device"]),
    params:
        **params_of("unet"),
        optional=lambda wildcards, input: paths.options_of(input, "val"),
    shell:
        "{params.python} -m objectsounds unet"
        " --settings {params.settings:q}"
        " --train {input.train:q}"
        " {params.optional}"
        " --output {output.network:q}"
        " --history {output.history:q}"
        " 2> {log:q}"
