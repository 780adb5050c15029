"""``handrail review next``: one question after the other, until somebody stops."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, assert_never

import typer

from handrail_ground.text import harmless
from handrail_guards.verdict import Verdict
from handrail_orchestrator.cli import fields
from handrail_orchestrator.cli.choosing import SHOWN_AT_ONCE
from handrail_orchestrator.cli.code import Code
from handrail_orchestrator.cli.field_by_field import FieldByField
from handrail_orchestrator.cli.finding import found
from handrail_orchestrator.cli.pager import show_paged
from handrail_orchestrator.cli.printing import context_text
from handrail_orchestrator.cli.prompting import TerminalPrompt
from handrail_orchestrator.cli.screen import TerminalScreen
from handrail_orchestrator.cli.showing import failed_line, show_draft, show_item, show_options, text_of
from handrail_orchestrator.cli.sitting import Sitting, WindowOver
from handrail_orchestrator.cli.surroundings import Surroundings
from handrail_orchestrator.cli.terminal import EndOfInput, is_terminal
from handrail_orchestrator.cli.typed import Command, Field, Search, TypedAnswer
from handrail_orchestrator.errors import AnswerRefused, ReviewConflict, ReviewError
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.review.blinding import item_for
from handrail_orchestrator.review.moves import SEND_UP_CODES

LEFT_FOR_THE_REST: Final = 16
"""Lines of a terminal that a question takes beside its context."""

LISTED: Final = 30
"""Answers that are listed with a number each, where a line is typed; of more, the first so many and a search."""

HELP: Final = (
    ("a label, or its number", "chooses it; y and n answer yes or no"),
    ("/ and a part of a label", "finds it among many; without Enter: arrows mark one, Enter chooses, Escape leaves"),
    ("Enter, or a", "accepts what is suggested, as it is shown; an Enter right after an Enter does not"),
    ("e", "changes the answer field by field"),
    ("FIELD=VALUE", "changes one field, such as total=5.00; VALUE is text or JSON"),
    ("any other text", "is the answer itself, as JSON if that fits and as text if not"),
    ("c", "adds a note to the question, for the record"),
    ("s", "skips: the question comes back after all others"),
    ("x", "sends the question up to the next tier, with the reason"),
    ("u", "takes your last answer back, if its run has not gone on with it"),
    ("o, or v", "shows the whole text"),
    ("b, or q", "stops"),
)
HELP_ENDS: Final = (
    'A slash makes a key of a text that is a label too (/q); quotes make an answer of it ("q").',
    "Where answers are listed, a key acts at once; --lines waits for Enter behind each.",
)


@dataclass(slots=True)
class CurrentQuestion:
    """The question on the desk, and what was made of it so far."""

    item: ReviewDetail
    draft: Any = None
    """The answer in the making, shown since; None: what is suggested, if anything is."""
    comment: str | None = None
    offered: Sequence[Any] = ()
    """The answers that have a number on the screen."""

    @property
    def answer(self) -> Any:
        """Return the answer as it stands."""
        return self.item.suggestion if self.draft is None else self.draft


class TerminalDesk:
    """One person at work on the questions of a store."""

    def __init__(
        self, sitting: Sitting, prompt: TerminalPrompt, code: Code, surroundings: Surroundings | None = None
    ) -> None:
        self._sitting = sitting
        self._surroundings = surroundings
        self._prompt = prompt
        self._code = code
        self._left: set[int] = set()
        self._kept: dict[int, CurrentQuestion] = {}
        """What was typed at questions that went to somebody else meanwhile."""
        self._entered = False
        """Whether the last thing typed was an Enter that accepted: a second one may be meant for the same question."""

    def work(self) -> None:
        """Put one question after the other until there is none left, or somebody stops."""
        while True:
            item = self._sitting.next()
            if item is not None and item.id not in self._left:
                if not self._settled(item):
                    return
                continue
            if item is not None:  # all that waits was skipped or sent up here
                self._sitting.hold(item)
                self._sitting.give_back()
            if not self._takes_last_back():
                return

    def _takes_last_back(self) -> bool:
        """Let the person take the last answer back while that can be; return whether they did."""
        if not is_terminal() or not self._sitting.pending():
            return False
        last = self._sitting.answered[-1]
        TerminalScreen.here().say(
            f"nothing more waits; u takes item {last.id} back, Enter lets every answer count now", before="  "
        )
        self._prompt.begin()
        self._sitting.end_with_window(wanted=True)
        try:
            while (said := self._prompt.key("  u, or Enter: ")) not in {"enter", "q", "b"}:
                if said == "u":
                    self._sitting.end_with_window(wanted=False)
                    return self._undone()
        except (WindowOver, EndOfInput):
            typer.echo()
        except ReviewError as error:
            typer.echo(f"  {harmless(str(error))}")
        finally:
            self._sitting.end_with_window(wanted=False)
        return False

    # -- one question

    def _settled(self, item: ReviewDetail) -> bool:
        """Work on one question; return whether to go on with the next."""
        question = self._kept.pop(item.id, None) or CurrentQuestion(item)
        question.item = item
        self._sitting.hold(item)
        try:
            self._show(question)
            while True:
                try:
                    done = self._once(question)
                except EndOfInput:
                    return False
                except ReviewError as error:
                    done = self._told(question, error)
                if done is not None:
                    return done
                self._sitting.touch()
        finally:
            self._keep_comment(question)
            self._sitting.give_back()

    def _told(self, question: CurrentQuestion, error: ReviewError) -> bool | None:
        """Say what was wrong; None: the question is still on the desk, True: somebody else has it."""
        screen = TerminalScreen.here()
        screen.say(harmless(str(error)), before="  ")
        again = self._sitting.client.review(question.item.id)
        if self._sitting.is_mine(again):
            has_changed = (again.version, again.digest) != (question.item.version, question.item.digest)
            question.item = again
            if has_changed:
                self._show(question)
            return None
        if question.draft is not None or question.comment is not None:
            self._kept[again.id] = question
            screen.say("what you typed is kept here for when the question comes back:", before="  ")
            for typed in filter(
                None, (question.comment, text_of(question.draft) if question.draft is not None else None)
            ):
                screen.say(harmless(typed), before="    ")
        self._sitting.put_down()
        return True

    def _keep_comment(self, question: CurrentQuestion) -> None:
        """Record a note that went with no answer, so that it is not lost."""
        if question.comment is not None and question.item.id not in self._kept:
            with suppress(ReviewError):
                client = self._sitting.client
                self._sitting.do(client.add_note(question.item.id, by=self._sitting.by, text=question.comment))

    def _once(self, question: CurrentQuestion) -> bool | None:
        """Ask once; None: ask again, True: go on with the next question, False: stop."""
        item = question.item
        typed = self._prompt.answer(item, question.answer, question.offered)
        if typed == "enter":
            return self._enter(question)
        self._entered = False
        match typed:
            case TypedAnswer():
                return self._decide(question, typed.value)
            case Field():
                question.draft = self._fields(question).with_typed(question.answer, typed.path, typed.text)
                self._show_draft(question)
                return None
            case Search():
                self._search(question, typed.text)
                return None
            case _:
                return self._command(question, typed)

    def _enter(self, question: CurrentQuestion) -> bool | None:
        if self._entered:
            typer.echo("  an Enter right after an Enter accepts nothing: type a to accept what is suggested")
            return None
        return self._accept(question, entered=True)

    def _accept(self, question: CurrentQuestion, *, entered: bool = False) -> bool | None:
        if question.draft is None and question.item.suggestion is None:
            typer.echo("  nothing is suggested: type an answer")
            return None
        going_on = self._decide(question, question.answer)
        self._entered = entered and going_on is True
        return going_on

    def _command(self, question: CurrentQuestion, command: Command) -> bool | None:
        match command:
            case "accept":
                return self._accept(question)
            case "skip":
                return self._skip(question)
            case "send_up":
                return self._send_up(question)
            case "quit":
                return False
            case "undo":
                return self._undo(question)
            case "edit":
                self._edit(question)
            case "comment":
                question.comment = self._prompt.line("  note: ") or question.comment
            case "view":
                with self._prompt.aside():
                    item = question.item
                    show_paged(f"{harmless(item.title)}\n\n{context_text(item)}\n", self._sitting.pulse)
            case "help":
                _show_help(has_keys=self._prompt.has_keys)
            case _:
                assert_never(command)
        return None

    # -- what is shown

    def _show(self, question: CurrentQuestion) -> None:
        lines = max(5, TerminalScreen.here().lines - LEFT_FOR_THE_REST) if is_terminal() else None
        question.offered = question.item.choices[: self._offered_of(question.item)]
        around = self._surroundings if is_terminal() else None
        item = item_for(question.item, self._sitting.by)
        show_item(item, by=self._sitting.by, lines=lines, offered=len(question.offered), around=around)
        self._prompt.begin()

    def _offered_of(self, item: ReviewItem) -> int:
        if self._prompt.has_keys:
            return SHOWN_AT_ONCE
        return min(len(item.choices), LISTED)

    def _search(self, question: CurrentQuestion, text: str) -> None:
        options = question.item.choices
        places = found([text_of(each) for each in options], text)
        if not places:
            typer.echo("  no answer has that in its name")
            return
        question.offered = [options[place] for place in places[:LISTED]]
        show_options(question.item, question.offered, left=len(places) - len(question.offered))

    def _show_draft(self, question: CurrentQuestion) -> None:
        failed: Sequence[Verdict] = ()
        with suppress(ReviewError):
            failed = self._objections(question.item, question.draft)
        show_draft(question.draft, failed)

    # -- the answer

    def _fields(self, question: CurrentQuestion) -> FieldByField:
        return FieldByField(question.item, self._prompt.line, self._objections)

    def _edit(self, question: CurrentQuestion) -> None:
        if not fields.has_fields(question.item):
            typer.echo("  this answer has no fields: type it as a whole")
            return
        question.draft = self._fields(question).gone_through(question.answer)
        self._show_draft(question)

    def _objections(self, item: ReviewItem, answer: object) -> Sequence[Verdict]:
        client = self._sitting.client
        self._code.prepare(client, item)
        return self._sitting.do(client.objections(item.id, answer)) or ()

    def _decide(self, question: CurrentQuestion, value: object) -> bool | None:
        item, sitting = question.item, self._sitting
        self._code.prepare(sitting.client, item)
        question.draft, before = value, question.draft  # of a conflict, this is what was typed
        try:
            row = sitting.decide(item, value, note=question.comment)
        except AnswerRefused as refused:
            if not self._confirmed(refused):
                question.draft = before
                return None
            row = sitting.decide(item, value, note=question.comment, despite=refused.guards)
        except ReviewConflict:
            raise
        except ReviewError:
            question.draft = before
            raise
        question.comment = None
        self._say_decided(row, value)
        return True

    def _say_decided(self, row: ReviewItem, value: object) -> None:
        told = ""
        if row.commit_at is not None and is_terminal():
            told = f"   (u takes it back, {row.commit_at - self._sitting.client.now():.0f} s)"
        TerminalScreen.here().say(f"{harmless(text_of(value))}{told}\n", before="  → ")

    def _confirmed(self, refused: AnswerRefused) -> bool:
        """Ask for each failed guard whether the answer stands against it; only a plain yes is one."""
        for guard in refused.guards:
            for verdict in (each for each in refused.verdicts if each.guard == guard):
                TerminalScreen.here().say(failed_line(verdict), before="  ")
            said = self._prompt.line(f"  does the answer stand against {harmless(guard)} all the same? (y/N): ")
            if said.casefold() not in {"y", "yes"}:
                typer.echo("  not recorded: correct the answer, or skip")
                return False
        return True

    # -- handing on, taking back

    def _skip(self, question: CurrentQuestion) -> bool:
        sitting, item = self._sitting, question.item
        self._left.add(item.id)
        sitting.do(sitting.client.skip(item.id, by=sitting.by, note=question.comment))
        question.comment = None
        sitting.put_down()
        return True

    def _send_up(self, question: CurrentQuestion) -> bool | None:
        sitting, item = self._sitting, question.item
        reasons = ", ".join(f"{place} {code.replace('_', ' ')}" for place, code in enumerate(SEND_UP_CODES, 1))
        said = self._prompt.key(f"  why? {reasons}; Enter leaves it: ")
        places = {str(place): code for place, code in enumerate(SEND_UP_CODES, 1)}
        code = places.get(said) or next((each for each in SEND_UP_CODES if each == said.replace(" ", "_")), None)
        if code is None:
            typer.echo("  not sent up")
            return None
        if code == "other" and question.comment is None:
            question.comment = self._prompt.line("  note: ") or None
        sitting.do(sitting.client.send_up(item.id, by=sitting.by, code=code, note=question.comment))
        self._left.add(item.id)
        question.comment = None
        sitting.put_down()
        typer.echo(f"  item {item.id} is sent up: {code.replace('_', ' ')}\n")
        return True

    def _undo(self, question: CurrentQuestion) -> bool | None:
        if not self._sitting.answered:
            typer.echo("  there is no answer of this sitting to take back")
            return None
        self._keep_comment(question)
        question.comment = None
        return self._undone()

    def _undone(self) -> bool:
        """Take the last answer back and ask its question again; return whether to go on."""
        sitting = self._sitting
        last = sitting.answered[-1]
        again = sitting.undo()
        sitting.give_back()
        TerminalScreen.here().say(f"item {last.id}: {harmless(text_of(_given(last)))} is taken back\n", before="  ")
        return self._settled(sitting.client.review(again.id))


def _given(item: ReviewItem) -> object:
    """Return what was answered last, whether it counts already or not."""
    return item.answers[-1].value if item.answers else item.decision


def _show_help(*, has_keys: bool) -> None:
    screen = TerminalScreen.here()
    for key, does in HELP:
        screen.say(does, before=f"  {key:<25}")
    for line in HELP_ENDS if has_keys else HELP_ENDS[:1]:
        screen.say(line, before="  ")
