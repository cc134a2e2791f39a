"""Stage ``report``: the page to look at and listen to.

REQUIRED INPUTS:  the tables, estimates, mixtures, networks, dictionaries, datasets and status tables
OUTPUTS:          <results>/report/index.html, with its sounds and pictures in media/
"""


def report_inputs(wildcards):
    splits = [split for split in ("train", "val", "test") if shards_of(split)]
    guided = {method_of(name).dictionary for name in SETTINGS["methods"] if method_of(name).guided}
    inputs = {
        "status": [path for split in splits for path in statuses_of(split)],
        "datasets": expand("<results>/dataset/default/{split}.h5", split=splits),
        "dictionaries": expand("<results>/dictionary/default/{name}.h5", name=sorted(guided)),
        "network": "<results>/train/default/visual/network.pt",
        "history": "<results>/train/default/visual/history.jsonl",
    }
    if SETTINGS["labeller"]["kind"] == "pictures":
        inputs["labeller"] = "<results>/labeller/history.jsonl"
    return inputs


rule report:
    input:
        unpack(report_inputs),
        scores="<results>/score/scores.tsv",
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
    params:
        settings=stage_params("report"),
        version=_settings.stage_version("report"),
        results=SETTINGS["results"],
        methods=METHODS,
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    threads: 1
    resources:
        mem_mb=2000,
    conda:
        "../../envs/report.yaml"
    shell:
        "python -m objectsounds report"
        " --settings {params.settings:q}"
        " --results {params.results:q}"
        " --methods {params.methods:q}"
        " --output {output.page:q}"
        " 2> {log:q}"
