"""The commands of the extractor: training one, and reading files with a step."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from handrail.cli import app
from tests.unit.ai_steps.extractor.made_receipts import receipt, receipts, shop

pytest.importorskip("scipy")

pytestmark = pytest.mark.dear

STEP = """
from decimal import Decimal

from pydantic import BaseModel

from handrail import each_field, extract


class Total(BaseModel):
    total: Decimal


read_total = extract("total", Total, "Read it.", models="local:m", accept=each_field(at_least=0.5))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a file to learn from, a step, and files to read."""
    folder = tmp_path_factory.mktemp("commands")
    lines = receipts(12, 3)
    (folder / "data.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in lines), encoding="utf-8")
    (folder / "steps.py").write_text(STEP, encoding="utf-8")
    new = receipt(shop(4), 8)
    (folder / "new.json").write_text(json.dumps({"lines": new["lines"]}), encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    return folder


def test_an_extractor_is_trained_reported_and_asked(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    run = CliRunner()
    learned = run.invoke(
        app, ["learn", "extractor", "data.jsonl", "-o", "models/m", "--folds", "2", "--field", "total"]
    )
    assert learned.exit_code == 0, learned.output
    assert "36 documents of 12 issuers" in learned.output
    assert "use it with models=['local:m']" in learned.output
    assert any(line.startswith("total ") and "amount" in line for line in learned.output.splitlines())

    read = run.invoke(app, ["extract", "steps.py:read_total", "new.json", "--json"])
    assert read.exit_code == 0, read.output
    told = json.loads(read.stdout)
    assert told["outcome"] == "accepted"
    assert told["values"] == {"total": receipt(shop(4), 8)["fields"]["total"]}
    first = told["fields"]["total"]["places"][0]
    assert first["text"] == told["values"]["total"]
    assert first["boxes"][0]["page"] == 1
    assert told["fields"]["total"]["source"] == "local"

    mixed = run.invoke(app, ["extract", "steps.py:read_total", "new.json", "broken.pdf"])
    assert mixed.exit_code == 1
    assert "broken.pdf: unreadable: " in mixed.output
    assert "new.json: accepted" in mixed.output
    gone = run.invoke(app, ["extract", "steps.py:read_total", "gone.pdf", "--json"])
    assert gone.exit_code == 1
    assert json.loads(gone.output)["reason"] == "gone.pdf: No such file or directory; check the path and the disk"


def test_wrong_options_and_steps_are_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    run = CliRunner()
    assert run.invoke(app, ["learn", "extractor", "data.jsonl"]).exit_code == 2
    assert run.invoke(app, ["learn", "route"]).exit_code == 2
    assert run.invoke(app, ["learn", "route", "data.jsonl", "-o", "m"]).exit_code == 2
    missing = run.invoke(app, ["extract", "steps.py:nothing", "new.json"])
    assert missing.exit_code == 2
    assert "nothing" in missing.output
    bad = run.invoke(app, ["learn", "extractor", "steps.py", "-o", "models/bad"])
    assert bad.exit_code == 2
    assert "steps.py, line " in bad.output
