"""Stage ``export``: one portable file of what separates a new video.

It holds weights and settings, never code: the dictionary, the class table, the settings that separation
and detection need, and the labeller's name, with its weights where this project trained it. ImageNet's
weights stay where they are: torchvision's own, or a file that is named.
"""

import dataclasses
import json
import logging
import shutil
from pathlib import Path

import h5py

from objectsounds.config.classes import classes_of
from objectsounds.config.method_table import AS_PUBLISHED, METHODS, separate_options, variant_of
from objectsounds.config.paths import dataset_of, dictionary_file, guided_methods
from objectsounds.config.settings import of_variant, shared_variant, stage_settings
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.files import reading, sha256_of, written_whole
from objectsounds.core.hdf5 import describe, new_hdf5, opened
from objectsounds.dictionaries.file import read_dictionary
from objectsounds.video.model_file import FORMAT, read_model

STAGE_VERSION = 5

log = logging.getLogger(__name__)


def export_model(
    settings: dict, method: str, dictionary: str | Path, weights: str | Path | None, output: str | Path
) -> None:
    """Write a model file.

    Parameters
    ----------
    settings : dict
        The keys of stage ``export``.
    method : str
        A guided method, perhaps with its variant.
    dictionary : path
    weights : path or None
        Those of the trained labeller; None for ImageNet's.
    output : path
        HDF5: ``bases`` (n, F), ``object`` (n,), ``clip_id`` (n,) as in the dictionary, and for a trained
        labeller the group ``labeller`` with one data set a tensor.

    Raises
    ------
    ObjectsoundsError
        If the method is not guided by a dictionary, or the trained labeller is missing.
    """
    _check_method(method)
    separate = separate_options(method, settings["separate"])
    for key in [key for key, none in AS_PUBLISHED.items() if separate[key] == none]:
        del separate[key]  # as in model files that are older than the key
    settings = settings | {"separate": separate}
    options = settings["labeller"]
    chosen = read_dictionary(dictionary)
    with new_hdf5(output) as file:
        describe(file, settings, STAGE_VERSION)
        file.attrs["format"] = FORMAT
        file.attrs["method"] = method
        file.attrs["objects"] = json.dumps(chosen.objects)
        file.attrs["empty"] = json.dumps(chosen.empty, sort_keys=True)
        table = [dataclasses.asdict(item) for item in classes_of(settings)]
        file.attrs["classes"] = json.dumps(table)
        file.create_dataset("object", data=chosen.owners)
        file.create_dataset("bases", data=chosen.bases)
        file.create_dataset("clip_id", data=chosen.clip_ids, dtype=h5py.string_dtype())
        if options["kind"] == "pictures":
            name = _write_labeller(file, weights)
        else:
            name = f"{options['architecture']} of ImageNet"
        file.attrs["labeller"] = name
    counts = [f"{name} {chosen.of(name).shape[1]}" for name in chosen.objects]
    log.info("%s: bases of %s; labeller %s", method, ", ".join(counts), name)


def _check_method(method: str) -> None:
    allowed = guided_methods(list(METHODS))
    if method.partition("@")[0] not in allowed:
        raise ObjectsoundsError(
            f"method {method!r} does not separate by a dictionary of objects; choose {', '.join(allowed)}."
        )


def _write_labeller(file: h5py.File, weights: str | Path | None) -> str:
    """Copy a trained labeller into the group ``labeller``; return its name."""
    from objectsounds.core.weights import load_weights

    if weights is None or not Path(weights).is_file():
        raise ObjectsoundsError(f"labeller: no trained network at {weights}; run the stage labeller first.")
    with reading(weights):
        saved = load_weights(weights)
        group = file.create_group("labeller")
        for name, tensor in saved["state_dict"].items():
            group.create_dataset(name, data=tensor.numpy())
        group.attrs["architecture"] = saved["architecture"]
        group.attrs["objects"] = json.dumps(list(saved["objects"]))
        group.attrs["image_size"] = int(saved["image_size"])
        group.attrs["sha256"] = sha256_of(Path(weights))
    return f"{saved['architecture']} trained on pictures"


def export_run(settings: dict, results: str | Path, method: str | None, output: str | Path | None) -> Path:
    """Export a finished run's model: copy the one that it made, or put together another method's.

    Parameters
    ----------
    settings : dict
        All of the run's.
    results : path
        The run's folder.
    method : str, optional
        By default ``miml``.
    output : path, optional
        By default its place in the run's folder.

    Raises
    ------
    ObjectsoundsError
        If the run holds no such dictionary, or was made with other settings.
    """
    name, results = method or "miml", Path(results)
    _check_method(name)
    made = results / "export" / f"{name}.h5"
    output = Path(output or made)
    if made.is_file():
        read_model(made)
        if output != made:
            with written_whole(output) as temporary:
                shutil.copyfile(made, temporary)
        return output
    trained = settings["labeller"]["kind"] == "pictures"
    weights = results / "labeller" / "weights.pt" if trained else None
    own, dictionary = _settings_for(settings, results, name), dictionary_file(settings, name)
    export_model(own, name, _in_run(results, dictionary), weights, output)
    return output


def _settings_for(settings: dict, results: Path, name: str) -> dict:
    """Return the settings of a method's model, which must be those of the run."""
    variants = {"default", *settings["variants"], *settings["experiments"]["variants"]}
    if variant_of(name) not in variants:
        raise ObjectsoundsError(f"method {name!r}: the configuration has no variant {variant_of(name)!r}.")
    whole = of_variant(settings, variant_of(name))
    made = {
        "dataset": _in_run(results, dataset_of(settings, variant_of(name), "train")),
        "bases": next((results / "bases" / shared_variant(settings, "bases", variant_of(name))).glob("*.h5")),
    }
    for stage, path in made.items():
        with opened(path) as file:
            theirs = json.loads(file.attrs["settings"])
        if theirs != stage_settings(whole, stage):
            raise ObjectsoundsError(
                f"{path} was made with another {stage} than the configuration has; start in the folder of "
                "the run's config/config.yaml, or give the run's settings with --settings."
            )
    return stage_settings(settings, "export", variant_of(name))


def _in_run(results: Path, path: str) -> Path:
    found = Path(path.replace("<results>", str(results)))
    if not found.is_file():
        raise ObjectsoundsError(
            f"{found} does not exist; the run has not made it: `snakemake {found}` does, with the run's "
            "configuration."
        )
    return found


OPTIONS = {
    "run": {"metavar": "RESULTS", "help": "a finished run's folder"},
    "method": {"help": "default: miml"},
    "dictionary": {"help": "in place of a run: the method's dictionary"},
    "weights": {"help": "in place of a run: those of the trained labeller"},
    "output": {"help": "default: its place in the run's folder"},
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    if args.run:
        print(export_run(settings, args.run, args.method, args.output))
    elif args.dictionary and args.method and args.output:
        export_model(settings, args.method, args.dictionary, args.weights, args.output)
    else:
        raise ObjectsoundsError("--run RESULTS must name a finished run.")
