"""Model cards, the command info, and a run's networks as safetensors."""

import json
import re

import h5py
import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from objectsounds import __version__
from objectsounds.cli.main import main
from objectsounds.config.settings import load_settings, merge, stage_settings
from objectsounds.core.tables import write_table
from objectsounds.core.weights import load_weights
from objectsounds.data.score_tables import SUMMARY_COLUMNS
from objectsounds.dictionaries.file import write_dictionary
from objectsounds.networks.miml_training import load_network
from objectsounds.stages.catalogue import COLUMNS as CLIP_COLUMNS
from objectsounds.stages.export import export_model
from objectsounds.stages.train import train_network
from objectsounds.video.model_card import table
from objectsounds.video.model_file import read_model
from objectsounds.video.run_facts import clips_in, methods_by, networks_in, scores_in

OBJECTS = ["drum", "piano", "violin"]
SETTINGS = merge(
    load_settings({"preset": "demo", "classes": OBJECTS}),
    {"clips": {"sample_rate": 8000}, "labeller": {"kind": "imagenet"}},
)
MEANS = {
    "mixture": (0.1, "", ""),
    "miml": (7.26, 5.5, 9.04),
    "miml_gao": (1.0, 0.5, 1.5),
    "unet_audio": (3, 2, 4),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A run's folder: clips, scores, a model of two objects with bases and one without."""
    results = tmp_path_factory.mktemp("runs") / "mine"
    splits = ["train"] * 5 + ["val"] * 2 + ["test"] * 3
    clips = [dict.fromkeys(CLIP_COLUMNS, "") | {"split": name, "used": "yes"} for name in splits]
    write_table(results / "catalogue" / "clips.tsv", CLIP_COLUMNS, [*clips, clips[0] | {"used": "no"}])
    rows = []
    for method, (mean, low, high) in MEANS.items():
        row = dict.fromkeys(SUMMARY_COLUMNS, "") | {"method": method, "group": "instrument", "n_mixtures": 4}
        rows.append(row | {"sdr_mean": mean, "sdr_low": low, "sdr_high": high, "sir_mean": 9, "sar_mean": 11})
        rows.append(row | {"group": "animal", "n_mixtures": 0})
    write_table(results / "score" / "summary.tsv", SUMMARY_COLUMNS, rows)
    bases = np.random.default_rng(0).random((6, 401), dtype=np.float32)
    origin = {"clip_id": ["a", "a", "b", "soundfont 0", "c", "c"]}
    owners, reasons = [1, 1, 1, 1, 2, 2], {"drum": "no clip holds it"}
    words = results / "dictionary" / "default" / "consensus.h5"
    write_dictionary(words, SETTINGS, 1, "consensus", OBJECTS, owners, bases, origin, reasons)
    export_model(stage_settings(SETTINGS, "export"), "miml", words, None, results / "export" / "miml.h5")
    return results


@pytest.fixture
def trained(results, planted_dataset):
    """The same run with a trained MIML network; returns its file."""
    small = {"hidden": [8], "epochs": 2, "device": "cpu", "threads": 1}
    options = {"seed": 1, "train": SETTINGS["train"] | small}
    train = planted_dataset("train", [["drum"], ["piano"], ["violin"]] * 4)
    folder = results / "train" / "default" / "visual"
    train_network(options, train, None, "visual", folder / "network.pt", folder / "history.jsonl")
    return folder / "network.pt"


def ran(capsys, *arguments):
    """Run a command that succeeds; return what it printed."""
    assert main([*map(str, arguments)]) == 0
    return capsys.readouterr().out


def sections(card):
    """Return a card's front matter as YAML, and its sections by title."""
    _, front, text = card.split("---\n", 2)
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return yaml.safe_load(front), {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def test_an_export_from_a_run_has_a_card_with_objects_data_licence_scores_and_settings(
    results, tmp_path, capsys
):
    stated = ["--data", "my garden, 2026", "--license", "CC BY 4.0"]
    out = tmp_path / "model.h5"
    assert ran(capsys, "export", "--run", results, "--output", out, *stated) == f"{out}\n"
    front, found = sections(ran(capsys, "info", out, "--card"))
    assert front["library_name"] == "objectsounds" and "source-separation" in front["tags"]
    assert "# Sounds of drum, piano, violin" in found[""] and f"objectsounds {__version__}" in found[""]
    assert "| drum | 0 | 0 | 0 |\n| piano | 4 | 2 | 1 |\n| violin | 2 | 1 | 0 |" in found["Objects"]
    assert "No basis of drum: no clip holds it." in found["Objects"]
    assert "Data: my garden, 2026\n- Licence of the data: CC BY 4.0\n" in found["Data"]
    assert "Clips in use: train 5, val 2, test 3" in found["Data"]
    assert "| `mixture` | instrument | 0.1 |  | 9.0 | 11.0 | 4 |" in found["Scores"]
    assert "| `miml` | instrument | 7.3 | 5.5 to 9.0 | 9.0 | 11.0 | 4 |" in found["Scores"]
    assert "miml_gao" not in found["Scores"] and "animal" not in found["Scores"]
    assert "| sample rate of the bases | 8000 Hz |" in found["Settings"]
    assert "resnet152 of ImageNet" in found["Settings"] and "end at 4000 Hz" in found["Limits"]
    assert "--objects piano,violin --output" in found["How to use"]


def test_a_copy_with_a_card_separates_as_the_runs_model_does(results, tmp_path, capsys):
    ran(capsys, "export", "--run", results, "--output", tmp_path / "model.h5")
    one, two = read_model(results / "export" / "miml.h5"), read_model(tmp_path / "model.h5")
    np.testing.assert_array_equal(one.dictionary.bases, two.dictionary.bases)
    assert (one.settings, one.classes, one.dictionary.clip_ids) == (
        two.settings,
        two.classes,
        two.dictionary.clip_ids,
    )


def test_the_runs_own_model_is_not_changed_by_what_is_stated(results, capsys):
    made = results / "export" / "miml.h5"
    before = made.read_bytes()
    assert main(["export", "--run", str(results), "--license", "CC0"]) == 1
    said = capsys.readouterr().err
    assert "--license" in said and str(made) in said and "--output" in said
    assert ran(capsys, "export", "--run", results) == f"{made}\n" and made.read_bytes() == before


def test_info_tells_a_model_in_a_few_lines(results, tmp_path, capsys):
    ran(capsys, "export", "--run", results, "--output", tmp_path / "m.h5", "--license", "CC BY 4.0")
    lines = ran(capsys, "info", tmp_path / "m.h5").splitlines()
    assert re.fullmatch(rf"{tmp_path}/m.h5: a model, [\d.]+ kB", lines[0]) and len(lines) < 12
    text = "\n".join(lines)
    assert "drum 0, piano 4, violin 2" in text and "8000 Hz" in text and "licence: CC BY 4.0" in text
    assert "SDR of miml, instrument: 7.3 dB (5.5 to 9.0), 4 mixtures" in text
    assert "resnet152 of ImageNet" in text and f"made by objectsounds {__version__}" in text


def test_a_model_file_that_is_older_than_cards_is_told_and_gets_one(results, tmp_path, capsys):
    old = tmp_path / "old.h5"
    old.write_bytes((results / "export" / "miml.h5").read_bytes())
    with h5py.File(old, "r+") as file:
        del file.attrs["card"], file.attrs["about"]
    assert "data: not stated; licence: not stated" in ran(capsys, "info", old)
    found = sections(ran(capsys, "info", old, "--card"))[1]
    assert "| piano | 4 | 2 | 1 |" in found["Objects"] and "None in this file" in found["Scores"]


def test_what_a_later_version_tells_more_of_a_model_is_passed_over(results, tmp_path, capsys):
    later = tmp_path / "later.h5"
    later.write_bytes((results / "export" / "miml.h5").read_bytes())
    with h5py.File(later, "r+") as file:
        file.attrs["about"] = json.dumps({"license": "CC0", "mood": "good"})
    assert "licence: CC0" in ran(capsys, "info", later)


def test_info_tells_a_run_in_a_few_lines(results, trained, capsys):
    text = ran(capsys, "info", results)
    assert text.startswith(f"{results}: a run, ") and "clips in use: train 5, val 2, test 3" in text
    assert "models in export: miml.h5" in text and "networks: train/default/visual" in text
    assert "SDR of miml, instrument: 7.3 dB (5.5 to 9.0), 4 mixtures" in text and "animal" not in text


def test_info_tells_a_run_that_has_only_begun(tmp_path, capsys):
    (tmp_path / "catalogue").mkdir()
    text = ran(capsys, "info", tmp_path)
    assert "clips in use: none yet" in text and "networks: none yet" in text


def other_hdf5(path):
    with h5py.File(path, "w") as file:
        file["x"] = [1]


OTHERS = [
    ("nowhere", lambda path: None, "does not exist: name a model"),
    ("folder", lambda path: path.mkdir(), "is neither a model"),
    ("notes.txt", lambda path: path.write_text("a person's"), "is neither a model"),
    ("empty.h5", lambda path: path.write_bytes(b""), "is neither a model"),
    ("other.h5", other_hdf5, "is no model file of this version"),
    ("x.safetensors", lambda path: save_file({"a": torch.ones(1)}, path), "from elsewhere (1 tensors)"),
    ("cut.safetensors", lambda path: path.write_bytes(b"12345"), "is no file of weights"),
]


@pytest.mark.parametrize(("name", "make", "words"), OTHERS, ids=[case[0] for case in OTHERS])
@pytest.mark.parametrize("card", [[], ["--card"]])
def test_info_of_anything_else_is_one_sentence_that_names_it(tmp_path, capsys, name, make, words, card):
    make(tmp_path / name)
    assert main(["info", str(tmp_path / name), *card]) == 1
    said = capsys.readouterr()
    assert not said.out and f"{tmp_path / name} " in said.err and words in said.err
    assert said.err.count("\n") == 1


def test_a_runs_network_is_shared_as_safetensors_and_predicts_the_same(results, trained, tmp_path, capsys):
    out = tmp_path / "network.safetensors"
    stated = ["--network", "train/default/visual", "--license", "CC BY 4.0"]
    assert ran(capsys, "export", "--run", results, "--output", out, *stated) == f"{out}\n"
    one, two = load_network(trained)[0], load_network(out)[0]
    state = one.state_dict()
    assert set(load_file(out)) == set(state)
    bags = torch.rand(3, load_weights(out)["bins"], 25, generator=torch.manual_seed(0))
    with torch.no_grad():
        np.testing.assert_array_equal(one(bags), two(bags))
    text = ran(capsys, "info", out)
    assert "objects: drum, piano, violin" in text and __version__ in text
    assert f"epoch: {load_weights(trained)['epoch']}\n" in text
    card = sections(ran(capsys, "info", out, "--card"))[1]
    assert "Licence of the data: CC BY 4.0" in card["Data"] and "`train/default/visual`" in card[""]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--network", "unet/default"], "'unet/default' is no network of"),
        (["--network", "train/default/visual", "--output", "x.h5"], "ends in .safetensors"),
    ],
)
def test_a_network_that_is_not_there_and_another_ending_are_refused(results, trained, capsys, options, words):
    assert main(["export", "--run", str(results), *options]) == 1
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


def test_scores_of_a_network_are_those_of_the_methods_that_separate_by_it(results, tmp_path):
    assert methods_by("unet/default", results) == ["unet_audio"]
    assert methods_by("unet/other", results) == methods_by("train/default/visual", results) == []
    assert [row["method"] for row in scores_in(results, ["unet_audio"])] == ["mixture", "unet_audio"]
    assert clips_in(tmp_path) == {} and scores_in(tmp_path) == [] and networks_in(tmp_path) == {}


def test_a_cell_cannot_break_the_cards_table():
    assert table(["a", "b"], [["x|y", 1]]) == "| a | b |\n| --- | --- |\n| x&#124;y | 1 |"


def test_what_a_person_states_is_kept_as_data_beside_the_card(results, tmp_path, capsys):
    ran(capsys, "export", "--run", results, "--output", tmp_path / "m.h5", "--data", 'a "b" é')
    with h5py.File(tmp_path / "m.h5") as file:
        about = json.loads(file.attrs["about"])
        assert about["data"] == 'a "b" é' and about["clips"] == {"train": 5, "val": 2, "test": 3}
        assert 'a "b" é' in file.attrs["card"]
