"""The package as others install it: from a wheel, outside the clone, in folders that hold nothing of it."""

import email
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workflow.conftest import KEPT, ROOT, TIMEOUT

PROFILES = ("default", "kubernetes", "slurm", "site")
AROUND = {  # what the wheel holds of the files around the package, by the folders of a clone
    "config": "**/*",
    "envs": "*",
    "profiles": "**/*",
    "workflow/report": "*",
    "workflow/rules": "*",
    "workflow/schemas": "*",
}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, built by the backend that is installed: nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(folder), str(ROOT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (path,) = folder.glob("*.whl")
    return path


@dataclass
class Installed:
    """A virtual environment with the wheel in it, and an empty folder to work in."""

    bin: Path
    folder: Path

    def run(self, *command, check=True, **environment):
        """Run a program of the environment, without its activation, in the folder."""
        kept = {name: value for name, value in os.environ.items() if name in KEPT}
        done = subprocess.run(
            [str(self.bin / command[0]), *map(str, command[1:])],
            cwd=self.folder,
            env=kept | {"PATH": "/usr/bin:/bin"} | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        assert done.returncode == 0 or not check, done.stdout[-2000:] + done.stderr[-5000:]
        return done


@pytest.fixture(scope="session")
def environment(wheel, tmp_path_factory):
    """The wheel in an environment that sees the packages of ours, but not the clone."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    seen = [path for path in sys.path if path.endswith("site-packages")]  # but not their .pth files
    (Path(site) / "ours.pth").write_text("\n".join(seen) + "\n")
    command = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    command += ["--no-deps", "--no-index", "--ignore-installed", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "bin"


@pytest.fixture
def installed(environment, tmp_path):
    """The environment and an empty folder."""
    return Installed(environment, tmp_path)


def names_in(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_around_the_package_that_a_run_needs(wheel):
    held = {name.partition("/share/")[2] for name in names_in(wheel) if "/share/" in name}
    for folder, pattern in AROUND.items():
        files = {str(path.relative_to(ROOT)) for path in (ROOT / folder).glob(pattern) if path.is_file()}
        assert files and files <= held, folder
    assert {"Snakefile", "workflow/Snakefile", "resources/classes.tsv", "resources/published.tsv"} <= held
    assert "resources/labels.tsv" in held


def test_the_wheel_holds_the_whole_package_and_no_tests_or_caches(wheel):
    package = ROOT / "workflow" / "objectsounds"
    files = {path.relative_to(package.parent) for path in package.rglob("*") if path.is_file()}
    assert {str(path) for path in files if "__pycache__" not in path.parts} <= names_in(wheel)
    assert not [name for name in names_in(wheel) if "__pycache__" in name or "tests" in Path(name).parts]


def test_the_wheel_asks_for_the_packages_of_requirements_txt_and_has_its_extras(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    asked = {
        re.match(r"[\w.-]+", line)[0] for line in metadata.get_all("Requires-Dist") if "extra" not in line
    }
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = {re.match(r"[\w.-]+", line)[0] for line in lines if not line.startswith("#")}
    assert asked == {name.lower().replace("_", "-") for name in wanted}
    assert set(metadata.get_all("Provides-Extra")) == {"dev", "gpu", "kubernetes", "parquet", "slurm", "web"}


def test_the_installed_package_is_the_wheels_and_knows_its_classes(installed):
    code = "import objectsounds.config.classes as c; print(c.__file__, c.TABLE, len(c.TABLE.read_text()))"
    module, table, size = installed.run("python", "-c", code).stdout.split()
    assert str(installed.bin.parent) in module and str(installed.bin.parent) in table and int(size) > 1000


def test_a_run_in_an_empty_folder_plans_the_demo_with_the_default_profile(installed):
    done = installed.run("objectsounds", "run", "--cores", "2", "--dry-run")
    said = done.stdout + done.stderr
    rules = re.findall(r"^(?:local)?(?:rule|checkpoint) (\w+):$", said, re.M)
    assert {"demo", "catalogue", "train", "report", "all"} <= set(rules)
    assert "results/demo/catalogue/shards.txt" in said and "share/profiles/default" in said
    assert "this runs the demo" in said
    assert {path.name for path in installed.folder.iterdir()} == {".snakemake"}


def test_a_configuration_in_the_folder_takes_the_place_of_the_demos(installed):
    (installed.folder / "config").mkdir()
    (installed.folder / "config" / "config.yaml").write_text("preset: demo\nresults: mine\n")
    done = installed.run("objectsounds", "run", "--cores", "2", "--dry-run", "demo")
    assert "mine/demo/truth.tsv" in done.stdout + done.stderr
    assert "this runs the demo" not in done.stdout


def test_init_lays_out_what_is_to_be_edited_and_a_run_takes_it(installed):
    installed.run("objectsounds", "init", "mine")
    found = {
        str(path.relative_to(installed.folder)) for path in installed.folder.rglob("*") if path.is_file()
    }
    profiles = {f"mine/profiles/{name}/profile.v9+.yaml" for name in PROFILES}
    assert found == {"mine/config/config.yaml", "mine/profiles/README.md", *profiles}
    (installed.folder / "mine/config/config.yaml").write_text("preset: demo\nresults: edited\n")
    work = Installed(installed.bin, installed.folder / "mine")
    done = work.run("objectsounds", "run", "--dry-run", "demo")
    assert "edited/demo/truth.tsv" in done.stdout + done.stderr


def test_another_python_finds_the_package_but_none_of_its_neighbours(installed):
    library = installed.run(
        "python", "-c", "from objectsounds.core.places import LIBRARY; print(LIBRARY)"
    ).stdout.strip()
    code = "import objectsounds.core.errors as e, sys; print(e.__file__, *sys.path)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": library},
        capture_output=True,
        text=True,
        check=True,
    )
    module, *path = done.stdout.split()
    assert module.startswith(str(installed.bin.parent)) and not [
        p for p in path if p.endswith("site-packages")
    ]


@pytest.mark.install
def test_pip_alone_installs_what_runs_the_demo_and_separates_a_video(wheel, tmp_path):
    """Into an empty environment, with the tested versions: minutes, and the network."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    (tmp_path / "work").mkdir()
    installed = Installed(tmp_path / "venv" / "bin", tmp_path / "work")
    pip = ["python", "-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt")]
    network = {
        k: v for k, v in os.environ.items() if k.upper().startswith(("PIP_", "HTTP", "SSL_", "NO_PROXY"))
    }
    installed.run(*pip, str(wheel), **network)
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}  # empty, so the synthesiser has to be fetched
    done = installed.run("objectsounds", "run", "--cores", "all", **network, **cache)
    assert "miml" in done.stdout.lower() and (tmp_path / "work/results/demo/report/index.html").exists()
    video = next((tmp_path / "work/results/demo/demo/media").glob("*.mp4"))
    model = tmp_path / "work/results/demo/export/miml.h5"
    installed.folder = tmp_path / "elsewhere"
    installed.folder.mkdir()
    model, video = (path.rename(installed.folder / path.name) for path in (model, video))
    installed.run("objectsounds", "separate", "--model", model.name, video.name, "--output", "out")
    assert list((installed.folder / "out" / video.stem).glob("*.wav"))
