"""Stage ``mixtures``: single-source test clips, two or more, mixed in blocks.

REQUIRED INPUTS:  <results>/catalogue/objects-test.tsv; the test shards' status.tsv and WAV files
OUTPUTS:          <results>/mixtures/mixtures.tsv, and left_out.tsv with the pairs of which one source would be
                  silent; per block a folder with mixtures.tsv and, per mixture,
                  mixture.wav, reference_1.wav, reference_2.wav, ...
"""


rule mixtures_table:
    input:
        objects=after_catalogue("<results>/catalogue/objects-test.tsv"),
        status=lambda wc: statuses_of("test"),
        media=lambda wc: media_of("test"),
        listed=SETTINGS["mixtures"]["list"] or [],
    output:
        table="<results>/mixtures/mixtures.tsv",
        left_out="<results>/mixtures/left_out.tsv",
    log:
        "<logs>/mixtures/table.log",
    benchmark:
        "<benchmarks>/mixtures/table.tsv"
    localrule: True  # seconds: no job of a cluster
    conda:
        "../../envs/audio.yaml"
    threads: 1
    resources:
        **asked("mixtures_table"),
    params:
        **params_of("mixtures_table"),
    shell:
        "{params.python} -m objectsounds mixtures_table"
        " --settings {params.settings:q}"
        " --objects {input.objects:q}"
        " --status {input.status:q}"
        " --output {output.table:q}"
        " --left-out {output.left_out:q}"
        " 2> {log:q}"


rule mixtures:
    input:
        table="<results>/mixtures/mixtures.tsv",
        status=lambda wc: statuses_of("test"),
        media=lambda wc: media_of("test"),
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
        **asked("mixtures"),
    params:
        **params_of("mixtures"),
    shell:
        "{params.python} -m objectsounds mixtures"
        " --settings {params.settings:q}"
        " --table {input.table:q}"
        " --block {wildcards.block:q}"
        " --status {input.status:q}"
        " --output {output:q}"
        " 2> {log:q}"
