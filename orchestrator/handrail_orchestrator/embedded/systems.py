"""The systems that steps need, as this process knows them: one that is at rest costs its steps nothing."""

from collections.abc import Callable, Mapping

from handrail_orchestrator.breaker import Breaker
from handrail_orchestrator.clock import Clock
from handrail_orchestrator.embedded.escapes import Escaped, error_type
from handrail_orchestrator.embedded.tries import Tries
from handrail_orchestrator.embedded.writer import Writer
from handrail_orchestrator.errors import InvalidWorkflow
from handrail_orchestrator.step import AnyStep
from handrail_orchestrator.store.breaking import Rule
from handrail_orchestrator.store.control import Entered, EnterSystem, SystemAnswered, SystemFailed


class Systems:
    """Asks the store about systems that have failed lately, and tells it of failures."""

    def __init__(self, breakers: Mapping[str, Breaker], clock: Clock, writer: Writer) -> None:
        self.failing: frozenset[str] = frozenset()
        """Those that have failed lately, as of the last look at the store."""
        self.changed: Callable[[], None] = lambda: None
        """Called when others have to look: a system went down, is to be tried again, or is back."""
        self._breakers = dict(breakers)
        self._clock = clock
        self._writer = writer

    async def enter(self, step: AnyStep, tries: Tries) -> None:
        """Return when the system that a step needs may be used; its time limit moves on by how long that took.

        Raises:
            Suspended: the run has to wait for it.
            InvalidWorkflow: no breaker was given for it.
        """
        system = step.policy.system
        if system is None:
            return
        breaker = self._named(system, step)
        if system not in self.failing:
            return
        change = EnterSystem(system, tries.run, tries.step, self._clock.now(), _rule(breaker))
        entered: Entered = await self._writer.ask(tries.owned(change))
        if entered.way == "wait":
            raise tries.hold(tries, system, None)
        tries.begun += entered.seconds

    async def failed(self, step: AnyStep, tries: Tries, error: Exception) -> None:
        """Tell what a body came to; one that says that its system is down has not failed: its run waits.

        Raises:
            Suspended: the run has to wait for the system.
        """
        system = step.policy.system
        if system is None:
            return
        breaker = self._named(system, step)
        cause = error.error if isinstance(error, Escaped) else error
        if not breaker.counts(cause):
            self.answered(step, tries)
            return
        self.failing |= {system}
        rule, now = _rule(breaker), self._clock.now()
        change = SystemFailed(system, tries.run, tries.step, now, rule, error_type(error))
        if await self._writer.ask(tries.owned(change)):
            self.changed()
            raise tries.hold(tries, system, error) from None

    def answered(self, step: AnyStep, tries: Tries) -> None:
        """Tell that a system has answered, if it has failed lately."""
        system = step.policy.system
        if system is not None and system in self.failing:
            change = SystemAnswered(system, tries.run, self._clock.now(), _rule(self._named(system, step)))
            self._writer.add(change).add_done_callback(lambda _: self.changed())

    def _named(self, system: str, step: AnyStep) -> Breaker:
        try:
            return self._breakers[system]
        except KeyError:
            known = ", ".join(sorted(self._breakers)) or "none"
            raise InvalidWorkflow(
                f"step {step.name!r} needs system {system!r}; this orchestrator has: {known}."
                f" Give Orchestrator(systems={{{system!r}: Breaker()}}), or --systems MODULE:NAME on the command line"
            ) from None


def _rule(breaker: Breaker) -> Rule:
    return Rule(breaker.failures, breaker.probe_after_seconds, breaker.release_per_second)
