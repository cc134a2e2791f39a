"""Stage ``separate``: one method on one block of mixtures.

REQUIRED INPUTS:  <results>/mixtures/{block}; for a guided method its dictionary and the test split's labels;
                  for a learned one its network, and perhaps the frame network's predictions
OUTPUTS:          <results>/separate/{method}/{block}: estimates.tsv and <mixture>/<object>.wav
"""


include: "export.smk"
include: "separate_videos.smk"
include: "separate_external.smk"


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
    wildcard_constraints:
        method=rf"(?!({'|'.join(LEARNED + EXTERNAL)})\b)\w+(@\w+)?",
    conda:
        "../../envs/audio.yaml"
    threads: SETTINGS["separate"]["threads"]
    resources:
        **asked("separate"),
    params:
        python=python,
        settings=lambda wc: stage_params("separate", variant_of(wc.method))(wc),
        version=_settings.stage_version("separate"),
        model=lambda wildcards, input: " ".join(
            f"--{name} {shlex.quote(str(input[name]))}" for name in model_inputs(wildcards)
        ),
    shell:
        "{params.python} -m objectsounds separate"
        " --settings {params.settings:q}"
        " --method {wildcards.method:q}"
        " --mixtures {input.mixtures:q}"
        " {params.model}"
        " --output {output:q}"
        " 2> {log:q}"


rule separate_learned:
    input:
        unpack(model_inputs),
        mixtures=after_catalogue("<results>/mixtures/{block}"),
    output:
        directory("<results>/separate/{method}/{block}"),
    log:
        "<logs>/separate/{method}/{block}.log",
    benchmark:
        "<benchmarks>/separate/{method}/{block}.tsv"
    wildcard_constraints:
        method=rf"({'|'.join(LEARNED)})(@\w+)?",
    conda:
        environment("train", max(SETTINGS[name]["device"] for name in SEPARATORS))  # cuda, if one is
    threads: SETTINGS["separate"]["threads"]
    resources:
        **asked("separate_learned"),
        gpu=lambda wc: int(paths.learned_device(SETTINGS, wc.method) == "cuda"),
    params:
        python=python,
        settings=lambda wc: stage_params("separate", variant_of(wc.method), paths.learned_keys(wc.method))(wc),
        version=[_settings.stage_version("separate"), _settings.stage_version("neural", "methods")],
        model=lambda wildcards, input: " ".join(
            f"--{name} {shlex.quote(str(input[name]))}" for name in model_inputs(wildcards)
        ),
    shell:
        "{params.python} -m objectsounds separate"
        " --settings {params.settings:q}"
        " --method {wildcards.method:q}"
        " --mixtures {input.mixtures:q}"
        " {params.model}"
        " --output {output:q}"
        " 2> {log:q}"
