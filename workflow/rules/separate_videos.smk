"""Stage ``separate_videos``: your own videos, for the target ``separate_videos`` alone.

REQUIRED INPUTS:  <results>/export/{method}.h5 of the run's method; the files of separate_videos.videos
OUTPUTS:          <results>/separate_videos/{name}: <object>.wav, index.html, ..., for each file
"""


rule separate_videos:
    input:
        expand("<results>/separate_videos/{name}", name=paths.videos_of(SETTINGS)),


rule separate_video:
    input:
        model=after_catalogue(
            *expand("<results>/export/{method}.h5", method=paths.exported_methods(SETTINGS))
        ),
        video=lambda wildcards: paths.videos_of(SETTINGS)[wildcards.name],
    output:
        directory("<results>/separate_videos/{name}"),
    log:
        "<logs>/separate_videos/{name}.log",
    benchmark:
        "<benchmarks>/separate_videos/{name}.tsv"
    wildcard_constraints:
        name="[^/]+",
    conda:
        "../../envs/video.yaml"
    threads: SETTINGS["separate_videos"]["threads"]
    resources:
        **asked("separate_video"),
    params:
        python=python,
        options=lambda wc: shlex.join(paths.video_options(SETTINGS, wc.name)),
        version=_settings.stage_version("separate_videos"),
        folder=lambda wildcards, output: str(Path(str(output)).parent),
    shell:
        "{params.python} -m objectsounds separate"
        " --model {input.model:q}"
        " --cores {threads}"
        " {params.options}"
        " --output {params.folder:q}"
        " -- {input.video:q}"
        " > {log:q} 2>&1"
