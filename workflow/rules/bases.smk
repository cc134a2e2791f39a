"""Stage ``bases``: the spectrogram of each clip of a shard is factored into M bases.

REQUIRED INPUTS:  <results>/clips/{shard}/status.tsv and the WAV files beside it
OUTPUTS:          <results>/bases/{variant}/{shard}.h5
"""


rule bases:
    input:
        status="<results>/clips/{shard}/status.tsv",
    output:
        "<results>/bases/{variant}/{shard}.h5",
    log:
        "<logs>/bases/{variant}/{shard}.log",
    benchmark:
        "<benchmarks>/bases/{variant}/{shard}.tsv"
    conda:
        {
            "cpu": "../../envs/audio.yaml",
            "auto": "../../envs/train.yaml",
            "cuda": "../../envs/train-gpu.yaml",
        }[SETTINGS["bases"]["device"]]
    threads: SETTINGS["bases"]["threads"]
    resources:
        mem_mb=job_resources.memory(SETTINGS, "bases"),
        runtime=job_resources.minutes(SETTINGS, "bases"),
        gpu=int(SETTINGS["bases"]["device"] == "cuda"),
    params:
        python=python,
        settings=stage_params("bases"),
        version=_settings.stage_version("bases"),
    shell:
        "{params.python} -m objectsounds bases"
        " --settings {params.settings:q}"
        " --status {input.status:q}"
        " --output {output:q}"
        " 2> {log:q}"
