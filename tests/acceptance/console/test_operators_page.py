"""The page for whoever runs the console, walked from its top: its commands, its unit, what its proxies send."""

import configparser
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.console.desk import PATIENCE_SECONDS
from tests.docs.block import Block, blocks_of
from tests.docs.page_process import Page
from tests.docs.page_run import ROOT

BLOCKS = blocks_of(ROOT / "docs" / "console.md")
BIN = Path(sys.executable).parent
PLACES = {
    "sqlite:////var/lib/handrail/desk.db": "sqlite:///desk.db",
    "/srv/handrail/.venv/bin/handrail": str(BIN / "handrail"),
}
"""What the page has where it is installed, and what stands for it here."""
PUBLIC = "review.example.com"
FROM_PROXY = {"host": PUBLIC, "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
"""What both proxies of the page send."""


def titled(name: str) -> Block:
    (found,) = [block for block in BLOCKS if block.title == name]
    return found


@contextmanager
def started(command: str, folder: Path) -> Iterator[str]:
    """Start a console as the page writes it, but on a free port; give its address, and end it as systemd does."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    process = subprocess.Popen(
        ["bash", "-euc", f"{command} --port 0"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
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
    assert process.returncode == 130


def get(address: str, path: str, headers: Mapping[str, str] = {}) -> httpx2.Response:
    return httpx2.get(f"{address}{path}", headers=dict(headers), timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Do all that the page says, in its order; return the folder, and how each console answered that it starts."""
    folder = tmp_path_factory.mktemp("operator")
    before = dict(os.environ)
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    answered = []
    try:
        reader = Page(folder)
        for block in BLOCKS:
            if block.language == "text" and "handrail serve" in block.text and block.title is None:
                command = block.script or "\n".join(
                    line.removeprefix("$ ") for line in block.text.splitlines() if not line.startswith("serving ")
                )
                with started(command, folder) as address:
                    answered.append(get(address, "/healthz").json()["status"])
            elif block.is_run:
                assert reader.run(block), block.place
    finally:
        os.environ.clear()
        os.environ.update(before)
    return folder, answered


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_console_of_the_page_starts_as_it_is_written(walked: tuple[Path, list[str]]) -> None:
    _, answered = walked
    assert answered == ["ok"] * 3  # alone; with a provider; behind a proxy


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_behind_the_proxy_of_the_page_links_and_cookies_are_those_of_its_host(walked: tuple[Path, list[str]]) -> None:
    folder, _ = walked
    command = shlex.join(command_of_the_unit())
    with started(command, folder) as address:
        host = address.removesuffix("/review")
        for path in ("/review/queue", "/queue"):  # a proxy that passes the path on, and one that takes its own part
            away = get(host, path, FROM_PROXY)
            assert (away.status_code, away.headers["location"]) == (303, "/review/signin?next=%2Fqueue")
        form = {"name": "ann", "password": "correct horse battery"}
        headers = {**FROM_PROXY, "origin": f"https://{PUBLIC}"}
        signed_in = httpx2.post(f"{host}/review/signin", data=form, headers=headers, timeout=PATIENCE_SECONDS)
        assert signed_in.headers["location"] == "/review/"
        cookie = signed_in.headers["set-cookie"]
        assert re.search(r"; Path=/review/; .*Secure", cookie, flags=re.IGNORECASE), cookie
        queue = get(host, "/review/queue", {**FROM_PROXY, "cookie": cookie.partition(";")[0]})
        links = re.findall(r'(?:href|src|action)="(/[^"]*)"', queue.text)
        assert links
        assert [each for each in links if not each.startswith("/review/")] == []
        assert "refunds" in get(host, "/review/readyz").json()["executes"]


def command_of_the_unit() -> list[str]:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    unit.read_string(titled("handrail.service").text)
    return [PLACES.get(word, word) for word in shlex.split(unit["Service"]["ExecStart"])]


def test_systemd_has_nothing_to_say_of_the_unit(tmp_path: Path) -> None:
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        pytest.skip("no systemd on this machine")
    text = titled("handrail.service").text
    for there, here in PLACES.items():
        text = text.replace(there, here)
    unit = tmp_path / "handrail.service"
    unit.write_text(text, encoding="utf-8")
    said = subprocess.run(
        [verifier, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False, timeout=60
    )
    # of other units of the machine it may say what it likes
    assert [line for line in said.stderr.splitlines() if "handrail" in line] == []


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_what_a_proxy_is_told_is_whole(name: str) -> None:
    text = titled(name).text
    assert text.count("{") == text.count("}") > 0
    assert "127.0.0.1:8377" in text
    assert PUBLIC in text


def test_nginx_takes_what_it_is_told(tmp_path: Path) -> None:
    nginx = shutil.which("nginx")
    if nginx is None:
        pytest.skip("no nginx on this machine")
    key, certificate = tmp_path / "review.key", tmp_path / "review.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={PUBLIC}", "-days", "1"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = titled("nginx.conf").text.replace("/etc/ssl/", f"{tmp_path}/")
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{server}\n}}\n", encoding="utf-8")
    checked = subprocess.run([nginx, "-t", "-p", tmp_path, "-c", whole], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_caddy_takes_what_it_is_told(tmp_path: Path) -> None:
    caddy = shutil.which("caddy")
    if caddy is None:
        pytest.skip("no caddy on this machine")
    file = tmp_path / "Caddyfile"
    file.write_text(titled("Caddyfile").text, encoding="utf-8")
    adapted = subprocess.run(
        [caddy, "adapt", "--validate", "--config", file], capture_output=True, text=True, check=False
    )
    assert adapted.returncode == 0, adapted.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_copy_is_made_while_a_console_works_and_can_be_served(walked: tuple[Path, list[str]]) -> None:
    folder, _ = walked
    page = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    (backup,) = re.findall(r"^(handrail backup .*)$", page, flags=re.MULTILINE)
    (restore,) = re.findall(r"^(handrail restore .*)$", page, flags=re.MULTILINE)
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    for name in ("copy.db", "restored.db"):
        (folder / name).unlink(missing_ok=True)
    with started("handrail serve --store sqlite:///desk.db --workflows refunds.py:refunds", folder):
        subprocess.run(["bash", "-euc", backup], cwd=folder, env=environment, check=True)
    subprocess.run(["bash", "-euc", restore], cwd=folder, env=environment, check=True)
    verified = subprocess.run(
        [BIN / "handrail", "audit", "verify", "--store", "sqlite:///restored.db"], cwd=folder, check=False
    )
    assert verified.returncode == 0
    with started("handrail serve --store sqlite:///restored.db", folder) as address:
        assert get(address, "/readyz").json()["status"] == "ready"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_script_for_cron_finds_a_log_that_was_written_anew(walked: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, _ = walked
    heads = (folder / "heads.txt").read_text(encoding="utf-8").split()
    assert len(heads) == 2
    assert all(re.fullmatch(r"[0-9a-f]{64}", head) for head in heads)
    kept = tmp_path / "heads.txt"
    kept.write_text(f"{'f' * 64}\n", encoding="utf-8")
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "verify-log.sh", "sqlite:///desk.db", kept],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout
    assert kept.read_text(encoding="utf-8").split() == ["f" * 64]
