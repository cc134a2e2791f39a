"""Which shards there are, and which files a method's models are, for the rules; only the list is opened."""

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from objectsounds.config.method_table import DICTIONARIES, TRUSTED, method_of, variant_of
from objectsounds.config.settings import dictionary_keys, of_variant, run_methods, shared_variant, trusts
from objectsounds.config.stage_keys import MASKING
from objectsounds.core.files import CATALOGUE, read_lines

EXPERIMENTS = (  # the tables of stage experiments
    *("scores", "summary", "comparisons", "seeds", "published", "dictionaries", "networks", "robustness"),
)
FORMER_SHARD = 64  # clips, the default before the list of shards told how many
# Of the page, what targets make that are asked for by themselves.
PAGES_TABLES = (
    *("ablation/ablation.tsv", "ablation/ablation.svg", "denoise/summary.tsv", "experiments/robustness.svg"),
    "leakage/leakage.tsv",
    *(f"experiments/{name}.tsv" for name in EXPERIMENTS if name != "scores"),
)


def check_list(results: str) -> None:
    """Open a run's list of shards, if there is one, before Snakemake does, which would add a traceback.

    Raises
    ------
    BrokenFileError
        If it is empty or cut; it has then been moved aside.
    """
    path = Path(results) / "catalogue" / CATALOGUE
    if path.exists():
        read_lines(path)


def shards(path: str | Path, split: str) -> list[str]:
    """Return the shards of a split from the catalogue's list."""
    return [name for name in shard_sizes(path) if name.startswith(f"{split}-")]


def shard_sizes(path: str | Path) -> dict[str, int]:
    """Return the clips of each shard from the catalogue's list; one of an earlier version has no numbers.

    Raises
    ------
    BrokenFileError
        If the list is empty or cut; it has then been moved aside.
    """
    pairs = (line.partition("\t") for line in read_lines(path))
    return {name: int(count or FORMER_SHARD) for name, _, count in pairs}


def network_of(settings: dict, dictionary: str, variant: str) -> str | None:
    """Return the trained network that a dictionary's rule asks; None for rules that ask none."""
    supervision = DICTIONARIES[dictionary].supervision
    if supervision is None:
        return None
    return f"<results>/train/{shared_variant(settings, 'train', variant)}/{supervision}/network.pt"


def soundfont_of(settings: dict, dictionary: str, variant: str) -> str | None:
    """Return the bases of a SoundFont's performances that join a dictionary; None where none do."""
    performances = of_variant(settings, variant)["soundfont"]["performances"]
    if DICTIONARIES[dictionary].as_published or not performances:
        return None
    return f"<results>/soundfont/{shared_variant(settings, 'soundfont', variant)}.h5"


def dataset_of(settings: dict, variant: str, split: str) -> str:
    """Return the aggregated HDF5 of a split."""
    return f"<results>/dataset/{shared_variant(settings, 'dataset', variant)}/{split}.h5"


def dictionary_path(settings: dict, dictionary: str, variant: str) -> str:
    """Return the file of a dictionary."""
    folder = shared_variant(settings, "dictionary", variant, dictionary_keys(dictionary))
    return f"<results>/dictionary/{folder}/{dictionary}.h5"


def dictionary_file(settings: dict, name: str) -> str | None:
    """Return the dictionary of a method, None if it has none."""
    method, variant = method_of(name), variant_of(name)
    dictionary = method.dictionary
    if method.sizes and of_variant(settings, variant)["separate"]["components_per_source"] is None:
        dictionary = method.sizes
    return None if dictionary is None else dictionary_path(settings, dictionary, variant)


def guided_methods(names: list[str]) -> list[str]:
    """Return those of some methods that separate by a dictionary of the objects that are seen."""
    return [name for name in names if method_of(name).portable and method_of(name).detects]


def exported_methods(settings: dict) -> list[str]:
    """Return the method, if any, whose model a whole run leaves: ``miml`` where it is run."""
    guided = guided_methods(run_methods(settings))
    return ["miml"] if "miml" in guided else guided[:1]


def videos_of(settings: dict) -> dict[str, str]:
    """Return the paths of your own videos by name, which is the file's without its ending."""
    return {PurePath(path).stem: path for path in settings["separate_videos"]["videos"]}


def video_options(settings: dict, name: str) -> list[str]:
    """Return the options of one of these videos, as the command line takes them."""
    section = settings["separate_videos"]
    named, muted = (",".join(section[key].get(name, [])) for key in ("objects", "mute"))
    pairs = {"--objects": named, "--remix": section["remix"].get(name, ""), "--mute": muted}
    options = [f"{option}={value}" for option, value in pairs.items() if value]
    if not named:
        options.append(f"--min-share={section['min_share']}")
    return [*options, "--rest"] if section["rest"] else options


def learned_network(settings: dict, name: str) -> str | None:
    """Return the trained network of a learned method, None if it has none."""
    network, variant = method_of(name).network, variant_of(name)
    if network is None:
        return None
    stage, _, conditioning = network.partition("/")
    folder = shared_variant(settings, stage, variant)
    return "/".join(filter(None, ["<results>", stage, folder, conditioning, "network.pt"]))


def frame_network(settings: dict, name: str) -> str | None:
    """Return the network whose word of the clips' frames a method is given, None if it is given none."""
    stage = method_of(name).frames
    if stage is None:
        return None
    folder = shared_variant(settings, stage, variant_of(name))
    return f"<results>/{stage}/{folder}/network.pt"


def solos_of(settings: dict, stage: str, variant: str, split: str, labels: str = "") -> str:
    """Return the solo clips that a stage learns from, at its rate, or with ``-labelled`` or ``-all`` more."""
    folder = shared_variant(settings, "solos", variant)
    rate = of_variant(settings, variant)[stage]["rate"]
    return f"<results>/solos/{folder}/{rate}{labels}/{split}.h5"


