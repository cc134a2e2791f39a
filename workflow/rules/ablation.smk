"""Stage ``ablation``: the labeller under the preprocessings of Rowe's table 1, for ``labeller_ablation`` alone.

REQUIRED INPUTS:  <results>/clips/{shard}/status.tsv and the frames beside it; the classifier's weights;
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
        weights=labeller_weights,
    output:
        "<results>/ablation/{shard}.h5",
    log:
        "<logs>/ablation/{shard}.log",
    benchmark:
        "<benchmarks>/ablation/{shard}.tsv"
    conda:
        "../../envs/vision-gpu.yaml" if SETTINGS["labeller"]["device"] == "cuda" else "../../envs/vision.yaml"
    threads: SETTINGS["labeller"]["threads"]
    resources:
        mem_mb=job_resources.memory(SETTINGS, "ablation"),
        runtime=job_resources.minutes(SETTINGS, "ablation"),
        gpu=int(SETTINGS["labeller"]["device"] == "cuda"),
    params:
        python=python,
        settings=stage_params("ablation"),
        version=_settings.stage_version("ablation"),
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
        unpack(ablation_inputs),
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
        mem_mb=job_resources.memory(SETTINGS, "ablation_table"),
        runtime=job_resources.minutes(SETTINGS, "ablation_table"),
    params:
        python=python,
        settings=stage_params("ablation_table"),
        version=_settings.stage_version("ablation_table"),
    shell:
        "{params.python} -m objectsounds ablation_table"
        " --settings {params.settings:q}"
        " --objects {input.objects:q}"
        " --scores {input.scores:q}"
        " --output {output.table:q}"
        " --plot {output.plot:q}"
        " 2> {log:q}"
