"""Stage ``labels``: the image classifier scores every frame of a shard.

REQUIRED INPUTS:  <results>/clips/{shard}/status.tsv and media; the classifier's weights
OUTPUTS:          <results>/labels/{shard}.h5: raw class scores per frame
"""


rule labels:
    input:
        status="<results>/clips/{shard}/status.tsv",
        media="<results>/clips/{shard}/media",
        weights=labeller_weights,
    output:
        "<results>/labels/{shard}.h5",
    log:
        "<logs>/labels/{shard}.log",
    benchmark:
        "<benchmarks>/labels/{shard}.tsv"
    priority: 1  # before more clips, whose media then go sooner with clips.keep: test
    conda:
        environment("vision", SETTINGS["labeller"]["device"])
    threads: SETTINGS["labeller"]["threads"]
    resources:
        **asked("labels", SETTINGS["labeller"]["device"]),
    params:
        **params_of("labels"),
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
