"""Stage ``wave_unet``: the Wave-U-Net learns from mixtures of solo clips, told what is seen or not (VIMSS).

REQUIRED INPUTS:  <results>/solos/{variant}/{rate}/train.h5, and val.h5 where clips are held out
OUTPUTS:          <results>/wave_unet/{variant}/{conditioning}/network.pt, history.jsonl
BESIDE THEM:      checkpoint.pt while it runs: no output, so that a killed training goes on from it
"""


rule wave_unet:
    input:
        train=lambda wc: paths.solos_of(SETTINGS, "wave_unet", wc.variant, "train"),
        val=lambda wc: paths.solos_of(SETTINGS, "wave_unet", wc.variant, "val") if shards_of("val") else [],
    output:
        network="<results>/wave_unet/{variant}/{conditioning}/network.pt",
        history="<results>/wave_unet/{variant}/{conditioning}/history.jsonl",
    log:
        "<logs>/wave_unet/{variant}/{conditioning}.log",
    benchmark:
        "<benchmarks>/wave_unet/{variant}/{conditioning}.tsv"
    wildcard_constraints:
        conditioning="|".join(["none", *CONDITIONINGS]),
    conda:
        environment("train", SETTINGS["wave_unet"]["device"])
    threads: SETTINGS["wave_unet"]["threads"]
    resources:
        **asked("wave_unet", SETTINGS["wave_unet"]["device"]),
    params:
        **params_of("wave_unet"),
        optional=lambda wildcards, input: paths.options_of(input, "val"),
    shell:
        "{params.python} -m objectsounds wave_unet"
        " --settings {params.settings:q}"
        " --conditioning {wildcards.conditioning:q}"
        " --train {input.train:q}"
        " {params.optional}"
        " --output {output.network:q}"
        " --history {output.history:q}"
        " 2> {log:q}"
