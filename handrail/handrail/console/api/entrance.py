"""Where the API stands in the console: its operations are loaded with the first request to one of them.

They are a hundred models of what is given and told, which take as long to load as all pages together.
"""

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from handrail.console.api.places import API, PROBES


def routes() -> list[BaseRoute]:
    """Return the routes of the API and of what a proxy or a supervisor asks."""
    return [*(Route(path, _Probe(path), name=path[1:]) for path in PROBES), Mount(API, _Api(), name="api")]


class _Api:
    """Answers every request below the API's path."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        from handrail.console.api.routing import answer_operation  # noqa: PLC0415 -- see above

        await answer_operation(scope, receive, send)


class _Probe:
    """Answers one path at the top of the console."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        from handrail.console.api.routing import answer_probe  # noqa: PLC0415 -- see above

        await answer_probe(self._path, scope, receive, send)
