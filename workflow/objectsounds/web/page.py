"""The page itself: what Gradio shows, and which work each button starts."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import jinja2
from markupsafe import Markup, escape

from objectsounds.core.errors import ObjectsoundsError
from objectsounds.core.places import PACKAGE
from objectsounds.web.sessions import Session
from objectsounds.web.workshop import LEAST_GAIN, MOST_GAIN, Seen, Workshop, parse_mix, trust_in_words

TITLE = "objectsounds"
ONE_AT_A_TIME = {"concurrency_id": "work", "concurrency_limit": 1}
TEMPLATES = PACKAGE / "web" / "templates"
UNEXPECTED = "Something went wrong that should not; the terminal shows what. Please report it."
PROGRESS = gr.Progress()  # by which Gradio knows the argument
FONT = ["system-ui", "sans-serif"]  # none that is fetched

log = logging.getLogger(__name__)
pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def code(text: str) -> Markup:
    """Return a sentence as HTML, escaped, with what stands in backticks as code."""
    return Markup(re.sub("`(.+?)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - it is escaped


pages.filters["code"] = code


def render(template: str, /, **values: object) -> str:
    """Return the HTML of a template; what it is given is escaped."""
    return pages.get_template(f"{template}.html.j2").render(**values)


def said(text: str, wrong: bool = False) -> str:
    """Return a sentence for the place of messages."""
    return render("said", said=text, wrong=wrong)


def address(session: Session, name: str) -> str:
    """Return where the browser gets a file of a session; the number keeps it from showing an older one."""
    return f"/sounds/{session.token}/{session.number}/{name}"


def theme() -> gr.themes.Base:
    """Return the look, with the fonts of the machine."""
    return gr.themes.Default(primary_hue="orange", font=FONT, font_mono=["ui-monospace", "monospace"])


def head() -> str:
    """Return what the page's head gets: the mixer's script."""
    return f"<script>{(TEMPLATES / 'mixer.js').read_text(encoding='utf-8')}</script>"


def css() -> str:
    """Return the page's style."""
    return (TEMPLATES / "page.css").read_text(encoding="utf-8")


def shown(seen: Seen, session: Session) -> str:
    """Return the pictures and what was seen."""
    frames = [address(session, name) for name in seen.frames]
    return render("seen", frames=frames, rows=seen.rows, said=seen.said)


def choices(objects: list[str], seen: Seen) -> list[tuple[str, str]]:
    """Return what can be ticked, with the probability of what was seen."""
    probabilities = {row["object"]: row["probability"] for row in seen.rows}

    def label(name: str) -> str:
        text = name.replace("_", " ")
        return f"{text} (seen, {probabilities[name]:.2f})" if name in probabilities else text

    return [(label(name), name) for name in objects]


def mixer(session: Session, lines: list[str]) -> str:
    """Return the mixer of the separated sounds."""
    facts = session.facts
    tracks = [
        {
            "name": name,
            "title": name.replace("_", " "),
            "sound": address(session, f"{name}.wav"),
            "picture": address(session, f"media/{name}.png"),
        }
        for name in facts["tracks"]
    ]
    return render(
        "mixer",
        file=facts["file"],
        seconds=facts["seconds"],
        trust=trust_in_words(facts["trust"]),
        said=lines,
        tracks=tracks,
        stems=address(session, "stems.zip"),
        least=LEAST_GAIN,
        most=MOST_GAIN,
    )


def _decibels(gain: float) -> str:
    return f"{gain:+g} dB" if gain else "0 dB"


def remixed(session: Session, name: str, lowered: float, gains: dict, count: int) -> str:
    """Return the remix to hear or see, and to download."""
    levels = []
    for track in session.facts["tracks"]:
        gain = gains.get(track, 0)
        levels.append(f"{track.replace('_', ' ')} {'left out' if gain is None else _decibels(gain)}")
    own = {"video": name != "remix.wav", "told": f"{', '.join(levels)}.", "lowered": lowered}
    own["poster"] = address(session, "frame_0.jpg")
    sound = f"{address(session, 'remix.wav')}?{count}"
    return render("remix", address=f"{address(session, name)}?{count}", name=name, sound=sound, **own)


