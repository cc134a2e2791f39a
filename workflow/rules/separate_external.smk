"""Stage ``separate_external``: a method from outside of this project on one block of mixtures.

REQUIRED INPUTS:  <results>/mixtures/{block}; for a method that is asked for what is detected the test split's labels;
                  the test clips' frames where it is given them; the files that it names, or finished estimates
OUTPUTS:          <results>/separate/{method}/{block}: estimates.tsv and <mixture>/<object>.wav
"""


rule separate_external:
    input:
        unpack(external_inputs),
        mixtures=after_catalogue("<results>/mixtures/{block}"),
    output:
        directory("<results>/separate/{method}/{block}"),
    log:
        "<logs>/separate/{method}/{block}.log",
    benchmark:
        "<benchmarks>/separate/{method}/{block}.tsv"
    wildcard_constraints:
        method=rf"({'|'.join(EXTERNAL) or '(?!)'})(@\w+)?",
    conda:
        "../../envs/audio.yaml"
    threads: SETTINGS["separate"]["threads"]
    resources:
        **asked("separate_external"),
        gpu=lambda wc: int(external_table.section_of(SETTINGS, wc.method)["gpu"]),
    params:
        python=python,
        settings=lambda wc: stage_params(
            "separate_external", variant_of(wc.method), external_table.run_keys(wc.method)
        )(wc),
        version=_settings.stage_version("separate_external"),
        release=lambda wc: external_table.release_of(external_table.section_of(SETTINGS, wc.method)),
        given=lambda wildcards, input: paths.options_of(
            input, *(name for name in ("test", "status") if name in external_inputs(wildcards))
        ),
    shell:
        "{params.python} -m objectsounds separate_external"
        " --settings {params.settings:q}"
        " --method {wildcards.method:q}"
        " --mixtures {input.mixtures:q}"
        " {params.given}"
        " --output {output:q}"
        " 2> {log:q}"
