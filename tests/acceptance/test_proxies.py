"""The configurations of docs/console.md and of deploy/proxy, in a real nginx and a real Caddy before the console."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.test_serve_people import PASSWORD, folder, served

__all__ = ["folder"]  # the fixture

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "console.md"
SHIPPED = ROOT / "deploy" / "proxy"
HOST = "review.example.com"
PATIENCE_SECONDS = 60.0
PLACES = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""
"""Where nginx keeps what it needs: a folder of the test, so that it needs no rights."""


def block(title: str) -> str:
    """Return a block of the page by its title."""
    found = re.search(rf'```text title="{title}"\n(.*?)```', PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def installed(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        pytest.skip(f"no {name} on this machine: apt-get install {name}")
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a key and a certificate of the host's, signed by itself."""
    made = tmp_path_factory.mktemp("certificate")
    subject = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    places = ["-keyout", str(made / "review.key"), "-out", str(made / "review.pem")]
    subprocess.run([installed("openssl"), "req", "-x509", *kind, *subject, *places], check=True, capture_output=True)
    return made


def shipped(title: str) -> str:
    """Return the configuration of a host of its own, with what it says where no variable does."""
    return re.sub(r"\{\$\w+:([^}]*)\}", r"\1", (SHIPPED / title).read_text(encoding="utf-8"))


def nginx(configured: str, folder: Path, certificate: Path, port: int, address: str) -> list[str]:
    server = configured.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    server = server.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    server = server.replace("/etc/ssl", str(certificate)).replace("http://127.0.0.1:8377", address)
    (folder / "nginx.conf").write_text(PLACES.format(folder=folder, server=server), encoding="utf-8")
    return [installed("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(configured: str, folder: Path, certificate: Path, port: int, address: str) -> list[str]:
    pair = f"{certificate / 'review.pem'} {certificate / 'review.key'}"
    site = configured.replace("127.0.0.1:8377", address.removeprefix("http://"))
    site = site.replace(f"{HOST} {{", f"https://{HOST}:{port} {{\n    bind 127.0.0.1\n    tls {pair}", 1)
    own = "{\n    admin off\n    auto_https disable_redirects\n    skip_install_trust\n}\n"
    (folder / "Caddyfile").write_text(own + site, encoding="utf-8")
    return [installed("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@contextmanager
def proxied(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a proxy until the end of the block, from when it listens."""
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **home}, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            assert process.poll() is None, (folder / "proxy.log").read_text(encoding="utf-8")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                break
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


PROXIES: Mapping[str, Callable[[str, Path, Path, int, str], list[str]]] = {"nginx.conf": nginx, "Caddyfile": caddy}


@contextmanager
def behind(
    title: str, configured: str, root: str, folder: Path, certificate: Path, tmp_path: Path
) -> Iterator[httpx2.Client]:
    """Run the console at a root behind a proxy until the end of the block; gives a browser of its public address."""
    port = free_port()
    public = f"https://{HOST}:{port}"
    options = ["--behind-proxy", "127.0.0.1", "--public-url", public, *(("--root-path", root) if root else ())]
    trusted = ssl.create_default_context(cafile=str(certificate / "review.pem"))
    headers = {"host": f"{HOST}:{port}", "origin": public}
    with served(folder, *options) as address:
        command = PROXIES[title](configured, tmp_path, certificate, port, address.removesuffix("/review"))
        with (
            proxied(command, tmp_path, port),
            httpx2.Client(
                base_url=f"https://127.0.0.1:{port}", verify=trusted, headers=headers, timeout=PATIENCE_SECONDS
            ) as browser,
        ):
            yield browser


@pytest.mark.parametrize("title", PROXIES)
@pytest.mark.parametrize(("configuration", "root"), [(block, "/review"), (shipped, "")])
def test_the_console_works_behind_the_proxies_of_its_page_and_of_a_deployment(
    title: str, configuration: Callable[[str], str], root: str, folder: Path, certificate: Path, tmp_path: Path
) -> None:
    sni = {"sni_hostname": HOST}
    with behind(title, configuration(title), root, folder, certificate, tmp_path) as browser:
        asked = browser.get(f"{root}/queue", extensions=sni)
        assert asked.headers["location"] == f"{root}/signin?next=%2Fqueue"
        assert asked.headers["strict-transport-security"].startswith("max-age=31536000")
        form = {"name": "ann", "password": PASSWORD, "next": "/queue"}
        entered = browser.post(f"{root}/signin", data=form, extensions=sni)
        assert (entered.status_code, entered.headers["location"]) == (303, f"{root}/queue")
        cookie = entered.headers["set-cookie"]
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        assert cookie.startswith("__Host-") == (not root)
        session = {"cookie": cookie.partition(";")[0]}
        page = browser.get(f"{root}/queue", headers=session, extensions=sni)
        assert (page.status_code, "ann · admin" in page.text) == (200, True)
        assert "default-src" in page.headers["content-security-policy"]
        for link in re.findall(r'(?:href|src)="(/[^"]*)"', page.text):
            assert link.startswith(f"{root}/"), link
        style = next(link for link in re.findall(r'href="([^"]+\.css[^"]*)"', page.text))
        assert browser.get(style, extensions=sni).status_code == 200
        foreign = browser.post(f"{root}/signin", data=form, headers={"origin": "https://evil.example"}, extensions=sni)
        assert foreign.status_code == 403
        if not root:
            assert browser.get("/readyz", extensions=sni).status_code == 404  # it is asked beside the proxy
