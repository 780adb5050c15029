"""A release is held to its changelog, its tag and its working tree."""

import subprocess
from pathlib import Path

import pytest

from requirements.release import problems

ENDED = """\
# Changelog

## [Unreleased]

## [0.2.0] - 2026-12-01

- Something new.

## [0.1.0] - 2026-10-01

- All of it.
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(ENDED)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    name = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")


def test_nothing_stands_against_a_release_that_is_written_down(project: Path) -> None:
    assert not list(problems(project))


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("## [0.2.0] - 2026-12-01", "## [0.3.0] - 2026-12-01", "put `## [0.2.0] - YYYY-MM-DD`"),
        ("## [0.2.0] - 2026-12-01", "## [0.2.0]", "does not say when"),
        ("## [Unreleased]\n", "## [Unreleased]\n\n- Forgotten.\n", "lines under Unreleased"),
        ("- Something new.\n", "", "says nothing about 0.2.0"),
    ],
)
def test_a_changelog_that_does_not_fit_is_told(project: Path, written: str, instead: str, said: str) -> None:
    (project / "CHANGELOG.md").write_text(ENDED.replace(written, instead))
    commit(project)

    (problem,) = problems(project)

    assert said in problem


def test_what_is_not_committed_is_told(project: Path) -> None:
    (project / "new.py").write_text("")

    assert [each for each in problems(project) if "not committed" in each]


def test_a_version_that_was_released_is_told(project: Path) -> None:
    git(project, "tag", "v0.2.0")

    assert list(problems(project)) == ["v0.2.0 is tagged already: raise the version in pyproject.toml"]


def test_a_version_of_another_form_is_told(project: Path) -> None:
    (project / "pyproject.toml").write_text('[project]\nversion = "0.2"\n')
    (project / "CHANGELOG.md").write_text(ENDED.replace("[0.2.0]", "[0.2]"))
    commit(project)

    (problem,) = problems(project)

    assert "is not of the form" in problem
