"""The example of receipts, run whole: how every file of its inbox ends."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("stdnum")

from examples.receipts.pipeline import TillRules, expenses_with
from examples.receipts.suite import suite
from handrail import Orchestrator, run_suite
from handrail.demo.ledger import Ledger

EXAMPLE = Path(__file__).parents[2] / "examples" / "receipts"
TRUTHS: list[dict[str, Any]] = [
    json.loads(line) for line in (EXAMPLE / "truth.jsonl").read_text(encoding="utf-8").splitlines()
]
TOLD = {
    "above_limit": ("approval", ""),
    "sums": ("guard", "sums: "),
    "incomplete": ("refused", "there is no total"),
    "unreadable": ("unreadable", ""),
}


async def test_every_receipt_ends_as_its_truth_says_and_is_posted_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    workflow = expenses_with(TillRules(), ledger)
    async with Orchestrator("sqlite:///:memory:", workflows=[workflow]) as orchestrator:
        posts = [truth for truth in TRUTHS if truth["outcome"] == "posted"]
        for again, truths in (("", TRUTHS), (" again", posts)):
            for truth in truths:
                name = truth["file"]
                file = await orchestrator.keep_file((EXAMPLE / "inbox" / name).read_bytes(), name=name)
                await orchestrator.start(workflow, file, id=f"{name}{again}")
                await orchestrator.idle()
        questions = {item.run_id: item for item in orchestrator.reviews()}
        for truth in TRUTHS:
            run = orchestrator.run(truth["file"])
            if truth["outcome"] in {"posted", "set_aside"}:
                assert run.output["outcome"] == truth["outcome"], run
                assert truth["reason"] in run.output["reason"]
            else:
                code, words = TOLD[truth["reason"]]
                item = questions[truth["file"]]
                assert item.code == code, item
                assert words in (item.reason or "")
        posted = Counter((entry.seller.casefold(), entry.amount) for entry in ledger.entries())
        assert posted == Counter(
            (truth["fields"]["company"].casefold(), Decimal(truth["posts"]))
            for truth in TRUTHS
            if truth["outcome"] == "posted"
        )


async def test_the_suite_finds_every_field_of_a_receipt_that_is_whole() -> None:
    result = (await run_suite(suite())).result
    wrong = {case.case for case in result.cases if set(case.scores.values()) != {1.0}}
    assert wrong == {"16-receipt.json"}
