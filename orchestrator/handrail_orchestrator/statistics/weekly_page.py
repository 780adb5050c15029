"""The weekly report as one page that asks nobody for anything, as text, and as a mail of both."""

import html
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from handrail_ground.text import harmless
from handrail_orchestrator.statistics.aligned import aligned
from handrail_orchestrator.statistics.stats import Stats
from handrail_orchestrator.statistics.weekly import WeekChange, WeeklyReport
from handrail_orchestrator.statistics.words import NOTHING, cost, instant, percent, share, span

MOST_FAILURES: Final = 10
MOST_STEPS: Final = 12
WORDS: Final = {"rules_decided": "rules decided", "ai_accepted": "AI accepted", "still_open": "still open"}

Rows = Iterable[Sequence[str]]
Part = tuple[str, Sequence[str], Rows]
"""A heading, the columns of a table, and its rows."""

_STYLE: Final = """
:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:1.5rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:1.6rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .6rem .25rem 0;vertical-align:top}
th{border-bottom:1px solid}td{border-bottom:1px solid #8884}
"""


def title_of(report: WeeklyReport) -> str:
    """Return what the report is called."""
    since, until = (instant(each, report.window.zone)[:10] for each in (report.window.since, report.window.until))
    of = "" if report.now.workflow is None else f"{report.now.workflow}: "
    return harmless(f"{of}week of {since}, up to {until} ({report.window.zone})")


def weekly_html(report: WeeklyReport) -> str:
    """Return the report as a page of its own: without scripts, and without anything from elsewhere."""
    parts = "".join(_section(*part) for part in _parts(report))
    lines = "".join(f"<p>{_text(line)}</p>" for line in _summary(report))
    name = _text(title_of(report))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style></head><body><h1>{name}</h1>{lines}{parts}</body></html>\n"
    )


def weekly_text(report: WeeklyReport) -> str:
    """Return the report as text."""
    blocks = [title_of(report), "\n".join(map(harmless, _summary(report)))]
    for heading, columns, rows in _parts(report):
        blocks.append("\n".join([heading, *aligned([columns, *rows])]))
    return "\n\n".join(blocks) + "\n"


def weekly_mail(report: WeeklyReport) -> EmailMessage:
    """Return the report as a mail, text and page; whoever sends it says from whom and to whom."""
    mail = EmailMessage()
    mail["Subject"] = title_of(report).replace("=?", "= ?")
    mail["Date"] = format_datetime(datetime.fromtimestamp(report.now.at, UTC))
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(weekly_text(report))
    mail.add_alternative(weekly_html(report), subtype="html")
    return mail


def _summary(report: WeeklyReport) -> Iterator[str]:
    changed = [each for each in report.changes if each.is_change]
    if changed:
        yield "Changed by more than chance: " + "; ".join(map(_sentence, changed)) + "."
    else:
        yield "Nothing changed by more than chance."
    if report.now.bottleneck is not None:
        yield f"Bottleneck: {report.now.bottleneck}."
    if report.new_failures:
        runs = sum(len(group.runs) for group in report.new_failures)
        yield f"New failures: {len(report.new_failures):,}, of {runs:,} runs."
    hours = report.window.hours, report.earlier.window.hours
    if hours[0] != hours[1]:
        yield f"Clocks were changed: the week has {hours[0]:g} hours, the one before {hours[1]:g}."


def _sentence(change: WeekChange) -> str:
    return f"{WORDS.get(change.metric, change.metric)} {_value(change, change.earlier)} → {_value(change, change.now)}"


def _value(change: WeekChange, value: float | None) -> str:
    if value is None:
        return NOTHING
    return percent(value) if change.unit == "share" else span(value) if change.unit == "s" else f"{value:,.0f}"


