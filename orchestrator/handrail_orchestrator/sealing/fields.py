"""Which fields of changes and rows are sealed, how, and as what; all others that hold text are in ``plain``."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from handrail_orchestrator.sealing import places as p
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store import decided as d
from handrail_orchestrator.store import evidence as e
from handrail_orchestrator.store import figures as g
from handrail_orchestrator.store import files as f
from handrail_orchestrator.store import flows as fl
from handrail_orchestrator.store import forgetting as fo
from handrail_orchestrator.store import known as k
from handrail_orchestrator.store import outbox as o
from handrail_orchestrator.store import promises as pr
from handrail_orchestrator.store import rollouts as ro
from handrail_orchestrator.store import rows as r
from handrail_orchestrator.store import running as ru
from handrail_orchestrator.store import triggers as t
from handrail_orchestrator.store.recorded import RecordResult
from handrail_orchestrator.store.starts import StartRun

How: TypeAlias = Literal["json", "asked", "words", "error", "verdicts", "answers", "undoing", "bytes", "inside"]
"""``json``: a value as JSON; ``asked``: the same, but for what was asked for with an event, which SQL reads; ``words``;
``error``: its message and trace; ``verdicts``: all but what says only which guards an answer stands against;
``answers``: what they say; ``undoing``: the error in it; ``bytes``: of a file; ``inside``: what the store's own changes
put there sealed, opened here."""


class SealedField(NamedTuple):
    """How a field is sealed, and what it holds."""

    how: How
    places: p.Places


def _s(how: How, places: p.Places) -> SealedField:
    return SealedField(how, places)


_QUESTION: Final = {
    "title": "words", "reason": "words", "suggestion": "json", "alternatives": "json", "context": "json",
    "decision": "json", "note": "words", "answers": "answers", "output": "json",
}  # fmt: skip
"""The columns of a question that are sealed."""
_HOW: Final[Mapping[str, How]] = _QUESTION  # type: ignore[assignment]


def _item(places: object, *columns: str) -> dict[str, SealedField]:
    # a decision is what its wait comes to: the two are one value
    return {
        column: SealedField(_HOW[column], places("output" if column == "decision" else column))  # type: ignore[operator]
        for column in columns
    }


def _step(*columns: str) -> dict[str, SealedField]:
    hows: Mapping[str, How] = {"input": "asked", "output": "json", "error": "error", "verdicts": "verdicts"}
    return {column: SealedField(hows[column], p.of_step(column)) for column in columns}


_ASKED_COLUMNS = ("title", "reason", "suggestion", "alternatives", "context")

SEALED: Final[Mapping[type, Mapping[str, SealedField]]] = {
    StartRun: {"input": _s("json", p.of_run("input", "id"))},
    c.AskedItem: _item(p.of_asked, *_ASKED_COLUMNS),
    r.StepRow: _step("input", "output", "error", "verdicts"),
    RecordResult: _step("input", "output"),
    c.EndRun: {"output": _s("json", p.of_key("output")), "error": _s("error", p.of_key("error"))},
    c.Send: {"payload": _s("json", p.sent)},
    c.Cancel: {"reason": _s("words", p.of_run("error"))},
    c.MoveReview: {
        "decision": _s("json", p.of_item("output")),
        "answer": _s("json", p.of_item("output")),
        "note": _s("words", p.of_item("note")),
        "asked": _s("json", p.of_item("input")),
        "sets": _s("answers", p.of_item("answers")),
    },
    c.ReadAnswer: {
        "verdicts": _s("verdicts", p.of_read_answer)
    },
    fo.ForgetRuns: {"why": _s("words", p.fixed(("log", "why")))},
    ru.PutProgress: {"text": _s("words", lambda change, ids: (("run", ids.run(change.row.run), "progress"),))},
    ru.PutAside: {"error": _s("error", p.of_key("error"))},
    ru.GoOn: {"input": _s("json", p.of_key("input"))},
    ru.SendTo: {"payload": _s("json", p.sent_to)},
    ru.SetResult: {"output": _s("json", p.of_row("output")), "note": _s("words", p.of_row("note"))},
    f.PutPart: {"data": _s("bytes", lambda change, _ids: (("part", str(change.number), str(change.part)),))},
    f.KeepFile: {"data": _s("bytes", lambda change, _ids: (("file", change.id),))},
    g.RecordOutcome: {"value": _s("json", p.of_outcome)},
    k.KnownCaseRow: {
        column: _s("json", p.of_field("known", "name", column)) for column in ("input", "answer", "suggestion")
    },
    o.Notice: {"title": _s("words", p.of_notice("title")), "body": _s("words", p.of_notice("body"))},
    ro.ChallengeRow: {
        "outcome": _s("json", p.of_challenge("challenge")), "error": _s("words", p.of_challenge("challenge_error")),
    },
    t.AskToFire: {"payload": _s("json", p.of_field("ask", "name", "payload"))},
    # what is read alone
    t.AskRow: {"payload": _s("json", p.of_field("ask", "trigger", "payload"))},
    r.EventRow: {"payload": _s("json", p.of_event)},
    r.ClaimedRun: {
        "input": _s("json", p.of_run("input", "id")), "undoing": _s("undoing", p.of_run("error", "id")),
    },
    r.RunRow: {
        "input": _s("json", p.of_run("input", "id")), "output": _s("json", p.of_run("output", "id")),
        "error": _s("error", p.of_run("error", "id")), "progress": _s("words", p.of_run("progress", "id")),
        "undoing": _s("undoing", p.of_run("error", "id")),
    },
    r.ReviewRow: _item(p.of_row, *_ASKED_COLUMNS, "decision", "note")
    | {"answers": _s("inside", lambda row, ids: (*p.of_row("output")(row, ids), *p.of_row("note")(row, ids)))},
    pr.OpenCaseRow: {"output": _s("json", p.of_row("output")), "decision": _s("json", p.of_asked_about)},
    pr.ThirdLookRow: {"output": _s("json", p.of_row("output"))},
    r.ReviewLogRow: {"data": _s("inside", p.IN_LOG)},
    r.JudgedRow: {
        "run_input": _s("json", p.of_run("input")), "input": _s("json", p.of_row("input")),
        "output": _s("json", p.of_row("output")),
        "decision": _s("json", p.of_asked_about),
        "challenge": _s("json", p.of_row("challenge")),
        "challenge_error": _s("words", p.of_row("challenge_error")),
    },
    d.DecidedRow: {
        column: _s("json", p.of_named(column, lambda row: p.judged(row.item.step), lambda row: row.item.run_id))
        for column in ("input", "output")
    },
    d.DecidedTextRow: {"context": _s("json", p.of_named("context", lambda row: row.step, lambda _row: None))},
    d.GivenRow: {
        "data": _s("inside", p.of_item("output", "item")), "suggestion": _s("json", p.of_item("suggestion", "item")),
    },
    d.KnownRow: {
        "title": _s("words", p.of_item("title", "item")), "decision": _s("json", p.of_item("output", "item")),
        "answer": _s("json", p.fixed(("known", None, "answer"))),
    },
    e.DecidedItem: {
        column: SealedField(_HOW[column], p.fixed(("step", None, None, "output" if column == "decision" else column)))
        for column in (*_ASKED_COLUMNS, "decision")
    },
    e.DecisionRow: {
        "input": _s("json", p.of_row("input")), "output": _s("json", p.of_decision("output")),
        "error": _s("error", p.ANY_ERROR),
        "verdicts": _s("verdicts", p.of_row("verdicts")),
        "judged": _s("json", p.of_named("output", lambda row: p.judged(row.step), lambda row: row.run_id)),
        "title": _s("words", p.of_row("title")), "asked_because": _s("words", p.of_row("reason")),
        "suggestion": _s("json", p.of_row("suggestion")),
        "context": _s("json", p.of_row("context")), "note": _s("words", p.of_row("note")),
        "log_data": _s("inside", lambda row, ids: (*p.of_row("output")(row, ids), *p.of_row("note")(row, ids))),
    },
    g.OutcomeRow: {"value": _s("json", p.of_outcome_row)},
    g.OutcomeHistoryRow: {"value": _s("json", p.of_outcome)},
    o.NoticeRow: {"title": _s("words", p.of_notice("title")), "body": _s("words", p.of_notice("body"))},
    fl.StoppedRow: {"error": _s("error", p.of_run("error", "id"))},
    fl.FailedStepRow: {
        "message": _s(
            "words", lambda row, ids: (("step", ids.run(row.run), p.stem(row.name), "error"), ("run", None, "error")),
        )
    },
}  # fmt: skip
"""By type: what is sealed on its way in, and opened on its way out."""
