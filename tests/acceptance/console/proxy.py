"""A reverse proxy that shows a console under a path of its own, as if it spoke https: ``PORT /PATH keeps|strips``.

It prints its own port. What is asked for outside of the path is answered with 404 and the word ``outside``.
"""

import asyncio
import sys

OUTSIDE = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 7\r\nConnection: close\r\n\r\noutside"
LONGEST_HEAD = 100_000


class Proxy:
    """Passes each request on, and its answer back."""

    def __init__(self, port: int, root: str, *, strips: bool) -> None:
        self._port = port
        self._root = root
        self._strips = strips

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, which is one request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, version = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
            if not target.startswith(f"{self._root}/"):
                writer.write(OUTSIDE)
                return
            fields = [line for line in head.decode("latin-1").split("\r\n")[1:] if line]
            kept = [
                line for line in fields if not line.lower().startswith(("connection:", "x-forwarded-", "forwarded:"))
            ]
            length = next((int(line.split(":")[1]) for line in fields if line.lower().startswith("content-length:")), 0)
            told = target.removeprefix(self._root) if self._strips else target
            added = ["Connection: close", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https"]
            request = "\r\n".join([f"{method} {told} {version}", *kept, *added, "", ""])
            await self._pass_on(request.encode("latin-1") + await reader.readexactly(length), writer)
        except (asyncio.IncompleteReadError, ConnectionError):  # a browser that went away
            pass
        finally:
            writer.close()

    async def _pass_on(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        answered, asked = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            asked.write(request)
            while part := await answered.read(65_536):
                writer.write(part)
                await writer.drain()
        finally:
            asked.close()


async def main(port: str, root: str, how: str) -> None:
    """Serve until the process is ended."""
    proxy = Proxy(int(port), root, strips=how == "strips")
    server = await asyncio.start_server(proxy, "127.0.0.1", 0, limit=LONGEST_HEAD)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
