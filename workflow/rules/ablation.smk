"""Stage ``ablation``: the labeller under the preprocessings of Rowe's table 1, for ``labeller_ablation`` alone.

REQUIRED INPUTS:  <results>/clips/{shard}/status.tsv and media; the classifier's weights;
                  <results>/catalogue/objects-{split}.tsv
OUTPUTS:          <results>/ablation/{shard}.h5: raw class scores per preprocessing and frame;
                  ablation.tsv and ablation.svg: accuracy of the twelve combinations with pooling
"""


rule labeller_ablation:
    input:
        "<results>/ablation/ablation.tsv",
        "<results>/ablation/ablation.svg",


rule ablation:
    input:
        status="<results>/clips/{shard}/status.tsv",
        media="<results>/clips/{shard}/media",
        weights=labeller_weights,
    output:
        "<results>/ablation/{shard}.h5",
    log:
        "<logs>/ablation/{shard}.log",
    benchmark:
        "<benchmarks>/ablation/{shard}.tsv"
    conda:
        environment("vision", SETTINGS["labeller"]["device"])
    threads: SETTINGS["labeller"]["threads"]
    resources:
        **asked("ablation", SETTINGS["labeller"]["device"]),
    params:
        **params_of("ablation"),
        weights=lambda wildcards, input: (
            f"--weights {shlex.quote(str(input.weights))}" if input.weights else ""
        ),
    shell:
        "{params.python} -m objectsounds ablation"
        " --settings {params.settings:q}"
        " --status {input.status:q}"
        " {params.weights}"
        " --output {output:q}"
        " 2> {log:q}"


rule ablation_table:
    input:
        objects=expand("<results>/catalogue/objects-{split}.tsv", split=SETTINGS["ablation"]["splits"]),
        scores=ablation_scores,
    output:
        table=report(
            "<results>/ablation/ablation.tsv",
            caption="../report/ablation.rst",
            category="Visual labels",
            labels={"table": "Accuracy of the labeller under twelve combinations"},
        ),
        plot=report(
            "<results>/ablation/ablation.svg",
            caption="../report/ablation.rst",
            category="Visual labels",
            labels={"table": "Accuracy of the labeller under twelve combinations, drawn"},
        ),
    log:
        "<logs>/ablation/table.log",
    benchmark:
        "<benchmarks>/ablation/table.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        **asked("ablation_table"),
    params:
        **params_of("ablation_table"),
    shell:
        "{params.python} -m objectsounds ablation_table"
        " --settings {params.settings:q}"
        " --objects {input.objects:q}"
        " --scores {input.scores:q}"
        " --output {output.table:q}"
        " --plot {output.plot:q}"
        " 2> {log:q}"
