"""Stage ``masks``: how well the U-Net's masks and the frame network's words fit, and duets to listen to.

REQUIRED INPUTS:  <results>/unet/{variant}/network.pt, <results>/frame_network/{variant}/test.h5, the mixtures, the
                  test split's labels and WAV files
OUTPUTS:          <results>/masks: metrics.tsv, confusion.tsv, duets.tsv, duets/ and pictures/
"""


rule masks:
    input:
        unpack(lambda wc: paths.models_of(SETTINGS, "unet_combined")),
        mixtures=expand("<results>/mixtures/{block}", block=range(SETTINGS["mixtures"]["blocks"])),
        test=paths.dataset_of(SETTINGS, "default", "test"),
        status=lambda wc: statuses_of("test"),
        media=lambda wc: media_of("test"),
    output:
        directory("<results>/masks"),
    log:
        "<logs>/masks.log",
    benchmark:
        "<benchmarks>/masks.tsv"
    conda:
        environment("report", SETTINGS["unet"]["device"])
    threads: SETTINGS["separate"]["threads"]
    resources:
        **asked("masks", SETTINGS["unet"]["device"]),
    params:
        **params_of("masks"),
    shell:
        "{params.python} -m objectsounds masks"
        " --settings {params.settings:q}"
        " --network {input.network:q}"
        " --frames {input.frames:q}"
        " --mixtures {input.mixtures:q}"
        " --test {input.test:q}"
        " --status {input.status:q}"
        " --output {output:q}"
        " 2> {log:q}"
