"""The desk by hand: lists of items and runs, an item to work on, take and decide, by the same libraries alone.

python -m console_bench.plain_server FILE
"""

import json
import socket
import sqlite3
import sys
import time
from html import escape
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

LIST = """
SELECT id, title, queue, priority, created, due, kind, suggestion, confidence, context
FROM reviews INDEXED BY reviews_active
WHERE state IN ('open', 'leased') AND priority <= ? ORDER BY priority DESC, id LIMIT 50 OFFSET ?
"""
RUNS = "SELECT key, id, status, created, ended, input FROM runs WHERE key < ? ORDER BY key DESC LIMIT 50"
NEXT = "SELECT id FROM reviews WHERE queue = 'triage' AND state = 'open' ORDER BY priority DESC, id LIMIT 1"
ITEM = "SELECT id, title, schema, suggestion, context, version FROM reviews WHERE id = ?"
MOVE = "UPDATE reviews SET state = ?, version = version + 1, decision = ? WHERE id = ? RETURNING version, run, step"
LOG = (
    "INSERT INTO review_log (review, at, actor, action, state, version, data, hash)"
    " VALUES (?, ?, 'person:ann', ?, ?, ?, ?, '')"
)
DONE = "UPDATE steps SET status = 'done', ended = ?, output = ? WHERE run = ? AND name = ?"
WAKE = "UPDATE runs SET wake = 0 WHERE key = ?"

WORK = """
<main id="work" tabindex="-1" data-item="{item}" data-version="{version}">
<h1>{title}</h1><p>{context}</p><ol><li>billing<li>refund</ol></main>
"""
SCRIPT = """
<script>
addEventListener('keydown', async event => {
  const value = {1: 'billing', 2: 'refund'}[event.key], work = document.getElementById('work');
  if (!value) return;
  const answer = await fetch(`/work/${work.dataset.item}`, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({value}),
  });
  work.outerHTML = await answer.text();
  document.getElementById('work').focus();
});
</script>
"""


class Desk:
    """The pages on one connection, every commit on the disk before it counts."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = FULL")

    async def queue(self, request: Request) -> Response:
        """Show fifty items."""
        priority, offset = (int(each) for each in request.query_params.get("after", "100.0").split("."))
        rows = self._connection.execute(LIST, (priority, offset)).fetchall()
        return _page("".join(_item_row(row) for row in rows))

    async def runs(self, request: Request) -> Response:
        """Show fifty runs."""
        rows = self._connection.execute(RUNS, (int(request.query_params["before"]),)).fetchall()
        return _page("".join(_cells(row) for row in rows))

    async def take(self, request: Request) -> Response:
        """Take an item."""
        (version, *_) = self._move(int(request.path_params["item"]), "leased", "take", None)
        return JSONResponse({"version": version})

    async def decide(self, request: Request) -> Response:
        """Decide an item."""
        self._decide(int(request.path_params["item"]), json.dumps((await request.json())["value"]))
        return JSONResponse({"decided": True})

    async def work(self, _: Request) -> Response:
        """Show an item to work on, which is taken with that, as a page that asks for the next by itself."""
        return _page(self._next() + SCRIPT)

    async def work_on(self, request: Request) -> Response:
        """Decide an item, and show the next one."""
        self._decide(int(request.path_params["item"]), json.dumps((await request.json())["value"]))
        return HTMLResponse(self._next())

    def _next(self) -> str:
        (item,) = self._connection.execute(NEXT).fetchone()
        (version, *_) = self._move(item, "leased", "take", None)
        _, title, _, _, context, _ = self._connection.execute(ITEM, (item,)).fetchone()
        return WORK.format(item=item, version=version, title=escape(title), context=escape(json.loads(context)))

    def _decide(self, item: int, value: str) -> None:
        self._move(item, "decided", "decide", value)

    def _move(self, item: int, state: str, action: str, value: str | None) -> Any:
        now = time.time()
        self._connection.execute("BEGIN IMMEDIATE")
        moved = self._connection.execute(MOVE, (state, value, item)).fetchone()
        self._connection.execute(LOG, (item, now, action, state, moved[0], value))
        if value is not None:
            self._connection.execute(DONE, (now, value, moved[1], moved[2]))
            self._connection.execute(WAKE, (moved[1],))
        self._connection.execute("COMMIT")
        return moved


def _item_row(row: tuple[Any, ...]) -> str:
    shown = (*row[:7], json.loads(row[7]), f"{row[8]:.0%}", json.loads(row[9])[:120])
    return _cells(shown)


def _cells(row: tuple[Any, ...]) -> str:
    return f"<tr>{''.join(f'<td>{escape(str(each))}</td>' for each in row)}</tr>"


def _page(body: str) -> HTMLResponse:
    return HTMLResponse(f"<!doctype html><html><head><title>desk</title></head><body>{body}</body></html>")


def main() -> None:
    """Serve a file on a free port, which is told as ours tells it."""
    desk = Desk(Path(sys.argv[1]))
    app = Starlette(
        routes=[
            Route("/queue", desk.queue),
            Route("/runs", desk.runs),
            Route("/work", desk.work),
            Route("/work/{item:int}", desk.work_on, methods=["POST"]),
            Route("/api/v1/reviews/{item:int}/take", desk.take, methods=["POST"]),
            Route("/api/v1/reviews/{item:int}/decide", desk.decide, methods=["POST"]),
        ]
    )
    config = uvicorn.Config(app, port=0, log_level="warning", access_log=False)
    listening = config.bind_socket()
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or answers wait for the visitor's 40 ms
    listening.listen(2048)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()
