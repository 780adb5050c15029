"""What a sweep pays: one purse for all of its cells, with a ledger that outlives the process."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handrail_evals.errors import InvalidResult
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.running.settings import Budget, Spending
from handrail_ground.jsonl import InvalidLines, read_lines
from handrail_guards.outcome import Attempt


@dataclass(slots=True)
class Bill:
    """What one answer took: what was paid for it now, and what had been paid before."""

    money: float = 0.0
    """Of all tries at models that are recorded, asked now or replayed."""
    replayed_seconds: float = 0.0
    """How long the replayed ones took when they were asked."""
    outage: str = ""
    """Which server failed, and how; empty: none did."""


_BILL: ContextVar[Bill | None] = ContextVar("the answer that models are asked for now", default=None)


@contextmanager
def billed() -> Iterator[Bill]:
    """Let what models take in this context go on one bill."""
    bill = Bill()
    token = _BILL.set(bill)
    try:
        yield bill
    finally:
        _BILL.reset(token)


def bill_now() -> Bill:
    """Return the bill of this context; one that nobody reads where there is none."""
    return _BILL.get() or Bill()


class SweepPurse(Spending):
    """Counts what is paid over all cells of a sweep and all of its runs; answers replayed from its recording are free.

    Every payment is a line in the ledger before the next case is begun, so that a sweep that was killed goes on with
    what is left. Tokens and money are those of all runs, seconds of this one.

    Raises:
        InvalidResult: the ledger cannot be read.
    """

    def __init__(self, budget: Budget, ledger: Path) -> None:
        super().__init__(budget)
        self._ledger = ledger.absolute()
        self.earlier_money = 0.0
        """What earlier runs paid."""
        if ledger.exists():
            self._read(ledger)

    def count(self, case: CaseResult) -> None:
        """Count nothing: what a case's answer took was paid when its models were asked, or long ago."""

    def pay(self, attempts: Sequence[Attempt]) -> None:
        """Pay for tries at a model."""
        for each in attempts:
            if each.money or each.input_tokens or each.output_tokens:
                self._add(each.model, each.money, (each.input_tokens or 0) + (each.output_tokens or 0))

    def pay_sum(self, what: str, money: float) -> None:
        """Pay a sum that is known without its tries."""
        self._add(what, money, 0)

    def _add(self, model: str, money: float | None, tokens: int) -> None:
        self._take(model, money, tokens)
        line = json.dumps({"model": model, "money": money, "tokens": tokens})
        data = f"{line}\n".encode()
        file = os.open(self._ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            os.write(file, data)
        finally:
            os.close(file)

    def _take(self, model: str, money: float | None, tokens: int) -> None:
        self.tokens += tokens
        if money is not None:
            self.money += money
        elif tokens:
            self.unpriced = model

    def _read(self, ledger: Path) -> None:
        whole = 0
        try:
            for line in read_lines(ledger):
                if not line.is_ended:
                    os.truncate(ledger, whole)  # torn by a kill
                    break
                whole = line.end
                try:
                    told: dict[str, Any] = json.loads(line.text)
                    self._take(told["model"], told["money"], told["tokens"])
                except (ValueError, KeyError, TypeError) as error:
                    raise InvalidResult(
                        path=ledger, line=line.number, problem=f"it is no payment ({error}); take the line out"
                    ) from error
        except InvalidLines as error:
            raise InvalidResult(path=ledger, problem=error.problem) from error
        self.earlier_money = self.money
        self.unpriced = ""  # a price may be known by now