def _parts(report: WeeklyReport) -> Iterator[Part]:
    stats = report.now
    yield "Runs", ("what became of them", "runs", "share"), list(_funnel(stats))
    changes = [_change(each) for each in report.changes]
    yield "Metrics and what changed", ("metric", "this week", "week before", "change"), changes
    yield "Exceptions", ("what", "how many"), list(_exceptions(report))
    if report.failures.groups:
        yield "Failures", ("step", "error", "runs", "new"), list(_failures(report))
    if stats.steps:
        columns = ("step", "kind", "times", "work p50", "wait p50", "failed", "share of cycle time")
        yield "Steps", columns, list(_steps(stats))
    if stats.queues:
        queues = [(each.queue, f"{each.waiting:,}", span(each.oldest), f"{each.late:,}") for each in stats.queues]
        yield "What waits now", ("queue", "items", "oldest", "late"), queues
    versions = [
        (each.workflow, str(each.version), f"{each.started:,}", _new((each.workflow, each.version), report))
        for each in stats.versions
    ]
    if versions:
        yield "Versions", ("workflow", "version", "runs", "new"), versions
    if report.rollouts:
        yield "Rollouts", ("what", "share", "state", "since", "by"), list(_rollouts(report))
    if report.thresholds:
        rows = [
            (f"{each.workflow}/{each.step}", _confidence(each.now), _confidence(each.earlier))
            for each in report.thresholds
        ]
        yield "Thresholds: the lowest confidence that was accepted", ("step", "this week", "week before"), rows
    if stats.baseline:
        before = [(each.metric, f"{each.value:g} {each.unit}", each.workflow, each.note) for each in stats.baseline]
        yield "Numbers from before", ("metric", "value", "workflow", "note"), before


def _funnel(stats: Stats) -> Rows:
    yield "started", f"{stats.funnel.started:,}", ""
    for name, count in stats.funnel.bars:
        yield WORDS.get(name, name), f"{count:,}", percent(stats.funnel.share(name).rate)


def _change(change: WeekChange) -> Sequence[str]:
    now = _value(change, change.now)
    counts = "" if change.part is None else f" ({change.part[0]:,} of {change.part[1]:,})"
    return WORDS.get(change.metric, change.metric), f"{now}{counts}", _value(change, change.earlier), change.verdict


def _exceptions(report: WeeklyReport) -> Rows:
    stats, asked = report.now, report.now.questions
    yield "runs that failed or that people had to decide", share(stats.exceptions)
    yield "questions asked", f"{asked.asked:,}, {asked.by_policy:,} of them answered by nobody in time"
    late, open_late = asked.promises.late, asked.promises.open_late
    yield "due times missed", f"{late:,}, and {open_late:,} open and late"
    yield "done again", share(asked.rework)
    yield "still open", f"{stats.funnel.still_open:,}, the oldest {span(stats.cycle.open_age.oldest)}"
    yield "money", cost(stats.money, stats.unpriced)


def _failures(report: WeeklyReport) -> Rows:
    new = {group.id for group in report.new_failures}
    for group in report.failures.groups[:MOST_FAILURES]:
        where = f"{group.workflow}/{group.step or 'the workflow itself'}"
        yield where, f"{group.type}: {group.shape}", f"{len(group.runs):,}", "new" if group.id in new else ""
    left = len(report.failures.groups) - MOST_FAILURES
    if left > 0:
        yield f"and {left:,} more kinds of failure", "", "", ""


def _steps(stats: Stats) -> Rows:
    for each in stats.steps[:MOST_STEPS]:
        yield (
            f"{each.workflow}/{each.step}", each.kind, f"{each.executed:,}", span(each.work.p50), span(each.wait.p50),
            percent(each.fail_rate), percent(each.share),
        )  # fmt: skip


def _new(version: tuple[str, int], report: WeeklyReport) -> str:
    return "new" if version in report.new_versions else ""


def _rollouts(report: WeeklyReport) -> Rows:
    for each in report.rollouts:
        state = "held" if each.is_held else "promoted" if each.is_promoted else "as the code says"
        since = NOTHING if each.at is None else instant(each.at, report.window.zone)
        yield each.target, percent(each.share), f"{state}{f': {each.why}' if each.why else ''}", since, each.by or ""


def _confidence(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _section(heading: str, columns: Sequence[str], rows: Rows) -> str:
    head = "".join(f"<th>{_text(each)}</th>" for each in columns)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<h2>{_text(heading)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    return html.escape(harmless(text))
