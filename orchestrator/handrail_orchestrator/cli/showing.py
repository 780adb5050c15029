"""A question as people read it: whole, field by field, with what failed and where it was found."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from handrail_ground.text import harmless
from handrail_guards.verdict import Verdict
from handrail_orchestrator.cli import fields
from handrail_orchestrator.cli.printing import context_text, moment, out
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.records.said import Said


def show_item(item: ReviewDetail, *, lines: int | None = None) -> bool:
    """Print a question, and return whether its context was cut: at so many lines, if any number is given."""
    console = out()
    console.rule(Text(harmless(f"item {item.id} · {item.queue} · {item.run_id}")), align="left")
    _print(console, f"{harmless(item.title)}\n")
    cut = False
    if item.context is not None:
        context = context_text(item).split("\n")
        cut = lines is not None and len(context) > lines
        _print(console, "\n".join(context[:lines] if cut else context))
        if cut:
            _print(console, f"… {len(context) - (lines or 0)} more lines: v shows all")
        _print(console, "")
    show_suggestion(item, item.said)
    _print(console, f"why here: {harmless(item.reason)}")
    if item.due is not None:
        _print(console, f"due: {moment(item.due)}")
    if item.note:
        _print(console, f"note: {harmless(item.note)}")
    show_options(item)
    return cut


def show_draft(data: object, failed: Sequence[Verdict]) -> None:
    """Print, field by field, the answer that somebody is making of a suggestion, and every guard that it fails."""
    console = out()
    _print(console, "your answer")
    _print_fields(console, data, Said(failed=tuple(failed)))
    for verdict in failed:
        _print(console, f"  {failed_line(verdict)}")


def show_suggestion(item: ReviewItem, said: Said | None) -> None:
    """Print what is suggested, whole, and every guard that it fails."""
    console = out()
    said = said or Said()
    if item.suggestion is not None and not item.choices:
        _print(console, "suggested")
        _print_fields(console, item.suggestion, said)
    elif item.suggestion is not None and "" in said.evidence:
        _print(console, f"found in: {_words(said.evidence[''])}\n")
    if said.failed:
        for verdict in said.failed:
            _print(console, f"  {failed_line(verdict)}")
        _print(console, "")


def show_options(item: ReviewItem) -> None:
    """Print the values that an answer can have, each with the key that chooses it."""
    console = out()
    options = item.choices
    confidences = {each.value: each.confidence for each in item.alternatives}
    width = len(str(len(options)))
    for key, option in zip(keys(options), options, strict=True):
        is_suggested = item.suggestion is not None and json.dumps(option) == json.dumps(item.suggestion)
        confidence = item.confidence if is_suggested else confidences.get(str(option))
        shown = "" if confidence is None else f"{confidence:.0%}"
        mark = "*" if is_suggested else " "
        _print(console, f" {mark}{key:<{width}}  {harmless(text_of(option)):<24} {shown}".rstrip())


def keys(options: Sequence[Any]) -> list[str]:
    """Return what chooses each option: its place, unless an option is a number itself and could be mistaken for one."""
    if any(text_of(option).strip().lstrip("+-").isdigit() for option in options):
        return [""] * len(options)
    return [str(place) for place in range(1, len(options) + 1)]


def text_of(option: object) -> str:
    """Return an option as people type it."""
    if isinstance(option, bool):
        return "yes" if option else "no"
    return option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)


def _field_lines(data: object, said: Said) -> Iterator[str]:
    shown = [(fields.name_of(path), value) for path, value in fields.leaves(data)]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        text = harmless(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        first, *more = text.split("\n")
        notes = [] if name not in said.confidence else [f"{said.confidence[name]:.0%}"]
        notes += [] if name not in said.evidence or not name else [f"found in: {_words(said.evidence[name])}"]
        failed = [verdict.guard for verdict in said.failed if verdict.field == name]
        notes += [f"✗ {harmless(guard)}" for guard in dict.fromkeys(failed)]
        label = f"  {harmless(name):<{width}}  " if name else "  "
        beside = f"   ({', '.join(notes)})" if notes else ""
        yield f"{label}{first}{beside}"
        yield from (f"  {'':<{width}}  {line}" for line in more)


def _words(found: Iterable[str]) -> str:
    return ", ".join(repr(harmless(" ".join(words.split()))) for words in dict.fromkeys(found))


def failed_line(verdict: Verdict) -> str:
    """Return a failed verdict as people read it."""
    where = f" ({verdict.field})" if verdict.field else ""
    return harmless(f"✗ {verdict.guard}{where}: {verdict.reason}")


def _print_fields(console: Console, data: object, said: Said) -> None:
    for line in _field_lines(data, said):
        _print(console, line)
    _print(console, "")


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False)
