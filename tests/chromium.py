"""Headless Chromium for the tests of pages; where there is none they are skipped."""

import os
import shutil
import subprocess

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


def _found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def _install() -> None:
    """Install Debian's Chromium: only in continuous integration, never on a person's machine."""
    if os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *words], env=environment, check=True, timeout=600)


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium; where there is none, the tests of the page are skipped."""
    sync = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not _found():
        _install()
    if not _found():
        pytest.skip("no Chromium on this machine: install it (Debian: apt-get install chromium)")
    with sync.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=_found(), args=FLAGS)
        yield opened
        opened.close()
