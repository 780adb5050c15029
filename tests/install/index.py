"""A package index on loopback that has every locked file, and beside it a newer release of each, which nobody wants."""

import io
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NEWER = "9999.0"
"""The version of the releases that nobody wants."""


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def newer_release(name: str) -> tuple[str, bytes]:
    """Return the file name and content of a release that would be taken by whatever asks for the newest."""
    stem = f"{name.replace('-', '_')}-{NEWER}"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        wheel.writestr(f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEWER}\n")
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")
    return f"{stem}-py3-none-any.whl", content.getvalue()


def files_by_project(folder: Path) -> dict[str, dict[str, bytes | Path]]:
    """Return what the index offers: the files of the folder, and a newer release of each."""
    offered: dict[str, dict[str, bytes | Path]] = {}
    for path in sorted(folder.iterdir()):
        project = _normalised(path.name.split("-")[0])
        newer, content = newer_release(project)
        offered.setdefault(project, {newer: content})[path.name] = path
    return offered


@contextmanager
def serving(offered: Mapping[str, Mapping[str, bytes | Path]]) -> Iterator[str]:
    """Serve the index as PEP 503 says; gives its address."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, rest = self.path.strip("/").partition("/")
            if kind == "simple" and rest in offered:
                links = "".join(f'<a href="/files/{rest}/{name}">{name}</a>\n' for name in offered[rest])
                self._answer(f"<!DOCTYPE html><html><body>{links}</body></html>".encode(), "text/html")
                return
            project, _, name = rest.partition("/")
            found = offered.get(project, {}).get(name) if kind == "files" else None
            if found is None:
                self.send_error(404)
            else:
                self._answer(found if isinstance(found, bytes) else found.read_bytes(), "application/octet-stream")

        def _answer(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name it has in http.server
            """Keep quiet: what is asked for is nobody's news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
