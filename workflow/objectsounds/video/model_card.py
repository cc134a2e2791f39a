"""A model's card: Markdown that says what it is, what it learnt from, how well it separates, how to use it.

The form is that of Mitchell et al., "Model Cards for Model Reporting", FAT* 2019, with the front matter by
which collections of models list them.
"""

from collections.abc import Iterable

from objectsounds.config.method_table import method_title
from objectsounds.dictionaries.performed import is_performance
from objectsounds.video.model_file import Model, Origin
from objectsounds.video.run_facts import UNPROCESSED, About, score_in_words

NOT_STATED = "not stated"
FRONT = """---
library_name: objectsounds
pipeline_tag: audio-to-audio
tags: [audio, source-separation, sound-separation, audio-visual]
---
"""
LIMITS = """\
- It knows the objects above alone: whatever else sounds is given to them, unless `--rest` is asked for.
- Its bases end at {half:g} Hz; what sounds above is shared evenly.
- Scores are of mixtures of its run's own clips; other recordings can come out better or worse. `separate`
  tells for each file how far the result can be trusted, and which of the objects is not heard.
- An object that resembles another one in timbre is easily confused with it.
"""
CITATION = (
    "Gao, Feris and Grauman, “Learning to Separate Object Sounds by Watching Unlabeled Video”, ECCV 2018, "
    "whose method this builds on."
)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table in Markdown."""
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *map(list, rows)]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in line)} |" for line in lines)


def objects_of(model: Model) -> list[dict]:
    """Return for each object its bases and how many clips and performances they come from."""
    rows = []
    for name in model.objects:
        clips = {clip for clip in model.dictionary.clips_of(name) if clip}
        played = sum(map(is_performance, clips))
        count = model.dictionary.of(name).shape[1]
        rows.append({"object": name, "bases": count, "clips": len(clips) - played, "performances": played})
    return rows


def transform_in_words(settings: dict) -> str:
    """Return the transform of a run's settings in words."""
    bases = settings["bases"]
    if bases["transform"] == "cqt":
        octave = bases["cqt"]
        return f"constant-Q, {octave['bins_per_octave']} bins an octave from {octave['fmin']:g} Hz"
    return f"STFT of {bases['window_seconds']:g} s, hop {bases['hop_seconds']:g} s"


def clips_in_words(clips: dict[str, int]) -> str:
    """Return the numbers of clips by split in words."""
    return ", ".join(f"{split} {count}" for split, count in clips.items())


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text.strip()}\n"


def _scores(about: About) -> str:
    if not about.scores:
        return "None in this file: `objectsounds export --run RESULTS` takes them from a finished run."
    rows = []
    for row in about.scores:
        interval = f"{_rounded(row['sdr_low'])} to {_rounded(row['sdr_high'])}" if row["sdr_low"] else ""
        means = [_rounded(row[name]) for name in ("sdr_mean", "sir_mean", "sar_mean")]
        cells = [means[0], interval, *means[1:], row["n_mixtures"]]
        rows.append([f"`{row['method']}`", row["group"], *cells])
    head = ("method", "group", "SDR (dB)", "95 % interval", "SIR (dB)", "SAR (dB)", "mixtures")
    return (
        "Means over the sources of the run's test mixtures, with bootstrap intervals; "
        f"`{UNPROCESSED}` is the mixture left as it is.\n\n{table(head, rows)}"
    )


def _rounded(cell: str) -> str:
    return f"{float(cell):.1f}" if cell else ""


def _data(about: About) -> str:
    lines = [f"- Data: {about.data or NOT_STATED}", f"- Licence of the data: {about.license or NOT_STATED}"]
    if about.clips:
        lines.append(f"- Clips in use: {clips_in_words(about.clips)}")
    return "\n".join(lines)


def made_by(version: str, commit: str) -> str:
    """Return what made something, in words."""
    return f"objectsounds {version}, commit {commit or 'unknown'}"


def settings_of(model: Model) -> dict[str, str]:
    """Return the settings that matter of a model, in words."""
    settings, separate = model.settings, model.settings["separate"]
    refine = separate.get("refine")
    return {
        "sample rate of the bases": f"{settings['clips']['sample_rate']} Hz",
        "transform": transform_in_words(settings),
        "separation": f"at most {separate['iterations']} updates, tolerance {separate['tolerance']:g}",
        "refined masks": "yes" if refine and any(refine.values()) else "no",
        "block sparsity": f"{separate.get('block_sparsity', 0):g}",
        "labeller": model.labeller,
        "an object is seen from": f"probability {settings['dataset']['threshold']:g}",
        "seed": str(settings["seed"]),
    }


