"""One request as a line of a batch holds it: the same body as that of a single one."""

import json

from handrail_ai_steps.models.openai.formats import FormatLadder
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.request import ChatRequest, chat_body, output_limit
from handrail_ai_steps.models.openai.server import Server
from handrail_ground.hashing import hash_of_text
from handrail_guards.batching import BatchQuestion

MARK_DIGITS = 32


def batch_question(server: Server, ledger: TryLedger, chat: ChatRequest, answers: int, group: str) -> BatchQuestion:
    """Return a request as a batch holds it.

    Raises:
        Halted: the budget does not reach for it.
    """
    ladder = FormatLadder(server.can.formats, chat.form)
    afforded = ledger.room(chat.input_bytes, answers)
    sent = server.settings.sent
    limit = output_limit(chat, server.settings) if server.can.capped or sent.max_output_tokens is not None else None
    room = min((each for each in (afforded, limit) if each is not None), default=None)
    body = chat_body(chat, chat.messages, server.settings, server.can, ladder.format, answers=answers, room=room)
    # what has been learned of the server may change how a question is put, and is no other question
    schema = None if chat.form is None else chat.form.wire.schema
    asked = json.dumps([server.settings.model, chat.messages, schema, *([sent.mark] if sent.mark else [])])
    return BatchQuestion(
        group=group,
        body=json.dumps(body, separators=(",", ":"), ensure_ascii=False),
        asked=hash_of_text(asked, digits=MARK_DIGITS),
        holds_pictures=not isinstance(chat.messages[1]["content"], str),
    )
