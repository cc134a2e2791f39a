"""objectsounds: learn how objects sound from unlabelled video, and separate the sounds of new videos."""

import sys
from pathlib import Path
from snakemake.utils import min_version

min_version("9.27")  # path variables, update() outputs and versioned profiles


configfile: "config/config.yaml"


sys.path.insert(0, f"{workflow.basedir}/workflow")


include: "workflow/rules/common.smk"


SETTINGS = merged_settings(config)
METHODS = _settings.run_methods(SETTINGS)
shell.prefix(job_environment(workflow))


pathvars:
    results=SETTINGS["results"],
    logs=f"{SETTINGS['results']}/logs",
    benchmarks=f"{SETTINGS['results']}/benchmarks",


wildcard_constraints:
    shard=r"(train|val|test)-\d+",
    split="train|val|test",
    variant=r"\w+",
    block=r"\d+",
    method=r"\w+(@\w+)?",


for stage in """
    demo catalogue clips bases labeller labels dataset train
    dictionary mixtures solos frame_network unet wave_unet masks
    separate score denoise experiments report
""".split():

    include: f"workflow/rules/{stage}.smk"


rule all:
    default_target: True
    input:
        "<results>/report/index.html",
        "<results>/report/packed.html",
        expand("<results>/export/{method}.h5", method=paths.exported_methods(SETTINGS)),
        "<results>/catalogue/shards.txt",  # gone after a catalogue that failed, and no job would ask for it
