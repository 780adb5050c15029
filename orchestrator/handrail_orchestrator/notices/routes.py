"""Routes: which notices go to which channel, and to whom behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.records.person import Person, Role, checked_role
from handrail_orchestrator.store.outbox import NOTICE_KINDS, NoticeKind, NoticeRow

if TYPE_CHECKING:
    Kinds: TypeAlias = NoticeKind | Sequence[NoticeKind]
else:  # what it is kept as
    Kinds: TypeAlias = NoticeKind | tuple[NoticeKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Sends notices of some kinds through a channel: ``Route(on="urgent", queue="refunds", to="desk")``.

    Every route that fits a notice sends it; what goes to one recipient by several routes goes there once.

    Raises:
        Misuse: a kind or role that there is not, or a name that is empty.
    """

    on: Kinds
    """Of which kind, or kinds."""
    to: str
    """The name of the channel."""
    queue: str | None = None
    """Only what is about this review queue; None: about any, or none. Of a digest: what it counts."""
    role: Role | None = None
    """To each person with this role in the notice's queue, at their own address, with a link by which they alone can
    answer; None: to the channel's own recipients, with a link to the console."""
    is_loud: bool = False
    """Whether it is sent in quiet hours as well."""

    def __post_init__(self) -> None:
        kinds: tuple[str, ...] = (self.on,) if isinstance(self.on, str) else tuple(self.on)
        for each in kinds:
            if each not in NOTICE_KINDS:
                raise Misuse(f"Route(on={each!r}): there is no such notice; there are: {', '.join(NOTICE_KINDS)}")
        if not kinds:
            raise Misuse(f"Route(on={self.on!r}): name at least one kind of notice: {', '.join(NOTICE_KINDS)}")
        object.__setattr__(self, "on", kinds)
        if not self.to.strip():
            raise Misuse(f"Route(to={self.to!r}): give the name of a channel")
        if self.queue is not None and not self.queue.strip():
            raise Misuse(f"Route(queue={self.queue!r}): give the name of a queue, or leave it out for all of them")
        if self.role is not None:
            checked_role(self.role)

    @property
    def kinds(self) -> tuple[NoticeKind, ...]:
        """Return the kinds of notices that it sends."""
        return (self.on,) if isinstance(self.on, str) else tuple(self.on)

    def fits(self, notice: NoticeRow) -> bool:
        """Return whether it sends a notice; a digest goes only where this queue's, or that of all, is asked for."""
        if notice.kind not in self.kinds:
            return False
        return self.queue == notice.queue if notice.kind == "digest" else self.queue in {None, notice.queue}

    def people(self, notice: NoticeRow, everybody: Sequence[Person]) -> list[Person]:
        """Return the people it sends a notice to: those with its role who can be written to."""
        return [
            each
            for each in everybody
            if not each.is_disabled and each.email is not None and each.role_in(notice.queue) == self.role
        ]
