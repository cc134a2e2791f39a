"""Stage ``experiments``: every baseline and variant in tables, for the target ``tables`` alone.

REQUIRED INPUTS:  the scores of all methods; the dictionaries, networks and data sets they come from
OUTPUTS:          <results>/experiments/: scores, summary, comparisons, published, dictionaries, networks, robustness
                  and, of several seeds, seeds as TSV; robustness.svg
"""


include: "ablation.smk"


TABLE_METHODS = _settings.experiment_methods(SETTINGS)
TABLES = paths.experiment_tables(SETTINGS)


rule tables:
    input:
        paths.publication_files(SETTINGS),
        expand("<results>/experiments/{table}.tsv", table=TABLES),
        "<results>/ablation/ablation.tsv",
        "<results>/denoise/summary.tsv",


rule experiments:
    input:
        dictionaries=list(experiment_models()["dictionaries"].values()),
        networks=list(experiment_models()["networks"].values()),
        datasets=list(experiment_models()["datasets"].values()),
        bases=experiment_bases,
        blocks=expand(
            "<results>/score/{method}/{block}.tsv",
            method=TABLE_METHODS,
            block=range(SETTINGS["mixtures"]["blocks"]),
        ),
    output:
        expand("<results>/experiments/{table}.tsv", table=[name for name in TABLES if name != "summary"]),
        plot="<results>/experiments/robustness.svg",
        summary=report(
            "<results>/experiments/summary.tsv",
            caption="../report/summary.rst",
            category="Experiments",
            labels={"table": "SDR, SIR and SAR of every baseline and variant"},
        ),
    log:
        "<logs>/experiments.log",
    benchmark:
        "<benchmarks>/experiments.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        **asked("experiments"),
    params:
        **params_of("experiments", external_table.table_keys(TABLE_METHODS)),
        methods=TABLE_METHODS,
        models=experiment_arguments,
        folder=lambda wildcards, output: str(Path(output.summary).parent),
    shell:
        "{params.python} -m objectsounds experiments"
        " --settings {params.settings:q}"
        " --methods {params.methods:q}"
        " --blocks {input.blocks:q}"
        " {params.models}"
        " --output {params.folder:q}"
        " 2> {log:q}"
