"""A question as people read it: whole, field by field, with what failed and where it was found."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer

from handrail_ground.shares import in_percent
from handrail_ground.text import harmless
from handrail_guards.verdict import Verdict
from handrail_orchestrator.cli import fields
from handrail_orchestrator.cli.printing import context_text, json_text, moment, plain_text
from handrail_orchestrator.cli.screen import Span, TerminalScreen
from handrail_orchestrator.cli.surroundings import Bare, Surroundings
from handrail_orchestrator.cli.wrapping import padded, width_of
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.records.said import Said

LABEL_COLUMNS = 24
"""Columns of an answer in a list, where the screen is wide enough for more than that."""


def show_item(
    item: ReviewDetail,
    *,
    by: str,
    lines: int | None = None,
    offered: int | None = None,
    around: Surroundings | None = None,
) -> bool:
    """Print a question as ``by`` looks at it, and return whether its context was cut.

    ``lines`` says at how many the context is, ``offered`` how many of the answers that it can have are listed; None is
    all.
    """
    screen, around = TerminalScreen.here(), around or Bare()
    screen.rule(harmless(f"item {item.id} · {item.queue} · {item.run_id}"))
    around.above(item)
    screen.say(f"{harmless(item.title)}\n")
    cut = item.context is not None and show_context(item, screen, lines)
    show_suggestion(item, item.said)
    screen.say(harmless(item.reason), before="why here: ")
    if item.due is not None:
        screen.say(f"due: {moment(item.due)}")
    if item.note:
        screen.say(harmless(item.note), before="note: ")
    _show_handed_on(item, screen)
    for told in _standing(item, by):
        screen.say(harmless(told))
    around.beside(item)
    show_options(item, item.choices[:offered], left=0 if offered is None else len(item.choices) - offered)
    return cut


def _standing(item: ReviewItem, by: str) -> Iterator[str]:
    """Yield where an item stands that is not simply open, or taken by who looks at it."""
    match item.state:
        case "leased" if item.lease_until is not None and item.lease_owner != by:
            yield f"taken by {item.lease_owner} until {moment(item.lease_until)}"
        case "pending":
            yield f"answered by {item.lease_owner}, counts at {moment(item.commit_at)}"
        case "decided":
            decided_by = (item.decided_by or "").removeprefix("person:")
            yield f"decided: {text_of(item.decision)}, by {decided_by}, {moment(item.decided)}"
        case "expired" | "cancelled":
            yield f"{item.state}: nobody is asked any more"
        case _:
            pass
    if item.snoozed_until is not None:
        yield f"put away until {moment(item.snoozed_until)}"
    if item.assignee is not None:
        yield f"for {item.assignee}"


def _show_handed_on(item: ReviewDetail, screen: TerminalScreen) -> None:
    """Print who sent it up or gave it to whom, and what was said about it."""
    for change in item.history:
        said = "" if not change.note else f": {change.note}"
        data = change.data or {}
        match change.action:
            case "send_up":
                code = str(data.get("code", "")).replace("_", " ")
                screen.say(harmless(f"sent up to tier {data.get('tier')} by {_name(change.actor)}, {code}{said}"))
            case "assign" if data.get("to") is not None:
                screen.say(harmless(f"given to {data['to']} by {_name(change.actor)}{said}"))
            case "note" | "skip" if change.note and change.note != item.note:
                screen.say(harmless(f"{change.note}"), before=f"{harmless(_name(change.actor))} notes: ")
            case _:
                continue


def _name(actor: str) -> str:
    return actor.removeprefix("person:")


def show_context(item: ReviewDetail, screen: TerminalScreen, lines: int | None) -> bool:
    """Print what stands beside a question, the words of its evidence underlined; return whether it was cut."""
    text = context_text(item)
    words = [] if item.said is None else [each for found in item.said.evidence.values() for each in found]
    drawn = [line for each in screen.drawn(text, lit=spans_of(text, words)) for line in each.split("\n")]
    cut = lines is not None and len(drawn) > lines
    for line in drawn[:lines] if cut else drawn:
        typer.echo(line)
    if cut:
        screen.say(f"… {len(drawn) - (lines or 0)} more lines: o shows all")
    screen.say()
    return cut


def spans_of(text: str, words: Iterable[str]) -> list[Span]:
    """Return where quoted words stand in a text that is shown."""
    found = []
    for each in dict.fromkeys(map(harmless, words)):
        start = text.find(each) if each else -1
        if start >= 0:
            found.append((start, start + len(each)))
    return found


def show_history(item: ReviewDetail) -> None:
    """Print everything that happened to an item, oldest first."""
    screen = TerminalScreen.here()
    for change in item.history:
        data = "" if change.data is None else json_text(change.data)
        screen.say(harmless(f"{change.actor} {change.action} → {change.state}  {data}".rstrip()), before="  ")


def detail_json(item: ReviewDetail) -> dict[str, Any]:
    """Return an item with what was judged and everything that happened to it, as JSON data."""
    judged = None if item.said is None else item.said.as_json()
    return {**item.as_json(), "judgement": judged, "log": [change.as_json() for change in item.history]}


def show_draft(data: object, failed: Sequence[Verdict]) -> None:
    """Print, field by field, the answer that somebody is making of a suggestion, and every guard that it fails."""
    screen = TerminalScreen.here()
    screen.say("your answer")
    _show_fields(screen, data, Said(failed=tuple(failed)))
    for verdict in failed:
        screen.say(failed_line(verdict), before="  ")


def show_suggestion(item: ReviewItem, said: Said | None) -> None:
    """Print what is suggested, whole, and every guard that it fails."""
    screen = TerminalScreen.here()
    said = said or Said()
    if item.suggestion is not None and not item.choices:
        screen.say("suggested")
        _show_fields(screen, item.suggestion, said)
    elif item.suggestion is not None and "" in said.evidence:
        screen.say(f"{_words(said.evidence[''])}\n", before="found in: ")
    if said.failed:
        for verdict in said.failed:
            screen.say(failed_line(verdict), before="  ")
        screen.say()


def show_options(item: ReviewItem, offered: Sequence[Any], *, left: int = 0) -> None:
    """Print values that an answer can have, each with the key that chooses it, and how many others there are."""
    screen = TerminalScreen.here()
    confidences = {each.value: each.confidence for each in item.alternatives}
    numbers = keys(item.choices)[: len(offered)]
    width = max(map(len, numbers), default=0)
    for key, option in zip(numbers, offered, strict=True):
        is_suggested = item.suggestion is not None and json.dumps(option) == json.dumps(item.suggestion)
        confidence = item.confidence if is_suggested else confidences.get(str(option))
        shown = "" if confidence is None else f" {in_percent(confidence)}"
        mark = "*" if is_suggested else " "
        text = harmless(text_of(option))
        wide = LABEL_COLUMNS if screen.columns is None else min(LABEL_COLUMNS, max(0, screen.columns - width - 10))
        screen.say(f"{padded(text, wide)}{shown}".rstrip(), before=f" {mark}{key:<{width}}  ")
    if left > 0:
        screen.say(f"finds one of {left:,} more by a part of its name", before=f"  {'/':<{width}}  ")


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


def failed_line(verdict: Verdict) -> str:
    """Return a failed verdict as people read it."""
    where = f" ({verdict.field})" if verdict.field else ""
    return harmless(f"✗ {verdict.guard}{where}: {verdict.reason}")


def _show_fields(screen: TerminalScreen, data: object, said: Said) -> None:
    shown = [(fields.name_of(path), value) for path, value in fields.leaves(data)]
    width = max((width_of(harmless(name)) for name, _ in shown), default=0)
    for name, value in shown:
        first, *more = harmless(plain_text(value)).split("\n")
        notes = list(_notes(name, said))
        beside = f"   ({', '.join(notes)})" if notes else ""
        screen.say(f"{first}{beside}", before=f"  {padded(harmless(name), width)}  " if name else "  ")
        for line in more:
            screen.say(line, before=f"  {'':<{width}}  ")
    screen.say()


def _notes(name: str, said: Said) -> Iterator[str]:
    if name in said.confidence:
        yield in_percent(said.confidence[name])
    if name and name in said.evidence:
        yield f"found in: {_words(said.evidence[name])}"
    yield from dict.fromkeys(f"✗ {harmless(each.guard)}" for each in said.failed if each.field == name)


def _words(found: Iterable[str]) -> str:
    return ", ".join(repr(harmless(" ".join(words.split()))) for words in dict.fromkeys(found))
