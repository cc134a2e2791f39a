"""Stage ``sound_of_pixels``: a network learns to separate mixtures of any clips by the clips' frames.

REQUIRED INPUTS:  <results>/solos/{variant}/{rate}-all/train.h5, and val.h5 where clips are held out; the frames of
                  the clips; the labeller's weights where it starts from them
OUTPUTS:          <results>/sound_of_pixels/{variant}/network.pt, history.jsonl; test.h5, what it sees in each test clip,
                  and at each place of two of its frames
BESIDE THEM:      checkpoint.pt while it runs: no output, so that a killed training goes on from it
"""


rule sound_of_pixels:
    input:
        train=lambda wc: paths.solos_of(SETTINGS, "sound_of_pixels", wc.variant, "train", "-all"),
        val=lambda wc: (
            paths.solos_of(SETTINGS, "sound_of_pixels", wc.variant, "val", "-all")
            if shards_of("val")
            else []
        ),
        status=lambda wc: statuses_of("train"),
        val_status=lambda wc: statuses_of("val"),
        media=lambda wc: media_of("train") + media_of("val"),
        start=lambda wc: (
            labeller_weights(wc)
            if paths.starts_from_labeller(SETTINGS, wc.variant, "sound_of_pixels")
            else []
        ),
    output:
        network="<results>/sound_of_pixels/{variant}/network.pt",
        history="<results>/sound_of_pixels/{variant}/history.jsonl",
    log:
        "<logs>/sound_of_pixels/{variant}.log",
    benchmark:
        "<benchmarks>/sound_of_pixels/{variant}.tsv"
    conda:
        environment("vision", SETTINGS["sound_of_pixels"]["device"])
    threads: SETTINGS["sound_of_pixels"]["threads"]
    resources:
        **asked("sound_of_pixels", SETTINGS["sound_of_pixels"]["device"]),
    params:
        **params_of("sound_of_pixels"),
        optional=lambda wildcards, input: paths.options_of(input, "val", "val_status", "start"),
    shell:
        "{params.python} -m objectsounds sound_of_pixels"
        " --settings {params.settings:q}"
        " --train {input.train:q}"
        " --status {input.status:q}"
        " {params.optional}"
        " --output {output.network:q}"
        " --history {output.history:q}"
        " 2> {log:q}"


rule pixel_features:
    input:
        network="<results>/sound_of_pixels/{variant}/network.pt",
        status=lambda wc: statuses_of("test"),
        media=lambda wc: media_of("test"),
    output:
        "<results>/sound_of_pixels/{variant}/test.h5",
    log:
        "<logs>/sound_of_pixels/{variant}-test.log",
    benchmark:
        "<benchmarks>/sound_of_pixels/{variant}-test.tsv"
    conda:
        "../../envs/vision.yaml"
    threads: SETTINGS["sound_of_pixels"]["threads"]
    resources:
        **asked("pixel_features"),
    params:
        **params_of("pixel_features"),
    shell:
        "{params.python} -m objectsounds pixel_features"
        " --settings {params.settings:q}"
        " --network {input.network:q}"
        " --status {input.status:q}"
        " --output {output:q}"
        " 2> {log:q}"
