"""What stands beside a question: the text that was judged, and short facts about it in a line above."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from handrail.console.words import say
from handrail_guards.outcome import SourcePicture
from handrail_guards.picture_words import in_place, stands_for_pictures, told_of
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handrail_orchestrator.client import Client

LONGEST_FACT = 60
"""Characters of a value that stands among the facts; a longer one is a text of its own."""
LONGEST_LINK = 2_000
MOST_FACTS = 12
LONGEST_HEADING = 60
LINKS = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a question."""

    text: str = ""
    """The text that evidence is lit in, as it was judged."""
    facts: tuple[tuple[str, str], ...] = ()
    """Short values with their names."""
    rest: str = ""
    """Whatever else there is, as JSON."""
    told: Mapping[str, str] = field(default_factory=dict)
    """What is shown of pictures in place of the words for them; ``facts`` and ``rest`` say it already."""
    arguments: tuple[tuple[str, str], ...] = ()
    """Of a step that shall be executed, or that failed: everything it is called with, by name and whole."""

    @property
    def shown(self) -> str:
        """Return the text as it is shown."""
        return in_place(self.text, self.told)

    @property
    def attachment(self) -> str:
        """Return the first address among the facts, which a key opens; empty: there is none."""
        return next((value for _, value in self.facts if value.startswith(LINKS)), "")


def beside(item: ReviewDetail) -> Beside:
    """Return what stands beside a question; evidence points into the source of a judgement, so that is its text."""
    if item.kind in {"approve", "repair"} and isinstance(item.context, dict):
        return Beside(arguments=tuple((str(name), _whole(value)) for name, value in item.context.items()))
    context = _unwrapped(item.context)
    found, told = _sorted_out(context), pictures_in(item)
    if told:
        facts = tuple((name, in_place(value, told)) for name, value in found.facts)
        found = replace(found, facts=facts, rest=in_place(found.rest, told), told=told)
    source = "" if item.judgement is None else item.judgement.source
    if not source or source == found.text:
        return found
    return Beside(source, found.facts if isinstance(context, dict) else (), told=told)


def pictures_in(item: ReviewDetail) -> Mapping[str, str]:
    """Return what is told of the pictures that a model was shown, in place of the words for them."""
    return {} if item.judgement is None else told_of(item.judgement.pictures, _said_of)


def _said_of(picture: SourcePicture) -> str:
    size = say("pictures.pixels", width=picture.width, height=picture.height)
    page = () if picture.page is None else (say("documents.page", page=picture.page),)
    kind = picture.media_type.rpartition("/")[2].upper()
    return ", ".join((kind, size, say("documents.bytes", count=picture.size), *page))


def _sorted_out(context: object) -> Beside:
    if context is None:
        return Beside()
    if isinstance(context, str):
        return Beside(context)
    if not isinstance(context, dict):
        return Beside(_json(context))
    facts = [(str(name), _said(value)) for name, value in context.items() if _is_fact(value)][:MOST_FACTS]
    named = {name for name, _ in facts}
    others = {name: value for name, value in context.items() if str(name) not in named}
    texts = [(name, value) for name, value in others.items() if isinstance(value, str)]
    if not texts:
        return Beside("", tuple(facts), _json(others) if others else "")
    name, text = max(texts, key=lambda each: len(each[1]))
    rest = {each: value for each, value in others.items() if each != name}
    return Beside(text, tuple(facts), _json(rest) if rest else "")


def _unwrapped(context: Any) -> Any:
    """Return the only thing in a context, as calls with one argument have it."""
    while isinstance(context, dict | list) and len(context) == 1:
        only = next(iter(context.values())) if isinstance(context, dict) else context[0]
        if not isinstance(only, str | dict | list):
            break
        context = only
    return context


def _is_fact(value: object) -> bool:
    if isinstance(value, dict | list):
        return False
    said = _said(value)
    longest = LONGEST_LINK if said.startswith(LINKS) and not re.search(r"\s", said) else LONGEST_FACT
    return len(said) <= longest and "\n" not in said


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _whole(value: object) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def heading(item: ReviewItem) -> str:
    """Return what an item is called in a list: its run, and what its text begins with; of a picture, what it is."""
    context = _unwrapped(item.context)
    texts: Sequence[object] = [context] if isinstance(context, str) else _named_texts(context)
    first = next((line.strip() for text in texts for line in str(text).splitlines() if line.strip()), item.title)
    first = in_place(first, pictures_in(item)) if isinstance(item, ReviewDetail) else first
    short = first if len(first) <= LONGEST_HEADING else f"{first[: LONGEST_HEADING - 1].rstrip()}…"
    return f"{item.run_id} · {short}"


def headings(client: "Client", items: Iterable[ReviewItem]) -> dict[int, str]:
    """Return what items are called, by their numbers: what a picture is, the item read by itself tells."""
    called = {item.id: heading(item) for item in items}
    with_pictures = [item for item, name in called.items() if stands_for_pictures(name)]
    return called | {item: heading(client.review(item)) for item in with_pictures}


def _named_texts(context: object) -> list[object]:
    """Return the texts in a context, those first that are called as titles are."""
    if not isinstance(context, dict):
        return []
    texts = {str(name): value for name, value in context.items() if isinstance(value, str)}
    titles = [texts[name] for name in texts if name.casefold() in {"subject", "title", "name", "heading"}]
    return [*titles, *sorted(texts.values(), key=len, reverse=True)]
