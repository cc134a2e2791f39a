"""Pairs and mixtures: two different objects, equal level, and sums that are kept."""

import numpy as np
import pytest

from objectsounds.config.settings import load_settings, merge
from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.tables import read_table, write_table
from objectsounds.data.mixtures import LEFT_OUT_COLUMNS, MIXTURE_COLUMNS, choose_mixtures, groups_of, mix
from objectsounds.data.status import COLUMNS as STATUS_COLUMNS
from objectsounds.data.status import OBJECT_COLUMNS, clip_sizes
from objectsounds.media.wav import level_db, read_wav, write_wav
from objectsounds.stages.mixtures import make_block
from objectsounds.stages.mixtures_table import list_mixtures


def noise(seed, seconds=2.0):
    return np.random.default_rng(seed).standard_normal(int(8000 * seconds)).astype(np.float32)


def test_sources_are_brought_to_one_level_and_their_sum_is_the_mixture():
    mixture, references = mix([noise(1) * 0.01, noise(2, seconds=3.0) * 5], -23.0)
    for reference in references:
        assert 20 * np.log10(np.sqrt(np.mean(reference**2))) == pytest.approx(-23, abs=0.01)
    np.testing.assert_allclose(mixture, references[0] + references[1], atol=1e-7)
    assert len(mixture) == 2 * 8000


def test_silence_cannot_be_mixed():
    with pytest.raises(ObjectsoundsError, match="silent"):
        mix([np.zeros(100, np.float32), np.ones(100, np.float32)], -23.0)


def pair_settings(classes, max_pairs=250, sources=(2,)):
    return {
        "seed": 1,
        "classes": classes,
        "mixtures": {"max_pairs": max_pairs, "blocks": 3, "rms_db": -23, "sources": sources},
    }


def test_pairs_hold_two_different_objects_and_every_group_is_named():
    sources = [("a", "piano"), ("b", "piano"), ("c", "violin"), ("d", "dog")]
    pairs, _ = choose_mixtures(sources, pair_settings(["piano", "violin", "dog"]))
    assert {tuple(p["clips"].split(";")) for p in pairs} == {
        ("a", "c"),
        ("b", "c"),
        ("a", "d"),
        ("b", "d"),
        ("c", "d"),
    }
    assert {p["group"] for p in pairs} == {"instrument", "cross-domain"}
    assert groups_of(["piano", "violin", "dog"]) == ["instrument", "animal", "cross-domain"]


def test_mixtures_of_three_have_groups_of_their_own_and_three_different_objects():
    sources = [("a", "piano"), ("b", "piano"), ("c", "violin"), ("d", "drum"), ("e", "dog")]
    classes = ["piano", "violin", "drum", "dog"]
    rows, _ = choose_mixtures(sources, pair_settings(classes, sources=(2, 3)))
    triples = [row for row in rows if row["clips"].count(";") == 2]
    assert {row["group"] for row in triples} == {"instrument x3", "cross-domain x3"}
    assert {row["clips"] for row in triples if row["group"] == "instrument x3"} == {"a;c;d", "b;c;d"}
    assert len({row["mixture"] for row in rows}) == len(rows)
    assert groups_of(classes, (2, 3))[-1] == "cross-domain x3"


def test_of_very_many_combinations_a_sample_is_drawn_without_listing_them():
    names = ["piano", "violin", "drum", "flute"]
    sources = [(f"{name}{i}", name) for name in names for i in range(100)]
    first, second = (choose_mixtures(sources, pair_settings(names, 20, (4,)))[0] for _ in range(2))
    assert first == second and len(first) == 20
    assert all(len(set(row["objects"].split(";"))) == 4 for row in first)


def test_too_many_pairs_are_sampled_by_seed_and_dealt_to_all_blocks():
    sources = [(f"p{i}", "piano") for i in range(20)] + [(f"v{i}", "violin") for i in range(20)]
    first, second = (choose_mixtures(sources, pair_settings(["piano", "violin"], 30))[0] for _ in range(2))
    assert first == second and len(first) == 30
    assert {p["block"] for p in first} == {0, 1, 2}
    assert len({p["mixture"] for p in first}) == 30


RATE = 8000
SOUNDS = {  # object, and the level in dB of each half second
    "late": ("piano", [-200] * 5 + [-10] * 3),  # its first 2.5 s are silent
    "quiet": ("piano", [-55] * 4 + [-10] * 4),  # background noise until 2 s
    "whole": ("piano", [-30] * 8),
    "brief": ("violin", [-30] * 4),  # 2 s
    "long": ("violin", [-30] * 8),
}


