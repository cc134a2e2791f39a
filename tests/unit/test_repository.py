"""What lies around the package says the same as the package does."""

import ast
import re

import pytest
import yaml

from objectsounds import __version__
from objectsounds.config.method_table import METHODS
from objectsounds.core.places import PACKAGE, ROOT
from tests.unit.test_house import FOLDERS

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "config/*.md", "profiles/*.md")
    for path in ROOT.glob(pattern)
)
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Return the versions that a file of requirements pins, by names in lower case with hyphens."""
    found = PIN.findall((ROOT / name).read_text(encoding="utf-8"))
    return {package.lower().replace("_", "-"): version for package, version in found}


@pytest.mark.parametrize("page", PAGES)
def test_a_pages_links_lead_to_files_that_are_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in LINK.findall(text) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_every_page_is_in_the_sites_menu():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"^  - [^:]+: (.+\.md)$", text, re.MULTILINE))
    assert listed == set(PAGES)


def test_the_workflows_on_a_push_call_targets_that_are_there():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = set()
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        called |= {step["run"] for job in jobs.values() for step in job["steps"] if "run" in step}
    assert {"make lint", "make test", "make demo"} <= called
    assert {command.removeprefix("make ") for command in called} <= targets


def test_the_hooks_before_a_commit_have_the_versions_of_make_lint():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0][
        "hooks"
    ]
    tested = pins("constraints.txt")
    wanted = {item for hook in hooks for item in hook["additional_dependencies"]}
    assert wanted == {f"{name}=={tested[name]}" for name in ("ruff", "snakefmt", "codespell")}


def test_the_lock_has_the_tested_versions_with_hashes_and_no_address():
    text, tested = (ROOT / "requirements.lock").read_text(encoding="utf-8"), pins("constraints.txt")
    locked = pins("requirements.lock")
    assert {name: locked[name] for name in locked if name in tested} == {
        name: tested[name] for name in locked if name in tested
    }
    assert {"snakemake", "torch", "yt-dlp", "tinysoundfont"} <= set(locked)
    assert "://" not in text and text.count("--hash=sha256:") >= len(locked)


def test_the_citation_has_the_packages_version():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == __version__


def test_contributing_lists_the_folders_in_the_order_of_their_imports_with_their_own_sentences():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)/` \| (.+) \|$", text, re.MULTILINE)
    said = [ast.get_docstring(ast.parse((PACKAGE / name / "__init__.py").read_text())) for name in FOLDERS]
    sentences = [words.split("\n\n")[0].replace("\n", " ").replace("``", "`") for words in said]
    assert rows == list(zip(FOLDERS, sentences, strict=True))


def test_the_readme_names_methods_that_there_are():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\|.*\(`(\w+)`\)", text, re.MULTILINE)
    assert named and set(named) <= set(METHODS)


def test_the_page_of_comparisons_has_the_place_that_make_bench_renews():
    text = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    assert "--page docs/speed.md" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "<!-- bench -->\n| what |" in text and "<!-- end of bench -->" in text
