"""Stage ``leakage``: which test clips are also in train or val by their sound, for the target ``leakage`` alone.

REQUIRED INPUTS:  <results>/clips/{shard}/status.tsv and WAV files of all splits
OUTPUTS:          <results>/leakage/leakage.tsv: a row for each test clip and clip elsewhere of the same recording
"""


rule leakage:
    input:
        test=lambda wc: statuses_of("test"),
        others=lambda wc: statuses_of("train") + statuses_of("val"),
        media=lambda wc: [path for split in SPLITS for path in media_of(split)],
    output:
        "<results>/leakage/leakage.tsv",
    log:
        "<logs>/leakage.log",
    benchmark:
        "<benchmarks>/leakage.tsv"
    conda:
        "../../envs/audio.yaml"
    threads: 1
    resources:
        **asked("leakage"),
    params:
        **params_of("leakage"),
    shell:
        "{params.python} -m objectsounds leakage"
        " --settings {params.settings:q}"
        " --test {input.test:q}"
        " --others {input.others:q}"
        " --output {output:q}"
        " 2> {log:q}"
