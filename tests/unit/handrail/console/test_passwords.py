"""Passwords: what is taken, and that hashing takes neither the event loop nor the machine."""

import asyncio
import threading
import unicodedata
from typing import Literal

import pytest
from argon2 import PasswordHasher

from handrail.console.passwords import AT_ONCE, MOST_WAITING, Passwords, TooBusy, checked_password
from handrail_orchestrator.errors import Misuse
from tests.unit.handrail.console.doors import QUICK


class Gate(PasswordHasher):
    """A hasher that waits to be let go on, and counts how many wait with it."""

    __slots__ = ("at_once", "highest", "lock", "may_go_on")

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.lock = threading.Lock()
        self.may_go_on = threading.Event()
        self.at_once = self.highest = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self.lock:
            self.at_once += 1
            self.highest = max(self.highest, self.at_once)
        self.may_go_on.wait(60)
        with self.lock:
            self.at_once -= 1
        return super().hash(password, salt=salt)


async def test_a_password_fits_its_own_hash_only() -> None:
    passwords = Passwords(QUICK)
    hashed = await passwords.hashed("correct horse battery")

    assert hashed.startswith("$argon2id$")
    assert (await passwords.checked(hashed, "correct horse battery")).is_right
    assert not (await passwords.checked(hashed, "correct horse batterz")).is_right
    assert hashed != await passwords.hashed("correct horse battery")


async def test_a_password_is_the_same_however_its_characters_are_composed() -> None:
    passwords, typed = Passwords(QUICK), "Übergrößenträger"
    hashed = await passwords.hashed(unicodedata.normalize("NFD", typed))

    assert (await passwords.checked(hashed, unicodedata.normalize("NFC", typed))).is_right


@pytest.mark.parametrize("stored", [None, "", "x", "$argon2id$v=19$broken", "$2b$12$abc", "é"])
async def test_what_is_no_hash_fits_nothing(stored: str | None) -> None:
    for given in ("", "x", "of nobody at all", "x" * 10_000):
        assert not (await Passwords(QUICK).checked(stored, given)).is_right


class Counted(PasswordHasher):
    """A hasher that remembers what it compared."""

    __slots__ = ("compared",)

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.compared: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 -- as the library calls it
        self.compared.append(str(hash))
        return super().verify(hash, password)


async def test_somebody_who_is_not_there_takes_the_same_work() -> None:
    counted = Counted()
    passwords = Passwords(counted)
    await passwords.checked(None, "correct horse battery")
    await passwords.checked(await passwords.hashed("correct horse battery"), "wrong horse battery")

    assert len(counted.compared) == 2
    assert not any(counted.check_needs_rehash(each) for each in counted.compared)


async def test_few_hashes_are_made_at_once_and_the_event_loop_goes_on() -> None:
    gate = Gate()
    passwords = Passwords(gate)
    started = [asyncio.create_task(passwords.hashed(str(number))) for number in range(AT_ONCE + MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooBusy):
        await passwords.hashed("one more")
    with pytest.raises(TooBusy):
        await passwords.checked(None, "one more")

    gate.may_go_on.set()
    assert len(set(await asyncio.gather(*started))) == AT_ONCE + MOST_WAITING
    assert gate.highest <= AT_ONCE
    assert await passwords.hashed("again")


async def test_whoever_hangs_up_does_not_make_room_before_the_work_is_done() -> None:
    gate = Gate()
    passwords = Passwords(gate)
    started = [asyncio.create_task(passwords.hashed(str(number))) for number in range(AT_ONCE + MOST_WAITING)]
    await asyncio.sleep(0)
    for each in started:
        each.cancel()
    await asyncio.gather(*started, return_exceptions=True)

    with pytest.raises(TooBusy):
        await passwords.hashed("one more")
    gate.may_go_on.set()
    while True:
        try:
            assert await passwords.hashed("again")
        except TooBusy:
            await asyncio.sleep(0.01)
        else:
            break


@pytest.mark.parametrize(
    "password", ["", "x" * 11, "x" * 1001, "aaaaaaaaaaaa", "abababababab", "annannannann", "\ud800" + "abcdefghijkl"]
)
def test_a_password_that_anybody_could_guess_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(Misuse) as refused:
        checked_password(password, name="ann")

    assert not password or password not in str(refused.value)


@pytest.mark.parametrize("password", ["four random words", "x1y2z3" * 100, "пароль из слов", "correct horse battery"])
def test_a_long_password_of_any_kind_is_taken(password: str) -> None:
    assert checked_password(password, name="ann") == password


def test_the_parameters_are_those_that_the_library_recommends() -> None:
    recommended = PasswordHasher()

    assert recommended.memory_cost >= 64 * 1024
    assert recommended.time_cost >= 3
