"""What notices go out through: a port, the message it is given, and what can come of it."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from handrail_orchestrator.store.outbox import NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One notice of a message; texts are one line each, and harmless to show."""

    text: str
    detail: str = ""
    """More about it; may have several lines."""
    link: str | None = None
    """Where to look at it, or to answer it."""
    item: int | None = None
    """The number of its review item, if it waits for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one recipient is told at once."""

    id: str
    """The same for every try, so that whoever gets it twice can tell."""
    kind: NoticeKind
    title: str
    lines: tuple[MessageLine, ...]
    more: int = 0
    """How many notices it tells of beside those."""
    link: str | None = None
    """Where the rest is."""
    to: str | None = None
    """The address of the one person it is for; None: whoever is behind the channel."""
    html: str | None = None
    """The same as a page, for channels that show one beside the text, such as mail."""

    def text(self) -> str:
        """Return it as plain text."""
        told = ["\n".join(part for part in (each.text, each.detail, each.link) if part) for each in self.lines]
        if self.more:
            told.append(f"and {self.more:,} more")
        if self.link is not None:
            told.append(self.link)
        return "\n\n".join(told)


@dataclass(frozen=True, slots=True)
class Delivered:
    """It was taken."""

    remark: str = ""
    """What the record says beside that."""


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """It will never be taken: no such recipient, or nothing that the channel can show."""

    why: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """It may be taken later."""

    why: str
    after_seconds: float | None = None
    """What the other side asks for."""
    is_channel: bool = True
    """Whether any other message would have failed as well."""


SendOutcome: TypeAlias = Delivered | MessageRefused | NotNow
"""What came of a try. ``why`` is in words of ours: what servers and libraries say may repeat secrets."""


@runtime_checkable
class Channel(Protocol):
    """Something that notices go out through; its address and secrets are its own, and never shown."""

    @property
    def kind(self) -> str:
        """Return what it is, such as ``mail``."""
        ...

    @property
    def reaches_people(self) -> bool:
        """Return whether it can send to the address of one person."""
        ...

    async def send(self, message: Message) -> SendOutcome:
        """Try once. It may be cancelled, and then leaves nothing running that still sends."""
        ...
