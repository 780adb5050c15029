"""The console as a process of its own, with more callers than the system lets it open files."""

import re
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2

PATIENCE_SECONDS = 60.0
FILES = 256
"""That the process may open."""
CALLERS = 300


def test_callers_that_never_end_a_request_leave_the_process_its_files(tmp_path: Path) -> None:
    made = [sys.executable, "-m", "handrail", "people", "add", "ann", "--role", "admin", "--store", "sqlite:///runs.db"]
    assert subprocess.run(made, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    command = [sys.executable, "-m", "handrail", "serve", "--store", "sqlite:///runs.db", "--port", "0"]
    log = tmp_path / "log.txt"
    with log.open("wb") as told, ExitStack() as open_ones:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            stderr=told,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES)),  # noqa: PLW1509 -- no threads
        )
        open_ones.callback(process.communicate, timeout=PATIENCE_SECONDS)
        open_ones.callback(process.send_signal, signal.SIGTERM)
        while (found := re.search(r"http://127.0.0.1:([0-9]+)", log.read_text(encoding="utf-8"))) is None:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.05)
        callers = [open_ones.enter_context(_caller(int(found[1]))) for _ in range(CALLERS)]
        with selectors.DefaultSelector() as watched:
            for each in callers:
                watched.register(each, selectors.EVENT_READ)
            turned_away = 0
            while turned_away < CALLERS - FILES // 2:
                ended = watched.select(PATIENCE_SECONDS)
                assert ended, turned_away
                for key, _ in ended:
                    watched.unregister(key.fileobj)
                turned_away += len(ended)
        for each in callers:
            each.close()

        is_ready = False
        while not is_ready:  # until it has seen that they are gone
            assert process.poll() is None
            with suppress(httpx2.TransportError):
                is_ready = httpx2.get(f"{found[0]}/readyz", timeout=PATIENCE_SECONDS).status_code == 200
        assert "Too many open files" not in log.read_text(encoding="utf-8")


def _caller(port: int) -> socket.socket:
    caller = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
    with suppress(ConnectionError):
        caller.sendall(b"GET /readyz HTTP/1.1\r\nHost: loc")
    return caller
