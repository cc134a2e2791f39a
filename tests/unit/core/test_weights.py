"""Networks as safetensors: the same again, files from elsewhere, and cut ones."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from objectsounds.core.weights import WeightsError, load_weights, read_card, save_safetensors


def network():
    state = {"layer.weight": torch.arange(12.0).reshape(3, 4).T, "layer.steps": torch.tensor(7)}
    return {"state_dict": state, "objects": ["drum", "piano"], "rate": 8000, "settings": '{"seed": 1}'}


def test_a_network_comes_back_from_safetensors_as_it_was_saved(tmp_path):
    path, saved = tmp_path / "network.safetensors", network()
    save_safetensors(path, saved, "# A card")
    found = load_weights(path)
    assert {key: value for key, value in found.items() if key != "state_dict"} == {
        "objects": ["drum", "piano"],
        "rate": 8000,
        "settings": '{"seed": 1}',
    }
    assert list(found["state_dict"]) == sorted(saved["state_dict"])
    for name, tensor in saved["state_dict"].items():
        assert (
            torch.equal(found["state_dict"][name], tensor) and found["state_dict"][name].dtype == tensor.dtype
        )
    assert read_card(path) == "# A card"


def test_other_programs_find_the_tensors_by_their_own_names(tmp_path):
    save_safetensors(tmp_path / "n.safetensors", network())
    found = load_file(tmp_path / "n.safetensors")
    np.testing.assert_array_equal(found["layer.weight"], network()["state_dict"]["layer.weight"])
    size = int.from_bytes((tmp_path / "n.safetensors").read_bytes()[:8], "little")
    header = json.loads((tmp_path / "n.safetensors").read_bytes()[8 : 8 + size])
    assert json.loads(header["__metadata__"]["objectsounds"])["objects"] == ["drum", "piano"]


def test_tensors_of_one_memory_are_each_written(tmp_path):
    whole = torch.arange(6.0)
    state = {"a": whole[:3], "b": whole, "c": whole}
    save_safetensors(tmp_path / "n.safetensors", {"state_dict": state})
    found = load_weights(tmp_path / "n.safetensors")["state_dict"]
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_a_safetensors_file_from_elsewhere_gives_its_tensors_by_name(tmp_path):
    save_file({"conv.weight": torch.ones(2)}, tmp_path / "x.safetensors")
    assert load_weights(tmp_path / "x.safetensors")["conv.weight"].tolist() == [1, 1]
    assert list(load_weights(tmp_path / "x.safetensors")) == ["conv.weight"]
    assert read_card(tmp_path / "x.safetensors") == ""


@pytest.mark.parametrize("cut", [0, 5, 40, -1])
def test_a_cut_safetensors_file_is_refused_and_stays(tmp_path, cut):
    path = tmp_path / "network.safetensors"
    save_safetensors(path, network())
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(WeightsError, match=r"network.safetensors is no file of weights"):
        load_weights(path)
    assert path.is_file()
