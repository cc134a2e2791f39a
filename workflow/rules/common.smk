"""Functions that the rules share. Logic belongs in the library; this only joins it to Snakemake."""

import os
import shlex
import sys
from functools import partial
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.path_modifier import PathModifier
from snakemake.settings.types import DeploymentMethod

try:
    from objectsounds.config import download_file, external_table, job_resources, paths
except ModuleNotFoundError as error:  # of a Snakefile that is read from afar, whose folder is on no path
    raise WorkflowError(f"{error}: install objectsounds for the Python that runs Snakemake.") from None

from objectsounds.config import settings as _settings
from objectsounds.config.schema import refuse_repeated_keys
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import RUN
from objectsounds.core.places import LIBRARY
from objectsounds.core.writable import check_writable
from objectsounds.config.kind_table import KINDS
from objectsounds.config.method_table import (
    CONDITIONINGS,
    DICTIONARIES,
    DRAWN,
    LEARNED,
    SEPARATORS,
    estimates_of,
    method_of,
    variant_of,
)

SPLITS = ("train", "val", "test")


def merged_settings(config, workflow):
    """Merge and validate the settings; a bad value, or a cut list of shards, ends the run with one sentence."""
    try:
        if not workflow.modifier.skip_configfile:  # a module's settings are the other workflow's to check
            for path in workflow.configfiles:
                refuse_repeated_keys(Path(path))
        settings = _settings.load_settings(config, relocated(workflow))
        os.environ[RUN] = settings["results"]  # what lies elsewhere is a person's, and is never moved aside
        if not os.path.isdir(settings["results"]):
            check_writable(settings["results"], "results")
        download_file.write_download_file(settings)
        paths.check_list(settings["results"])
        return settings
    except ObjectsoundsError as error:
        raise WorkflowError(str(error)) from None


def relocated(workflow):
    """Return a function from the settings' folder of results to the one that a workflow above us wants.

    A job's settings name files too, which Snakemake's prefix of a module does not reach: the prefix becomes part
    of ``<results>`` here, and Snakemake leaves our paths alone.
    """
    modifier, given = workflow.modifier, workflow.pathvars
    moved = modifier.path_modifier.replace_prefix
    modifier.path_modifier = PathModifier(None, None, workflow)
    if given.level["results"] < 3:  # pathvars of the module statement, or of the config; 3 are our own
        return lambda results: str(moved(given.get("results")))
    return lambda results: str(moved(results))


def python_command(workflow, settings):
    """Return how a job starts Python: our Python and library, first on its paths.

    Where conda or a container brings the software, it brings Python, which ours would hide. Nothing is set for all
    jobs, as ``shell.prefix`` would: a workflow that has this one as a module has rules of its own.
    """
    deployed = workflow.deployment_settings.deployment_method
    brought = DeploymentMethod.CONDA in deployed
    brought = brought or (DeploymentMethod.APPTAINER in deployed and bool(settings["container"]))
    command = f"{RUN}={shlex.quote(settings['results'])}"
    command += f" PYTHONPATH={shlex.quote(str(LIBRARY))}${{PYTHONPATH:+:$PYTHONPATH}}"
    if brought:
        return f"{command} python"
    return (
        f"{command} PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH {shlex.quote(sys.executable)}"
    )


def python(wildcards, output):
    """Return how a job starts Python, as a param: made from the output, so never a reason to run again."""
    return PYTHON


def stage_params(stage, variant=None, extra=()):
    """Return a params function: the keys that a stage depends on, as canonical JSON."""

    def settings_of(wildcards):
        name = variant or getattr(wildcards, "variant", "default")
        return _settings.canonical(_settings.stage_settings(SETTINGS, stage, name, extra))

    return settings_of


def params_of(name, extra=()):
    """Return the params of a stage without options: how Python starts, its settings and its version."""
    settings = stage_params(name, extra=extra)
    return {"python": python, "settings": settings, "version": _settings.stage_version(name)}


def asked(name, device="cpu"):
    """Return the resources of a job, with a GPU where the device is ``cuda``."""
    return job_resources.requested(SETTINGS, name, device, clips_of)


def environment(family, device="cpu"):
    """Return the conda environment of a family of rules, with the GPU's PyTorch where the device is ``cuda``."""
    return f"../../envs/{family}{'-gpu' if device == 'cuda' else ''}.yaml"


def shared(stage, variant, extra=()):
    """Return the variant whose files a variant uses at a stage: ``default`` where nothing differs."""
    return _settings.shared_variant(SETTINGS, stage, variant, extra)


def shards_of(split):
    """Return the shards of a split. Asks for the checkpoint, so a dry run ends at the catalogue."""
    listed = checkpoints.catalogue.get().output.shards
    with listed.open():  # fetches it, where it is in a storage
        return paths.shards(listed, split)


SIZES = {}  # of the shards, which never change: asking for the checkpoint at each of 9,000 jobs takes seconds


