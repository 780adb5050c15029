"""What plugs into a step: nothing is accepted while the watch does not accept, and audits are drawn at its rate."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from handrail import Accepted, Doubtful, Escalation, Says, ScriptedModel, classify, confidence
from handrail.guards import Confidence, Doubt, Judgement
from handrail_ai_steps.errors import InvalidTask
from handrail_evals.decide.drift.seen import Audited, Routed, Seen
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import WatchFile, write_watch
from handrail_evals.decide.drift.watched import Watched, WatchedAuditing
from handrail_guards.auditing import Auditing, AuditRule

Team = Literal["cards", "loans"]
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
SETTINGS = WatchSettings(
    target=0.02,
    audit_rate=0.05,
    raised_rate=0.5,
    cases_per_false_alarm=10_000,
    audits_per_false_stop=1_000,
    settled_after=200,
    most_awaited=500,
)
REFERENCE = [Seen(rank / 1000, rank >= 200) for rank in range(1000)]
SURE = Judgement(confidence=Confidence(0.9, "local"))
UNSURE = Judgement(confidence=Confidence(0.5, "local"))
KEYS = [f"run-{number}/route" for number in range(4000)]


@pytest.fixture
def watch(tmp_path: Path) -> WatchFile:
    """Return a new watch."""
    path = tmp_path / "route.watch.json"
    write_watch(path, Watch.armed(SETTINGS, REFERENCE, at=AT))
    return WatchFile(path, clock=lambda: AT)


def stop(watch: WatchFile) -> None:
    """Answer audits wrongly until acceptance is stopped."""
    for number in range(100):
        watch.routed(Routed(0.9, accepted=True, case=f"c{number}", drawn=True))
        if watch.audited(Audited(f"c{number}", right=False)).phase == "stopped":
            return
    pytest.fail("a hundred wrong audits stopped nothing")


def test_while_the_watch_accepts_the_rule_decides(watch: WatchFile) -> None:
    rule = Watched(confidence(at_least=0.8), watch)

    doubt = rule.doubt(UNSURE)

    assert rule.doubt(SURE) is None
    assert doubt is not None
    assert doubt.code == "low_confidence"


def test_when_the_watch_stopped_everything_is_in_doubt_since_then(watch: WatchFile) -> None:
    stop(watch)

    doubt = Watched(confidence(at_least=0.8), watch).doubt(SURE)

    assert doubt is not None
    assert doubt.code == "stopped"
    assert "automatic acceptance was stopped (2026-01-31 12:00 UTC, case" in doubt.reason
    assert "until a new threshold is set" in doubt.reason


def test_a_rule_that_looks_at_the_judgement_can_be_watched_too(watch: WatchFile) -> None:
    inner = Watched(confidence(at_least=0.8), watch)

    assert Watched(inner, watch).doubt(SURE) is None


def test_when_the_watch_cannot_be_read_nothing_is_accepted_and_everything_audited(watch: WatchFile) -> None:
    watch.path.unlink()

    doubt = Watched(confidence(at_least=0.8), watch).doubt(SURE)

    assert doubt is not None
    assert doubt.code == "stopped"
    assert "cannot be read" in doubt.reason
    assert all(WatchedAuditing(watch).draws(key) for key in KEYS[:50])


@dataclass(frozen=True)
class LooksAtGuards:
    """A rule that waits for the verdict of a paid guard, as an acceptor does."""

    def doubt(self, judgement: Judgement, *, final: bool) -> Doubt | None:
        return None if judgement.verdicts or not final else Doubt("rule", "no verdict")


def test_a_rule_that_waits_for_guards_is_asked_before_they_are_paid_for(watch: WatchFile) -> None:
    waiting, plain = Watched(LooksAtGuards(), watch), Watched(confidence(at_least=0.8), watch)

    assert waiting.doubt(SURE, final=False) is None
    assert waiting.doubt(SURE) == Doubt("rule", "no verdict")
    assert plain.doubt(UNSURE, final=False) == plain.doubt(UNSURE)

    stop(watch)
    assert waiting.doubt(SURE, final=False) == waiting.doubt(SURE)


def test_only_a_rule_can_be_watched(watch: WatchFile) -> None:
    with pytest.raises(InvalidTask, match=r"accept is 0\.8"):
        Watched(0.8, watch)  # type: ignore[arg-type]


async def test_a_step_is_stopped_and_armed_again(watch: WatchFile) -> None:
    model = ScriptedModel([Says("cards", confidence=0.95)] * 3)
    step = classify(
        "route",
        Team,
        "Which team?",
        models=[model],
        accept=Watched(confidence(at_least=0.8), watch),
        audit=WatchedAuditing(watch),
    )

    before = await step("my card is gone")
    stop(watch)
    during = await step("my card is gone")
    watch.rearm(REFERENCE)
    after = await step("my card is gone")

    assert isinstance(before, Accepted)
    assert isinstance(during, Doubtful)
    assert (during.code, during.suggestion) == ("stopped", "cards")
    assert isinstance(after, Accepted)


@pytest.mark.dear
def test_audits_are_drawn_at_the_rate_of_the_watch_and_the_raised_ones_include_the_usual(watch: WatchFile) -> None:
    auditing = WatchedAuditing(watch)

    usual = {key for key in KEYS if auditing.draws(key)}
    stop(watch)
    raised = {key for key in KEYS if auditing.draws(key)}

    assert len(usual) / len(KEYS) == pytest.approx(0.05, abs=0.015)
    assert len(raised) / len(KEYS) == pytest.approx(0.5, abs=0.03)
    assert usual < raised
    assert usual == {key for key in KEYS if Auditing(0.05).draws(key)}


def test_who_audits_is_as_without_a_watch_unless_said(watch: WatchFile) -> None:
    rule: AuditRule = WatchedAuditing(watch)
    other = replace(WatchedAuditing(watch), escalation=Escalation(queue="second-look"))

    assert rule.escalation == Auditing(0.05).escalation
    assert other.escalation.queue == "second-look"
