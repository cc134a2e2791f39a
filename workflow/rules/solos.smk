"""Stage ``solos``: the clips with exactly one label, any number, or all, which the learned separators mix and learn from.

REQUIRED INPUTS:  <results>/dataset/{variant}/{split}.h5, the split's WAV files; what the other splits' clips
                  are performances of, so that nothing is learnt from a performance that is tested with
OUTPUTS:          <results>/solos/{variant}/{rate}/{split}.h5, and of clips with any number of labels
                  <results>/solos/{variant}/{rate}-labelled/{split}.h5, of all <results>/solos/{variant}/{rate}-all/{split}.h5
"""


rule solos:
    input:
        dataset=lambda wc: paths.dataset_of(SETTINGS, wc.variant, wc.split),
        status=lambda wc: statuses_of(wc.split),
        media=lambda wc: media_of(wc.split),
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
    shell:
        "{params.python} -m objectsounds solos"
        " --settings {params.settings:q}"
        " --rate {wildcards.rate}"
        " --dataset {input.dataset:q}"
        " --status {input.status:q}"
        " --labels {params.labels}"
        " --elsewhere {input.elsewhere:q}"
        " --output {output:q}"
        " 2> {log:q}"