def clips_of(shard):
    """Return how many clips a shard holds."""
    if shard not in SIZES:
        listed = checkpoints.catalogue.get().output.shards
        with listed.open():
            SIZES.update(paths.shard_sizes(listed))
    return SIZES[shard]


def statuses_of(split):
    """Return the status tables of a split's shards."""
    return expand("<results>/clips/{shard}/status.tsv", shard=shards_of(split))


def media_of(split):
    """Return the folders of WAVs and frames of a split's shards."""
    return expand("<results>/clips/{shard}/media", shard=shards_of(split))


def bases_of(variant, *splits):
    """Return the shards' bases that the data sets of some splits look into; none if they hold copies."""
    shards, name = [shard for split in splits for shard in shards_of(split)], shared("bases", variant)
    copied = _settings.of_variant(SETTINGS, variant)["dataset"]["copy"]
    return [] if copied else [f"<results>/bases/{name}/{shard}.h5" for shard in shards]


def after_catalogue(*paths):
    """Return paths as an input that waits for the catalogue.

    When it has run, Snakemake looks again only at jobs that ask for it: others run though nothing changed.
    """
    return lambda wc: checkpoints.catalogue.get() and [path.format(**dict(wc)) for path in paths]


def folder_input(path):
    """Return an input folder: a person's own is ``ancient``, so a file more in it reruns nothing."""
    return path if path.startswith(SETTINGS["results"] + "/") else ancient(path)


def folder_inputs(*folders):
    """Return input folders as `folder_input` does, without those that are not named."""
    return [folder_input(path) for path in folders if path]


def media_input(wildcards):
    """Return the folder of media where it has to be there: not where files are named, or downloaded."""
    named = KINDS[SETTINGS["catalogue"]["kind"]].own_media
    downloaded = SETTINGS["clips"]["download"]["enabled"]
    return [] if named or downloaded else folder_input(SETTINGS["clips"]["media"])


def model_inputs(wildcards):
    """Return the dictionary of a method, and the test labels that a guided method detects by."""
    return paths.models_of(SETTINGS, wildcards.method)


def external_inputs(wildcards):
    """Return what a method from outside is given."""
    inputs = paths.models_of(SETTINGS, wildcards.method)
    if external_table.takes_frames(SETTINGS, wildcards.method):
        inputs |= {"status": statuses_of("test"), "media": media_of("test")}
    return inputs | {"files": external_table.files_of(SETTINGS, wildcards.method)}


def experiment_models():
    """Return the files that the experiments' tables look into, by kind and name."""
    return paths.experiment_models(SETTINGS, _settings.experiment_methods(SETTINGS))


def experiment_bases(wildcards):
    """Return the test bases behind the data sets on which the experiments' networks are tried."""
    names = paths.trained_variants(experiment_models())
    return list(dict.fromkeys(path for name in names for path in bases_of(name, "test")))


def experiment_arguments(wildcards, input):
    """Return the experiments' files as options: --dictionaries method=path ..."""
    return " ".join(
        paths.named_options(kind, files, input[kind]) for kind, files in experiment_models().items()
    )


def labeller_weights(wildcards):
    """Return the labeller's weights: the trained ones, a person's file, or none where torchvision brings its own."""
    if SETTINGS["labeller"]["kind"] == "pictures":
        return "<results>/labeller/weights.pt"
    return ancient(SETTINGS["labeller"]["weights"]) if SETTINGS["labeller"]["weights"] else []


def ablation_scores(wildcards):
    """Return the scores that the labeller's ablation counts."""
    shards = [shard for split in SETTINGS["ablation"]["splits"] for shard in shards_of(split)]
    return expand("<results>/ablation/{shard}.h5", shard=shards)


def report_inputs(wildcards):
    """Return what the page is made of, beside the scores."""
    splits = [split for split in SPLITS if shards_of(split)]
    guided = {method_of(name).dictionary for name in SETTINGS["methods"] if method_of(name).guided} - {None}
    inputs = {
        "objects": expand("<results>/catalogue/objects-{split}.tsv", split=SPLITS),
        "rejected": "<results>/catalogue/rejected.tsv",
        "status": [path for split in splits for path in statuses_of(split)],
        "media": media_of("test"),
        "datasets": expand("<results>/dataset/default/{split}.h5", split=splits),
        "bases": bases_of("default", *splits),
        "dictionaries": expand("<results>/dictionary/default/{name}.h5", name=sorted(guided)),
        "network": "<results>/train/default/visual/network.pt",
        "history": "<results>/train/default/visual/history.jsonl",
    }
    if SETTINGS["seeds"]:
        inputs["seeds"] = "<results>/score/seeds.tsv"
    if SETTINGS["labeller"]["kind"] == "pictures":
        inputs["labeller"] = "<results>/labeller/history.jsonl"
    inputs["heat"] = paths.heat_inputs(SETTINGS, METHODS)
    # Of targets that are asked for by themselves: on the page once they are there.
    made = [f"{SETTINGS['results']}/{name}" for name in paths.PAGES_TABLES]
    return inputs | {"tables": [path for path in made if Path(path).exists()]}
