"""What a page leads to, and everything that can be reached from some pages by following links."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx2
from starlette.routing import BaseRoute, Mount, Route

from handrail.console.app import every_route

FOLLOWED = ("href", "src", "data-hx-get", "hx-get", "data-ahead", "data-next")
"""Attributes with addresses that a browser, or the console's script, gets by itself or by a click."""
SENT_TO = ("action", "formaction", "data-take", "data-extend", "data-release", "data-hx-post", "hx-post", "data-check")
"""Attributes with addresses that something is sent to."""


@dataclass
class Addresses(HTMLParser):
    """The addresses that a page names: what is got, and what is sent to."""

    got: set[str] = field(default_factory=set)
    sent_to: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of what an element leads to."""
        named = {name: value for name, value in attrs if value is not None}
        is_got = tag == "form" and named.get("method", "get").lower() == "get"
        for name, value in named.items():
            if name in FOLLOWED or (name == "action" and is_got):
                self.got |= set(value.split()) if name == "data-ahead" else {value}
            elif name in SENT_TO:
                self.sent_to.add(value)


def addresses_in(page: str) -> Addresses:
    """Return the addresses that a page names."""
    found = Addresses()
    found.feed(page)
    return found


@dataclass
class Crawl:
    """What was reached."""

    pages: dict[str, httpx2.Response] = field(default_factory=dict)
    """By path, with its query."""
    sent_to: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    """Addresses that lead to other hosts."""


def crawled(
    get: Callable[[str], httpx2.Response], starts: Iterable[str], base: str, follows: Callable[[str], bool] = bool
) -> Crawl:
    """Follow every link from some paths on."""
    crawl, waiting = Crawl(), [*starts]
    while waiting:
        path = waiting.pop()
        if path in crawl.pages or not follows(path):
            continue
        answer = crawl.pages[path] = get(path)
        if answer.is_redirect:
            waiting.append(_within(urljoin(f"{base}{path}", answer.headers["location"]), base, crawl))
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        named = addresses_in(answer.text)
        crawl.sent_to |= {urlsplit(urljoin(f"{base}{path}", each)).path for each in named.sent_to}
        waiting += [_within(urljoin(f"{base}{path}", each), base, crawl) for each in sorted(named.got)]
    return crawl


def _within(address: str, base: str, crawl: Crawl) -> str:
    """Return an address as a path; one of another host is noted, and leads nowhere."""
    if not address.startswith(f"{base}/"):
        if not address.startswith("data:,"):
            crawl.foreign.add(address)
        return ""
    return urldefrag(address)[0].removeprefix(base)


def readable_routes() -> Iterator[Route]:
    """Return every route of the console that answers GET with a page, from the table of routes itself."""
    yield from _readable(every_route())


def _readable(routes: Iterable[BaseRoute]) -> Iterator[Route]:
    for each in routes:
        if isinstance(each, Mount):
            yield from _readable(each.routes)
        elif isinstance(each, Route) and "GET" in (each.methods or ()):
            yield each


def route_of(path: str, routes: Iterable[Route]) -> str | None:
    """Return the name of the route that a path is answered by."""
    plain = urlsplit(path).path
    return next((each.name for each in routes if re.match(each.path_regex, plain)), None)


def shape_of(page: str) -> frozenset[tuple[str, ...]]:
    """Return what a page is made of, whatever it says: pages of one shape look alike."""
    found: set[tuple[str, ...]] = set()

    class _Shape(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            named = dict(attrs)
            told = (named.get("class") or "", named.get("type") or "", named.get("role") or "")
            found.add((tag, *told, *sorted(name for name in named if name.startswith("aria-"))))

    _Shape().feed(page)
    return frozenset(found)
