"""Two real runs that differ in one key of a dictionary's rule, compared by the command."""

import json

from objectsounds.cli.main import main

GUIDED_BY_GAO = "miml_gao"


def test_a_changed_key_of_a_dictionary_shows_in_its_method_and_in_the_settings_alone(
    finished, copy_of_finished, tmp_path, capsys
):
    other = copy_of_finished()
    path = other.folder / "config" / "config.yaml"
    path.write_text(path.read_text() + "dictionary: {gao: {threshold: 0.0}}\n")  # takes all bases
    other.snakemake()
    output = tmp_path / "differences.json"
    assert main(["compare", str(finished.results), str(other.results), "--output", str(output)]) == 0
    found, said = json.loads(output.read_text()), capsys.readouterr().out
    assert found["settings"] == [{"key": "dictionary.gao.threshold", "a": 0.15, "b": 0.0}]
    assert found["data"] == [] and found["mixtures"] == 4
    assert found["a"]["methods"] == found["b"]["methods"] == []
    ties = {line["method"]: float(line["ties"]) for line in found["differences"]}
    assert ties.pop(GUIDED_BY_GAO) < 1 and ties and set(ties.values()) == {1.0}
    assert "dictionary.gao.threshold" in said and "4 mixtures are in both" in said
