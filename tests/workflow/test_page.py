"""The page in a real browser: headless Chromium opens the tiny run's page as a file, as a reader does."""

import io
import itertools
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.chromium import DESK, PHONE, browser

__all__ = ["browser"]


@pytest.fixture
def open_page(browser):
    """Return a function that opens a file; at the end of the test nothing may have gone wrong in it."""
    contexts, wrong = [], []

    def opened(path: Path, viewport=DESK, scheme="light"):
        context = browser.new_context(viewport=viewport, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(f"{request.url}: {request.failure}"))
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong


@pytest.fixture
def index(finished) -> Path:
    """The tiny run's page."""
    return finished.results / "report" / "index.html"


def open_all(page) -> None:
    """Open what is folded and load what is loaded late."""
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    page.evaluate("document.querySelectorAll('img').forEach(picture => { picture.loading = 'eager'; })")
    page.wait_for_function("[...document.images].every(picture => picture.complete)")


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour as the browser tells it, ``rgb(r, g, b)``."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_every_picture_is_shown_and_has_an_alt_text(index, open_page):
    page = open_page(index)
    open_all(page)
    pictures = page.evaluate("[...document.images].map(p => [p.getAttribute('src'), p.alt, p.naturalWidth])")
    assert len(pictures) > 15
    for source, alt, width in pictures:
        assert width > 0 and len(alt) > 10, source


def test_every_file_that_the_page_names_is_there(index):
    text = index.read_text()
    links = re.findall(r'(?:src|href|data-\w+)="([^"#:]+\.\w+)"', text)
    assert len(links) > 30
    for link in links:
        assert (index.parent / link).exists(), link
    anchors = set(re.findall(r'href="#([^"]+)"', text))
    assert len(anchors) > 6 and anchors <= set(re.findall(r'id="([^"]+)"', text))


