"""``handrail review next``: one question after the other, until somebody stops."""

import asyncio
import json
import shutil
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, assert_never

import typer

from handrail_ground.text import harmless
from handrail_guards.verdict import Verdict
from handrail_orchestrator.cli import fields
from handrail_orchestrator.cli.code import Code
from handrail_orchestrator.cli.printing import context_text, json_text
from handrail_orchestrator.cli.showing import failed_line, keys, show_draft, show_item
from handrail_orchestrator.cli.terminal import EndOfInput, can_page, typed_line
from handrail_orchestrator.cli.typed import Command, Field, TypedAnswer, read_typed
from handrail_orchestrator.engine import EngineClient
from handrail_orchestrator.errors import AnswerRefused, ReviewError
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.store import ReviewQuery

T = TypeVar("T")

LEFT_FOR_THE_REST = 16
"""Lines of a terminal that a question takes beside its context."""

HELP = """\
  a label, or its number   chooses it; y and n answer yes or no
  Enter, or a              accepts what is suggested, as it is shown; an Enter right after an Enter does not
  e                        changes the answer field by field
  FIELD=VALUE              changes one field, such as total=5.00; VALUE is text or JSON
  any other text           is the answer itself, as JSON if that fits and as text if not
  c                        adds a comment to the answer, for the record
  s                        skips: the question comes back after all others
  u                        takes your last answer back, if its run has not gone on with it
  v                        shows the whole context
  q                        stops
  A slash makes a key of a text that is a label too (/q); quotes make an answer of it ("q")."""


@dataclass(slots=True)
class _Question:
    """The question on the desk, and what was made of it so far."""

    item: ReviewDetail
    draft: Any = None
    """The answer in the making, shown since; None: what is suggested, if anything is."""
    comment: str | None = None


