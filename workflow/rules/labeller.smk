"""Stage ``labeller``: an image classifier is trained on labelled pictures (labeller.kind: pictures).

REQUIRED INPUTS:  the folder labeller.pictures.path with {train,val}/<object>/
OUTPUTS:          <results>/labeller/weights.pt, history.jsonl
"""


rule labeller:
    input:
        pictures=folder_input(SETTINGS["labeller"]["pictures"]["path"]),
    output:
        weights="<results>/labeller/weights.pt",
        history="<results>/labeller/history.jsonl",
    log:
        "<logs>/labeller.log",
    benchmark:
        "<benchmarks>/labeller.tsv"
    conda:
        "../../envs/vision-gpu.yaml" if SETTINGS["labeller"]["device"] == "cuda" else "../../envs/vision.yaml"
    threads: SETTINGS["labeller"]["threads"]
    resources:
        mem_mb=job_resources.memory(SETTINGS, "labeller"),
        runtime=job_resources.minutes(SETTINGS, "labeller"),
    params:
        python=python,
        settings=stage_params("labeller"),
        version=_settings.stage_version("labeller"),
    shell:
        "{params.python} -m objectsounds labeller"
        " --settings {params.settings:q}"
        " --pictures {input.pictures:q}"
        " --output {output.weights:q}"
        " --history {output.history:q}"
        " 2> {log:q}"
