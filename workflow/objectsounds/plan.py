"""Which shards there are, and which files a method's models are, for the rules; only the list is opened."""

from pathlib import Path, PurePath

from objectsounds.files import CATALOGUE, read_lines
from objectsounds.registry import DICTIONARIES, GUIDED, method_of, rule_sections, variant_of
from objectsounds.settings import run_methods, shared_variant


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


def shards(path: str, split: str) -> list[str]:
    """Return the shards of a split from the catalogue's list."""
    return [name for name in read_lines(path) if name.startswith(f"{split}-")]


def dictionary_keys(dictionary: str) -> tuple[str, ...]:
    """Return the keys of a dictionary beyond its stage's."""
    return tuple(f"dictionary.{section}" for section in rule_sections(DICTIONARIES[dictionary].rule))


def network_of(settings: dict, dictionary: str, variant: str) -> str | None:
    """Return the trained network that a dictionary's rule asks; None for rules that ask none."""
    supervision = DICTIONARIES[dictionary].supervision
    if supervision is None:
        return None
    return f"<results>/train/{shared_variant(settings, 'train', variant)}/{supervision}/network.pt"


def dataset_of(settings: dict, variant: str, split: str) -> str:
    """Return the aggregated HDF5 of a split."""
    return f"<results>/dataset/{shared_variant(settings, 'dataset', variant)}/{split}.h5"


def dictionary_file(settings: dict, name: str) -> str | None:
    """Return the dictionary of a method, None if it has none."""
    dictionary = method_of(name).dictionary
    if dictionary is None:
        return None
    folder = shared_variant(settings, "dictionary", variant_of(name), dictionary_keys(dictionary))
    return f"<results>/dictionary/{folder}/{dictionary}.h5"


def guided_methods(names: list[str]) -> list[str]:
    """Return those of some methods that separate by a dictionary of the objects that are seen."""
    return [name for name in names if method_of(name).function == GUIDED and method_of(name).guided]


def exported_methods(settings: dict) -> list[str]:
    """Return the method, if any, whose model a whole run leaves: ``miml`` where it is run."""
    guided = guided_methods(run_methods(settings))
    return ["miml"] if "miml" in guided else guided[:1]


def videos_of(settings: dict) -> dict[str, str]:
    """Return the paths of one's own videos by name, which is the file's without its ending."""
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


def models_of(settings: dict, name: str) -> dict[str, str]:
    """Return what a method is given: its dictionary, and the test labels that a guided one detects by."""
    models = {"dictionary": dictionary_file(settings, name)} if method_of(name).dictionary else {}
    if method_of(name).guided:
        models["test"] = dataset_of(settings, variant_of(name), "test")
    return models


def experiment_models(settings: dict, methods: list[str]) -> dict[str, dict[str, str]]:
    """Return the files that the experiments' tables look into.

    Returns
    -------
    dict
        ``dictionaries``: method to file; ``networks``: ``<variant>/<supervision>`` to file, a network
        that variants share once; ``datasets``: ``<variant>/<split>`` to file.
    """
    models: dict[str, dict[str, str]] = {"dictionaries": {}, "networks": {}, "datasets": {}}
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