def clips_of(folder, sounds):
    """Write a shard of clips of noise at known levels; returns the table of objects, and the status."""
    rows = []
    for number, (clip, (_, levels)) in enumerate(sounds.items()):
        gains = 10 ** (np.array(levels) / 20).repeat(RATE // 2)
        waveform = np.random.default_rng(number).standard_normal(len(gains)) * gains
        (folder / clip / "frames").mkdir(parents=True)
        write_wav(folder / clip / "audio.wav", waveform.astype(np.float32), RATE)
        cells = {"clip_id": clip, "status": "ok", "folder": clip}
        cells |= {"seconds": f"{len(waveform) / RATE:.3f}", "rms_db": f"{level_db(waveform):.2f}"}
        rows.append(dict.fromkeys(STATUS_COLUMNS, "") | cells | clip_sizes(folder / clip))
    write_table(folder / "status.tsv", STATUS_COLUMNS, rows)
    objects = [{"clip_id": clip, "objects": name} for clip, (name, _) in sounds.items()]
    write_table(folder / "objects.tsv", OBJECT_COLUMNS, objects)
    return folder / "objects.tsv", [folder / "status.tsv"]


def settings_of(**changes):
    user = {"preset": "demo", "classes": ["piano", "violin"], "mixtures": {"blocks": 1} | changes}
    return load_settings(user)


def listed(folder, settings, sounds=None):
    """Return the clips of the mixtures, and the rows of those that are left out."""
    sounds = sounds or SOUNDS
    objects, statuses = clips_of(folder, sounds)
    tables = folder / "mixtures.tsv", folder / "left_out.tsv"
    list_mixtures(settings, objects, statuses, *tables)
    rows = read_table(tables[0], MIXTURE_COLUMNS)
    for row in rows:
        objects = [sounds[clip][0] for clip in row["clips"].split(";")]
        assert row["objects"].split(";") == objects
    return [row["clips"] for row in rows], read_table(tables[1], LEFT_OUT_COLUMNS)


def test_pairs_that_the_cut_leaves_silent_or_nearly_so_are_left_out_and_named(tmp_path, caplog):
    chosen, left_out = listed(tmp_path, settings_of())
    assert chosen == ["brief;whole", "late;long", "long;quiet", "long;whole"]
    found = {row["clips"]: row for row in left_out}
    assert set(found) == {"brief;late", "brief;quiet"}
    late, quiet = found["brief;late"], found["brief;quiet"]
    assert (late["clip"], late["group"], late["objects"]) == ("late", "instrument", "violin;piano")
    assert late["reason"] == "its first 2 s are silent (clips.silence_db)"
    assert (quiet["clip"], float(quiet["level_db"])) == ("quiet", pytest.approx(-55, abs=0.1))
    assert quiet["reason"] == "its first 2 s are 42 dB below the clip's level (mixtures.quiet_db)"
    assert "brief;late (violin;piano) is left out: of late its first 2 s are silent" in caplog.text


def test_in_place_of_a_pair_that_is_left_out_another_is_drawn_by_the_seed(tmp_path):
    found = []
    for seed in range(8):
        settings = settings_of(max_pairs=3) | {"seed": seed}
        chosen, left_out = listed(tmp_path / str(seed), settings)
        assert len(chosen) == 3 and set(chosen) < {"brief;whole", "late;long", "long;quiet", "long;whole"}
        assert listed(tmp_path / f"again-{seed}", settings) == (chosen, left_out)
        found.append((tuple(chosen), len(left_out)))
    assert len({chosen for chosen, _ in found}) > 1 and {count for _, count in found} == {0, 1, 2}


def test_how_much_quieter_a_part_may_be_is_the_configurations(tmp_path):
    for limit, count in ((40.0, 2), (44.0, 1)):
        chosen, left_out = listed(tmp_path / str(limit), settings_of(quiet_db=limit))
        assert len(left_out) == count and len(chosen) == 6 - count
    lower = merge(settings_of(quiet_db=300.0), {"clips": {"silence_db": -54.0}})
    assert [row["clips"] for row in listed(tmp_path / "x", lower)[1]] != []


def test_where_every_pair_is_silent_nothing_can_be_mixed_and_their_number_is_said(tmp_path):
    few = {name: SOUNDS[name] for name in ("late", "brief")}
    with pytest.raises(ObjectsoundsError, match=r"Nothing can be mixed: 2 .*1 mixtures of them are left out"):
        listed(tmp_path, settings_of(), few)


def test_a_block_holds_its_own_mixtures_cut_to_the_shortest_with_their_references(tmp_path):
    settings = settings_of(blocks=2)
    chosen, _ = listed(tmp_path, settings)
    for block in (0, 1):
        make_block(
            settings, tmp_path / "mixtures.tsv", block, [tmp_path / "status.tsv"], tmp_path / str(block)
        )
        rows = read_table(tmp_path / str(block) / "mixtures.tsv", MIXTURE_COLUMNS)
        assert [row["clips"] for row in rows] == chosen[block::2]
        for row in rows:
            folder = tmp_path / str(block) / row["mixture"]
            mixture, rate = read_wav(folder / "mixture.wav")
            assert rate == RATE and len(mixture) == RATE * (2 if "brief" in row["clips"] else 4)
            references = [read_wav(folder / f"reference_{number}.wav")[0] for number in (1, 2)]
            np.testing.assert_allclose(sum(references), mixture, atol=1e-6)
            for clip, reference in zip(row["clips"].split(";"), references, strict=True):
                own = read_wav(tmp_path / clip / "audio.wav")[0][: len(mixture)]
                assert np.corrcoef(own, reference)[0, 1] > 0.999
                assert level_db(reference) == pytest.approx(-23, abs=0.01)


def test_of_longer_clips_the_first_seconds_are_mixed_and_judged(tmp_path):
    settings = settings_of(seconds=1.5)
    chosen, left_out = listed(tmp_path, settings)
    assert chosen == ["brief;whole", "long;whole"]  # of "late" and "quiet" nothing sounds before 2 s
    assert {row["clip"] for row in left_out} == {"late", "quiet"}
    make_block(settings, tmp_path / "mixtures.tsv", 0, [tmp_path / "status.tsv"], tmp_path / "0")
    for row in read_table(tmp_path / "0" / "mixtures.tsv"):
        mixture, _ = read_wav(tmp_path / "0" / row["mixture"] / "mixture.wav")
        assert len(mixture) == 1.5 * RATE
        own = read_wav(tmp_path / row["clips"].split(";")[0] / "audio.wav")[0][: len(mixture)]
        reference = read_wav(tmp_path / "0" / row["mixture"] / "reference_1.wav")[0]
        assert np.corrcoef(own, reference)[0, 1] > 0.999


def test_more_seconds_than_the_clips_have_change_nothing(tmp_path):
    assert listed(tmp_path / "a", settings_of(seconds=60)) == listed(tmp_path / "b", settings_of())


def sounds_of(folder):
    return {path.parent.name + path.name: path.read_bytes() for path in folder.glob("*/*.wav")}


def test_a_runs_table_as_a_list_gives_its_mixtures_again_to_the_sample(tmp_path):
    first = settings_of()
    chosen, _ = listed(tmp_path, first)
    make_block(first, tmp_path / "mixtures.tsv", 0, [tmp_path / "status.tsv"], tmp_path / "0")
    (tmp_path / "mixtures.tsv").rename(tmp_path / "theirs.tsv")
    again = settings_of(list=str(tmp_path / "theirs.tsv")) | {"seed": 99}
    list_mixtures(again, tmp_path / "objects.tsv", [tmp_path / "status.tsv"], *outputs(tmp_path))
    rows = read_table(tmp_path / "mixtures.tsv", MIXTURE_COLUMNS)
    assert [row["clips"] for row in rows] == chosen
    assert [row["mixture"] for row in rows] == [f"listed-{number:04d}" for number in range(len(chosen))]
    make_block(again, tmp_path / "mixtures.tsv", 0, [tmp_path / "status.tsv"], tmp_path / "1")
    first_sounds, again_sounds = sounds_of(tmp_path / "0"), sounds_of(tmp_path / "1")
    assert sorted(first_sounds.values()) == sorted(again_sounds.values()) and len(first_sounds) == 12


def outputs(folder):
    return folder / "mixtures.tsv", folder / "left_out.tsv"


def listed_by(folder, text, sounds=None):
    objects, statuses = clips_of(folder, sounds or SOUNDS)
    (folder / "theirs.csv").write_text(text)
    settings = settings_of(list=str(folder / "theirs.csv"), blocks=2)
    list_mixtures(settings, objects, statuses, *outputs(folder))
    return read_table(outputs(folder)[0]), read_table(outputs(folder)[1])


def test_a_list_keeps_its_order_and_of_what_is_silent_it_is_said(tmp_path):
    rows, left_out = listed_by(tmp_path, "clips,note\nwhole;long,x\nlate;brief,\nbrief;whole,y\n")
    assert [(row["clips"], row["objects"], row["block"]) for row in rows] == [
        ("whole;long", "piano;violin", "0"),
        ("brief;whole", "violin;piano", "1"),
    ]
    assert [row["clips"] for row in left_out] == ["late;brief"]


def test_a_list_may_name_media_that_have_one_clip(tmp_path):
    sounds = {"abc_0": SOUNDS["whole"], "d_e_30000": SOUNDS["long"], "f_0": SOUNDS["long"]}
    sounds |= {"f_10000": SOUNDS["long"]}
    rows, _ = listed_by(tmp_path, "clips\nabc;d_e\nabc_0;f_10000\n", sounds)
    assert [row["clips"] for row in rows] == ["abc_0;d_e_30000", "abc_0;f_10000"]
    with pytest.raises(ObjectsoundsError, match=r"line 2: 'f' is no good test clip of one object"):
        listed_by(tmp_path / "x", "clips\nabc;f\n", sounds)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pair\nwhole;long\n", r"mixtures\.list: .*theirs\.csv has no column clips but pair; name a table"),
        ("", r"has no column clips but none"),
        ("clips\nwhole;long\nwhole;nothing\n", r"line 3: 'nothing' is no good test clip of one object"),
        ("clips\nwhole;quiet\n", r"line 2: 'whole;quiet' \(of piano;piano\) is no mixture of two or more"),
        ("clips\nwhole\n", r"'whole' \(of piano\) is no mixture"),
        ("clips,note\nwhole,long,x\n", r"line 2: more cells than columns"),
    ],
)
def test_what_is_wrong_in_a_list_is_said(tmp_path, text, sentence):
    with pytest.raises(ObjectsoundsError, match=sentence):
        listed_by(tmp_path, text)
