"""Stage ``denoise``: noise taken off single sources as in Gao's table 2, for the target ``denoising`` alone.

REQUIRED INPUTS:  <results>/dictionary/default/{dictionary}.h5; the test shards' status.tsv and WAV files,
                  <results>/catalogue/objects-test.tsv and <results>/dataset/default/test.h5, or in place of
                  these the folder denoise.folder
OUTPUTS:          <results>/denoise/scores.tsv (a row per method, noise, ratio and clip) and summary.tsv
"""


rule denoising:
    input:
        "<results>/denoise/scores.tsv",
        "<results>/denoise/summary.tsv",


rule denoise:
    input:
        dictionaries=after_catalogue(
            *expand("<results>/dictionary/default/{name}.h5", name=SETTINGS["denoise"]["dictionaries"])
        ),
        folder=folder_input(SETTINGS["denoise"]["folder"]) if SETTINGS["denoise"]["folder"] else [],
        objects=(
            [] if SETTINGS["denoise"]["folder"] else after_catalogue("<results>/catalogue/objects-test.tsv")
        ),
        status=lambda wc: [] if SETTINGS["denoise"]["folder"] else statuses_of("test"),
        media=lambda wc: [] if SETTINGS["denoise"]["folder"] else media_of("test"),
        test=[] if SETTINGS["denoise"]["folder"] else "<results>/dataset/default/test.h5",
    output:
        scores="<results>/denoise/scores.tsv",
        summary=report(
            "<results>/denoise/summary.tsv",
            caption="../report/denoise.rst",
            category="Scores",
            labels={"table": "NSDR of denoising"},
        ),
    log:
        "<logs>/denoise.log",
    benchmark:
        "<benchmarks>/denoise.tsv"
    conda:
        "../../envs/audio.yaml"
    threads: SETTINGS["denoise"]["threads"]
    resources:
        **asked("denoise"),
    params:
        **params_of("denoise"),
        clips=lambda wildcards, input: (
            f"--objects {shlex.quote(str(input.objects))} --test {shlex.quote(str(input.test))}"
            f" --status {shlex.join(map(str, input.status))}"
            if input.status
            else paths.options_of(input, "folder")
        ),
    shell:
        "{params.python} -m objectsounds denoise"
        " --settings {params.settings:q}"
        " --dictionaries {input.dictionaries:q}"
        " {params.clips}"
        " --scores {output.scores:q}"
        " --summary {output.summary:q}"
        " 2> {log:q}"
