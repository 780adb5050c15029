"""The inboxes of the examples: made by a script, the same each time, with what is true of them beside them."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pikepdf")
pytest.importorskip("reportlab")
pytest.importorskip("pypdfium2")

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
DRAWN_WITH = ("reportlab", "pikepdf", "pillow", "pypdfium2", "python-stdnum")


def truths(example: str) -> list[dict[str, Any]]:
    lines = (EXAMPLES / example / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def made(folder: Path, seed: str) -> dict[str, bytes]:
    command = [sys.executable, "-m", "examples.make_inbox", str(folder)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True)
    return files_in(folder)


@pytest.mark.slow
def test_the_script_makes_the_same_files_each_time_and_those_that_are_kept(tmp_path: Path) -> None:
    first = made(tmp_path / "first", "1")
    assert made(tmp_path / "second", "2") == first
    pinned = (ROOT / "requirements" / "dev.lock").read_text(encoding="utf-8")
    if all(re.search(rf"^{name}=={re.escape(version(name))} ", pinned, re.MULTILINE) for name in DRAWN_WITH):
        for example in ("invoices", "receipts"):
            kept = files_in(EXAMPLES / example / "inbox")
            assert kept == {
                name.rpartition("/")[2]: data for name, data in first.items() if name.startswith(f"{example}/inbox/")
            }
            assert (EXAMPLES / example / "truth.jsonl").read_bytes() == first[f"{example}/truth.jsonl"]


@pytest.mark.parametrize("example", ["invoices", "receipts"])
def test_every_file_has_a_truth_and_every_truth_a_file(example: str) -> None:
    assert {each["file"] for each in truths(example)} == set(files_in(EXAMPLES / example / "inbox"))


def test_the_inboxes_are_large_and_varied_and_still_small_to_clone() -> None:
    files = files_in(EXAMPLES / "invoices" / "inbox")
    assert len(files) >= 60
    assert sum(map(len, files.values())) < 1_500_000
    assert {name.rpartition(".")[2] for name in files} == {"pdf", "png", "jpg", "eml", "json", "xml"}
    fields = [each["fields"] for each in truths("invoices") if each["kind"] in {"invoice", "credit_note"}]
    assert {each["currency"] for each in fields} == {"EUR", "GBP", "USD", "CHF"}
    outcomes = Counter(each["outcome"] for each in truths("invoices"))
    assert min(outcomes[each] for each in ("posted", "approval", "review", "set_aside")) >= 8


def test_no_two_invoices_are_one_unless_the_truth_calls_them_duplicates() -> None:
    seen = Counter(
        (each["fields"]["vat_number"] or each["fields"]["seller"], each["fields"]["number"])
        for each in truths("invoices")
        if each["kind"] in {"invoice", "credit_note"} and each["reason"] != "duplicate"
    )
    assert max(seen.values()) == 1
