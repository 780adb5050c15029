"""Tell whether the checkout may be released: ``python requirements/release.py``, or ``make release-check``.

The version stands in ``pyproject.toml``; the changelog, the tag and the working tree have to agree with it. Whether the
code works is not asked here: `make check` does.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECTION = re.compile(r"^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)
VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")


def problems(root: Path) -> Iterator[str]:
    """Yield what stands against a release, each with what to do."""
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if not VERSION.fullmatch(version):
        yield f"version {version} in pyproject.toml is not of the form 1.2.3, 1.2.3a1 or 1.2.3rc1"
    yield from _of_changelog((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    if _git(root, "status", "--porcelain"):
        yield "there are changes that are not committed: commit them first"
    if _git(root, "tag", "--list", f"v{version}"):
        yield f"v{version} is tagged already: raise the version in pyproject.toml"


def _of_changelog(text: str, version: str) -> Iterator[str]:
    """Yield what is wrong with the two newest sections: Unreleased, which is empty, and the version's."""
    found = list(SECTION.finditer(text))
    names = [each[1] for each in found]
    if names[:2] != ["Unreleased", version]:
        yield f"CHANGELOG.md begins with {names[:2]}: put `## [{version}] - YYYY-MM-DD` under `## [Unreleased]`"
        return
    if text[found[0].end() : found[1].start()].strip():
        yield f"CHANGELOG.md has lines under Unreleased: they belong under {version}"
    if found[1][2] is None:
        yield f"CHANGELOG.md does not say when {version} is released: `## [{version}] - YYYY-MM-DD`"
    end = found[2].start() if len(found) > 2 else len(text)
    if not text[found[1].end() : end].strip():
        yield f"CHANGELOG.md says nothing about {version}"


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def main() -> int:
    """Print what stands against a release; return 0 when nothing does."""
    found = list(problems(ROOT))
    print(*(found or ["nothing stands against a release"]), sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
