"""Stage ``clips``: a shard's media become mono WAV files and frames.

REQUIRED INPUTS:  <results>/catalogue/shards/{shard}.tsv, the folder clips.media; or, where media are
                  downloaded, the network: the folder is then a cache that no rule owns, and
                  <results>/download.json, written when the workflow is read, says how
OUTPUTS:          <results>/clips/{shard}/status.tsv, one row a clip, good and bad, and beside it the folder
                  media/<number>_<clip id> of each good clip: audio.wav and frames/NN.jpg. With clips.keep: test
                  the media of train and val go when nothing more needs them.
"""


rule clips:
    input:
        shard=after_catalogue("<results>/catalogue/shards/{shard}.tsv"),
        media=media_input,
    output:
        status="<results>/clips/{shard}/status.tsv",
        media=directory("<results>/clips/{shard}/media"),
    log:
        "<logs>/clips/{shard}.log",
    benchmark:
        "<benchmarks>/clips/{shard}.tsv"
    conda:
        "../../envs/fetch.yaml"
    threads: 1
    resources:
        **asked("clips"),
        downloads=int(SETTINGS["clips"]["download"]["enabled"]),
    params:
        **params_of("clips"),
        media=lambda wildcards, input: paths.options_of(input, "media"),
    shell:
        "{params.python} -m objectsounds clips"
        " --settings {params.settings:q}"
        " --shard {input.shard:q}"
        " {params.media}"
        " --status {output.status:q}"
        f"{download_file.download_option(SETTINGS)}"
        " 2> {log:q}"


if SETTINGS["clips"]["keep"] == "test":

    use rule clips as clips_passing with:
        output:
            status="<results>/clips/{shard}/status.tsv",
            media=temp(directory("<results>/clips/{shard}/media")),
        wildcard_constraints:
            shard=r"(train|val)-\d+",

    ruleorder: clips_passing > clips
