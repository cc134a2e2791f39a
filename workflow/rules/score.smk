"""Stage ``score``: BSS-EVAL of every estimate, and the tables made of it.

REQUIRED INPUTS:  <results>/mixtures/{block}, <results>/separate/{method}/{block}
OUTPUTS:          <results>/score/{method}/{block}.tsv; scores.tsv (a row per method, mixture and source),
                  summary.tsv (a row per method and group), comparisons.tsv (differences to miml) and, of several
                  seeds, seeds.tsv
"""


rule score:
    input:
        mixtures=after_catalogue("<results>/mixtures/{block}"),
        separated=lambda wc: f"<results>/separate/{estimates_of(wc.method)}/{wc.block}",
    output:
        "<results>/score/{method}/{block}.tsv",
    log:
        "<logs>/score/{method}/{block}.log",
    benchmark:
        "<benchmarks>/score/{method}/{block}.tsv"
    conda:
        "../../envs/audio.yaml"
    threads: SETTINGS["score"]["threads"]
    resources:
        **asked("score"),
    params:
        python=python,
        settings=lambda wc: stage_params("score", extra=external_table.run_keys(wc.method, ("objects",)))(wc),
        version=_settings.stage_version("score"),
    shell:
        "{params.python} -m objectsounds score"
        " --settings {params.settings:q}"
        " --method {wildcards.method:q}"
        " --mixtures {input.mixtures:q}"
        " --separated {input.separated:q}"
        " --output {output:q}"
        " 2> {log:q}"


rule score_tables:
    input:
        after_catalogue(
            *expand(
                "<results>/score/{method}/{block}.tsv",
                method=METHODS,
                block=range(SETTINGS["mixtures"]["blocks"]),
            )
        ),
    output:
        scores="<results>/score/scores.tsv",
        summary=report(
            "<results>/score/summary.tsv",
            caption="../report/summary.rst",
            category="Scores",
            labels={"table": "SDR, SIR and SAR per method and group"},
        ),
        comparisons="<results>/score/comparisons.tsv",
        seeds="<results>/score/seeds.tsv" if SETTINGS["seeds"] else [],
    log:
        "<logs>/score/tables.log",
    benchmark:
        "<benchmarks>/score/tables.tsv"
    localrule: True  # seconds: no job of a cluster
    conda:
        "../../envs/audio.yaml"
    threads: 1
    resources:
        **asked("score_tables"),
    params:
        **params_of("score_tables", external_table.table_keys(METHODS)),
        methods=METHODS,
        seeds=lambda wildcards, output: paths.options_of(output, "seeds"),
    shell:
        "{params.python} -m objectsounds score_tables"
        " --settings {params.settings:q}"
        " --methods {params.methods:q}"
        " --blocks {input:q}"
        " --scores {output.scores:q}"
        " --summary {output.summary:q}"
        " --comparisons {output.comparisons:q}"
        " {params.seeds}"
        " 2> {log:q}"
