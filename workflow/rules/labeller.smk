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
        environment("vision")
    threads: SETTINGS["labeller"]["threads"]
    resources:
        **asked("labeller"),
    params:
        **params_of("labeller"),
    shell:
        "{params.python} -m objectsounds labeller"
        " --settings {params.settings:q}"
        " --pictures {input.pictures:q}"
        " --output {output.weights:q}"
        " --history {output.history:q}"
        " 2> {log:q}"
