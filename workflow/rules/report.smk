"""Stage ``report``: the page to look at and listen to.

REQUIRED INPUTS:  the tables, estimates, mixtures, networks, dictionaries, datasets and status tables
OUTPUTS:          <results>/report/index.html, with its sounds and pictures in media/
"""


rule report:
    input:
        unpack(report_inputs),
        scores="<results>/score/scores.tsv",
        masks="<results>/masks" if "unet_combined" in METHODS else [],
        summary="<results>/score/summary.tsv",
        mixtures=expand("<results>/mixtures/{block}", block=range(SETTINGS["mixtures"]["blocks"])),
        separated=expand(
            "<results>/separate/{method}/{block}",
            method=METHODS,
            block=range(SETTINGS["mixtures"]["blocks"]),
        ),
    output:
        page="<results>/report/index.html",
        media=directory("<results>/report/media"),
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        settings=stage_params("report"),
        version=_settings.stage_version("report"),
        results=lambda wildcards, output: str(Path(output.page).parents[1]),
        methods=METHODS,
    shell:
        "python -m objectsounds report"
        " --settings {params.settings:q}"
        " --results {params.results:q}"
        " --methods {params.methods:q}"
        " --output {output.page:q}"
        " 2> {log:q}"
