"""What runs on other people's machines: the same targets, pinned, with no more rights than reading."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


def read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def steps_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_nothing_else(path: Path) -> None:
    workflow = read(path)

    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets" not in path.read_text(encoding="utf-8")
    assert not [job for job in workflow["jobs"].values() if "permissions" in job]
    for step in steps_of(workflow):
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_names_the_version_of_each_action_and_ends(path: Path) -> None:
    workflow = read(path)

    for step in steps_of(workflow):
        assert re.search(r"@v\d+\.\d+\.\d+$", step.get("uses", "x@v1.0.0")), step
    assert all(job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())


def test_the_workflows_run_what_everybody_runs() -> None:
    commands = [step["run"] for path in WORKFLOWS for step in steps_of(read(path)) if "run" in step]
    made = {target for command in commands for target in re.findall(r"^make ([a-z-]+)$", command, flags=re.MULTILINE)}

    assert "bash .ci/run" in commands
    assert made == {"test-pythons"}
    assert "make --keep-going check" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_python_that_is_promised_is_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = {each.rpartition(" ")[2] for each in project["classifiers"] if re.search(r":: 3\.\d+$", each)}
    oldest = project["requires-python"].removeprefix(">=")
    newer = read(ROOT / ".github" / "workflows" / "pythons.yml")["jobs"]["pythons"]["strategy"]["matrix"]["python"]

    assert promised == {oldest, *newer}
    assert f"python:{oldest}-" in read(ROOT / ".github" / "workflows" / "check.yml")["jobs"]["check"]["container"]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_asks_for_what_is_needed(path: Path) -> None:
    form = read(path)
    if path.name == "config.yml":
        assert set(form) == {"blank_issues_enabled"}
        return
    fields = [each for each in form["body"] if each["type"] != "markdown"]

    assert {"name", "description", "body"} <= set(form)
    assert len({each["id"] for each in fields}) == len(fields)
    assert any(each.get("validations", {}).get("required") for each in fields)


def test_the_targets_that_pages_name_can_be_made() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")]
    named = {
        (page.name, target)
        for page in pages
        if page.name != "CHANGELOG.md"
        for target in re.findall(r"(?:`|^)make ([a-z][a-z-]*)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }

    assert not {(page, target) for page, target in named if target not in TARGETS}
