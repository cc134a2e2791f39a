"""Stage ``labels``: the image classifier scores every frame of a shard.

REQUIRED INPUTS:  <results>/clips/{shard}/status.tsv and the frames beside it; the classifier's weights
OUTPUTS:          <results>/labels/{shard}.h5: raw class scores per frame
"""


rule labels:
    input:
        status="<results>/clips/{shard}/status.tsv",
        weights=labeller_weights,
    output:
        "<results>/labels/{shard}.h5",
    log:
        "<logs>/labels/{shard}.log",
    benchmark:
        "<benchmarks>/labels/{shard}.tsv"
    conda:
        "../../envs/vision-gpu.yaml" if SETTINGS["labeller"]["device"] == "cuda" else "../../envs/vision.yaml"
    threads: SETTINGS["labeller"]["threads"]
    resources:
        mem_mb=job_resources.memory(SETTINGS, "labels"),
        runtime=job_resources.minutes(SETTINGS, "labels"),
        gpu=int(SETTINGS["labeller"]["device"] == "cuda"),
    params:
        python=python,
        settings=stage_params("labels"),
        version=_settings.stage_version("labels"),
        weights=lambda wildcards, input: (
            f"--weights {shlex.quote(str(input.weights))}" if input.weights else ""
        ),
    shell:
        "{params.python} -m objectsounds labels"
        " --settings {params.settings:q}"
        " --status {input.status:q}"
        " {params.weights}"
        " --output {output:q}"
        " 2> {log:q}"
