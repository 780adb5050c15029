"""Blocks of a Slack message (Block Kit): texts are plain, so that nothing in a title calls anybody or is a link."""

from typing import Any

from handrail_orchestrator.notices.channel import Message, MessageLine

MOST_LINES = 10
"""Of a message: Slack takes fifty blocks."""
LONGEST_HEADER = 150
LONGEST_TEXT = 2_900
LONGEST_URL = 3_000

CLAIM = "claim"
"""The action of the button by which somebody takes an item."""
OPEN = "open"
"""The action of a button that is a link: nothing is to be done."""


def escaped(text: str) -> str:
    """Return a text in which Slack finds no mention and no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str, most: int = LONGEST_TEXT) -> dict[str, Any]:
    """Return a text as a block has it."""
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return {"type": "plain_text", "text": cut or "-", "emoji": False}


def button(text: str, action: str, **more: Any) -> dict[str, Any]:
    """Return a button."""
    return {"type": "button", "text": plain(text, 75), "action_id": action, **more}


def message_blocks(message: Message, *, claims: bool) -> list[dict[str, Any]]:
    """Return the blocks of a message; ``claims``: whether items have a button by which they are taken."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": plain(message.title, LONGEST_HEADER)}]
    for number, line in enumerate(message.lines[:MOST_LINES]):
        text = "\n".join(part for part in (line.text, line.detail) if part)
        blocks.append({"type": "section", "text": plain(text)})
        if buttons := _buttons(line, claims=claims):
            name = f"line:{number}" if line.item is None else item_block(line.item)
            blocks.append({"type": "actions", "block_id": name, "elements": buttons})
    more = message.more + max(0, len(message.lines) - MOST_LINES)
    if more:
        blocks.append({"type": "context", "elements": [plain(f"and {more:,} more")]})
    if message.link is not None and len(message.link) <= LONGEST_URL:
        blocks.append({"type": "actions", "block_id": "all", "elements": [button("See all", OPEN, url=message.link)]})
    return blocks


def _buttons(line: MessageLine, *, claims: bool) -> list[dict[str, Any]]:
    buttons = []
    if claims and line.item is not None:
        buttons.append(button("Take and answer", CLAIM, value=str(line.item), style="primary"))
    if line.link is not None and len(line.link) <= LONGEST_URL:
        buttons.append(button("Open", OPEN, url=line.link))
    return buttons


def item_block(item: int) -> str:
    """Return the name of the block with an item's buttons."""
    return f"item:{item}"


def with_news(blocks: list[Any], item: int, news: str) -> list[Any]:
    """Return a message's blocks with what became of an item in place of its buttons."""
    told = {"type": "context", "block_id": item_block(item), "elements": [plain(news, 300)]}
    return [told if isinstance(each, dict) and each.get("block_id") == item_block(item) else each for each in blocks]
