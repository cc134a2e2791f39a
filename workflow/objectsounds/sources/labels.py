"""The labels of data sets: which there are (``resources/labels.tsv``) and which objects they mean."""

import csv

from objectsounds.config.classes import added_of, names_by_alias
from objectsounds.core.places import ROOT

TABLE = ROOT / "resources" / "labels.tsv"


class Labels:
    """The labels of one data set.

    Parameters
    ----------
    kind : str
        The kind of catalogue, as in the table of labels.
    options : dict
        ``added_classes``, whose aliases are labels too.
    """

    def __init__(self, kind: str, options: dict):
        self.objects = names_by_alias(added_of(options))
        with TABLE.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            self.listed = frozenset(row["label"] for row in rows if row["kind"] == kind)

    def object_of(self, label: str) -> str | None:
        """Return the object that a label means; None of a label that means none."""
        return self.objects.get(label)

    def problem(self, label: str) -> str | None:
        """Return what is wrong with a label: that the data set has none such, and no class is called so."""
        known = label in self.listed or label in self.objects
        return None if known else f"unknown label {label[:40]!r}"
