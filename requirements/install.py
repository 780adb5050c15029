"""Install a lock and the project, exactly and without a resolver.

``python requirements/install.py LOCK [ENVIRONMENT]`` installs into this Python's environment or another one.

A resolver would read what the index offers today, and an old pip in hash mode refuses to go on when that is newer than
the lock. So nothing is resolved: pip fetches one pinned file, uv, and uv installs the lines of the lock, each with its
hash. Where uv cannot be had, pip installs the same lines, more slowly.

uv does not read pip's configuration; what it says of indexes, certificates and proxies is handed on.
"""

import ast
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
EXACTLY = ("--no-deps", "--require-hashes", "--requirement")
PROJECT = ("--no-deps", "--no-build-isolation", "--editable", str(HERE.parent))
"""Its build tool is in every lock, so nothing is fetched to build it."""
HANDED_ON: Mapping[str, tuple[str, str]] = {
    # pip's setting: the variable of uv, and what separates several values in it
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "proxy": ("ALL_PROXY", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
}
SECTIONS = ("global", "install", ":env:")
"""Where pip looks, the last first."""


def main(lock: str, environment: str = sys.prefix) -> int:
    """Install the lock, then the project; return the exit code of what installed them."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    if not _runs(uv):
        _run([*pip, "install", "--quiet", *EXACTLY, str(HERE / "uv.lock")])
    if _runs(uv):
        install = [str(uv), "pip", "install", "--quiet", "--python", environment]
        variables = {**uv_settings(pip), **os.environ}
        if _run([*install, *EXACTLY, lock], variables) == 0:
            return _run([*install, *PROJECT], variables)
    print("uv cannot install here (see above), so pip does: this takes a minute or two", file=sys.stderr)
    install = [*pip, "--python", environment, "install", "--quiet"]
    return _run([*install, *EXACTLY, lock]) or _run([*install, *PROJECT])


def uv_settings(pip: list[str]) -> dict[str, str]:
    """Return pip's settings as variables of uv; those that are already set win."""
    listed = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False)
    found: dict[str, str] = {}
    for section in SECTIONS:
        for line in listed.stdout.splitlines():
            name, equals, value = line.partition("=")
            if equals and name.startswith(f"{section}."):
                found[name.removeprefix(f"{section}.")] = _text(value)
    handed_on = {
        variable: between.join(found[setting].split())
        for setting, (variable, between) in HANDED_ON.items()
        if found.get(setting)
    }
    # As pip does: whichever index has the file that the hash names. The hash makes that safe.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **handed_on}


def _text(value: str) -> str:
    """Read a value as pip prints it, in quotes."""
    try:
        return str(ast.literal_eval(value))
    except (SyntaxError, ValueError):
        return value


def _runs(uv: Path) -> bool:
    """Tell whether the environment has a uv that works on this machine."""
    return uv.exists() and _run([str(uv), "--version"], quiet=True) == 0


def _run(command: list[str], environment: Mapping[str, str] | None = None, *, quiet: bool = False) -> int:
    try:
        return subprocess.run(
            command, env=environment, check=False, stdout=subprocess.DEVNULL if quiet else None
        ).returncode
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
