"""Stage ``soundfont``: bases of instruments that a SoundFont plays.

REQUIRED INPUTS:  the SoundFonts that a person names, else none
OUTPUTS:          <results>/soundfont/{variant}.h5
"""


rule soundfont:
    input:
        files=lambda wc: _settings.of_variant(SETTINGS, wc.variant)["soundfont"]["files"],
    output:
        "<results>/soundfont/{variant}.h5",
    log:
        "<logs>/soundfont/{variant}.log",
    benchmark:
        "<benchmarks>/soundfont/{variant}.tsv"
    conda:
        "../../envs/audio.yaml"
    threads: 2
    resources:
        **asked("soundfont"),
    params:
        **params_of("soundfont"),
    shell:
        "{params.python} -m objectsounds soundfont"
        " --settings {params.settings:q}"
        " --workers {threads}"
        " --output {output:q}"
        " 2> {log:q}"
