"""Keys of a terminal: what bytes mean, what a key does at a list of answers, and which come too soon to mean it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.cli import prompting
from handrail_orchestrator.cli.choosing import HELD_SECONDS, UNSEEN_SECONDS, Haste, Looking, Unknown, looked, pressed
from handrail_orchestrator.cli.keyboard import Keyboard, PressedKey, decoded
from handrail_orchestrator.cli.prompting import KeyPrompt
from handrail_orchestrator.cli.typed import TypedAnswer
from handrail_orchestrator.records.item import ReviewItem

TEAMS = tuple(f"team {n}" for n in range(1, 151))


def keys(read: bytes) -> list[PressedKey]:
    found = []
    while read:
        key, taken = decoded(read, is_all=True)
        assert key is not None
        assert taken > 0
        read = read[taken:]
        found += [key] if key.name else []
    return found


# -- bytes


@pytest.mark.parametrize(
    ("read", "named"),
    [
        (b"1", ["1"]),
        (b"\r\n", ["enter", "enter"]),
        (b"\x7f\x08", ["backspace", "backspace"]),
        (b"\x1b", ["escape"]),
        (b"\x1b[A\x1b[B\x1bOA", ["up", "down", "up"]),
        (b"\x1b[1;5C", []),
        (b"\x1b[", []),
        ("é日👍".encode(), ["é", "日", "👍"]),
        (b"\x04", ["end"]),
        (b"\x00\x01", []),
        (b"\xe9x", ["wrong", "x"]),
        (b"\xc3(", ["wrong", "("]),
        (b"\xe6\x97", ["wrong", "wrong"]),
        (b"\xef\xbf\xbd", ["\ufffd"]),
        (b"\x1bx", ["escape", "x"]),
    ],
)
def test_bytes_are_the_keys_that_sent_them(read: bytes, named: list[str]) -> None:
    assert [key.name for key in keys(read)] == named


def test_pasted_text_is_one_key_and_none_of_its_letters_is() -> None:
    assert keys(b"\x1b[200~1\rbilling\x1b[201~s") == [PressedKey("paste", "1\rbilling"), PressedKey("s")]


@given(st.binary(max_size=40))
def test_any_bytes_are_read_to_their_end(read: bytes) -> None:
    assert all(key.name in {"paste", "wrong", "enter", "end"} or key.name for key in keys(read))


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20), st.data())
def test_half_a_character_waits_for_its_other_half(text: str, data: st.DataObject) -> None:
    read, ahead, named = text.encode(), b"", []
    while read or ahead:
        size = data.draw(st.integers(1, 3))
        ahead, read = ahead + read[:size], read[size:]
        while ahead:
            key, taken = decoded(ahead, is_all=not read)
            if key is None:
                break
            named.append(key.name)
            ahead = ahead[taken:]
    assert "".join(named) == text


# -- what a key does


@pytest.mark.parametrize(
    ("options", "key", "does"),
    [
        (TEAMS, "1", TypedAnswer("team 1")),
        (TEAMS, "9", TypedAnswer("team 9")),
        (("a b", "c"), "2", TypedAnswer("c")),
        (TEAMS, "enter", "enter"),
        (TEAMS, "s", "skip"),
        (TEAMS, "x", "send_up"),
        (TEAMS, "u", "undo"),
        (TEAMS, "o", "view"),
        (TEAMS, "b", "quit"),
        (TEAMS, "q", "quit"),
        (TEAMS, "c", "comment"),
        (TEAMS, "?", "help"),
        (TEAMS, "S", "skip"),
        (TEAMS, "/", Looking()),
        ((True, False), "y", TypedAnswer(value=True)),
        ((True, False), "n", TypedAnswer(value=False)),
        (("yes", "no"), "n", TypedAnswer("no")),
        (("s", "m", "q"), "s", TypedAnswer("s")),
        (("s", "m", "q"), "Q", TypedAnswer("q")),
        (("1", "2", "3"), "3", TypedAnswer("3")),
        (("1", "12"), "1", Looking("1")),
        ((10, 20), "1", Unknown("a number chooses nothing where answers are numbers: type the answer itself")),
        (("billing", "access"), "a", Looking("a")),
        (("billing", "Refund"), "r", Looking("r")),
        (("billing", "fraud"), "a", "accept"),
    ],
)
def test_a_key_does_what_the_page_does_and_a_label_is_always_the_label(
    options: tuple[Any, ...], key: str, does: object
) -> None:
    assert pressed(options, PressedKey(key)) == does


def test_a_key_that_does_nothing_says_so() -> None:
    for key in ("0", "k", "up", "escape", "é"):
        assert isinstance(pressed(TEAMS, PressedKey(key)), Unknown)
    assert isinstance(pressed(("a b", "c"), PressedKey("3")), Unknown)


def narrowed(options: tuple[Any, ...], *names: str) -> object:
    does: object = Looking()
    for name in names:
        assert isinstance(does, Looking)
        does = looked(options, does, PressedKey(name))
    return does


@pytest.mark.parametrize(
    ("names", "does"),
    [
        ([*"150", "enter"], TypedAnswer("team 150")),
        ([*"team 7", "enter"], TypedAnswer("team 7")),
        ([*"14", "down", "enter"], TypedAnswer("team 140")),
        ([*"14", "up", "enter"], TypedAnswer("team 114")),
        ([*"15x", "backspace", "backspace", "9", "enter"], TypedAnswer("team 19")),
        (["1", "escape"], None),
        (["backspace"], None),
        (["1", "clear"], None),
        ([*"nowhere", "enter"], Looking("nowhere")),
        (["s", "enter"], Looking("s")),
    ],
)
def test_a_label_among_many_is_found_by_a_part_of_it(names: list[str], does: object) -> None:
    assert narrowed(TEAMS, *names) == does


def test_a_key_can_be_reached_where_a_label_is_spelt_like_it() -> None:
    assert narrowed(("s", "m", "q"), "q", "enter") == "quit"


# -- haste


def test_a_key_before_anybody_can_have_read_the_question_answers_nothing() -> None:
    haste = Haste()
    haste.show(10.0)
    assert haste.is_too_soon("1", 10.0 + UNSEEN_SECONDS - 0.01)
    assert not haste.is_too_soon("2", 10.0 + UNSEEN_SECONDS + 0.01)


@given(st.floats(0.2, 0.7), st.floats(0.02, 0.1), st.integers(1, 200))
def test_a_held_key_answers_once(first_wait: float, between: float, repeats: int) -> None:
    haste, now, answered = Haste(), 100.0, 0
    haste.show(now)
    now += 1.0
    for wait in [0.0, first_wait, *[between] * repeats]:
        now += wait
        if not haste.is_too_soon("1", now):
            answered += 1
            haste.show(now + 0.01)
    assert answered == 1


def test_the_same_key_answers_the_next_question_once_it_was_let_go() -> None:
    haste = Haste()
    haste.show(0.0)
    assert not haste.is_too_soon("1", 1.0)
    haste.show(1.05)
    assert not haste.is_too_soon("1", 1.0 + HELD_SECONDS + 0.01)


def test_the_same_key_soon_again_is_doubted_once_and_meant_when_it_comes_once_more() -> None:
    haste = Haste()
    haste.show(0.0)
    assert not haste.is_too_soon("1", 1.0)
    haste.show(1.05)
    assert haste.is_too_soon("1", 1.5) == "held"
    assert not haste.is_too_soon("1", 1.9)


def test_a_key_that_was_held_before_the_question_came_is_known() -> None:
    haste = Haste()
    haste.show(5.0, thrown="1")
    assert haste.is_too_soon("1", 5.5)
    assert not haste.is_too_soon("2", 5.6)


# -- asking


class ScriptedKeyboard(Keyboard):
    """Keys that are pressed at given moments."""

    def __init__(self, clock: list[float], script: list[tuple[float, str]], thrown: bytes = b"") -> None:
        self.clock, self.script, self.thrown = clock, script, thrown

    def pressed(self) -> PressedKey:
        at, name = self.script.pop(0)
        self.clock.append(at)
        return PressedKey(name)

    def discard(self) -> bytes:
        return self.thrown

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        yield


ITEM = ReviewItem(id=1, run_id="r", workflow="w", step="s", schema={"enum": ["billing", "bugs", "fraud"]})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moments = [10.0]
    monkeypatch.setattr(prompting, "is_terminal", lambda: True)
    return moments


def asked(clock: list[float], script: list[tuple[float, str]], thrown: bytes = b"", item: ReviewItem = ITEM) -> object:
    clock.append(10.0)
    prompt = KeyPrompt(ScriptedKeyboard(clock, script, thrown), lambda: None, now=lambda: clock[-1])
    prompt.begin()
    return prompt.answer(item, None, item.choices)


def test_only_keys_that_can_be_meant_for_the_question_answer_it(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(clock, [(10.1, "1"), (10.2, "2"), (11.0, "3")], b"s2") == TypedAnswer("fraud")
    assert "it answers nothing: s2" in capsys.readouterr().out


def test_a_key_that_may_be_held_is_asked_for_once_more(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    held = [(10.5, "2"), (10.53, "2"), (10.56, "2")]
    assert asked(clock, [*held, (11.2, "2")], b"2") == TypedAnswer("bugs")
    assert capsys.readouterr().out.count("may be held down") == 1


def test_a_label_is_looked_for_from_the_first_letter_that_is_no_key(clock: list[float]) -> None:
    assert asked(clock, [(11.0, "f"), (11.1, "r"), (11.2, "enter")]) == TypedAnswer("fraud")
    assert asked(clock, [(11.0, "/"), (11.1, "u"), (11.2, "down"), (11.3, "enter")]) == TypedAnswer("fraud")
    assert asked(clock, [(11.0, "/"), (11.1, "u"), (11.2, "escape"), (12.0, "s")]) == "skip"


def test_an_enter_that_comes_with_a_question_whose_answer_is_written_accepts_nothing(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [(10.1, ""), (10.2, ""), (11.0, "")]

    def typed_line(_prompt: str, _pulse: object) -> str:
        at, line = lines.pop(0)
        clock.append(at)
        return line

    monkeypatch.setattr(prompting, "typed_line", typed_line)
    written = replace(ITEM, schema={"type": "string"})
    assert asked(clock, [], item=written) == "enter"
    assert lines == []
