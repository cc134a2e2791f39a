"""Stage ``catalogue``: which clips, which split, which shard, for good.

REQUIRED INPUTS:  what catalogue.train and catalogue.test name: AudioSet's segment lists, a folder or list of
                  videos, MUSIC's listings, URMP's folder; optional ontology, single_source, truth
OUTPUTS:          <results>/catalogue/clips.tsv (grows, never reorders), shards.txt
BESIDE THEM:      shards/{shard}.tsv, objects-{split}.tsv (the clips in use with what sounds and is seen),
                  performances-{split}.tsv (what they are sections of), rejected.tsv; written only when they change
"""


checkpoint catalogue:
    input:
        lists=SETTINGS["catalogue"]["train"] + SETTINGS["catalogue"]["test"],
        single_source=SETTINGS["catalogue"]["single_source"] or [],
        ontology=SETTINGS["catalogue"]["ontology"] or [],
        truth=SETTINGS["catalogue"]["truth"] or [],
    output:
        shards="<results>/catalogue/shards.txt",  # first: what Snakemake looks for where the checkpoint is asked
        clips=update("<results>/catalogue/clips.tsv"),
    log:
        "<logs>/catalogue.log",
    benchmark:
        "<benchmarks>/catalogue.tsv"
    localrule: True  # seconds: no job of a cluster
    conda:
        "../../envs/fetch.yaml"
    threads: 1
    resources:
        mem_mb=job_resources.memory(SETTINGS, "catalogue"),
        runtime=job_resources.minutes(SETTINGS, "catalogue"),
    params:
        python=python,
        settings=stage_params("catalogue"),
        version=_settings.stage_version("catalogue"),
    shell:
        "{params.python} -m objectsounds catalogue"
        " --settings {params.settings:q}"
        " --clips {output.clips:q}"
        " --shards {output.shards:q}"
        " 2> {log:q}"