def model_facts(model: Model, origin: Origin, about: About) -> list[str]:
    """Return a model file's facts in a few lines."""
    rows = objects_of(model)
    having = [f"{row['object']} {row['bases']}" for row in rows]
    settings = [f"{name} {value}" for name, value in settings_of(model).items()]
    lines = [
        f"method: {model.method}, {method_title(model.method)}",
        f"objects, with their bases: {', '.join(having)}",
        *(f"settings: {', '.join(part)}" for part in (settings[:3], settings[3:])),
        f"data: {about.data or NOT_STATED}; licence: {about.license or NOT_STATED}",
    ]
    if about.clips:
        lines.append(f"clips: {clips_in_words(about.clips)}")
    lines += [f"SDR of {row['method']}, {row['group']}: {score_in_words(row)}" for row in about.scores]
    return [*lines, f"made by {made_by(origin.version, origin.commit)}"]


def network_facts(saved: dict) -> list[str]:
    """Return a shared network's facts in a few lines."""
    return [
        f"objects: {', '.join(saved['objects'])}",
        *(f"{name}: {value}" for name, value in _network_settings(saved).items()),
        f"made by {made_by(saved['version'], saved.get('commit', ''))}",
    ]


def _network_settings(saved: dict) -> dict[str, object]:
    known = {"rate": "rate in Hz", "architecture": "architecture", "image_size": "image size in pixels"}
    known |= {"epoch": "epoch", "bins": "bins of a basis", "conditioning": "conditioning"}
    numbers = sum(tensor.numel() for tensor in saved["state_dict"].values())
    return {"numbers": f"{numbers:,}"} | {known[key]: saved[key] for key in known if key in saved}


def model_card(model: Model, origin: Origin, about: About) -> str:
    """Return the card of a model file.

    Parameters
    ----------
    model : Model
    origin : Origin
        Its version and commit are taken.
    about : About
    """
    names = [name.replace("_", " ") for name in model.objects]
    title = f"# Sounds of {', '.join(names)}\n"
    made = made_by(origin.version, origin.commit)
    what = (
        f"Separates a sound, or that of a video, into the sounds of {len(names)} objects by non-negative "
        f"matrix factorisation with fixed bases of each object. Method: {method_title(model.method)} "
        f"(`{model.method}`). Made by {made}."
    )
    rows = objects_of(model)
    without = [f"\nNo basis of {name}: {why}." for name, why in model.dictionary.empty.items()]
    limits = LIMITS.format(half=model.settings["clips"]["sample_rate"] / 2)
    parts = [
        _section("Objects", "\n".join([table(rows[0], (row.values() for row in rows)), *without])),
        _section("Data", _data(about)),
        _section("Settings", table(("setting", "value"), settings_of(model).items())),
        _section("Scores", _scores(about)),
        _section("Limits", limits),
        _section("How to use", _use(model)),
        _section("Citation", CITATION),
    ]
    return FRONT + "\n".join([title, what + "\n", *parts])


def _use(model: Model) -> str:
    named = ",".join(row["object"] for row in objects_of(model) if row["bases"])
    command = f"objectsounds separate video.mp4 --model model.h5 --objects {named} --output separated"
    python = (
        "from objectsounds import Separator\n\n"
        'sounds = Separator.load("model.h5").separate("video.mp4")  # object to waveform, shape (T, channels)'
    )
    return (
        f"```sh\n{command}\n```\n\nwrites a WAV file an object, which together are the sound. Without "
        f"`--objects` those are separated that its labeller sees.\n\n```python\n{python}\n```"
    )


def network_card(name: str, saved: dict, about: About) -> str:
    """Return the card of a trained network that is shared as safetensors.

    Parameters
    ----------
    name : str
        The folder of the run that held it, as ``unet/default``.
    saved : dict
        As `core.weights.load_weights` returns it.
    about : About
    """
    made = made_by(saved["version"], saved["commit"])
    what = f"A trained network of an objectsounds run, `{name}`. Made by {made}."
    use = (
        "The tensors have the names of the network's `state_dict`; all else is JSON in the metadata. Every "
        "option of objectsounds that takes a network or weights takes this file."
    )
    parts = [
        _section("Objects", ", ".join(saved["objects"])),
        _section("Data", _data(about)),
        _section("Settings", table(("setting", "value"), _network_settings(saved).items())),
        _section("Scores", _scores(about)),
        _section("How to use", use),
        _section("Citation", CITATION),
    ]
    return FRONT + "\n".join([f"# Network {name}\n", what + "\n", *parts])
