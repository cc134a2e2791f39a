"""Stage ``export``: one model file that separates new videos, of the method in its name.

REQUIRED INPUTS:  the method's dictionary; the weights of the labeller, if the run trained it
OUTPUTS:          <results>/export/{method}.h5
"""


rule export:
    input:
        dictionary=lambda wc: after_catalogue(paths.dictionary_file(SETTINGS, wc.method))(wc),
        weights="<results>/labeller/weights.pt" if SETTINGS["labeller"]["kind"] == "pictures" else [],
    output:
        "<results>/export/{method}.h5",
    log:
        "<logs>/export/{method}.log",
    benchmark:
        "<benchmarks>/export/{method}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        **asked("export"),
    params:
        python=python,
        settings=lambda wc: stage_params("export", variant_of(wc.method))(wc),
        version=_settings.stage_version("export"),
        weights=lambda wildcards, input: (
            f"--weights {shlex.quote(str(input.weights))}" if input.weights else ""
        ),
    shell:
        "{params.python} -m objectsounds export"
        " --settings {params.settings:q}"
        " --method {wildcards.method:q}"
        " --dictionary {input.dictionary:q}"
        " {params.weights}"
        " --output {output:q}"
        " 2> {log:q}"
