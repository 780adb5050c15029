"""A structured answer as it arrives: shown piece by piece to whoever looks on, and read like any other at the end."""

import re
from collections.abc import Callable
from contextlib import aclosing

from openai import APIStatusError

from handrail_ai_steps.arriving import ArrivedData, arrived
from handrail_ai_steps.models.openai.failure import Failure
from handrail_ai_steps.models.openai.form import ANSWER, Form
from handrail_ai_steps.models.openai.reasoning import Spoken
from handrail_ai_steps.models.openai.reply import Reply
from handrail_ai_steps.models.openai.server import Server
from handrail_ai_steps.models.openai.stream import GatheredEvents
from handrail_ai_steps.models.openai.tries import PATH, fetch_whole

LEAST_SHARE = 50
"""An answer is looked at again when it is longer by a fiftieth: reading it all each time would take for ever."""
_REFUSED = frozenset({400, 422, 501})
_SAYS_STREAM = re.compile(r"\bstream(?!_options)", re.IGNORECASE)
"""A server that does not stream says so in words of its own, and has taken nothing for it."""


class DataStream:
    """Fetches a reply in pieces and shows what its JSON says so far."""

    def __init__(
        self, form: Form, on_data: Callable[[ArrivedData], None], on_chunk: Callable[[float], None] | None = None
    ) -> None:
        self._form = form
        self._on_data = on_data
        self._on_chunk = on_chunk

    async def fetch(self, server: Server, body: dict[str, object]) -> Reply | Failure:
        """Fetch the whole answer; one that breaks off may be asked for again, as nothing shown of it counts."""
        try:
            return await self._streamed(server, body)
        except APIStatusError as error:
            if error.status_code not in _REFUSED or not _SAYS_STREAM.search(str(error)):
                raise
            return await fetch_whole(server, body)

    async def _streamed(self, server: Server, body: dict[str, object]) -> Reply | Failure:
        extra: dict[str, object] = {"stream_options": {"include_usage": True}} if server.can.stream_usage else {}
        spoken, gathered, looked_at = Spoken(), GatheredEvents(self._on_chunk), 0
        async with aclosing(server.connection.stream(PATH, {**body, "stream": True, **extra})) as events:
            async for event in events:
                spoken.push(gathered.add(event))
                if len(spoken.text) > looked_at + looked_at // LEAST_SHARE:
                    looked_at = len(spoken.text)
                    self._show(spoken.text)
        return gathered.read(server.settings.model)

    def _show(self, text: str) -> None:
        data = arrived(text[text.find("{") :]) if "{" in text else None
        if data is None or not isinstance(data.data, dict):
            return
        if not self._form.wrapped:
            self._on_data(data)
        elif ANSWER in data.data:
            is_last = next(reversed(data.data)) == ANSWER
            self._on_data(ArrivedData(data.data[ANSWER], is_open=data.is_open and is_last))
