"""Stage ``publication``: the tables of the target ``tables`` as CSV, LaTeX and JSON.

REQUIRED INPUTS:  the tables of stages experiments, denoise and ablation; <results>/catalogue/objects-{split}.tsv and
                  <results>/mixtures/mixtures.tsv, of which digests are kept
OUTPUTS:          <results>/publication/: each table as <name>.csv and, but for the scores, as <name>.tex; tables.json
                  with settings, versions, seeds and digests of the data
"""


rule publication:
    input:
        tables=list(paths.publication_tables(SETTINGS).values()),
        objects=after_catalogue(
            *expand("<results>/catalogue/objects-{split}.tsv", split=SPLITS),
        ),
        mixtures="<results>/mixtures/mixtures.tsv",
    output:
        paths.publication_files(SETTINGS),
    log:
        "<logs>/publication.log",
    benchmark:
        "<benchmarks>/publication.tsv"
    localrule: True  # seconds: no job of a cluster
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        **asked("publication"),
    params:
        **params_of("publication"),
        results=lambda wildcards, output: str(Path(output[0]).parents[1]),
        tables=lambda wildcards, input: [
            f"{name}={path}"
            for name, path in zip(paths.publication_tables(SETTINGS), input.tables, strict=True)
        ],
        folder=lambda wildcards, output: str(Path(output[0]).parent),
    shell:
        "{params.python} -m objectsounds publication"
        " --settings {params.settings:q}"
        " --results {params.results:q}"
        " --tables {params.tables:q}"
        " --output {params.folder:q}"
        " 2> {log:q}"
