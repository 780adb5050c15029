"""All the words of the pages, in one place, by where they stand; ``{name}`` is filled in."""

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, str] = MappingProxyType({
    # -- every page
    "layout.brand": "handrail·review",
    "layout.skip": "Skip to the content",
    "layout.menu": "Pages",
    "layout.single_user": "Single-user mode: nobody is configured, decisions are recorded as {name}",
    "layout.role": "{name} · {role}",
    "menu.queue": "Queue",
    # -- errors
    "error.400": "That request makes no sense here",
    "error.400.detail": "Something in it is missing or of the wrong kind. Go back, and try it again from the page.",
    "error.403": "You may not do that",
    "error.403.detail": "Your role does not allow it. Ask an administrator of this store.",
    "error.404": "There is no such page",
    "error.404.detail": "Nothing is kept under this address. It may have been mistyped, or what it showed was deleted.",
    "error.405": "This address does not work that way",
    "error.405.detail": "Open it from the page that leads to it.",
    "error.409": "Somebody else was faster",
    "error.409.detail": "It was changed in the meantime: look at it again.",
    "error.413": "That is too much at once",
    "error.413.detail": "A request may be one megabyte at most.",
    "error.422": "That cannot be done",
    "error.422.detail": "What was given does not fit.",
    "error.500": "A fault of Handrail itself",
    "error.500.detail": "Nothing was changed. What happened stands in the server's log.",
    "error.503": "The store cannot be used just now",
    "error.503.detail": "Try again in a moment.",
    "error.back": "Back to the queue",
    "security.host": "This console answers to localhost only",
    "security.host.detail": "Nobody is configured in its store, so it is reachable from this machine alone:"
    " open it as http://127.0.0.1 or http://localhost.",
    "security.too_large": "That is too much at once",
    "security.too_large.detail": "A request may be one megabyte at most. Nothing was changed.",
    "security.origin": "That request came from another site",
    "security.origin.detail": "Only pages of this console may change anything. Nothing was changed.",
    "security.csrf": "This page is out of date",
    "security.csrf.detail": "Nothing was changed: the page was loaded before a new sign-in or a restart."
    " Go back, reload it, and try again.",
    # -- the list of items
    "queue.title": "Queue",
    "queue.waiting": "{count} waiting",
    "queue.none": "Nothing here. Every question that matches is answered.",
    "queue.find": "Find",
    "queue.search": "Title, item or run",
    "queue.all": "all",
    "queue.queue": "Queue",
    "queue.state": "State",
    "queue.kind": "Kind",
    "queue.item": "Item",
    "queue.why": "Why here",
    "queue.suggestion": "Suggestion",
    "queue.age": "Age",
    "queue.due": "Due",
    "queue.priority": "Priority",
    "queue.taken_by": "taken by {name}",
    "queue.start": "Start reviewing",
    "queue.next": "Next page",
    "queue.first": "First page",
    "queue.late": "late by {span}",
    "queue.rows": "Items",
})  # fmt: skip


def say(key: str, **values: object) -> str:
    """Return the words of a place, with values filled in."""
    words = WORDS[key]
    return words.format_map({name: f"{value:,}" if type(value) is int else value for name, value in values.items()})
