"""What foreign code raises: its own failures become values, orders to stop pass."""

import asyncio

import pytest

from handrail_ground.errors import LONGEST, HandrailError, Order, is_order, told, told_in_thread


class Stop(Order):
    """An order of ours."""


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Stop(), GeneratorExit()])
def test_an_order_is_for_us(error: BaseException) -> None:
    assert is_order(error)


@pytest.mark.parametrize("error", [ValueError(), SystemExit(1), HandrailError(), asyncio.CancelledError()])
def test_a_failure_is_the_foreign_codes_own(error: BaseException) -> None:
    assert not is_order(error)


async def test_a_cancellation_is_for_us_when_somebody_asked_for_it() -> None:
    seen: list[bool] = []
    begun = asyncio.Event()

    async def work() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            seen.append(is_order(error))
            raise

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == [True]


def test_an_exception_is_told_in_one_line_of_bounded_length() -> None:
    assert told(ValueError("one\n  two")) == "ValueError: one two"
    assert told(ValueError()) == "ValueError"
    assert len(told(ValueError("x" * 10_000))) == len("ValueError: ") + LONGEST


def test_an_exception_that_cannot_say_what_it_is_about_is_told_all_the_same() -> None:
    assert told(Mute()) == "Mute (which raises RuntimeError when it is asked what it says)"


def test_an_exception_is_told_in_a_text_that_can_be_stored() -> None:
    assert told(ValueError("half of a pair: \ud800")) == "ValueError: half of a pair: \\ud800"


def test_in_a_thread_an_exception_whose_words_give_an_order_is_told_all_the_same() -> None:
    class Giving(Exception):
        def __str__(self) -> str:
            raise Stop

    with pytest.raises(Stop):
        told(Giving())
    assert told_in_thread(Giving()) == "Giving (which raises Stop when it is asked what it says)"
    assert told_in_thread(ValueError("one")) == "ValueError: one"