@dataclass(slots=True)
class TerminalDesk:
    """One person at work on the questions of a store."""

    client: EngineClient
    runner: asyncio.Runner
    code: Code
    by: str
    queue: str | None = None
    decided: list[ReviewItem] = field(default_factory=list)
    _skipped: set[int] = field(default_factory=set)
    _entered: bool = False
    """Whether the last thing typed was an Enter that accepted: a second one may be meant for the same question."""

    def work(self) -> None:
        """Put one question after the other until there is none left, or somebody stops."""
        while (item := self._do(self.client.next_review(by=self.by, queue=self.queue))) is not None:
            if item.id in self._skipped:  # all that is left was skipped here
                self._give_back(item)
                return
            if not self._settled(item):
                return

    def left(self) -> int:
        """Return how many questions wait."""
        return self.client.review_count(ReviewQuery(queue=self.queue))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def _give_back(self, item: ReviewItem) -> None:
        with suppress(ReviewError):  # it is decided, or somebody else's by now
            self._do(self.client.release(item.id, by=self.by))

    def _settled(self, item: ReviewDetail) -> bool:
        """Work on one question; return whether to go on with the next."""
        question = _Question(item)
        self._show(question)
        try:
            while True:
                try:
                    done = self._once(question)
                except EndOfInput:
                    self._give_back(item)
                    return False
                except ReviewError as error:
                    typer.echo(f"  {harmless(str(error))}")
                    done = None if self._is_mine(question) else True
                if done is not None:
                    return done
        except BaseException:
            self._give_back(item)
            raise

    def _is_mine(self, question: _Question) -> bool:
        row = self.client.review(question.item.id)
        question.item = replace(question.item, version=row.version)
        return row.state == "leased" and row.lease_owner == self.by

    def _once(self, question: _Question) -> bool | None:
        """Ask once; None: ask again, True: go on with the next question, False: stop."""
        line = typed_line(self._prompt(question.item))
        if not line:
            return self._enter(question)
        self._entered = False
        typed = read_typed(question.item, line, self._answer(question))
        match typed:
            case TypedAnswer():
                return self._decide(question, typed.value)
            case Field():
                question.draft = self._with(question.item, self._answer(question), typed.path, typed.text)
                self._show_draft(question)
                return None
            case _:
                return self._command(question, typed)

    def _prompt(self, item: ReviewItem) -> str:
        places = [place for place in keys(item.choices) if place]
        told = [f"1-{len(places)}"] if len(places) > 1 else []
        told += ["Enter accepts"] if item.suggestion is not None else []
        return f"  answer ({', '.join([*told, 's skips', 'q stops', '? helps'])}): "

    def _answer(self, question: _Question) -> Any:
        return question.item.suggestion if question.draft is None else question.draft

    def _enter(self, question: _Question) -> bool | None:
        if self._entered:
            typer.echo("  an Enter right after an Enter accepts nothing: type a to accept what is suggested")
            return None
        return self._accept(question, entered=True)

    def _accept(self, question: _Question, *, entered: bool = False) -> bool | None:
        if question.draft is None and question.item.suggestion is None:
            typer.echo("  nothing is suggested: type an answer")
            return None
        going_on = self._decide(question, self._answer(question))
        self._entered = entered and going_on is True
        return going_on

    def _command(self, question: _Question, command: Command) -> bool | None:
        match command:
            case "accept":
                return self._accept(question)
            case "skip":
                self._skipped.add(question.item.id)
                self._do(self.client.skip(question.item.id, by=self.by, note=question.comment))
                return True
            case "quit":
                self._give_back(question.item)
                return False
            case "undo":
                return self._undo(question)
            case "edit":
                self._edit(question)
            case "comment":
                question.comment = typed_line("  comment: ") or question.comment
            case "view":
                _page(question.item)
            case "help":
                typer.echo(HELP)
            case _:
                assert_never(command)
        return None

    def _show(self, question: _Question) -> None:
        height = shutil.get_terminal_size().lines - LEFT_FOR_THE_REST
        lines = max(10, height) if can_page() else None
        show_item(question.item, lines=lines)

    def _edit(self, question: _Question) -> None:
        item, answer = question.item, self._answer(question)
        if not fields.has_fields(item):
            typer.echo("  this answer has no fields: type it as a whole")
            return
        typer.echo("  Enter keeps a field, - empties it (null)")
        known = fields.of_item(item, answer)
        inner = {path[:length] for path in known.values() for length in range(1, len(path))}
        for name, path in known.items():
            if path not in inner:
                answer = self._changed(item, answer, name, path)
        question.draft = answer
        self._show_draft(question)

    def _changed(self, item: ReviewItem, answer: object, name: str, path: fields.Path) -> Any:
        held = fields.at(answer, path)
        shown = "" if held is None else held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)
        while True:
            typed = typed_line(f"  {harmless(name)} [{harmless(shown)}]: ")
            if not typed:
                return answer
            try:
                return fields.put(answer, path, None) if typed == "-" else self._with(item, answer, path, typed)
            except ReviewError as error:
                typer.echo(f"  {harmless(str(error))}")

    def _with(self, item: ReviewItem, answer: object, path: fields.Path, typed: str) -> Any:
        """Return the answer with what was typed in a field, held to the type itself where its code is there."""
        changed = fields.with_typed(item, answer, path, typed)
        try:
            self._objections(item, changed)
        except ReviewError as error:
            if f"field {fields.name_of(path)!r}" in str(error):  # what is wrong elsewhere is said when it is decided
                raise
        return changed

    def _objections(self, item: ReviewItem, answer: object) -> Sequence[Verdict]:
        self.code.prepare(self.client, item)
        return self._do(self.client.objections(item.id, answer)) or ()

    def _show_draft(self, question: _Question) -> None:
        failed: Sequence[Verdict] = ()
        with suppress(ReviewError):
            failed = self._objections(question.item, question.draft)
        show_draft(question.draft, failed)

    def _decide(self, question: _Question, value: object) -> bool | None:
        item = question.item
        self.code.prepare(self.client, item)
        decide = self.client.decide
        try:
            row = self._do(decide(item.id, value, by=self.by, version=item.version, note=question.comment))
        except AnswerRefused as refused:
            if not self._confirmed(refused):
                return None
            despite = refused.guards
            row = self._do(
                decide(item.id, value, by=self.by, version=item.version, note=question.comment, despite=despite)
            )
        self.decided.append(row)
        typer.echo(f"  → {harmless(json_text(row.decision))}\n")
        return True

    def _confirmed(self, refused: AnswerRefused) -> bool:
        """Ask for each failed guard whether the answer stands against it; only a plain yes is one."""
        for guard in refused.guards:
            for verdict in (each for each in refused.verdicts if each.guard == guard):
                typer.echo(f"  {failed_line(verdict)}")
            said = typed_line(f"  does the answer stand against {harmless(guard)} all the same? (y/N): ")
            if said.casefold() not in {"y", "yes"}:
                typer.echo("  not recorded: correct the answer, or skip")
                return False
        return True

    def _undo(self, question: _Question) -> bool | None:
        if not self.decided:
            typer.echo("  there is no answer of this sitting to take back")
            return None
        last = self.decided[-1]
        again = self._do(self.client.undo(last.id, by=self.by))
        self.decided.pop()
        self._give_back(question.item)
        typer.echo(f"  item {last.id}: {harmless(json_text(last.decision))} is taken back\n")
        return self._settled(self.client.review(again.id))


def _page(item: ReviewItem) -> None:
    text = f"{harmless(item.title)}\n\n{context_text(item)}\n"
    if can_page():
        import pydoc  # noqa: PLC0415 -- only for who asks to see everything

        pydoc.pager(text)
    else:
        typer.echo(text)
