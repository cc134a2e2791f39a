"""Stage ``experiments``: every baseline and variant in tables, for the target ``tables`` alone.

The tables of ``score`` are made again with all methods, and beside them: the published figures, what each
dictionary holds, what each network knows of the test clips, and how wrong labels affect the upper bound.
"""

import logging
from pathlib import Path

import numpy as np

from objectsounds.config.method_table import SAME_RULE, method_of, variant_of
from objectsounds.config.settings import of_variant, overrides_of
from objectsounds.core.arguments import MANY, ONE, NamedFile
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.bags import UNKNOWN, Bags, open_dataset
from objectsounds.data.score_tables import COLUMNS
from objectsounds.dictionaries.file import read_dictionary
from objectsounds.report.plots import save_robustness
from objectsounds.report.published import BESIDE_COLUMNS, beside
from objectsounds.stages.score_tables import make_tables

STAGE_VERSION = 4
DICTIONARY_COLUMNS = (
    "method",
    "dictionary",
    "bases_mean",
    "bases_least",
    "clips_mean",
    "objects_empty",
    "sounding",
    "alone",
    "n",
    "sdr_mean",
)
NETWORK_COLUMNS = ("network", "supervision", "clips", "accuracy", "loss", "map", "map_authors", "epochs")
ROBUSTNESS_COLUMNS = ("method", "group", "wrong_labels", "n", "sdr_mean", "sdr_low", "sdr_high")

log = logging.getLogger(__name__)


def dictionary_rows(models: list[NamedFile], train: Bags, scores: list[dict]) -> list[dict]:
    """Return per guided method what its dictionary holds, and its mean SDR over all sources.

    ``sounding`` and ``alone`` are the shares of bases that come from a clip in which their object sounds,
    and sounds alone, by the lists' labels: the truth that no rule but the solo oracle sees.
    """
    row_of = {clip_id: row for row, clip_id in enumerate(train.clip_ids)}
    truth = train.audioset == 1
    rows = []
    for model in models:
        dictionary = read_dictionary(model.path)
        origins = [row_of.get(clip_id) for clip_id in dictionary.clip_ids]
        known = [
            (row, owner) for row, owner in zip(origins, dictionary.owners, strict=True) if row is not None
        ]
        counts = np.bincount(dictionary.owners, minlength=len(dictionary.objects))
        clips = [
            len({row for row, owner in known if owner == index}) for index in range(len(dictionary.objects))
        ]
        sounding = [truth[row, owner] for row, owner in known]
        alone = [truth[row, owner] and truth[row].sum() == 1 for row, owner in known]
        values = [float(row["sdr"]) for row in scores if row["method"] == model.name]
        rows.append(
            {
                "method": model.name,
                "dictionary": model.path.stem,
                "bases_mean": f"{counts.mean():.1f}",
                "bases_least": int(counts.min()),
                "clips_mean": f"{np.mean(clips):.1f}",
                "objects_empty": int((counts == 0).sum()),
                "sounding": f"{np.mean(sounding):.3f}" if known else "",
                "alone": f"{np.mean(alone):.3f}" if known else "",
                "n": len(values),
                "sdr_mean": f"{np.mean(values):.3f}" if values else "",
            }
        )
    return rows


def network_rows(models: list[NamedFile], settings: dict, test: dict[str, Path]) -> list[dict]:
    """Return what each network makes of the test clips, against their visual labels (Rowe table 2).

    Parameters
    ----------
    models : list of NamedFile
        Named ``<variant>/<supervision>``.
    settings : dict
        The whole settings, for each variant's ``train`` section.
    test : dict
        Variant to the aggregated HDF5 of its test split.
    """
    from objectsounds.core.devices import choose_device
    from objectsounds.networks.miml_training import BagLoader, load_network, measures, predict

    rows, device = [], choose_device("cpu", "train.device")
    for model in models:
        variant, _, supervision = model.name.partition("/")
        network, saved = load_network(model.path)
        bags = open_dataset(test[variant])
        options = of_variant(settings, variant)["train"]
        scores, loss = predict(network, BagLoader(bags, bags.targets, options, device))
        found = measures("test", scores, loss, bags.targets)
        cells = {name: f"{found[f'test_{name}']:.4f}" for name in ("accuracy", "loss", "map", "map_authors")}
        epochs = saved.get("epoch", "")
        rows.append(
            {
                "network": variant,
                "supervision": supervision,
                "clips": len(bags.clip_ids),
                "epochs": epochs,
                **cells,
            }
        )
    return rows


