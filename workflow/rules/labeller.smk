"""Stage ``labeller``: an image classifier is trained on labelled pictures (labeller.kind: pictures).

REQUIRED INPUTS:  the folder labeller.pictures.path with {train,val}/<object>/, the folders of single objects
                  that labeller.pictures.folders, class_table and added_classes name
OUTPUTS:          <results>/labeller/weights.pt, history.jsonl
"""


rule labeller:
    input:
        pictures=folder_inputs(SETTINGS["labeller"]["pictures"]["path"]),
        folders=folder_inputs(*SETTINGS["labeller"]["pictures"]["folders"].values()),
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
        pictures=lambda wildcards, input: paths.options_of(input, "pictures"),
        folders=lambda wildcards, input: paths.named_options(
            "folders", SETTINGS["labeller"]["pictures"]["folders"], input.folders
        ),
    shell:
        "{params.python} -m objectsounds labeller"
        " --settings {params.settings:q}"
        " {params.pictures}"
        " {params.folders}"
        " --output {output.weights:q}"
        " --history {output.history:q}"
        " 2> {log:q}"
