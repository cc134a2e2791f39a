"""Stage ``demo``: the embedded data set.

REQUIRED INPUTS:  none
OUTPUTS:          <results>/demo/media/<id>.mp4, pictures/{train,val}/<object>/, two segment lists, truth.tsv
"""


rule demo:
    output:
        media=directory("<results>/demo/media"),
        pictures=directory("<results>/demo/pictures"),
        train="<results>/demo/unbalanced_train_segments.csv",
        test="<results>/demo/balanced_train_segments.csv",
        truth="<results>/demo/truth.tsv",
    log:
        "<logs>/demo.log",
    benchmark:
        "<benchmarks>/demo.tsv"
    conda:
        "../../envs/fetch.yaml"
    threads: 8
    resources:
        **asked("demo"),
    params:
        **params_of("demo"),
        folder=lambda wildcards, output: str(Path(output.truth).parent),
    shell:
        "{params.python} -m objectsounds demo"
        " --settings {params.settings:q}"
        " --workers {threads}"
        " --output {params.folder:q}"
        " 2> {log:q}"
