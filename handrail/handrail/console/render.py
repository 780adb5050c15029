"""Pages from templates: one environment, everything escaped, no word of its own."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from handrail.console.context import console_of, root_of
from handrail.console.labels import shown_value
from handrail.console.times import UTC_NAME, moment, span
from handrail.console.viewer import Viewer
from handrail.console.words import WORDS, say
from handrail_ground.shares import decimal, in_percent
from handrail_ground.text import harmless

HERE = Path(__file__).parent
STATIC = HERE / "static"

SCRIPTS = ("page.js", "work.js", "live.js", "fields.js", "drafts.js", "keys.js")
"""Files of ours that every page loads, in this order: each one uses what those before it offer."""
MENU = (
    ("queue", "menu.queue"), ("runs", "menu.runs"), ("operations", "menu.operations"), ("promises", "menu.promises"),
)  # fmt: skip
"""What the menu at the top of each page leads to: routes, and the words for them."""


@cache
def environment() -> Environment:
    """Return what renders the templates."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"w": say, "span": span, "key_does": key_does, "value_text": shown_value, "json_text": _json_text}
    made.filters |= {"seen": seen, "decimal": decimal, "in_percent": partial(in_percent, sign=" %")}
    return made


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page made from a template and the values it shows."""
    return HTMLResponse(fragment(request, template, **values), status)


def fragment(request: Request, template: str, **values: Any) -> str:
    """Return what a template makes of values."""
    viewer = request.scope.get("viewer")
    assert viewer is None or isinstance(viewer, Viewer)  # noqa: S101 -- security.py has put it there
    now = console_of(request).client.now()
    given: Mapping[str, Any] = {
        "viewer": viewer,
        "path": partial(link, request),
        "static": partial(static_link, request),
        "csrf": partial(_token_field, viewer),
        "moment": _moment_for(viewer, now),
        "ago": lambda seconds: span(now - seconds),
        "until": lambda seconds: span(seconds - now),
        "now": now,
        "root": root_of(request),
        "scripts": SCRIPTS,
        "script_words": _said_by_script(),
        "menu": [(link(request, name), say(words), name) for name, words in MENU],
        "here": request.scope["path"],
        "held": lambda: _held(request),
    }
    return environment().get_template(template).render({**given, **values})


def _held(request: Request) -> list[str]:
    """Return what holds runs and questions back, one line each."""
    client = console_of(request).client
    return [str(each) for each in (*client.paused(), *client.down())]


def seen(text: object) -> str:
    """Return a text of others as it may be shown: what nobody sees in it, or turns it around, is written out."""
    return harmless(str(text))


def key_does(kind: str, action: str) -> str:
    """Return what a key does on a kind of page."""
    return say("keys.does.confirm" if (kind, action) == ("extraction", "accept") else f"keys.does.{action}")


def _json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _said_by_script() -> str:
    """Return the words that the script says, by their last name."""
    return json.dumps({key.rpartition(".")[2]: words for key, words in WORDS.items() if key.startswith("script.")})


def link(request: Request, name: str, query: Mapping[str, object] | None = None, **params: object) -> str:
    """Return the path to a page, by its route's name, wherever a proxy shows the console."""
    written = {key: quote(value) if isinstance(value, str) else value for key, value in params.items()}
    path = root_of(request) + str(request.app.state.named[name].url_path_for(name, **written))
    given = {key: value for key, value in (query or {}).items() if value not in {None, ""}}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def static_link(request: Request, name: str) -> str:
    """Return the path to a file of ours, with its version, so that a browser keeps each one for good."""
    return link(request, "static", {"v": _version(name)}, path=name)


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _token_field(viewer: Viewer | None) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format("" if viewer is None else viewer.csrf)


def _moment_for(viewer: Viewer | None, now: float) -> Callable[[float | None], Markup]:
    zone = UTC_NAME if viewer is None else viewer.zone
    return lambda seconds: moment(seconds, zone, now)
