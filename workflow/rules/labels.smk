"""Stage ``labels``: the image classifier scores every frame of a shard.

REQUIRED INPUTS:  <results>/clips/{shard}/status.tsv and the frames beside it; the classifier's weights
OUTPUTS:          <results>/labels/{shard}.h5: raw class scores per frame
"""


def labeller_weights(wildcards):
    if SETTINGS["labeller"]["kind"] == "pictures":
        return "<results>/labeller/weights.pt"
    return ancient(SETTINGS["labeller"]["weights"]) if SETTINGS["labeller"]["weights"] else []


rule labels:
    input:
        status="<results>/clips/{shard}/status.tsv",
        weights=labeller_weights,
    output:
        "<results>/labels/{shard}.h5",
    params:
        settings=stage_params("labels"),
        version=_settings.stage_version("labels"),
        weights=lambda wildcards, input: f"--weights {shlex.quote(str(input.weights))}" if input.weights else "",
    log:
        "<logs>/labels/{shard}.log",
    benchmark:
        "<benchmarks>/labels/{shard}.tsv"
    threads: SETTINGS["labeller"]["threads"]
    resources:
        mem_mb=2000,
    conda:
        "../../envs/vision.yaml"
    shell:
        "python -m objectsounds labels"
        " --settings {params.settings:q}"
        " --status {input.status:q}"
        " {params.weights}"
        " --output {output:q}"
        " 2> {log:q}"
