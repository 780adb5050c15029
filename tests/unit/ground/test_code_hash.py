"""Hashes of code: of what it does, not of where it stands; the same in every process and every release."""

import hashlib
import subprocess
import sys
from collections.abc import Callable

import pytest

from handrail_ground.code_hash import constant_text, hash_of_code, hash_of_function

SOURCE = "def f(x, more=2): return x in {'a', 'b', 'c'} and [n for n in (x, more)]"


def made(source: str) -> Callable[..., object]:
    namespace: dict[str, Callable[..., object]] = {}
    exec(source, namespace)  # noqa: S102 -- the source stands above
    return namespace["f"]


def test_the_hash_is_of_the_code_its_names_and_its_constants() -> None:
    code = made("def f(x): return x.upper() + 'a'").__code__
    told = [code.co_code, repr(code.co_names).encode(), *(repr(each).encode() for each in code.co_consts)]

    assert hash_of_code(code) == hashlib.blake2s(b"".join(told), digest_size=8).hexdigest()


@pytest.mark.dear
def test_it_is_the_same_in_every_process() -> None:
    program = (
        "from handrail_ground.code_hash import hash_of_function\n"
        f"namespace = {{}}\nexec({SOURCE!r}, namespace)\nprint(hash_of_function(namespace['f']))"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }

    assert hashes == {hash_of_function(made(SOURCE))}


def test_where_the_code_stands_does_not_count() -> None:
    assert hash_of_function(made(SOURCE)) == hash_of_function(made("\n\n" + SOURCE))


def test_what_it_does_counts_and_so_do_its_defaults() -> None:
    changed = [
        SOURCE.replace("'c'", "'d'"),
        SOURCE.replace("more=2", "more=3"),
        SOURCE.replace("(x, more)", "(more, x)"),
    ]

    assert len({hash_of_function(made(each)) for each in (SOURCE, *changed)}) == 4


def test_plain_values_from_around_it_count_where_they_are_asked_for() -> None:
    def within(tolerance: float) -> Callable[[float], bool]:
        return lambda gap: gap <= tolerance

    assert hash_of_function(within(0.1)) == hash_of_function(within(0.2))
    assert hash_of_function(within(0.1), closure=True) != hash_of_function(within(0.2), closure=True)


def test_an_object_has_the_hash_of_its_call() -> None:
    class Near:
        def __call__(self, gap: float) -> bool:
            return gap < 1

    assert hash_of_function(Near()) == hash_of_function(Near.__call__)


def test_a_set_has_one_text_whatever_its_order() -> None:
    assert constant_text(frozenset({"b", "a"})) == "frozenset([\"'a'\", \"'b'\"])"
    assert constant_text((1, frozenset({2}))) == "(1, frozenset(['2']))"
