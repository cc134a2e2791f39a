"""The one source of the settings: what the schema says, and what is written and worded from it."""

import jsonschema
import pytest
import yaml

from objectsounds.config.generate import DEFAULTS, README, generated
from objectsounds.config.schema import (
    SCHEMA,
    defaults_of,
    read_schema,
    read_yaml,
    refuse_repeated_keys,
    typed,
    wanted,
)
from objectsounds.config.settings import load_settings
from objectsounds.core.errors import ObjectsoundsError


def keys(item, path=""):
    """Yield every key with what the schema says of it, sections too."""
    for name, part in item.get("properties", {}).items():
        yield f"{path}{name}", part
        yield from keys(part, f"{path}{name}.")


KEYS = dict(keys(read_schema()))
LEAVES = {key: item for key, item in KEYS.items() if "properties" not in item}


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_generated_files_say_what_the_schema_says(path):
    text = path.read_text(encoding="utf-8")
    assert text == generated()[path], f"{path} is stale: run `make generated`, and commit what it writes."


def test_the_schema_is_valid_json_schema_as_it_stands_in_its_file():
    jsonschema.Draft202012Validator.check_schema(read_yaml(SCHEMA))


def test_every_key_is_described_in_sentences():
    assert [key for key, item in KEYS.items() if not item["description"].endswith(".")] == []


def test_every_default_is_within_its_own_limits():
    for item in LEAVES.values():
        jsonschema.Draft202012Validator(item).validate(item["default"])


def test_default_yaml_holds_the_defaults_that_a_run_uses():
    assert yaml.safe_load(DEFAULTS.read_text(encoding="utf-8")) == defaults_of(read_schema())


def test_the_manual_has_a_row_for_every_key():
    tables = README.read_text(encoding="utf-8").partition("\n## Every key\n")[2]
    rows = [line.split("|")[1].strip(" `") for line in tables.splitlines() if line.startswith("| `")]
    wanted = []
    for path, item in LEAVES.items():
        key = path.partition(".")[2] or path
        named = item.get("additionalProperties", {}).get("properties", {})
        wanted += [key, *(f"{key}.<name>.{inside}" for inside in named)]
    assert "external.<name>.command" in wanted and sorted(rows) == sorted(wanted)


def test_a_section_has_all_of_its_keys_and_no_other():
    for key, item in KEYS.items():
        if "properties" in item:
            assert item["required"] == list(item["properties"]), key
            assert item["additionalProperties"] is False, key


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("clips.sample_rate", "a whole number of at least 8000 (Hz)"),
        ("demo.frame_size", "a whole number of at least 32 and a multiple of 2 (pixels)"),
        ("bases.window_seconds", "a number above 0 and at most 1 (s)"),
        ("train.dropout", "a number of at least 0 and below 1"),
        ("train.patience", "a whole number of at least 1, or null"),
        ("separate.rate", "a whole number of at least 4000 (Hz), or null"),
        ("bases.transform", "'stft' or 'cqt'"),
        ("train.device", "'auto', 'cpu' or 'cuda'"),
        ("dataset.copy", "true or false"),
        ("labeller.weights", "text, or null"),
        ("mixtures.sources", "a list of 1 or more whole numbers of at least 2 and at most 5, none twice"),
        ("denoise.snr_db", "a list of 1 or more numbers, none twice (dB)"),
        ("denoise.noises", "a list of 1 or more of 'white', 'pink' or 'brown', none twice"),
        ("catalogue.test", "a list of texts"),
    ],
)
def test_what_a_key_takes_is_worded_from_its_schema(key, words):
    assert wanted(KEYS[key]) == words


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("train.epochs", "50", 50),
        ("train.patience", "null", None),
        ("train.learning_rate", "1e-5", "1e-5"),
        ("dataset.copy", "true", True),
        ("labeller.weights", "null", None),
        ("labeller.weights", "2018", "2018"),
        ("clips.media", "null", "null"),
        ("bases.transform", "cqt", "cqt"),
        ("train.epochs", "{", "{"),
    ],
)
def test_text_of_the_command_line_is_read_as_the_schema_takes_it(key, text, value):
    read = typed(text, KEYS[key])
    assert (read, type(read)) == (value, type(value))


def test_text_in_a_list_or_a_section_is_read_as_its_items_are_taken():
    assert typed(["64", "32"], KEYS["train.hidden"]) == [64, 32]
    assert typed({"duet": ["3"]}, KEYS["separate_videos.mute"]) == {"duet": ["3"]}
    assert typed({"count": "25", "unknown": "25"}, KEYS["bases"]) == {"count": 25, "unknown": "25"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seed: 1\ntrain:\n  epochs: 3\nseed: 2\n", "seed is there twice, in lines 1 and 4,"),
        (
            "train:\n  epochs: 3\n  device: cpu\n  epochs: 9\n",
            "train.epochs is there twice, in lines 2 and 4,",
        ),
        ("train: {epochs: 3}\nclips: {}\ntrain: {}\n", "train is there twice, in lines 1 and 3,"),
        ("seeds:\n  - {a: 1, a: 2}\n", "seeds.a is there twice, in lines 2 and 2,"),
    ],
)
def test_a_key_that_is_there_twice_is_told_with_its_lines(tmp_path, text, told):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ObjectsoundsError, match=f"^{path}: {told}"):
        refuse_repeated_keys(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: {b: 1}\nc: {b: 1}\n",
        "a:\n  - {b: 1}\n  - {b: 1}\n",
        "x: &x {a: 1}\ny: {<<: *x, a: 2}\n",
        "a: [",
    ],
)
def test_keys_of_their_own_sections_may_have_one_name(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    refuse_repeated_keys(path)


def test_settings_of_a_persons_file_are_refused_so(tmp_path, monkeypatch):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("seed: 1\nseed: 2\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ObjectsoundsError, match="seed is there twice"):
        load_settings()
