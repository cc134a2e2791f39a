"""The methods and dictionaries by name: what each needs. Their code is in ``methods`` and ``dictionaries``.

No heavy imports here: the Snakefile reads this table to know a method's inputs.
"""

from dataclasses import dataclass, replace

from objectsounds.core.errors import ObjectsoundsError


@dataclass(frozen=True)
class Source:
    """A dictionary: the rule that chooses its bases, and the method that separates by it.

    Attributes
    ----------
    rule : str
        The rule that chooses bases: ``choose`` of the module of that name in ``dictionaries``.
    method, title : str
        The method guided by it, and what the tables and the page call that.
    supervision : str or None
        The labels that the network learns from, which also say which clips hold an object; None where
        the rule asks no network.
    sections : tuple of str
        The sections of ``dictionary`` in the settings that the rule takes.
    told : str
        What the method is told that nobody knows of a new video; empty if nothing.
    as_published : bool
        True if it stays as Gao and Rowe describe it: no transposed bases, and in use what ``AS_PUBLISHED``
        says.
    """

    rule: str
    method: str
    title: str
    supervision: str | None = "visual"
    sections: tuple[str, ...] = ("surest",)
    told: str = ""
    as_published: bool = False


NO_REFINEMENT = {"smooth_seconds": 0, "components": [], "timbre": False}
AS_PUBLISHED = {"block_sparsity": 0, "bands": False, "refine": NO_REFINEMENT}
SOLOS, LISTED = "which train clips are solos", "what sounds in the train clips"
DICTIONARIES = {
    "solo": Source("solo", "solo_oracle", "Solo oracle (true solo clips)", None, told=SOLOS),
    "upper_bound": Source(
        "surest", "upper_bound", "Upper bound (trained on the lists' labels)", "audioset", told=LISTED
    ),
    "consensus": Source(
        "consensus", "miml", "MIML, clips that others explain", sections=("surest", "consensus")
    ),
    "surest": Source("surest", "miml_surest", "MIML, surest clips"),
    "agreement": Source("agreement", "miml_agreement", "MIML, ear and eye agree"),
    "visual": Source("visual", "visual", "Classifier alone, surest clips", None),
    "visual_consensus": Source(
        "visual_consensus",
        "visual_consensus",
        "Classifier alone, clips that others explain",
        None,
        sections=("surest", "consensus"),
    ),
    "soundfont": Source("soundfont", "soundfont", "SoundFont alone", None, sections=()),
    "gao": Source("gao", "miml_gao", "MIML, Gao's rule", sections=("gao",), as_published=True),
    "exemplar": Source("exemplar", "visual_exemplar", "Visual exemplar", None, as_published=True),
    "gaussian": Source("gaussian", "gaussian", "Gaussian bases", None),
}
TRUSTED = "consensus"  # whose clips the learned separators may learn from alone
SAME_RULE = "miml_surest"  # as the upper bound, from what is seen
DRAWN = "gaussian"  # not chosen of bases but drawn, as many as another dictionary has
RULES = {source.rule: source for source in DICTIONARIES.values() if source.rule != DRAWN}


@dataclass(frozen=True)
class Method:
    """One way to separate a mixture.

    Attributes
    ----------
    title : str
        What the tables and the page call it.
    function : str
        The module of ``methods`` and the function in it.
    dictionary : str or None
        The dictionary that it is given.
    guided : bool
        True if it separates the objects that were detected in the frames, False if it is given the
        true objects (references, bounds and what knows no objects).
    best_matching : bool
        True if its estimates have no names and are matched to the sources by the scores.
    estimates : str or None
        The method whose estimates are scored, where it makes none of its own.
    told : str
        What it is told that nobody knows of a new video; empty if nothing.
    network : str or None
        The network that it is given: the stage that trains it, and below it its conditioning.
    frames : str or None
        The stage whose network it is told about the clips' frames by.
    true_objects : bool
        True for the twin of a guided method that is given the true objects: what a wrong glance costs.
    portable : bool
        True if a model file can hold what it needs, for new videos.
    sizes : str or None
        The dictionary that says how many components it may use, where the settings give no number.
    external : str or None
        Its name in section ``external`` of the settings, of a method from outside of this project.
    draws : bool
        True if it, or what it is given, depends on the run's seed.
    """

    title: str
    function: str
    dictionary: str | None = None
    guided: bool = False
    best_matching: bool = False
    estimates: str | None = None
    told: str = ""
    network: str | None = None
    frames: str | None = None
    true_objects: bool = False
    portable: bool = False
    sizes: str | None = None
    external: str | None = None
    draws: bool = True

    @property
    def detects(self) -> bool:
        """True if it separates the objects that are detected."""
        return self.guided and not self.true_objects


@dataclass(frozen=True)
class Conditioning:
    """How and where a Wave-U-Net is told what is seen; None and None where it is not (VIMSS)."""

    kind: str | None = None
    place: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Conditioning":
        """Read ``none``, or ``<kind>_<place>``."""
        kind, _, place = text.partition("_")
        return cls() if text == "none" else cls(kind, place)


