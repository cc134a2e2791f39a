"""Settings: how the layers merge, what is refused, and which stage depends on which key."""

from collections import Counter

import pytest

from objectsounds.cli.commands import COMMANDS
from objectsounds.config.classes import read_classes
from objectsounds.config.method_table import SEPARATORS
from objectsounds.config.paths import plays, trusted_by
from objectsounds.config.settings import (
    canonical,
    experiment_methods,
    load_settings,
    merge,
    of_seeds,
    of_variant,
    overrides_of,
    run_methods,
    shared_variant,
    stage_settings,
    stage_version,
)
from objectsounds.config.stage_keys import STAGE_KEYS, UPSTREAM
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import ROOT

PRESETS = sorted(path.stem for path in (ROOT / "config" / "presets").glob("*.yaml"))


def test_mappings_merge_and_lists_replace():
    assert merge({"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}}) == {"a": {"b": 1, "c": [3]}}


def test_the_command_line_wins_over_the_preset_and_the_preset_over_the_default():
    settings = load_settings({"preset": "demo", "train": {"epochs": 7}})
    assert settings["train"]["epochs"] == 7
    assert settings["train"]["batch_size"] == 16
    assert settings["train"]["learning_rate"] == 1e-3


def test_nested_values_of_the_command_line_are_read_as_yaml():
    user = {"train": {"epochs": "50", "patience": "null", "hidden": ["64"]}, "labeller": {"weights": "w.pth"}}
    settings = load_settings({"preset": "demo", **user})
    assert settings["train"]["epochs"] == 50 and settings["train"]["patience"] is None
    assert settings["train"]["hidden"] == [64] and settings["labeller"]["weights"] == "w.pth"


def test_a_variant_is_left_out_on_the_command_line_which_gives_null_as_text():
    known = load_settings({"preset": "demo"})["experiments"]["variants"]
    user = {"preset": "demo", "experiments": {"variants": {"cqt": "null"}}, "variants": {"half": "null"}}
    settings = load_settings(user)
    assert set(settings["experiments"]["variants"]) == set(known) - {"cqt"} != set(known)
    assert settings["variants"] == {}
    user["experiments"]["variants"]["cqt"] = "no"
    with pytest.raises(ObjectsoundsError, match=r"experiments\.variants\.cqt"):
        load_settings(user)


def test_results_go_into_a_folder_named_after_the_preset():
    settings = load_settings({"preset": "demo"})
    assert settings["results"] == "results/demo"
    assert settings["clips"]["media"] == "results/demo/demo/media"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_valid(preset):
    assert load_settings({"preset": preset})["classes"]


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ({"train": {"epoch": 3}}, ["train.epoch", "3", "epochs"]),
        ({"bases": {"count": 0}}, ["bases.count", "0", "at least 1"]),
        ({"bases": {"transform": "fft"}}, ["bases.transform", "'fft'", "'stft'", "'cqt'"]),
        ({"bases": {"cqt": {"hop_seconds": 0.05}}}, ["bases.cqt.hop_seconds", "0.05", "0.015"]),
        ({"train": {"learning_rate": "1e-5"}}, ["train.learning_rate", "'1e-5'", "1.0e-5"]),
        ({"dataset": {"threshold": 2}}, ["dataset.threshold", "2", "at most 1"]),
        ({"classes": ["piano", "kazoo"]}, ["classes", "'kazoo'", "violin"]),
        ({"methods": ["magic"]}, ["methods", "'magic'", "miml_gao"]),
        ({"preset": "nope"}, ["preset", "'nope'", "demo"]),
        ({"variants": {"a": {"clips": {}}}}, ["variants.a", "'clips'", "train"]),
        ({"variants": {"a": {"train": {"dropot": 0.1}}}}, ["variants.a", "train.dropot", "dropout"]),
        ({"train": None}, ["train", "None", "section of keys"]),
        ({"unet": {"frames": 200}}, ["unet.frames", "200", "multiples of 128"]),
        ({"co_separation": {"bins": 100, "levels": 3}}, ["co_separation.bins", "100", "multiples of 8"]),
        ({"mixtures": {"sources": [6]}}, ["mixtures.sources", "6", "at most 5"]),
        ({"clips": {"sample_rate": 1}}, ["clips.sample_rate", "at least 8000 (Hz)"]),
        ({"variants": {"a-b": {}}}, ["variants", "the name 'a-b'", "[A-Za-z0-9_]"]),
        ({"seeds": [1, 1]}, ["seeds", "[1, 1]"]),
        ({"seeds": [-1]}, ["seeds.0", "-1"]),
        ({"variants": []}, ["variants", "[]", "section of keys"]),
        ({"experiments": 3}, ["experiments", "3", "section of keys"]),
        ({"experiments": {"variants": {"a": {}}}}, ["experiments.variants.a", "lacks 'methods'"]),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(user, words):
    with pytest.raises(ObjectsoundsError) as error:
        load_settings(user)
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_every_key_belongs_to_a_stage():
    settings = load_settings({"preset": "demo"})
    known = {key.split(".")[0] for keys in STAGE_KEYS.values() for key in keys}
    rest = {"results", "container", "variants", "variant_methods", "dictionary", "methods"}
    rest |= {"labeller", "ablation", "class_table"}  # its rows are in added_classes
    assert set(settings) - known - rest == set()


def test_the_order_of_keys_does_not_matter():
    assert canonical({"a": 1, "b": {"c": 2, "d": 3}}) == canonical({"b": {"d": 3, "c": 2}, "a": 1})


def test_a_variant_shares_every_stage_that_it_does_not_touch():
    settings = load_settings({"preset": "demo", "variants": {"dropout": {"train": {"dropout": 0.1}}}})
    shared = {stage: shared_variant(settings, stage, "dropout") for stage in UPSTREAM}
    assert shared == {
        "bases": "default",
        "dataset": "default",
        "train": "dropout",
        "soundfont": "default",
        "dictionary": "dropout",
        "separate": "dropout",
        "solos": "default",
        "frame_network": "default",
        "unet": "default",
        "wave_unet": "default",
        "co_separation": "default",
        "sound_of_pixels": "default",
    }


@pytest.mark.parametrize("bases", [{"transform": "cqt"}, {"cqt": {"bins_per_octave": 36}}])
def test_a_variant_of_the_transform_has_its_own_bases_and_its_own_estimates(bases):
    settings = load_settings({"preset": "demo", "variants": {"other": {"bases": bases}}})
    learned = ("solos", "frame_network", *SEPARATORS)
    transformed = [stage for stage in UPSTREAM if stage not in learned]
    assert {shared_variant(settings, stage, "other") for stage in transformed} == {"other"}
    for stage in ("bases", "separate"):
        picked = stage_settings(settings, stage, "other")["bases"]
        assert merge(picked, bases) == picked


def test_a_seed_is_a_variant_that_shares_what_draws_nothing_and_learns_all_else():
    settings = load_settings({"preset": "demo", "seeds": [1, 2018]})
    assert overrides_of(settings, "seed1") == {"seed": 1} and of_variant(settings, "seed1")["seed"] == 1
    shared = {stage for stage in UPSTREAM if shared_variant(settings, stage, "seed1") == "default"}
    assert shared == {"solos"}
    assert stage_settings(settings, "train", "seed1") == stage_settings(settings, "train") | {"seed": 1}


def test_trusted_solos_hang_on_the_dictionary_whose_clips_they_are():
    few = {
        "few": {"dictionary": {"surest": {"clips_per_object": 2}}},
        "gao": {"dictionary": {"gao": {"threshold": 0.3}}},
    }
    user = {"preset": "demo", "seeds": [1], "variants": few}
    trusted = load_settings(user | {"solos": {"supervision": "trusted"}})
    learnt = ("solos", "unet", "wave_unet")
    for settings, own in ((trusted, "few"), (load_settings(user), "default")):
        assert [shared_variant(settings, stage, "few") for stage in learnt] == [own] * 3
        assert [shared_variant(settings, stage, "gao") for stage in learnt] == ["default"] * 3
    assert shared_variant(trusted, "solos", "seed1") == "seed1"
    assert trusted_by(trusted, "default", "train", "") == "<results>/dictionary/default/consensus.h5"
    assert trusted_by(trusted, "few", "train", "") == "<results>/dictionary/few/consensus.h5"
    for split, labels in (("val", ""), ("train", "-labelled"), ("train", "-all")):
        assert trusted_by(trusted, "default", split, labels) is None
    assert trusted_by(load_settings(user), "default", "train", "") is None


def test_a_soundfont_plays_for_solos_of_train_alone_and_only_where_it_is_asked():
    played = load_settings({"preset": "demo", "solos": {"performances": 3}})
    assert plays(played, "default", "train", "")
    assert not any(plays(played, "default", *kind) for kind in (("val", ""), ("train", "-all")))
    assert not plays(load_settings({"preset": "demo"}), "default", "train", "")


def test_every_method_that_draws_is_run_with_every_seed_and_with_the_runs_own_once():
    user = {"preset": "demo", "methods": ["mixture", "miml", "ideal_ratio_mask"], "seeds": [1, 2018, 7]}
    user |= {"variants": {"dropout": {"train": {"dropout": 0.1}}}}
    settings = load_settings(user)
    assert run_methods(settings) == [
        *("mixture", "miml", "ideal_ratio_mask", "miml@dropout", "miml@seed1", "miml@seed7"),
    ]
    assert of_seeds(settings, "miml") == ["miml@seed1", "miml", "miml@seed7"]
    assert of_seeds(settings, "mixture") == ["mixture"]
    named = experiment_methods(settings)
    assert {"kmeans@seed1", "kmeans_fixed@seed7", "upper_bound@seed1"} <= set(named)
    assert not {"ideal_binary_mask@seed1", "miml@seed2018", "upper_bound@noise10@seed1"} & set(named)


def test_the_twins_with_true_objects_are_run_with_every_seed():
    user = {"preset": "demo", "methods": ["miml"], "seeds": [1], "mixtures": {"objects": True}}
    assert "miml_true_objects@seed1" in run_methods(load_settings(user))


def test_without_seeds_the_methods_are_as_they_were():
    settings = load_settings({"preset": "demo"})
    assert settings["seeds"] == [] and run_methods(settings) == settings["methods"]


def test_an_experiments_variant_may_be_called_like_a_seed_that_is_none_of_this_run():
    variants = {"seed3": {"methods": ["miml"], "overrides": {"train": {"dropout": 0.2}}}}
    user = {"preset": "demo", "experiments": {"variants": variants}}
    assert overrides_of(load_settings(user | {"seeds": [1]}), "seed3") == {"train": {"dropout": 0.2}}
    with pytest.raises(ObjectsoundsError, match=r"variants\.seed3: .* choose another name"):
        load_settings(user | {"seeds": [3]})


def test_a_dictionary_variant_touches_only_its_own_rule():
    settings = load_settings(
        {"preset": "demo", "variants": {"few": {"dictionary": {"surest": {"clips_per_object": 2}}}}}
    )
    assert shared_variant(settings, "dictionary", "few", ("dictionary.surest",)) == "few"
    assert shared_variant(settings, "dictionary", "few", ("dictionary.gao",)) == "default"


@pytest.mark.parametrize("stage", STAGE_KEYS)
def test_every_stage_has_a_version_a_rule_a_module_and_its_keys(stage):
    assert stage_version(stage) >= 1
    rules = "".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    command = {"separate_videos": "separate"}.get(stage, stage)  # told in the package's stages/__init__.py
    assert f'params_of("{stage}"' in rules or f'stage_version("{stage}")' in rules
    assert f"objectsounds {command}" in rules and command in COMMANDS
    assert stage_settings(load_settings({"preset": "demo"}), stage)


def test_gaos_classes_are_the_default_and_share_no_mid_and_no_index():
    names = load_settings({})["classes"]
    table = [read_classes()[name] for name in names]
    assert Counter(item.group for item in table) == {"instrument": 15, "animal": 4, "vehicle": 4}
    indices = [index for item in table for index in item.imagenet]
    mids = [mid for item in table for mid in item.all_mids]
    assert len(indices) == len(set(indices)) and max(indices) < 1000
    assert len(mids) == len(set(mids))


def test_no_two_objects_have_one_alias():
    names = [alias for item in read_classes().values() for alias in (item.name, *item.aliases)]
    assert len(names) == len(set(names))


def test_an_object_that_imagenet_does_not_know_is_refused_with_its_remedy():
    with pytest.raises(ObjectsoundsError, match=r"ImageNet knows no erhu.*labeller\.kind: pictures"):
        load_settings({"classes": ["erhu", "violin"]})
    assert load_settings({"classes": ["erhu", "violin"], "labeller": {"kind": "pictures"}})


PAPERS = ("gao2018", "gao2018_animals", "gao2018_instruments", "gao2018_vehicles", "rowe2019")


@pytest.mark.parametrize("preset", PAPERS)
def test_the_papers_presets_train_to_the_end_and_keep_the_last_weights(preset):
    found = load_settings({"preset": preset})
    assert (found["train"]["patience"], found["train"]["keep"]) == (None, "last")
    assert found["train"]["epochs"] == (100 if preset == "rowe2019" else 300)
    assert found["separate"]["components_per_source"] == (25 if preset == "rowe2019" else None)


def test_by_default_training_stops_early_and_keeps_the_best_weights():
    found = load_settings({})
    assert (found["train"]["patience"], found["train"]["keep"]) == (30, "best")
    assert found["mixtures"]["objects"] is False and found["separate"]["components_per_source"] == 25
