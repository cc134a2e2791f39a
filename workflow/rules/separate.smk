"""Stage ``separate``: one method on one block of mixtures.

REQUIRED INPUTS:  <results>/mixtures/{block}; for a guided method its dictionary and the test split's labels
OUTPUTS:          <results>/separate/{method}/{block}: estimates.tsv and <mixture>/<object>.wav
"""


include: "export.smk"
include: "separate_videos.smk"


rule separate:
    input:
        unpack(model_inputs),
        mixtures=after_catalogue("<results>/mixtures/{block}"),
    output:
        directory("<results>/separate/{method}/{block}"),
    log:
        "<logs>/separate/{method}/{block}.log",
    benchmark:
        "<benchmarks>/separate/{method}/{block}.tsv"
    conda:
        "../../envs/audio.yaml"
    threads: SETTINGS["separate"]["threads"]
    resources:
        mem_mb=needs.memory(SETTINGS, "separate"),
        runtime=needs.minutes(SETTINGS, "separate"),
    params:
        settings=lambda wc: stage_params("separate", variant_of(wc.method))(wc),
        version=_settings.stage_version("separate"),
        model=lambda wildcards, input: " ".join(
            f"--{name} {shlex.quote(str(input[name]))}" for name in model_inputs(wildcards)
        ),
    shell:
        "python -m objectsounds separate"
        " --settings {params.settings:q}"
        " --method {wildcards.method:q}"
        " --mixtures {input.mixtures:q}"
        " {params.model}"
        " --output {output:q}"
        " 2> {log:q}"