class Handlers:
    """What the page's events call; every error that a person is meant to read becomes a sentence on it."""

    def __init__(self, workshop: Workshop):
        self.workshop, self.count = workshop, 0

    def _session(self, request: gr.Request) -> Session:
        return self.workshop.sessions.of(request.session_hash)

    def _guarded(self, work: Callable[[], tuple], instead: Callable[[str], tuple]) -> tuple:
        try:
            return work()
        except ObjectsoundsError as error:
            return instead(said(str(error), wrong=True))
        except Exception:
            log.exception("the page: unexpected")
            return instead(said(UNEXPECTED, wrong=True))

    def take(
        self, upload: str | None, title: str, request: gr.Request, progress: gr.Progress = PROGRESS
    ) -> tuple:
        """Take a file in and look at it: pictures, objects, message, mixer, remix, remix button."""

        def work() -> tuple:
            session = self._session(request)
            self.workshop.take(session, Path(upload))
            return self._looked(session, title, progress)

        return self._guarded(work, lambda text: ("", gr.skip(), text, "", "", gr.update(visible=False)))

    def choose(self, title: str, request: gr.Request, progress: gr.Progress = PROGRESS) -> tuple:
        """Take another model: look at the file again, if there is one."""

        def work() -> tuple:
            session = self._session(request)
            if session.path is None:
                objects = self.workshop.offers[title].objects
                boxes = gr.update(choices=choices(objects, Seen()), value=[])
                return "", boxes, "", gr.skip(), gr.skip(), gr.skip()
            return self._looked(session, title, progress)

        return self._guarded(work, lambda text: ("", gr.skip(), text, gr.skip(), gr.skip(), gr.skip()))

    def _looked(self, session: Session, title: str, progress: gr.Progress) -> tuple:
        seen = self.workshop.look(session, title, _teller(progress))
        session.forget()
        objects = self.workshop.offers[title].objects
        boxes = gr.update(choices=choices(objects, seen), value=seen.objects)
        return shown(seen, session), boxes, "", "", "", gr.update(visible=False)

    def separate(
        self,
        title: str,
        objects: list[str],
        rest: bool,
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> tuple:
        """Separate: message, mixer, remix, remix button."""

        def work() -> tuple:
            session = self._session(request)
            lines = self.workshop.separate(session, title, objects, rest, _teller(progress))
            return "", mixer(session, lines), "", gr.update(visible=True)

        return self._guarded(work, lambda text: (text, "", "", gr.update(visible=False)))

    def cancel(self, request: gr.Request) -> str:
        """Ask the work of this page to stop."""
        self._session(request).stop.set()
        return said("Cancelled; nothing was kept of it.")

    def remix(self, mix: str, request: gr.Request) -> tuple:
        """Make the remix of the sliders: message, remix."""

        def work() -> tuple:
            session, gains = self._session(request), parse_mix(mix)
            name, lowered = self.workshop.remix(session, gains)
            self.count += 1
            return "", remixed(session, name, lowered, gains, self.count)

        return self._guarded(work, lambda text: (text, ""))

    def close(self, request: gr.Request) -> None:
        """End the session of a page that was closed."""
        self.workshop.sessions.close(request.session_hash)


def _teller(progress: gr.Progress) -> Callable[[int, int, str], None]:
    def tell(done: int, total: int, what: str) -> None:
        progress((done, max(total, 1)), desc=what, unit="")

    return tell


def build(workshop: Workshop) -> gr.Blocks:
    """Return the page."""
    handlers, first = Handlers(workshop), next(iter(workshop.offers.values()))
    limits = workshop.limits
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=False) as page:
        gr.Markdown(
            f"# {TITLE}\nGive a video or a sound, tick what sounds in it, and hear each sound alone. "
            "All of it stays on the machine of this page, and is removed when the page is closed."
        )
        with gr.Row():
            with gr.Column():
                upload = gr.File(
                    label=f"Video or sound: at most {limits.megabytes} MB, {limits.minutes} minutes",
                    elem_id="os-upload",
                    height=150,
                )
                pictures = gr.HTML(elem_id="os-seen")
            with gr.Column():
                model = gr.Dropdown(
                    list(workshop.offers), value=first.title, label="Model", elem_id="os-model"
                )
                objects = gr.CheckboxGroup(
                    choices(first.objects, Seen()), label="Tick what sounds in it", elem_id="os-objects"
                )
                rest = gr.Checkbox(
                    label="The rest: a sound of its own for what is none of them (--rest)", elem_id="os-rest"
                )
                with gr.Row():
                    start = gr.Button("Separate", variant="primary", elem_id="os-start", scale=3)
                    stop = gr.Button("Cancel", elem_id="os-stop", scale=1)
        message = gr.HTML(elem_id="os-message")
        mixing = gr.HTML(elem_id="os-mixing")
        again = gr.Button("Make a remix of these levels", visible=False, elem_id="os-again")
        mixed = gr.HTML(elem_id="os-remixed")
        mix = gr.Textbox(visible=False)
        found = [pictures, objects, message, mixing, mixed, again]
        private = {"api_visibility": "private"}
        given = upload.upload(
            handlers.take, [upload, model], found, show_progress_on=message, **ONE_AT_A_TIME, **private
        )
        chosen = model.change(
            handlers.choose, model, found, show_progress_on=message, **ONE_AT_A_TIME, **private
        )
        run = start.click(
            handlers.separate,
            [model, objects, rest],
            [message, mixing, mixed, again],
            show_progress_on=message,
            **ONE_AT_A_TIME,
            **private,
        )
        stop.click(handlers.cancel, None, message, cancels=[given, chosen, run], queue=False, **private)
        again.click(
            handlers.remix,
            mix,
            [message, mixed],
            js="() => window.objectsoundsGains()",
            show_progress_on=message,
            **ONE_AT_A_TIME,
            **private,
        )
        page.unload(handlers.close)
    return page
