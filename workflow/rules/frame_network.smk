"""Stage ``frame_network``: a ResNet-18 learns from the frames of solo clips what is seen (Nuotimaa 3.3).

REQUIRED INPUTS:  <results>/solos/{variant}/{rate}/{train,val}.h5, the frames of the clips; the labeller's
                  weights where it starts from them
OUTPUTS:          <results>/frame_network/{variant}/network.pt, history.jsonl; test.h5, its predictions for each test clip
"""


rule frame_network:
    input:
        train=lambda wc: paths.solos_of(SETTINGS, "unet", wc.variant, "train"),
        val=lambda wc: paths.solos_of(SETTINGS, "unet", wc.variant, "val") if shards_of("val") else [],
        status=lambda wc: statuses_of("train"),
        val_status=lambda wc: statuses_of("val"),
        media=lambda wc: media_of("train") + media_of("val"),
        start=lambda wc: labeller_weights(wc) if paths.starts_from_labeller(SETTINGS, wc.variant) else [],
    output:
        network="<results>/frame_network/{variant}/network.pt",
        history="<results>/frame_network/{variant}/history.jsonl",
    log:
        "<logs>/frame_network/{variant}.log",
    benchmark:
        "<benchmarks>/frame_network/{variant}.tsv"
    conda:
        environment("vision", SETTINGS["frame_network"]["device"])
    threads: SETTINGS["frame_network"]["threads"]
    resources:
        **asked("frame_network", SETTINGS["frame_network"]["device"]),
    params:
        **params_of("frame_network"),
        optional=lambda wildcards, input: paths.options_of(input, "val", "val_status", "start"),
    shell:
        "{params.python} -m objectsounds frame_network"
        " --settings {params.settings:q}"
        " --train {input.train:q}"
        " --status {input.status:q}"
        " {params.optional}"
        " --output {output.network:q}"
        " --history {output.history:q}"
        " 2> {log:q}"


rule frame_predictions:
    input:
        network="<results>/frame_network/{variant}/network.pt",
        status=lambda wc: statuses_of("test"),
        media=lambda wc: media_of("test"),
    output:
        "<results>/frame_network/{variant}/test.h5",
    log:
        "<logs>/frame_network/{variant}-test.log",
    benchmark:
        "<benchmarks>/frame_network/{variant}-test.tsv"
    conda:
        "../../envs/vision.yaml"
    threads: SETTINGS["frame_network"]["threads"]
    resources:
        **asked("frame_predictions"),
    params:
        **params_of("frame_predictions"),
    shell:
        "{params.python} -m objectsounds frame_predictions"
        " --settings {params.settings:q}"
        " --network {input.network:q}"
        " --status {input.status:q}"
        " --output {output:q}"
        " 2> {log:q}"
