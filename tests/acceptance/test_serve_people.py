"""The console as a process of its own, on a store that knows people: who gets in, and where it listens."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from handrail import Client

PATIENCE_SECONDS = 60.0
PASSWORD = "correct horse battery"


def handrail(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "handrail", *arguments, "--store", "sqlite:///runs.db"]
    return subprocess.run(
        command, cwd=folder, input=typed, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def store_without_people(folder: Path) -> None:
    async def made() -> None:
        async with Client(f"sqlite:///{folder / 'runs.db'}", create=True):
            pass

    asyncio.run(made())


@contextmanager
def served(folder: Path, *options: str, environment: Mapping[str, str] = {}) -> Iterator[str]:
    """Serve the store of a folder and return the address."""
    command = [sys.executable, "-m", "handrail", "serve", "--store", "sqlite:///runs.db", "--port", "0", *options]
    process = subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found is not None, line
        yield found[0].rstrip("/")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a store that knows ann, an admin."""
    assert handrail(tmp_path, "people", "add", "ann", "--role", "admin").returncode == 0
    set_to = handrail(tmp_path, "people", "password", "ann", "--stdin", "--as", "ann", typed=f"{PASSWORD}\n")
    assert set_to.returncode == 0, set_to.stderr
    return tmp_path


def test_somebody_signs_in_over_a_socket_and_a_second_server_knows_the_session(folder: Path) -> None:
    with served(folder) as address, served(folder) as second, httpx2.Client(base_url=address) as browser:
        assert browser.get("/queue").headers["location"] == "/signin?next=%2Fqueue"
        wrong = browser.post("/signin", data={"name": "ann", "password": "wrong"}, headers={"origin": address})
        assert wrong.status_code == 401
        form = {"name": "ann", "password": PASSWORD, "next": "/queue"}
        right = browser.post("/signin", data=form, headers={"origin": address})
        assert (right.status_code, right.headers["location"]) == (303, "/queue")
        page = browser.get("/queue")
        assert (page.status_code, "ann · admin" in page.text) == (200, True)

        ((name, secret),) = browser.cookies.items()
        moved = {"cookie": f"{name.rpartition('-')[0]}-{second.rpartition(':')[2]}={secret}"}
        assert httpx2.get(f"{second}/queue", headers=moved).status_code == 200
        assert handrail(folder, "people", "sessions", "ann", "--end", "all", "--as", "ann").returncode == 0
        assert browser.get("/queue").status_code == 303
        assert httpx2.get(f"{second}/queue", headers=moved).status_code == 303


def test_the_first_person_ends_single_user_mode_of_a_server_that_runs(tmp_path: Path) -> None:
    store_without_people(tmp_path)
    with served(tmp_path) as address:
        assert "Single-user mode" in httpx2.get(f"{address}/queue").text
        assert handrail(tmp_path, "people", "add", "ann", "--role", "admin").returncode == 0
        assert httpx2.get(f"{address}/queue").status_code == 303


@pytest.mark.parametrize(
    "options",
    [
        ("--host", "0.0.0.0"),  # noqa: S104 -- it is refused
        ("--host", "::"),
        ("--behind-proxy", "127.0.0.1"),
        ("--oidc-issuer", "https://login.example.com", "--oidc-client-id", "handrail"),
    ],
)
def test_a_store_without_people_serves_this_machine_only(tmp_path: Path, options: tuple[str, ...]) -> None:
    store_without_people(tmp_path)
    ended = handrail(tmp_path, "serve", "--port", "0", *options)

    assert ended.returncode == 2, ended.stderr
    assert "handrail people add NAME --role admin" in ended.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--oidc-issuer", "http://login.example.com", "--oidc-client-id", "x"), "https://"),
        (("--oidc-issuer", "https://login.example.com"), "--oidc-client-id"),
        (("--oidc-issuer", "https://login.example.com", "--oidc-client-id", "x", "--oidc-role", "admin"), "admin"),
        (("--oidc-issuer", "https://login.example.com", "--oidc-client-id", "x", "--oidc-role", "boss"), "no role"),
        (("--public-url", "review.example.com"), "--public-url"),
        (("--public-url", "https://review.example.com/path"), "--public-url"),
    ],
)
def test_what_cannot_be_trusted_is_said_before_anything_is_served(
    folder: Path, options: tuple[str, ...], said: str
) -> None:
    ended = handrail(folder, "serve", "--port", "0", *options)

    assert ended.returncode == 2, ended.stderr
    assert said in ended.stderr


def test_a_proxy_is_believed_when_it_is_named_and_not_otherwise(folder: Path) -> None:
    headers = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9", "host": "review.example.com"}
    form = {"name": "ann", "password": PASSWORD}
    with served(folder, "--behind-proxy", "127.0.0.1") as address:
        believed = httpx2.post(f"{address}/signin", data=form, headers=headers)
    with served(folder) as address:
        not_believed = httpx2.post(f"{address}/signin", data=form, headers=headers)

    assert believed.status_code == not_believed.status_code == 303
    assert believed.headers["set-cookie"].startswith("__Host-handrail=")
    assert "Secure" in believed.headers["set-cookie"]
    assert "Secure" not in not_believed.headers["set-cookie"]
