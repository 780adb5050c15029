"""Passwords: which ones are taken, how they are hashed, and that hashing never takes the whole machine."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from handrail_orchestrator.errors import Misuse

T = TypeVar("T")

SHORTEST = 12
LONGEST = 1_000
AT_ONCE = 2
"""Hashes computed at the same time: each takes 64 MiB and some 50 ms of several cores."""
MOST_WAITING = 32
"""Hashes that may wait for their turn; whoever comes then is told to come again."""


class TooBusy(Exception):
    """More people want to sign in at once than hashes can be computed for; nothing was looked at."""


class ComparedPassword(NamedTuple):
    """What came of comparing a password."""

    is_right: bool
    better: str | None = None
    """The hash to keep from now on, when the stored one was made with other parameters."""


class Passwords:
    """Hashes and compares passwords with argon2id, off the event loop, few at once."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._waiting = 0
        self._nobody: str | None = None

    async def hashed(self, password: str) -> str:
        """Return the hash of a password.

        Raises:
            TooBusy: too many others wait.
        """
        return await self._in_turn(lambda: self._hasher.hash(_same_form(password)))

    async def checked(self, stored: str | None, password: str) -> ComparedPassword:
        """Compare a password with a stored hash; None takes as long, and is never right.

        Raises:
            TooBusy: too many others wait.
        """
        return await self._in_turn(lambda: self._compared(stored, password))

    def _compared(self, stored: str | None, password: str) -> ComparedPassword:
        if self._nobody is None:
            self._nobody = self._hasher.hash("of nobody at all")
        given = _same_form(password[: LONGEST + 1])
        try:
            self._hasher.verify(self._nobody if stored is None else stored, given)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return ComparedPassword(is_right=False)
        if stored is None or len(password) > LONGEST:
            return ComparedPassword(is_right=False)
        return ComparedPassword(True, self._hasher.hash(given) if self._hasher.check_needs_rehash(stored) else None)

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if self._waiting >= AT_ONCE + MOST_WAITING:
            raise TooBusy
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        future.add_done_callback(lambda _: self._left())
        return await asyncio.shield(future)  # whoever hangs up leaves a thread at work, which counts until it is done

    def _left(self) -> None:
        self._waiting -= 1

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def checked_password(password: str, *, name: str) -> str:
    """Return a password that may be used.

    Raises:
        Misuse: it is too short, too long, or too easy to guess; the message does not repeat it.
    """
    if len(password) < SHORTEST:
        raise Misuse(f"the password is too short: use at least {SHORTEST} characters, such as four random words")
    if len(password) > LONGEST:
        raise Misuse(f"the password is too long: use at most {LONGEST:,} characters")
    if any("\ud800" <= each <= "\udfff" for each in password):
        raise Misuse("the password holds half a character that no encoding can write")
    plain = password.casefold()
    if len(set(plain)) < 4 or plain.strip() in {name.casefold(), name.casefold() * 2} or plain in _EASY:
        raise Misuse("the password is too easy to guess: use something like four random words")
    return password


_EASY = frozenset(
    {
        "123456789012", "1234567890123", "password1234", "password12345", "passwordpassword", "qwertyuiop12",
        "qwertyuiop123", "adminadminadmin", "administrator", "changeme1234", "changemechangeme", "letmeinletmein",
        "iloveyou1234", "handrailhandrail", "handrail1234",
    }
)  # fmt: skip


def _same_form(password: str) -> bytes:
    """Return the bytes of a password, the same however a keyboard composed its characters."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
