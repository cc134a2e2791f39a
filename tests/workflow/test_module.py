"""The workflow as a module of another one, whose own rules stay as they are."""

import re

import pytest

from objectsounds.data.status import read_status
from tests.workflow.conftest import ROOT, TINY, Place

HOST = f"""
module objectsounds:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: {{"preset": "{TINY}"}}
    prefix: "sounds"

use rule * from objectsounds as objects_*

rule host:
    input: "sounds/results/tiny/clips/test-00000/status.tsv"
    output: "host.txt"
    shell: "echo $- $PATH ${{{{PYTHONPATH:-none}}}} > {{output}}"
"""


class Host(Place):
    """A folder with a workflow of its own."""

    def command(self, *arguments, cores=2):
        """Return the command of a run of the host's Snakefile."""
        command = super().command(*arguments, cores=cores)
        command[command.index("--snakefile") + 1] = str(self.folder / "Snakefile")
        return command


def host_in(folder, text=HOST):
    (folder / "Snakefile").write_text(text)
    return Host(folder)


def test_the_rules_are_planned_under_the_hosts_names_and_prefix(tmp_path):
    done = host_in(tmp_path).snakemake("--dry-run", "-p", "sounds/results/tiny/catalogue/shards.txt")
    assert set(re.findall(r"^(?:local)?(?:rule|checkpoint) (\w+):$", done.stdout, re.M)) == {
        "objects_demo",
        "objects_catalogue",
    }
    written = re.findall(r"^    output: (.*)$", done.stdout, re.M)
    assert all(path.startswith("sounds/results/tiny/") for line in written for path in line.split(", "))
    assert '"train":["sounds/results/tiny/demo/unbalanced_train_segments.csv"]' in done.stdout


def test_the_page_and_every_stage_behind_it_are_reached_by_the_hosts_names(tmp_path):
    planned = host_in(tmp_path).planned("objects_all").keys()
    assert {"objects_demo", "objects_train", "objects_report", "objects_export"} <= planned
    assert all(name.startswith("objects_") for name in planned)


@pytest.fixture(scope="module")
def host_run(tmp_path_factory):
    """A host that has run the demo up to one shard's clips, and a rule of its own."""
    place = host_in(tmp_path_factory.mktemp("host"))
    place.snakemake("host.txt")
    return place


def test_the_modules_jobs_run_and_leave_everything_under_the_prefix(host_run):
    clips = read_status(host_run.folder / "sounds/results/tiny/clips/test-00000/status.tsv")
    assert len(clips) == 7 and {clip["status"] for clip in clips} == {"ok"}
    assert {path.name for path in host_run.folder.iterdir()} == {
        ".snakemake",
        "Snakefile",
        "host.txt",
        "sounds",
    }


def test_the_hosts_own_rules_keep_snakemakes_shell_and_environment(host_run):
    flags, path, library = (host_run.folder / "host.txt").read_text().split()
    assert {"e", "u"} <= set(flags)
    assert path == host_run.environment()["PATH"] and library == "none"


def test_a_second_run_of_a_host_does_nothing(host_run):
    assert host_run.planned("host.txt") == {}


@pytest.mark.parametrize("where", ["pathvars", "config"])
def test_path_variables_of_the_host_move_the_results(tmp_path, where):
    moved = {
        "pathvars": HOST.replace('prefix: "sounds"', 'pathvars: results="there"'),
        "config": HOST.replace('{"preset"', '{"results": "there", "preset"').replace(
            '    prefix: "sounds"\n', ""
        ),
    }[where]
    done = host_in(tmp_path, moved).snakemake("--dry-run", "-p", "there/catalogue/shards.txt")
    assert '"train":["there/demo/unbalanced_train_segments.csv"]' in done.stdout


def test_two_runs_side_by_side_in_one_host_keep_their_own_settings(tmp_path):
    second = HOST.replace("module objectsounds", "module other").replace('"sounds"', '"others"')
    second = second.replace("from objectsounds as objects_*", "from other as others_*").split("rule host")[0]
    place = host_in(tmp_path, second + HOST)
    runs = [f"{folder}/results/tiny" for folder in ("sounds", "others")]
    done = place.snakemake("--dry-run", "-p", *(f"{run}/demo/truth.tsv" for run in runs))
    for run in runs:
        assert re.search(rf"OBJECTSOUNDS_RESULTS={run} .* --output {run}/demo", done.stdout)
