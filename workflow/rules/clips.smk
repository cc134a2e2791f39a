"""Stage ``clips``: a shard's media become mono WAV files and frames.

REQUIRED INPUTS:  <results>/catalogue/shards/{shard}.tsv, the folder clips.media; or, where media are
                  downloaded, the network: the folder is then a cache that no rule owns
OUTPUTS:          <results>/clips/{shard}/status.tsv, one row a clip, good and bad
BESIDE IT:        <results>/clips/{shard}/<number>_<clip id>/audio.wav and frames/NN.jpg
"""


rule clips:
    input:
        shard=after_catalogue("<results>/catalogue/shards/{shard}.tsv"),
        media=media_input,
    output:
        status="<results>/clips/{shard}/status.tsv",
    log:
        "<logs>/clips/{shard}.log",
    benchmark:
        "<benchmarks>/clips/{shard}.tsv"
    conda:
        "../../envs/fetch.yaml"
    threads: 1
    resources:
        mem_mb=job_resources.memory(SETTINGS, "clips"),
        runtime=job_resources.minutes(SETTINGS, "clips"),
        downloads=int(SETTINGS["clips"]["download"]["enabled"]),
    params:
        python=python,
        settings=stage_params("clips"),
        version=_settings.stage_version("clips"),
    shell:
        "{params.python} -m objectsounds clips"
        " --settings {params.settings:q}"
        " --shard {input.shard:q}"
        " --status {output.status:q}"
        " 2> {log:q}"
