"""Stage ``solos``: the clips with exactly one label, any number, or all, which the learned separators mix and learn from.

REQUIRED INPUTS:  <results>/dataset/{variant}/{split}.h5, the split's WAV files; <results>/dictionary/{variant}/consensus.h5
                  where its clips are trusted; SoundFonts that a person names; what the other splits' clips
                  are performances of, so that nothing is learnt from a performance that is tested with
OUTPUTS:          <results>/solos/{variant}/{rate}/{split}.h5, and of clips with any number of labels
                  <results>/solos/{variant}/{rate}-labelled/{split}.h5, of all <results>/solos/{variant}/{rate}-all/{split}.h5
"""


rule solos:
    input:
        dataset=lambda wc: paths.dataset_of(SETTINGS, wc.variant, wc.split),
        status=lambda wc: statuses_of(wc.split),
        media=lambda wc: media_of(wc.split),
        dictionary=lambda wc: paths.trusted_by(SETTINGS, wc.variant, wc.split, wc.labels) or [],
        fonts=lambda wc: _settings.of_variant(SETTINGS, wc.variant)["soundfont"]["files"],
        elsewhere=lambda wc: after_catalogue(
            *(f"<results>/catalogue/performances-{split}.tsv" for split in paths.other_splits(wc.split))
        )(wc),
    output:
        "<results>/solos/{variant}/{rate}{labels}/{split}.h5",
    log:
        "<logs>/solos/{variant}/{rate}{labels}/{split}.log",
    benchmark:
        "<benchmarks>/solos/{variant}/{rate}{labels}/{split}.tsv"
    wildcard_constraints:
        rate=r"\d+",
        labels="|-labelled|-all",
    conda:
        "../../envs/audio.yaml"
    threads: 1
    resources:
        **asked("solos"),
    params:
        **params_of("solos"),
        labels=lambda wc: {"": "one", "-labelled": "any", "-all": "unasked"}[wc.labels],
        optional=lambda wildcards, input: paths.options_of(input, "dictionary"),
        play=lambda wc: "--play" if paths.plays(SETTINGS, wc.variant, wc.split, wc.labels) else "",
    shell:
        "{params.python} -m objectsounds solos"
        " --settings {params.settings:q}"
        " --rate {wildcards.rate}"
        " --dataset {input.dataset:q}"
        " --status {input.status:q}"
        " --labels {params.labels}"
        " {params.optional}"
        " {params.play}"
        " --elsewhere {input.elsewhere:q}"
        " --output {output:q}"
        " 2> {log:q}"