def test_headings_go_down_one_level_at_a_time(index, open_page):
    page = open_page(index)
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(head => +head.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def sounds(page):
    """Return the first player's buttons and a function that tells where its sound is, in s."""
    player = page.locator(".player").first
    audio = player.locator("audio")
    return player.locator("button[data-sound]"), lambda: audio.evaluate("sound => sound.currentTime")


# Where each sound began: a later look at the position could not tell a jump to the beginning.
BEGINNINGS = """() => { window.began = []; const sound = document.querySelector('audio');
    sound.addEventListener('playing', () => window.began.push(sound.currentTime)); }"""
PLAYS = "(() => { const a = document.querySelector('audio'); return !a.paused && a.currentTime > %s; })()"


def test_a_sound_plays_and_another_goes_on_where_it_was(index, open_page):
    page = open_page(index)
    buttons, position = sounds(page)
    picture = page.locator(".view[data-show=picture] img").first
    assert not page.evaluate("performance.getEntriesByType('resource').some(e => e.name.endsWith('.mp3'))")
    buttons.nth(1).click()
    page.wait_for_function(PLAYS % 0.2)
    page.evaluate("document.querySelector('audio').currentTime = 1.5")
    before = picture.get_attribute("src")
    page.evaluate(BEGINNINGS)
    buttons.nth(3).click()
    page.wait_for_function("window.began.length")
    assert page.evaluate("Math.min(...window.began)") >= 1.5
    page.wait_for_function(PLAYS % 1.5)
    assert page.locator("audio").first.get_attribute("src") == buttons.nth(3).get_attribute("data-sound")
    pressed = page.locator(".player [aria-pressed=true]")
    assert pressed.count() == 1
    assert pressed.get_attribute("data-sound") == buttons.nth(3).get_attribute("data-sound")
    assert picture.get_attribute("src") != before
    assert buttons.nth(3).get_attribute("data-spoken") in picture.get_attribute("alt")
    assert page.locator(".view[data-show=mask]").first.is_visible()
    assert page.locator(".line").first.is_visible()
    buttons.nth(3).click()
    assert page.evaluate("document.querySelector('audio').paused") and position() >= 1.5


def test_switching_faster_than_sounds_load_keeps_the_position(index, open_page):
    page = open_page(index)
    buttons, _ = sounds(page)
    buttons.nth(1).click()
    page.wait_for_function(PLAYS % 0)
    page.evaluate("document.querySelector('audio').currentTime = 1.25")
    page.evaluate(BEGINNINGS)
    page.evaluate("[2, 3, 4, 1].forEach(n => document.querySelectorAll('[data-sound]')[n].click())")
    page.wait_for_function("window.began.length")
    assert page.evaluate("Math.min(...window.began)") >= 1.25


def test_sounds_are_chosen_by_key_and_stopped_by_space(index, open_page):
    page = open_page(index)
    buttons, _ = sounds(page)
    chosen = lambda: page.locator(".player [aria-pressed=true]").first.get_attribute("data-sound")  # noqa: E731
    names = [button.get_attribute("data-sound") for button in buttons.all()]
    buttons.first.focus()
    for key, expected in (("ArrowRight", 1), ("4", 3), ("ArrowUp", 2), ("End", -1), ("Home", 0)):
        page.keyboard.press(key)
        assert chosen() == names[expected], key
    page.keyboard.press("Space")
    page.wait_for_function(PLAYS % 0)
    page.keyboard.press("Space")
    assert page.evaluate("document.querySelector('audio').paused")


def column(page, place: int) -> list[str]:
    return page.locator(f"table.sortable >> nth=0 >> tbody tr td:nth-child({place})").all_text_contents()


def test_a_table_sorts_down_and_up_by_mouse_and_by_key(index, open_page):
    page = open_page(index)
    head = page.locator("table.sortable").first.locator("th", has_text=re.compile("^SDR$"))
    figures = lambda: [float(text.replace("−", "-")) for text in column(page, 4)]  # noqa: E731
    found = figures()
    assert len(set(found)) > 2
    head.locator("button").click()
    assert figures() == sorted(found, reverse=True) and head.get_attribute("aria-sort") == "descending"
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert figures() == sorted(found) and head.get_attribute("aria-sort") == "ascending"
    method = page.locator("table.sortable").first.locator("th").first
    method.locator("button").focus()
    page.keyboard.press("Space")
    assert column(page, 1) == sorted(column(page, 1), key=str.casefold, reverse=True)
    assert head.get_attribute("aria-sort") is None


def test_minus_signs_sort_as_numbers_and_empty_cells_come_last(index, open_page):
    page = open_page(index)
    cells = "document.querySelector('table.sortable').querySelectorAll('tbody td:nth-child(4)')"
    fill = f"texts => {cells}.forEach((cell, row) => {{ cell.textContent = texts[row]; }})"
    page.evaluate(fill, ["−2.00", "–", "10.00", "−10.00", "> 100"])
    button = page.locator("table.sortable").first.locator("th button").nth(3)
    button.click()
    assert column(page, 4) == ["> 100", "10.00", "−2.00", "−10.00", "–"]
    button.click()
    assert column(page, 4) == ["−10.00", "−2.00", "10.00", "> 100", "–"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_ground_in_both_schemes(index, open_page, scheme):
    page = open_page(index, scheme=scheme)
    style = "name => getComputedStyle(document.querySelector(name))"
    ground = luminance(page.evaluate(f"({style})('body').backgroundColor"))
    assert ground < 0.05 if scheme == "dark" else ground > 0.8
    for name in ("body", ".soft", "a", "figcaption"):
        words = luminance(page.evaluate(f"({style})('{name}').color"))
        contrast = (max(ground, words) + 0.05) / (min(ground, words) + 0.05)
        assert contrast >= 4.5, name


def test_a_plot_is_dark_on_a_dark_page(index, open_page):
    levels = []
    for scheme in ("light", "dark"):
        picture = open_page(index, scheme=scheme).locator("img[src$='scores.svg']")
        with Image.open(io.BytesIO(picture.screenshot())) as shot:
            levels.append(np.median(np.asarray(shot.convert("L"))))
    assert levels[0] > 240 and levels[1] < 60


def test_nothing_is_wider_than_a_phone(index, open_page):
    page = open_page(index, viewport=PHONE)
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    heights = "[...document.querySelectorAll('.choice button')].map(b => b.getBoundingClientRect().height)"
    assert min(page.evaluate(heights)) >= 32  # a finger's


def test_the_packed_page_stands_alone_and_small_enough_for_a_frame(finished, open_page, tmp_path):
    packed = Path(shutil.copy(finished.results / "report" / "packed.html", tmp_path))
    page = open_page(packed)
    open_all(page)
    assert page.locator("audio").count() == 0 and page.locator("#scores").count() == 1
    assert page.evaluate("[...document.images].every(picture => picture.naturalWidth > 0)")
    assert packed.stat().st_size < 1.5e6
    assert not re.findall(r'(?:src|href)="(?!data:|#)', packed.read_text())


def test_snakemakes_report_holds_the_page_the_plots_and_the_tables(finished, tmp_path):
    for kind, packed in (("html", "file"), ("zip", "folder")):
        options = ("--report", str(tmp_path / f"report.{kind}"), "--config", f"report={{packed: {packed}}}")
        finished.snakemake(*options)
    text = (tmp_path / "report.html").read_text()
    for words in ("packed.html", "scores.svg", "confusion-sounds.svg", "summary.tsv", "without sounds"):
        assert words in text, words
    for rule in ("report", "score_tables"):  # what made a result, with its settings
        assert re.search(rf"Made by the rule <[^>]*>{rule}<.{{0,2000}}&quot;classes&quot;", text), rule
    names = zipfile.ZipFile(tmp_path / "report.zip").namelist()
    assert any(name.endswith("mixture.mp3") for name in names)
    assert any(name.endswith("media/scores.svg") for name in names)
