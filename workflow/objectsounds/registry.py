"""The methods by name: what each needs. Their functions are in ``objectsounds.methods``.

No heavy imports here: the Snakefile reads this table to know a method's inputs.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where a dictionary comes from: the rule that chooses bases, and the labels the network learns from."""

    rule: str
    supervision: str = "visual"


DICTIONARIES = {
    "surest": Source("surest"),
    "gao": Source("gao"),
    "upper_bound": Source("surest", "audioset"),
    "gaussian": Source("gaussian"),
}


@dataclass(frozen=True)
class Method:
    """One way to separate a mixture.

    Attributes
    ----------
    title : str
        What the tables and the page call it.
    function : str
        Name of the function in ``objectsounds.methods``.
    dictionary : str or None
        The dictionary that it is given.
    guided : bool
        True if it separates the objects that were detected in the frames, False if it is given the
        true objects (references and bounds).
    """

    title: str
    function: str
    dictionary: str | None = None
    guided: bool = False


METHODS = {
    "mixture": Method("Unprocessed mixture", "unprocessed"),
    "ideal_ratio_mask": Method("Ideal ratio mask (limit)", "ideal_ratio_mask"),
    "gaussian": Method("Gaussian bases", "guided_nmf", "gaussian", guided=True),
    "miml": Method("MIML, surest clips", "guided_nmf", "surest", guided=True),
    "miml_gao": Method("MIML, Gao's rule", "guided_nmf", "gao", guided=True),
    "upper_bound": Method(
        "Upper bound (trained on the lists' labels)", "guided_nmf", "upper_bound", guided=True
    ),
}


def method_of(name: str) -> Method:
    """Return the method of a name that may carry a variant, as in ``miml@dropout``."""
    return METHODS[name.partition("@")[0]]


def variant_of(name: str) -> str:
    """Return the variant of a method's name, ``default`` where it names none."""
    return name.partition("@")[2] or "default"


def method_title(name: str) -> str:
    """Return a method's title, with its variant."""
    variant = variant_of(name)
    return method_of(name).title + ("" if variant == "default" else f" ({variant})")
