"""One thin module a stage: it opens inputs, calls the library, writes outputs, and is the subcommand.

Rule, subcommand, module, settings and test of a stage have its name. The exceptions: ``separate_learned`` is
the rule of stage ``separate`` that may have a GPU; ``separate`` on the command line takes a person's videos
too, as the rule ``separate_video`` does. ``labels`` and ``ablation`` look at frames by section ``labeller``,
tables (``score_tables``, ``mixtures_table``) are made by their stage's section; ``export``,
``leakage`` and ``publication`` have none. ``separate_external`` has section ``external``, and writes where
``separate`` does.
"""

STAGES = (
    *("demo", "catalogue", "clips", "bases", "labeller", "labels", "ablation", "ablation_table"),
    *("dataset", "train", "soundfont", "dictionary", "dictionary_gaussian", "export"),
    *("mixtures_table", "mixtures", "solos", "frame_network", "frame_predictions", "unet", "wave_unet"),
    *("co_separation", "sound_of_pixels", "pixel_features", "separate_external", "masks"),
    *("score", "score_tables", "denoise", "leakage", "experiments", "publication", "report"),
)
