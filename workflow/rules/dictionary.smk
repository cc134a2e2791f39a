"""Stage ``dictionary``: the bases that stand for each object.

REQUIRED INPUTS:  <results>/train/{variant}/{supervision}/network.pt, <results>/dataset/{variant}/train.h5,
                  <results>/soundfont/{variant}.h5; for gaussian the dictionary whose sizes it takes
OUTPUTS:          <results>/dictionary/{variant}/{dictionary}.h5
"""


rule dictionary:
    input:
        network=lambda wc: paths.network_of(SETTINGS, wc.dictionary, wc.variant) or [],
        train=lambda wc: f"<results>/dataset/{shared('dataset', wc.variant)}/train.h5",
        bases=lambda wc: bases_of(wc.variant, "train"),
        soundfont=lambda wc: paths.soundfont_of(SETTINGS, wc.dictionary, wc.variant) or [],
    output:
        "<results>/dictionary/{variant}/{dictionary}.h5",
    log:
        "<logs>/dictionary/{variant}/{dictionary}.log",
    benchmark:
        "<benchmarks>/dictionary/{variant}/{dictionary}.tsv"
    wildcard_constraints:
        dictionary="|".join(name for name in DICTIONARIES if name != DRAWN),
    conda:
        "../../envs/train.yaml"
    threads: SETTINGS["train"]["threads"]
    resources:
        **asked("dictionary"),
    params:
        python=python,
        settings=lambda wc: stage_params("dictionary", extra=_settings.dictionary_keys(wc.dictionary))(wc),
        version=_settings.stage_version("dictionary"),
        rule=lambda wc: DICTIONARIES[wc.dictionary].rule,
        supervision=lambda wc: DICTIONARIES[wc.dictionary].supervision or "visual",
        network=lambda wildcards, input: (
            f"--network {shlex.quote(str(input.network))}" if input.network else ""
        ),
        soundfont=lambda wildcards, input: (
            f"--soundfont {shlex.quote(str(input.soundfont))}" if input.soundfont else ""
        ),
    shell:
        "{params.python} -m objectsounds dictionary"
        " --settings {params.settings:q}"
        " --rule {params.rule:q}"
        " --supervision {params.supervision:q}"
        " {params.network}"
        " {params.soundfont}"
        " --train {input.train:q}"
        " --output {output:q}"
        " 2> {log:q}"


rule dictionary_gaussian:
    input:
        like=after_catalogue("<results>/dictionary/{variant}/consensus.h5"),
    output:
        "<results>/dictionary/{variant}/gaussian.h5",
    log:
        "<logs>/dictionary/{variant}/gaussian.log",
    benchmark:
        "<benchmarks>/dictionary/{variant}/gaussian.tsv"
    localrule: True  # seconds: no job of a cluster
    conda:
        "../../envs/train.yaml"
    threads: 1
    resources:
        **asked("dictionary_gaussian"),
    params:
        **params_of("dictionary_gaussian"),
    shell:
        "{params.python} -m objectsounds dictionary_gaussian"
        " --settings {params.settings:q}"
        " --like {input.like:q}"
        " --output {output:q}"
        " 2> {log:q}"
