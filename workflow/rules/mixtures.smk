"""Stage ``mixtures``: pairs of single-source test clips, mixed in blocks.

REQUIRED INPUTS:  <results>/catalogue/used-test.txt; the test shards' status.tsv and WAV files
OUTPUTS:          <results>/mixtures/pairs.tsv; per block a folder with pairs.tsv and, per mixture,
                  mixture.wav, reference_1.wav and reference_2.wav
"""


rule mixtures_pairs:
    input:
        used=catalogue_file("used-test.txt"),
        status=lambda wc: statuses_of("test"),
    output:
        "<results>/mixtures/pairs.tsv",
    log:
        "<logs>/mixtures/pairs.log",
    benchmark:
        "<benchmarks>/mixtures/pairs.tsv"
    conda:
        "../../envs/audio.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=stage_params("mixtures"),
        version=_settings.stage_version("mixtures"),
    shell:
        "python -m objectsounds mixtures"
        " --settings {params.settings:q}"
        " --used {input.used:q}"
        " --status {input.status:q}"
        " --output {output:q}"
        " 2> {log:q}"


rule mixtures:
    input:
        pairs="<results>/mixtures/pairs.tsv",
        status=lambda wc: statuses_of("test"),
    output:
        directory("<results>/mixtures/{block}"),
    log:
        "<logs>/mixtures/{block}.log",
    benchmark:
        "<benchmarks>/mixtures/{block}.tsv"
    conda:
        "../../envs/audio.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        settings=stage_params("mixtures"),
        version=_settings.stage_version("mixtures"),
    shell:
        "python -m objectsounds mixtures"
        " --settings {params.settings:q}"
        " --pairs {input.pairs:q}"
        " --block {wildcards.block:q}"
        " --status {input.status:q}"
        " --output {output:q}"
        " 2> {log:q}"
