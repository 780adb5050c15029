"""What plugs a watch into a step: its acceptance rule, and the rule that draws audits."""

from dataclasses import dataclass
from typing import Protocol

from handrail_ai_steps.rule import doubt_of, require_rule
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.errors import UnreadableWatch
from handrail_guards.acceptance import Acceptance, Doubt
from handrail_guards.auditing import draw_of
from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Judgement

AUDITS = Escalation(queue="audits", priority=40)
"""Where audits wait by default: as ``handrail_guards.Auditing`` has it."""


class LiveWatch(Protocol):
    """Something that knows how the watch stands now, such as a ``WatchFile``."""

    @property
    def now(self) -> Watch:
        """Return the watch as it stands."""
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """An acceptance rule that accepts nothing while the watch does not, nor while it cannot be read.

    Raises:
        InvalidTask: what it wraps is no rule.
    """

    rule: Acceptance
    """Decides as long as the watch accepts."""
    watch: LiveWatch

    def __post_init__(self) -> None:
        require_rule("that is watched", self.rule)

    def doubt(self, judgement: Judgement, *, final: bool = True) -> Doubt | None:
        """Return why the value is in doubt, or None to accept it."""
        return self._stopped() or doubt_of(self.rule, judgement, final=final)

    def _stopped(self) -> Doubt | None:
        try:
            watch = self.watch.now
        except UnreadableWatch as error:
            return Doubt("stopped", f"{error}; everything is reviewed until then")
        return None if watch.accepting else Doubt("stopped", watch.why)


@dataclass(frozen=True, slots=True)
class WatchedAuditing:
    """Draws cases to audit at the rate the watch asks for; every case while it cannot be read.

    A case that is drawn at the usual rate is drawn at the raised one too.
    """

    watch: LiveWatch
    escalation: Escalation = AUDITS
    """Who audits."""

    def draws(self, key: str) -> bool:
        """Return whether the case with this key is audited."""
        try:
            return draw_of(key) < self.watch.now.audit_rate
        except UnreadableWatch:
            return True
