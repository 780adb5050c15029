"""What each change does, all in one transaction: changes in order, the worker's fence, refusals without leftovers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from handrail_orchestrator.errors import Fenced, OrchestratorError, SealBroken
from handrail_orchestrator.store import batches as b
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store import control as h
from handrail_orchestrator.store import figures as g
from handrail_orchestrator.store import files as f
from handrail_orchestrator.store import known as k
from handrail_orchestrator.store import learned as ln
from handrail_orchestrator.store import outbox as o
from handrail_orchestrator.store import people as p
from handrail_orchestrator.store import promises as pr
from handrail_orchestrator.store import rollouts as ro
from handrail_orchestrator.store import sharing as sh
from handrail_orchestrator.store import triggers as t
from handrail_orchestrator.store.claiming import (
    Beat,
    Claim,
    ClaimRings,
    ClaimRun,
    HandBack,
    Register,
    Release,
    TakeOver,
)
from handrail_orchestrator.store.fired import NoteFired
from handrail_orchestrator.store.forgetting import ForgetRuns
from handrail_orchestrator.store.kept_settings import DeclareRetention, PutView, Remember
from handrail_orchestrator.store.model_circuits import EnterModel, LeaveModel
from handrail_orchestrator.store.recorded import RecordResult
from handrail_orchestrator.store.resealing import Reseal
from handrail_orchestrator.store.sealing import PutSealing
from handrail_orchestrator.store.sql import (
    again,
    batches,
    bulks,
    claims,
    deliveries,
    exchanged,
    files,
    fired,
    forgetting,
    known,
    learned,
    lifecycle,
    model_circuits,
    of_runs,
    outbox,
    outcomes,
    owning,
    pauses,
    people,
    promise_ledger,
    promises,
    resealing,
    retention,
    reviews,
    ringing,
    rollouts,
    rollups,
    sealing,
    sharing,
    starting,
    steps,
    systems,
    traces,
    triggers,
    views,
)
from handrail_orchestrator.store.sql.together import TOGETHER, Early, Of, claimed, made_together
from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.store.starts import Fire, StartRun
from handrail_orchestrator.store.traces import KeepTrace

Apply = Callable[[Transaction, Any], Any]

_STANDING = f"SELECT (SELECT 1 FROM workers WHERE id = ?), ({sealing.STATE})"  # noqa: S608 -- a constant
"""Whether a worker is signed on, and whether the store is sealed."""


def apply_all(tx: Transaction, changes: Sequence[c.Change], worker: int | None) -> list[Any]:
    """Apply changes in the open transaction and return their replies; one that is refused leaves nothing behind."""
    _begin(tx, changes, worker)
    replies: list[Any] = []
    refused: dict[Of, OrchestratorError] = {}
    early: Early = {}
    given = [claimed(each) for each in changes]
    owned = owning.owned_by(tx, {run for claim, run, _ in given if claim is not None})
    while (at := len(replies)) < len(changes):
        if at in early:
            replies.append(early[at])
            continue
        claim, run, change = given[at]
        kind = type(change)
        of = (run, claim) if claim is not None else (c.run_of(change), None) if refused else (None, None)
        if kind in FENCED and (too_late := _too_late(tx, of, refused)) is not None:
            replies.append(too_late)
            continue
        try:
            if claim is not None:
                _must_be_owned(tx, run, claim, owned)
            if kind in TOGETHER and made_together(tx, given, at, early, owned, refused):
                continue
            if kind not in _KEEP_OWNERS:
                _forget_owner(owned, change)
            replies.append(APPLY[kind](tx, change))
        except SealBroken:
            raise  # the store looked into a value of its own, which may be after something is written
        except OrchestratorError as refusal:  # each checks before it writes, so nothing is left behind
            replies.append(refusal)
            if (kind in FENCED or claim is not None) and (key := c.run_of(change)) is not None:
                refused[key, claim] = refusal
    return replies


def _too_late(tx: Transaction, of: Of, refused: Mapping[Of, OrchestratorError]) -> OrchestratorError | None:
    """Return why nothing that the owner of a run alone may do counts any more."""
    if (earlier := refused.get(of)) is not None:
        return earlier  # what a run did after something that is not recorded did not happen either
    return None if tx.alive else Fenced(tx.path, "this worker's lease ended and another took over its runs")


def _must_be_owned(tx: Transaction, run: int, claim: int, owned: dict[int, int]) -> None:
    if owned.get(run) != claim:
        owning.must_be_owned(tx, run, claim)
        owned[run] = claim


def _forget_owner(owned: dict[int, int], change: c.Change) -> None:
    """Forget who has the runs that a change may give to others, or to nobody."""
    match change:
        case c.Suspend() | HandBack() | c.EndRun(status="completed", has_dependants=False):
            owned.pop(change.key, None)
        case _:
            owned.clear()


def _begin(tx: Transaction, changes: Sequence[c.Change], worker: int | None) -> None:
    """Look once at who writes, and whether this process may: nobody writes plain values to a sealed store."""
    tx.worker, tx.paused = worker, None
    signed_on, state = tx.execute(_STANDING, (worker,)).fetchone()
    tx.alive = worker is None or signed_on is not None
    if all(type(change) is PutSealing for change in changes):
        return
    told = tx.sealing.may_write(state)
    if told is not None:
        sealing.put_state(tx, told)


APPLY: dict[type, Apply] = {
    **of_runs.APPLY,
    c.RecordStep: steps.record,
    RecordResult: steps.record_result,
    c.NoteStarted: steps.note_started,
    c.OpenWait: steps.open_wait,
    c.ReopenWait: steps.reopen_wait,
    b.JoinBatch: batches.join,
    b.SealBatch: batches.seal,
    b.AnswerWait: batches.answer,
    b.WakeMember: batches.wake_member,
    StartRun: starting.start,
    c.StartMany: starting.start_many,
    c.Suspend: lifecycle.suspend,
    c.EndRun: lifecycle.end,
    c.Send: lifecycle.send,
    c.Cancel: lifecycle.cancel,
    c.RetryRun: again.retry,
    c.Fork: again.fork,
    c.Prune: lifecycle.prune,
    DeclareRetention: retention.declare,
    Remember: lifecycle.remember,
    PutView: views.put,
    Claim: claims.claim,
    ClaimRun: owning.claim,
    ClaimRings: ringing.take,
    Release: claims.release,
    HandBack: claims.hand_back,
    Register: claims.register,
    Beat: claims.beat,
    TakeOver: claims.take_over,
    c.MoveReview: reviews.move,
    c.ExtendLease: reviews.extend,
    c.ReadAnswer: reviews.read_answer,
    Fire: fired.fire,
    NoteFired: fired.note,
    t.DeclareTrigger: triggers.declare,
    t.PauseTrigger: triggers.pause,
    t.ResumeTrigger: triggers.resume,
    t.AskToFire: triggers.ask,
    t.CloseAsk: triggers.close_ask,
    t.TellTrigger: triggers.tell,
    t.Advance: triggers.advance,
    t.TakeEnd: triggers.take_end,
    t.TroubleTrigger: triggers.trouble,
    t.ForgetTrigger: triggers.forget,
    f.BeginFile: files.begin,
    f.PutPart: files.put_part,
    f.KeepFile: files.keep,
    f.SweepFiles: files.sweep,
    k.PutKnown: known.put,
    k.Sow: known.sow,
    h.Pause: pauses.pause,
    h.Resume: pauses.resume,
    h.EnterSystem: systems.enter,
    h.SystemFailed: systems.fail,
    h.SystemAnswered: systems.answer,
    h.ProbeNow: systems.probe_now,
    EnterModel: model_circuits.enter,
    LeaveModel: model_circuits.leave,
    h.BulkBatch: bulks.change_many,
    sh.TakePlace: sharing.take_place,
    sh.LeavePlace: sharing.leave_place,
    sh.TakeTurn: sharing.take_turn,
    ForgetRuns: forgetting.forget,
    p.PutPerson: people.put_person,
    p.Rehash: people.rehash,
    p.PutPass: people.put_pass,
    p.DropPasses: people.drop_passes,
    p.UsePass: people.use_pass,
    o.Tell: outbox.told,
    o.DeclareNotices: outbox.declare,
    o.RouteNotices: deliveries.route,
    o.ClaimDelivery: deliveries.claim,
    o.EndTry: deliveries.end_try,
    o.RetryDeliveries: deliveries.retry,
    o.SweepOutbox: deliveries.sweep,
    o.SeeRequest: deliveries.see,
    KeepTrace: traces.keep,
    PutSealing: sealing.put,
    Reseal: resealing.put,
    ro.DeclareRollout: rollouts.declare,
    ro.MoveRollout: rollouts.move,
    ro.HoldFired: rollouts.hold_fired,
    ro.RecordChallenge: rollouts.record_challenge,
    pr.NumberCases: promise_ledger.number,
    pr.SettleCases: promises.settle,
    c.AskAgain: steps.ask_again,
    pr.TakePromise: promises.take,
    pr.SetLadder: promises.set_ladder,
    pr.MovePromise: promises.move,
    ln.BeginModel: learned.begin,
    ln.TakeRescored: learned.take_rescored,
    ln.ExchangeModel: exchanged.exchange,
    ln.DecideModel: learned.decide,
    ln.TakeLearning: learned.take,
    g.RollUp: rollups.roll_up,
    g.RecordOutcome: outcomes.record,
    g.PutBaseline: outcomes.put_baseline,
}

FENCED: frozenset[type] = frozenset(
    {
        c.RecordStep,
        RecordResult,
        c.NoteStarted,
        c.OpenWait,
        c.ReopenWait,
        c.ReadAnswer,
        c.Suspend,
        c.EndRun,
        Claim,
        Beat,
    }
    | {ClaimRun, b.JoinBatch, b.SealBatch, b.AnswerWait}
    | {h.EnterSystem, h.SystemFailed, h.SystemAnswered}
    | {sh.TakePlace, sh.TakeTurn}
    | of_runs.FENCED
)
"""Changes that only the owner of a run may make."""

_KEEP_OWNERS: frozenset[type] = frozenset(
    {c.RecordStep, RecordResult, c.NoteStarted, c.OpenWait, c.ReopenWait, c.ReadAnswer, KeepTrace, StartRun}
)
"""Changes after which a run still belongs to whom it belonged to before."""