CONDITIONINGS = [
    f"{kind}_{place}"
    for kind in ("concatenation", "additive", "multiplicative")
    for place in ("bottleneck", "every_layer", "output")
]
REFERENCES, MATCHING, NUMBER = "the references", "which estimate is which", "how many sources sound"
APART, WHICH_OBJECTS = "which frames are of which source", "which objects sound"
METHODS = {
    "mixture": Method("Unprocessed mixture", "oracles.unprocessed", draws=False),
    "ideal_ratio_mask": Method(
        "Ideal ratio mask (limit)", "oracles.ideal_ratio_mask", told=REFERENCES, draws=False
    ),
    "ideal_binary_mask": Method(
        "Ideal binary mask (limit)", "clustering.ideal_binary_mask", told=REFERENCES, draws=False
    ),
    "unmatched": Method("Unmatched bases", "guided.unmatched_nmf", "consensus", guided=True),
    "kmeans": Method(
        "K-means, best matching", "clustering.kmeans_nmf", best_matching=True, told=MATCHING, sizes="gao"
    ),
    "kmeans_fixed": Method(
        "K-means, fixed matching", "clustering.kmeans_nmf", estimates="kmeans", told=NUMBER
    ),
    "mfcc": Method(
        "MFCC, best matching", "clustering.mfcc_nmf", best_matching=True, told=MATCHING, sizes="gao"
    ),
    "mfcc_fixed": Method("MFCC, fixed matching", "clustering.mfcc_nmf", estimates="mfcc", told=NUMBER),
    "unet_audio": Method("U-Net, sound alone", "neural.semantic_masks", network="unet"),
    "unet_combined": Method(
        "U-Net with frames", "neural.semantic_masks", network="unet", frames="frame_network"
    ),
    "unet_guided": Method(
        "U-Net, among what is seen", "neural.masks_among_seen", guided=True, network="unet"
    ),
    "miml_unet": Method(
        "MIML and U-Net, masks multiplied", "together.masks_of_both", "consensus", guided=True, network="unet"
    ),
    "wave_unet": Method("Wave-U-Net", "neural.waveforms", network="wave_unet/none"),
    "co_separation": Method("Co-separation", "neural.co_separated", guided=True, network="co_separation"),
    "sound_of_pixels": Method(
        "Sound of Pixels",
        "neural.heard_of_clips",
        guided=True,
        told=APART,
        network="sound_of_pixels",
        frames="sound_of_pixels",
    ),
}
METHODS |= {
    source.method: Method(
        source.title, "guided.guided_nmf", name, guided=True, portable=True, told=source.told
    )
    for name, source in DICTIONARIES.items()
}
METHODS |= {
    f"wave_unet_{name}": Method(
        f"Wave-U-Net, {name.partition('_')[0]} at {name.partition('_')[2].replace('_', ' ')}",
        "neural.waveforms",
        guided=True,
        network=f"wave_unet/{name}",
    )
    for name in CONDITIONINGS
}
TRUE_OBJECTS = "_true_objects"  # ends the name of the twin of a guided method


def twins_of(methods: dict[str, Method]) -> dict[str, Method]:
    """Return the twins of guided methods, which are given the true objects."""
    return {
        name + TRUE_OBJECTS: replace(
            method,
            title=f"{method.title}, true objects",
            told=" and ".join(filter(None, (method.told, WHICH_OBJECTS))),
            true_objects=True,
        )
        for name, method in methods.items()
        if method.guided
    }


METHODS |= twins_of(METHODS)
LEARNED = [name for name, method in METHODS.items() if method.network]
SEPARATORS = list(
    dict.fromkeys(str(METHODS[name].network).partition("/")[0] for name in LEARNED)
)  # the stages


def no_such_method(name: str) -> str:
    """Return what to tell of a name that no method has."""
    renamed = "; it is called miml now, and what was miml is miml_surest" if "miml_consensus" in name else ""
    return f"unknown method {name!r}{renamed}; allowed are {', '.join(METHODS)}."


def method_of(name: str) -> Method:
    """Return the method of a name that may carry a variant, as in ``miml@dropout``.

    Raises
    ------
    ObjectsoundsError
        If there is none of that name.
    """
    found = METHODS.get(name.partition("@")[0])
    if found is None:
        raise ObjectsoundsError(no_such_method(name))
    return found


def separate_options(name: str, options: dict) -> dict:
    """Return section ``separate`` for a method: of a method as published nothing but what was published."""
    dictionary = method_of(name).dictionary
    published = dictionary is not None and DICTIONARIES[dictionary].as_published
    return options | (AS_PUBLISHED if published else {})


def variant_of(name: str) -> str:
    """Return the variant of a method's name, ``default`` where it names none."""
    return name.partition("@")[2] or "default"


def method_title(name: str) -> str:
    """Return a method's title, with its variant."""
    variant = variant_of(name)
    return method_of(name).title + ("" if variant == "default" else f" ({variant})")


def with_twins(names: list[str]) -> list[str]:
    """Return methods' names, each guided one followed by its twin that is given the true objects."""
    found = []
    for name in names:
        method, _, variant = name.partition("@")
        found.append(name)
        if METHODS[method].detects:
            found.append(method + TRUE_OBJECTS + ("@" + variant if variant else ""))
    return list(dict.fromkeys(found))


def estimates_of(name: str) -> str:
    """Return the method, with its variant, whose estimates are those of a method's name."""
    method, _, variant = name.partition("@")
    return (METHODS[method].estimates or method) + ("@" + variant if variant else "")
