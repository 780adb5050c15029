"""What ``handrail stats`` shows: the figures of a window, in lines or for programs; without what reads options."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from handrail_ground.shares import Proportion
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.known_workflows import must_be_known
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.statistics.aligned import aligned
from handrail_orchestrator.statistics.asking import counting
from handrail_orchestrator.statistics.words import cost, instant, percent, share, span
from handrail_orchestrator.store.address_text import UNNAMED
from handrail_orchestrator.tags import read_filter

if TYPE_CHECKING:
    from handrail_orchestrator.records.promise import PromiseRecord
    from handrail_orchestrator.statistics.stats import Stats


def show_figures(  # noqa: PLR0913 -- the options of the command
    *,
    window: str = "7d",
    store: str = UNNAMED,
    workflow: str | None = None,
    version: int | None = None,
    tag: Sequence[str] = (),
    zone: str = "UTC",
    from_records: bool = False,
    as_csv: bool = False,
    as_json: bool = False,
) -> None:
    """Print what the runs that were started in a window came to.

    Raises:
        Misuse: the window, the zone, a tag or the workflow cannot be right.
        StoreError: the store cannot be read.
        OSError: the output cannot be written.
    """
    if as_csv and as_json:
        raise Misuse("give one of --csv and --json")
    carried = read_filter(tag)
    with counting(store) as reader:
        if workflow is not None:
            must_be_known(workflow, reader.workflow_names())
        found = reader.stats(
            window, workflow=workflow, version=version, tag=carried, zone=zone, from_records=from_records
        )
        promised = [] if as_json or as_csv else reader.current_promises(workflow)
    if as_json:
        _print(json_line(found.as_json()))
    elif as_csv:
        from handrail_orchestrator.statistics.csv_file import stats_csv  # noqa: PLC0415 -- few ask for it

        sys.stdout.writelines(stats_csv(found))
    else:
        for line in _lines(found, promised):
            _print(harmless(line))
    sys.stdout.flush()


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _lines(found: "Stats", promised: "Sequence[PromiseRecord]") -> list[str]:
    return [
        _window(found), *_funnel(found), "", *_times(found), *_steps(found), *_questions(found),
        *_promised(promised), *_outcomes(found), *_baseline(found),
    ]  # fmt: skip


def _window(found: "Stats") -> str:
    window = found.window
    of = "" if found.workflow is None else f" of {found.workflow}{'' if found.version is None else f' {found.version}'}"
    since, until = (instant(each, window.zone) for each in (window.since, window.until))
    return f"runs{of} started from {since} to {until} ({window.zone})"


def _funnel(found: "Stats") -> list[str]:
    words = {"rules_decided": "rules decided", "ai_accepted": "AI accepted", "still_open": "still open"}
    lines = [f"{'started':16}{found.funnel.started:>10,}"]
    for name, count in found.funnel.bars:
        rate = found.funnel.share(name).rate
        lines.append(f"{words.get(name, name):16}{count:>10,}  {percent(rate):>7}")
    return lines


def _times(found: "Stats") -> list[str]:
    ended, age = found.cycle.ended, found.cycle.open_age
    lines = [
        f"cycle time      p50 {span(ended.p50)}, p95 {span(ended.p95)} (of {ended.count:,} that ended)",
        f"still open      {age.count:,}, half of them older than {span(age.p50)}, the oldest {span(age.oldest)}",
        f"exceptions      {share(found.exceptions)}",
        f"completed       {share(found.completion)}",
        f"people waited   {percent(found.human_wait)} of the summed cycle time",
        f"money           {cost(found.money, found.unpriced)}",
    ]
    if found.bottleneck is not None:
        lines.append(f"bottleneck      {found.bottleneck}")
    return lines


def _steps(found: "Stats") -> list[str]:
    rows = [
        (
            each.step if found.workflow else f"{each.workflow}: {each.step}",
            each.kind,
            f"{each.executed:,}",
            span(each.work.p50),
            span(each.work.p95),
            span(each.wait.p50),
            percent(each.fail_rate),
            f"{each.retries:,}",
            cost(each.money, each.unpriced) if each.kind == "ai" else "",
            percent(each.share),
        )
        for each in found.steps
    ]
    columns = ("step", "kind", "times", "work p50", "p95", "wait p50", "failed", "retries", "money", "share of cycle")
    return ["steps", *aligned([columns, *rows])] if rows else []


def _questions(found: "Stats") -> list[str]:
    asked = found.questions
    if not asked.asked:
        return []
    promises, hand_offs = asked.promises, asked.hand_offs
    lines = [
        f"questions       {asked.asked:,} asked, {asked.decided:,} decided, {asked.by_policy:,} of them by a policy",
        f"approval delay  p50 {span(asked.approval_delay.p50)}, p95 {span(asked.approval_delay.p95)}",
        f"hands-on        p50 {span(asked.hands_on.p50)}, p95 {span(asked.hands_on.p95)}",
        f"rework          {share(asked.rework)}",
        f"due times       {promises.met:,} met, {promises.late:,} late, {promises.open_late:,} open and late",
    ]
    if hand_offs.items:
        accepted = Proportion(hand_offs.accepted, hand_offs.decided)
        lines.append(f"handed on       {hand_offs.items:,}, by the first receiver decided {share(accepted)}")
    if "" in found.changed:
        lines.append(f"changed         {share(found.changed[''])} of what was suggested")
    if found.audits.whole:
        lines.append(f"audits          {share(found.audits)} of the accepted values wrong")
    return lines


def _promised(promised: "Sequence[PromiseRecord]") -> list[str]:
    return [f"promise         {each.name}, {each.terms}: {each.standing}" for each in promised]


def _outcomes(found: "Stats") -> list[str]:
    return [
        f"outcome         {each.name}={value} of {each.path}: {share(each.share(value))}, {each.ended:,} ended"
        for each in found.outcomes
        for value in each.values
    ]


def _baseline(found: "Stats") -> list[str]:
    return [
        f"before          {each.metric} {each.value:g} {each.unit} {each.workflow} {each.note}".rstrip()
        for each in found.baseline
    ]
