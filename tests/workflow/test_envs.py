"""Conda environments: minimal, pinned as tested, and (``make test-envs``) complete.

Conda itself is not asked here: a pip environment of the same packages stands in for each.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest
import yaml

from tests.workflow.conftest import ROOT, TIMEOUT

ENVS = sorted((ROOT / "envs").glob("*.yaml"))
PIP_NAMES = {  # where the same package is called otherwise
    "pytorch": "torch",
    "pytorch-gpu": "torch",
    "py-opencv": "opencv-python-headless",
    "pysoundfile": "soundfile",
    "soxr-python": "soxr",
    "matplotlib-base": "matplotlib",
}
CONDA_ALONE = {"python", "pip", "pyaudio"}
RULE = re.compile(r"^(?:rule|checkpoint) (\w+):\n((?:    .*\n|\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """A rule that starts a subcommand: its name, subcommand and environments."""

    name: str
    stage: str
    envs: tuple[str, ...]


def environments_in(rule):
    """Return the environments that a rule's text names, also as ``environment(family, device)``."""
    known = {path.stem for path in ENVS}
    found = re.findall(r"envs/([\w-]+)\.yaml", rule)
    for call in re.findall(r"environment\((.*)\)", rule):
        families = [
            name for name in re.findall(r'"(\w+)"', re.sub(r"SETTINGS\[.*?\]", "", call)) if name in known
        ]
        found += families + [
            f"{name}-gpu" for name in families if "device" in call and f"{name}-gpu" in known
        ]
    return tuple(dict.fromkeys(found))


def rules():
    found = []
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        for name, body in RULE.findall(path.read_text(encoding="utf-8")):
            stage = re.search(r"-m objectsounds (\w+)", body)
            if stage:
                found.append(Rule(name, stage[1], environments_in(body)))
    return found


def packages(name):
    """Return the packages of an environment, under pip's names, and their versions."""
    env = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text(encoding="utf-8"))
    plain = [item for item in env["dependencies"] if isinstance(item, str)]
    by_pip = [item for part in env["dependencies"] if isinstance(part, dict) for item in part["pip"]]
    pairs = [re.split("=+", item) for item in plain + by_pip]
    return {PIP_NAMES.get(pair[0], pair[0]): pair[1:] for pair in pairs}


def versions_tested():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.lower().split("==") for line in lines if "==" in line)


def test_every_rule_that_runs_something_has_environments_that_are_there():
    known = {path.stem for path in ENVS}
    for rule in rules():
        assert rule.envs and set(rule.envs) <= known, rule
    assert {env for rule in rules() for env in rule.envs} == known


@pytest.mark.parametrize("path", ENVS, ids=lambda path: path.stem)
def test_an_environment_takes_conda_forge_alone_and_the_tested_versions(path):
    env = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert env["channels"] == ["conda-forge", "nodefaults"] and set(env) == {"channels", "dependencies"}
    tested = versions_tested()
    for name, version in packages(path.stem).items():
        if name not in CONDA_ALONE:
            exact = tested[name.lower()]
            assert version and (exact == version[0] or exact.startswith(f"{version[0]}.")), name


@pytest.mark.parametrize("name", [path.stem for path in ENVS if path.stem.endswith("-gpu")])
def test_a_gpu_variant_differs_in_pytorch_alone(name):
    text = (ROOT / "envs" / f"{name.removesuffix('-gpu')}.yaml").read_text(encoding="utf-8")
    gpu = (ROOT / "envs" / f"{name}.yaml").read_text(encoding="utf-8")
    assert gpu.splitlines()[1:] == text.replace("- pytorch=", "- pytorch-gpu=").splitlines()[1:]


def commands_of(output):
    """Return (rule, command) of every job with one that a dry run prints, in its order."""
    blocks = re.findall(
        r"^(?:local)?(?:rule|checkpoint) (\w+):\n.*?^Shell command: ([^\n]*)", output, re.M | re.S
    )
    return [(name, command.strip()) for name, command in blocks if command != "None"]


def commands_of_every_rule(place, known):
    """Return (rule, command) of jobs of all rules, in an order in which they can run."""
    first = ["demo", "catalogue"]
    methods = (
        "methods=[mixture, miml, unet_combined, wave_unet_additive_output, co_separation, sound_of_pixels]"
    )
    sound = next(iter(sorted(place.results.glob("mixtures/0/*/mixture.wav"))))
    shutil.copy(sound, place.folder / "own.wav")
    config = ["--config", methods, "separate_videos={videos: [own.wav], objects: {own: [piano, violin]}}"]
    # A dry run sees nothing past a catalogue that is to run again: the first two are asked for alone.
    beginning = place.snakemake("--dry-run", "-p", "--forcerun", *first)
    again = ["--forcerun", *[name for name in known if name not in first], *config]
    targets = ["all", "tables", "separate_videos"]
    return [
        *[job for job in commands_of(beginning.stdout) if job[0] in first],
        *commands_of(place.snakemake("--dry-run", "-p", *again, "--", *targets).stdout),
    ]


@pytest.fixture(scope="module")
def pip_environments(tmp_path_factory):
    """Return the bin folder of a pip environment for each conda environment, made when first asked for."""
    folder = tmp_path_factory.mktemp("envs")
    made = {}

    def get(name):
        if name not in made:
            subprocess.run([sys.executable, "-m", "venv", str(folder / name)], check=True)
            pip = [str(folder / name / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            pip += ["--constraint", str(ROOT / "constraints.txt")]
            wanted = set(packages(name)) - CONDA_ALONE
            alone = (ROOT / "requirements-nodeps.txt").read_text().split("\n")
            without = [item for item in wanted if item in alone]
            subprocess.run([*pip, *sorted(wanted - set(without))], check=True)
            if without:
                subprocess.run([*pip, "--no-deps", *without], check=True)
            made[name] = folder / name / "bin"
        return made[name]

    return get


@pytest.mark.envs
def test_every_subcommand_runs_with_nothing_but_its_environments_packages(
    copy_of_finished, pip_environments, matrix
):
    place = copy_of_finished()
    known = {rule.name: rule for rule in rules()}
    commands = commands_of_every_rule(place, known)
    assert {name for name, _ in commands} == set(known)
    seen = {}
    for name, command in commands:
        env = next(env for env in known[name].envs if not env.endswith("-gpu"))
        command = "python" + command[command.index(" -m objectsounds") :]  # not ours: the environment's
        for word in shlex.split(command):
            if word.startswith("results/"):  # Snakemake makes the folders of what a job writes
                (place.folder / word).parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=place.folder,
            env={
                "PATH": f"{pip_environments(env)}:/usr/bin:/bin",
                "PYTHONPATH": str(ROOT / "workflow"),
                "HOME": os.environ["HOME"],
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        log = shlex.split(command)[-1]
        assert done.returncode == 0, f"{env}: {command}\n{(place.folder / log).read_text()[-3000:]}"
        seen.setdefault(name, []).append(env)
    assert set(seen) == set(known)
    for name, envs in seen.items():
        row = (name, known[name].stage, envs[0], str(len(envs)))
        matrix("environments", ("rule", "subcommand", "environment", "commands that ran"), row)
    shutil.rmtree(place.folder)
