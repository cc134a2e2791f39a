"""Stage ``report``: the page to look at and listen to.

REQUIRED INPUTS:  the tables, estimates, mixtures, networks, dictionaries, datasets and status tables;
                  with Sound of Pixels its network and what it sees in the test clips
OUTPUTS:          <results>/report/index.html, with its sounds and pictures in media/; packed.html and packed/ are
                  copies of it for Snakemake's own report; run.json holds the settings, versions and digests of the data
"""

# Snakemake's report takes a folder only as a zip: nothing tells a rule which it will be but report.packed.
ZIPPED = SETTINGS["report"]["packed"] == "folder"
PAGE = {
    "caption": "../report/page.rst",
    "category": "Page",
    "labels": {"page": "Listen and look" if ZIPPED else "Look"},
}


rule report:
    input:
        unpack(report_inputs),
        scores="<results>/score/scores.tsv",
        table="<results>/mixtures/mixtures.tsv",
        left_out="<results>/mixtures/left_out.tsv",
        masks="<results>/masks" if "unet_combined" in METHODS else [],
        summary="<results>/score/summary.tsv",
        mixtures=expand("<results>/mixtures/{block}", block=range(SETTINGS["mixtures"]["blocks"])),
        separated=expand(
            "<results>/separate/{method}/{block}",
            method=sorted({estimates_of(name) for name in METHODS}),
            block=range(SETTINGS["mixtures"]["blocks"]),
        ),
    output:
        page="<results>/report/index.html",
        record="<results>/report/run.json",
        media=report(
            directory("<results>/report/media"),
            patterns=["{plot,[^/]+}.svg"],
            caption="../report/plots.rst",
            category="Plots",
            labels={"plot": "{plot}"},
        ),
        file=("<results>/report/packed.html" if ZIPPED else report("<results>/report/packed.html", **PAGE)),
        folder=(
            report(directory("<results>/report/packed"), htmlindex="index.html", **PAGE)
            if ZIPPED
            else directory("<results>/report/packed")
        ),
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        **asked("report"),
    params:
        **params_of("report"),
        results=lambda wildcards, output: str(Path(output.page).parents[1]),
        methods=METHODS,
    shell:
        "{params.python} -m objectsounds report"
        " --settings {params.settings:q}"
        " --results {params.results:q}"
        " --methods {params.methods:q}"
        " --output {output.page:q}"
        " 2> {log:q}"
