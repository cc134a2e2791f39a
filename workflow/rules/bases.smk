"""Stage ``bases``: the spectrogram of each clip of a shard is factored into M bases.

REQUIRED INPUTS:  <results>/clips/{shard}/status.tsv and media
OUTPUTS:          <results>/bases/{variant}/{shard}.h5
"""


rule bases:
    input:
        status="<results>/clips/{shard}/status.tsv",
        media="<results>/clips/{shard}/media",
    output:
        "<results>/bases/{variant}/{shard}.h5",
    log:
        "<logs>/bases/{variant}/{shard}.log",
    benchmark:
        "<benchmarks>/bases/{variant}/{shard}.tsv"
    priority: 1  # before more clips, whose media then go sooner with clips.keep: test
    conda:
        environment("audio" if SETTINGS["bases"]["device"] == "cpu" else "train", SETTINGS["bases"]["device"])
    threads: SETTINGS["bases"]["threads"]
    resources:
        **asked("bases", SETTINGS["bases"]["device"]),
    params:
        **params_of("bases"),
    shell:
        "{params.python} -m objectsounds bases"
        " --settings {params.settings:q}"
        " --status {input.status:q}"
        " --output {output:q}"
        " 2> {log:q}"
