"""Figures that others published, as a table to print beside this run's and never to be mistaken for them.

Every figure stands in ``resources/published.tsv`` as it was printed, with the table or section that it
comes from and the data it was measured on. None of it was measured here, and the data are never ours:
Gao's pairs come from 23 hand-picked clips of AudioSet. Gao's clustering baselines (``kmeans``, ``mfcc``)
were given the better of the two matchings, and Gao's ``upper_bound`` chose its bases by Gao's own rule.
An empty ``group`` means a figure over everything. Nuotimaa's decibels are not marked as such in the
thesis, and the "accuracy" of Rowe's table 2 is not defined there.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence

from objectsounds.core.places import ROOT

TABLE = ROOT / "resources" / "published.tsv"
COLUMNS = ("source", "dataset", "method", "title", "group", "measure", "value", "unit")
GAO_SDR = "Gao et al. 2018, table 1"
NUOTIMAA = "Nuotimaa 2024"
NUOTIMAA_SDR = "Nuotimaa 2024, table 4.1"
BESIDE_COLUMNS = (
    "method",
    "group",
    "sdr_mean",
    "published_sdr",
    "published_title",
    "published_dataset",
    "published_source",
)


def read_published(source: str | None = None, measure: str | None = None) -> list[dict[str, str]]:
    """Read the published figures.

    Parameters
    ----------
    source : str, optional
        How the source begins: ``Gao et al. 2018`` gives all of the paper's figures, and
        ``Gao et al. 2018, table 1`` that table's.
    measure : str, optional
        ``SDR``, ``NSDR``, ``SIR``, ``SAR``, ``accuracy``, ``Dice``, ...

    Returns
    -------
    list of dict
        With the keys ``COLUMNS``, in the order of the table; ``value`` is text, as printed.
    """
    with open(TABLE, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        row for row in rows if row["source"].startswith(source or "") and measure in (None, row["measure"])
    ]


def published_for(method: str, group: str, measure: str = "SDR") -> dict[str, str] | None:
    """Return the published row of a method, a group of pairs (or a video) and a measure; None without one.

    A method's variant (``miml_gao@dropout``) has none: it is not what was published.
    """
    for row in read_published(measure=measure):
        if row["method"] and (row["method"], row["group"]) == (method, group):
            return row
    return None


def beside(
    summary: Iterable[Mapping[str, str]], sources: Sequence[str] = (GAO_SDR, NUOTIMAA_SDR)
) -> list[dict[str, str]]:
    """Join this run's mean SDR to the published one, where both exist.

    Parameters
    ----------
    summary : iterable of mapping
        Rows of ``summary.tsv``: ``method``, ``group`` and ``sdr_mean``.
    sources : sequence of str
        Published figures of these alone. A figure over everything stands beside ours where our summary
        has one group.

    Returns
    -------
    list of dict
        With the keys ``BESIDE_COLUMNS``, in the order of the summary; SDR in dB, as text. What was
        published is in the columns ``published_...``, measured on another data set than this run's.
    """
    rows = [row for source in sources for row in read_published(source, "SDR") if row["method"]]
    published = {(row["method"], row["group"]): row for row in rows}
    summary, joined = list(summary), []
    alone = len({row["group"] for row in summary}) == 1
    for ours in summary:
        theirs = published.get((ours["method"], ours["group"]))
        theirs = theirs or (published.get((ours["method"], "")) if alone else None)
        if theirs and ours["sdr_mean"] != "":
            joined.append(
                {
                    "method": ours["method"],
                    "group": ours["group"],
                    "sdr_mean": ours["sdr_mean"],
                    "published_sdr": theirs["value"],
                    "published_title": theirs["title"],
                    "published_dataset": theirs["dataset"],
                    "published_source": theirs["source"],
                }
            )
    return joined