def trusted_by(settings: dict, variant: str, split: str, labels: str) -> str | None:
    """Return the dictionary whose clips are a split's solos; None where what is seen, or listed, says it.

    It holds train clips alone.
    """
    if split != "train" or labels or not trusts(settings, variant):
        return None
    return dictionary_path(settings, TRUSTED, variant)


def plays(settings: dict, variant: str, split: str, labels: str) -> bool:
    """True if a SoundFont's performances are among a split's solos."""
    return split == "train" and not labels and of_variant(settings, variant)["solos"]["performances"] > 0


def other_splits(split: str) -> list[str]:
    """Return the splits that may hold no performance of this one's."""
    return [name for name in ("train", "val", "test") if name != split]


def starts_from_labeller(settings: dict, variant: str, stage: str = "frame_network") -> bool:
    """True if what looks at frames in a stage begins with the labeller's weights."""
    return of_variant(settings, variant)[stage]["start"] == "labeller"


def options_of(files: Mapping, *names: str) -> str:
    """Return a rule's named inputs, one or a list each, as options of its command, or nothing."""
    words = []
    for name in names:
        paths = [files[name]] if isinstance(files[name], (str, Path)) else list(files[name])
        if paths:
            words += [f"--{name.replace('_', '-')}", *(shlex.quote(str(path)) for path in paths)]
    return " ".join(words)


def named_options(name: str, keys: Iterable[str], files: Iterable) -> str:
    """Return files by name as one option of a command, ``--name key=path ...``, or nothing."""
    words = [shlex.quote(f"{key}={path}") for key, path in zip(keys, files, strict=True)]
    return " ".join([f"--{name}", *words]) if words else ""


def models_of(settings: dict, name: str) -> dict[str, str]:
    """Return what a method is given: dictionary or network, and what tells it which objects are seen.

    These are the test labels that a guided method detects by, and what a network says of the frames.
    """
    method = method_of(name)
    models = {"dictionary": dictionary_file(settings, name), "network": learned_network(settings, name)}
    if method.detects:
        models["test"] = dataset_of(settings, variant_of(name), "test")
    frames = frame_network(settings, name)
    if frames is not None:
        models["frames"] = str(PurePath(frames).with_name("test.h5"))
    return {kind: path for kind, path in models.items() if path is not None}


def pixel_method(methods: list[str]) -> str | None:
    """Return the first method that says where in a frame a sound comes from, None where there is none."""
    return next((name for name in methods if method_of(name).network == "sound_of_pixels"), None)


def heat_inputs(settings: dict, methods: list[str]) -> list[str]:
    """Return the files from which the page's heat maps are drawn."""
    name = pixel_method(methods)
    return [] if name is None else [models_of(settings, name)[kind] for kind in ("network", "frames")]


def learned_device(settings: dict, name: str) -> str:
    """Return where a learned method separates."""
    stage = str(method_of(name).network).partition("/")[0]
    return of_variant(settings, variant_of(name))[stage]["device"]


def learned_keys(name: str) -> tuple[str, ...]:
    """Return the keys that a learned method separates by, beyond those of stage separate."""
    stage = str(method_of(name).network).partition("/")[0]
    return (f"{stage}.device", *MASKING.get(stage, ()))


def experiment_tables(settings: dict) -> list[str]:
    """Return the tables that stage experiments makes."""
    return [name for name in EXPERIMENTS if name != "seeds" or settings["seeds"]]


def publication_tables(settings: dict) -> dict[str, str]:
    """Return the tables that stage publication gives other formats, by name."""
    tables = {name: f"<results>/experiments/{name}.tsv" for name in experiment_tables(settings)}
    tables["denoise"] = "<results>/denoise/summary.tsv"
    return tables | {"ablation": "<results>/ablation/ablation.tsv"}


def publication_files(settings: dict) -> list[str]:
    """Return the files of stage publication: of the long table of scores no LaTeX."""
    names = [f"{name}.csv" for name in publication_tables(settings)]
    names += [f"{name}.tex" for name in publication_tables(settings) if name != "scores"]
    return [f"<results>/publication/{name}" for name in ("tables.json", *names)]


def experiment_models(settings: dict, methods: list[str]) -> dict[str, dict[str, str]]:
    """Return the files that the experiments' tables look into.

    Returns
    -------
    dict
        ``dictionaries``: method to file; ``networks``: ``<variant>/<supervision>`` to file, a network
        that variants share once; ``datasets``: ``<variant>/<split>`` to file.
    """
    models: dict[str, dict[str, Any]] = {"dictionaries": {}, "networks": {}, "datasets": {}}
    for name in methods:
        variant, dictionary = variant_of(name), method_of(name).dictionary
        if not method_of(name).guided or dictionary is None:
            continue
        models["dictionaries"][name] = dictionary_file(settings, name)
        supervision = DICTIONARIES[dictionary].supervision
        if supervision is not None:
            trained = shared_variant(settings, "train", variant)
            models["networks"][f"{trained}/{supervision}"] = network_of(settings, dictionary, variant)
    variants = set(trained_variants(models))
    variants |= {variant_of(name) for name in models["dictionaries"]} | {"default"}
    for variant in sorted(variants):
        for split in ("train", "test"):
            models["datasets"][f"{variant}/{split}"] = dataset_of(settings, variant, split)
    return models


def trained_variants(models: dict[str, dict[str, str]]) -> list[str]:
    """Return the variants that have a network of their own among the experiments' models."""
    return sorted({key.partition("/")[0] for key in models["networks"]})