def wrong_share(labels: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of clips whose labels are not exactly the true ones, arrays of shape=(n, L)."""
    known = (truth != UNKNOWN).all(axis=1)
    return float((labels[known] != truth[known]).any(axis=1).mean()) if known.any() else float("nan")


def robustness_rows(summary: list[dict], train: dict[str, Path], corrupted: set[str]) -> list[dict]:
    """Return the upper bound's SDR against the share of wrong labels, and the run on visual labels.

    Parameters
    ----------
    summary : list of dict
        Lines of ``summary.tsv``.
    train : dict
        Variant to the aggregated HDF5 of its train split.
    corrupted : set of str
        The variants that corrupt labels and change nothing else.
    """
    rows = []
    for line in summary:
        method, variant = line["method"].partition("@")[0], variant_of(line["method"])
        noisy = method == "upper_bound" and (variant == "default" or variant in corrupted)
        if not noisy and line["method"] != SAME_RULE:
            continue
        bags = open_dataset(train[variant], bases=False)
        labels = bags.supervision("audioset" if noisy else "visual")
        cells = {name: line[name] for name in ("group", "n", "sdr_mean", "sdr_low", "sdr_high")}
        share = wrong_share(labels, bags.audioset)
        rows.append({"method": line["method"], "wrong_labels": f"{share:.3f}", **cells})
    return rows


def _corrupts_alone(overrides: dict) -> bool:
    return set(overrides) == {"dataset"} and set(overrides["dataset"]) == {"label_noise"}


def make_experiments(
    settings: dict,
    methods: list[str],
    blocks: list[str | Path],
    dictionaries: list[NamedFile],
    networks: list[NamedFile],
    datasets: list[NamedFile],
    output: Path,
) -> None:
    """Write all tables into the folder ``output``.

    Parameters
    ----------
    settings : dict
        The whole settings.
    methods : list of str
    blocks : list of path
        The scores of their blocks.
    dictionaries : list of NamedFile
        Named by guided method.
    networks : list of NamedFile
        Named ``<variant>/<supervision>``.
    datasets : list of NamedFile
        Named ``<variant>/<split>``: train and test.
    output : Path
    """
    tables = ("scores", "summary", "comparisons", *(["seeds"] if settings["seeds"] else []))
    paths = {name: output / f"{name}.tsv" for name in tables}
    summary = make_tables(settings, methods, blocks, *paths.values())
    scores = read_table(paths["scores"], COLUMNS)
    splits: dict[str, dict[str, Path]] = {"train": {}, "test": {}}
    for model in datasets:
        variant, _, split = model.name.partition("/")
        splits[split][variant] = model.path
    train = open_dataset(splits["train"]["default"], bases=False)
    guided = [model for model in dictionaries if method_of(model.name).dictionary]
    names = {variant_of(name) for name in methods} - {"default"}
    corrupted = {name for name in names if _corrupts_alone(overrides_of(settings, name))}
    robustness = robustness_rows(summary, splits["train"], corrupted)
    write_table(output / "published.tsv", BESIDE_COLUMNS, beside(summary))
    write_table(output / "dictionaries.tsv", DICTIONARY_COLUMNS, dictionary_rows(guided, train, scores))
    write_table(output / "networks.tsv", NETWORK_COLUMNS, network_rows(networks, settings, splits["test"]))
    write_table(output / "robustness.tsv", ROBUSTNESS_COLUMNS, robustness)
    save_robustness(robustness, output / "robustness.svg")
    log.info("%d methods in %d groups", len(methods), len({line["group"] for line in summary}))


OPTIONS = {
    "methods": MANY,
    "blocks": MANY,
    "dictionaries": MANY | {"help": "method=path of each guided method"},
    "networks": MANY | {"help": "variant/supervision=path"},
    "datasets": MANY | {"help": "variant/split=path"},
    "output": ONE | {"help": "the folder"},
}


def run(args, settings: dict) -> None:
    """Run the stage as its rule does."""
    lists = [
        [NamedFile.parse(text) for text in names]
        for names in (args.dictionaries, args.networks, args.datasets)
    ]
    make_experiments(settings, args.methods, args.blocks, *lists, Path(args.output))
