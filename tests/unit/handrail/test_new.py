"""A new project has a name that works, is written whole, and takes nothing's place."""

import ast
import json
import keyword
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from handrail.cli import app
from handrail.new.naming import UnusableName, problem_of, require_name, suggested
from handrail.new.writing import TEMPLATES, Template, content, write_project


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def new(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["new", *arguments])


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_template_has_what_a_project_needs_and_carries_its_name(template: Template) -> None:
    found = content("support", template)

    assert {
        "README.md", "pyproject.toml", ".gitignore", "support/__init__.py", "support/pipeline.py", "support/suite.py",
        "tests/test_pipeline.py",
    } <= found.keys()  # fmt: skip
    assert any(path.startswith("cases/") for path in found)
    assert not [path for path, text in found.items() if "my_project" in path + text]
    assert tomllib.loads(found["pyproject.toml"])["project"]["name"] == "support"
    for path, text in found.items():
        if path.endswith(".py"):
            assert ast.get_docstring(ast.parse(text)), path
        if path.endswith(".jsonl"):
            assert [json.loads(line) for line in text.splitlines()]


def test_the_command_writes_the_project_and_says_what_comes_next() -> None:
    result = new("support", "--template", "approvals")

    assert result.exit_code == 0
    assert result.stdout.endswith("next:  cd support\n       python -m pytest -q\n       less README.md\n")
    written = {path.relative_to("support").as_posix() for path in Path("support").rglob("*") if path.is_file()}
    assert written == content("support", "approvals").keys()
    assert {f"support/{path}" for path in written} <= set(result.stdout.splitlines())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("json", "would hide the module of that name; write 'json_pipeline'"),
        ("email", "would hide the module"),
        ("class", "a word of Python's own; write 'class_pipeline'"),
        ("match", "a word of Python's own"),
        ("pydantic", "is installed already"),
        ("handrail", "would hide the module"),
        ("tests", "would hide the module"),
        ("my-project", "write 'my_project'"),
        ("My Project", "write 'my_project'"),
        ("Support", "write 'support'"),
        ("tickets für alle", "write 'tickets_f_r_alle'"),
        ("поддержка", "write 'support_triage'"),
        ("\uff4a\uff53\uff4f\uff4e", "write 'support_triage'"),
        ("1st", "write 'st'"),
        ("a/b", "write 'a_b'"),
        ("../up", "write 'up'"),
        (" ", "cannot name a project"),
        ("", "cannot name a project"),
        ("_hidden", "write 'hidden'"),
        ("x" * 51, "up to 50 letters a to z"),
        ("con\n", "write 'con'"),
    ],
)
def test_a_name_that_would_not_work_is_refused_with_one_that_does(name: str, said: str) -> None:
    result = new("--", name)

    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.split())
    assert list(Path().iterdir()) == []


@given(st.text(max_size=60) | st.sampled_from([*keyword.kwlist, *sorted(sys.stdlib_module_names)]))
def test_what_is_suggested_works(name: str) -> None:
    if problem_of(name):
        with pytest.raises(UnusableName):
            require_name(name)
    require_name(suggested(name))


@pytest.mark.parametrize("there", ["folder", "file", "dangling link"])
def test_nothing_is_overwritten(there: str) -> None:
    place = Path("support")
    if there == "folder":
        place.mkdir()
    elif there == "file":
        place.write_text("mine")
    else:
        place.symlink_to("nowhere")
    before = place.lstat()

    result = new("support")

    assert result.exit_code == 2
    assert "is there already, and nothing is overwritten" in result.stderr
    assert place.lstat() == before
    assert [each.name for each in Path().iterdir()] == ["support"]


def test_a_template_that_is_not_there_is_refused_with_those_that_are() -> None:
    result = new("support", "--template", "invoices")

    assert result.exit_code == 2
    assert "there are triage, documents, approvals" in result.stderr
    assert not Path("support").exists()


def test_a_project_that_cannot_be_written_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "write_text", _full)

    with pytest.raises(OSError, match="No space left"):
        write_project(Path(), "support", "triage")
    assert not Path("support").exists()


def _full(*_args: object, **_kwargs: object) -> int:
    raise OSError(28, "No space left on device")
