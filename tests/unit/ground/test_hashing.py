"""Hashes and draws: the same in every release, whatever the order of keys and the machine."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ground.hashing import Purpose, drawn, hash_of_data, hash_of_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
)


@pytest.mark.parametrize(
    ("key", "purpose", "number"),
    [
        ("T-1/route", "audit", 0.35647316441341204),
        ("", "audit", 0.6669548063118614),
        ("é/\ud800", "audit", 0.5427854116054143),
        ("T-1/route", "development", 0.16149980772347947),
        ("", "development", 0.9057762614251995),
        ("é/\ud800", "development", 0.9963957806134335),
    ],
)
def test_a_key_draws_the_same_number_in_every_release(key: str, purpose: Purpose, number: float) -> None:
    assert drawn(key, purpose) == number


@given(st.text(), st.sampled_from(["audit", "development"]))
def test_a_number_drawn_is_between_0_and_1(key: str, purpose: Purpose) -> None:
    assert 0 <= drawn(key, purpose) <= 1


def test_what_is_drawn_for_one_purpose_says_nothing_about_another() -> None:
    keys = [str(number) for number in range(4000)]
    both = sum(drawn(key, "audit") < 0.5 and drawn(key, "development") < 0.5 for key in keys)

    assert abs(both / len(keys) - 0.25) < 0.03


@pytest.mark.parametrize(
    ("text", "digest"),
    [("T-1", "cd4a8a25abc253aa"), ("é/\ud800", "2ae1c9173a83869c")],
)
def test_a_text_has_the_same_hash_in_every_release(text: str, digest: str) -> None:
    assert hash_of_text(text, digits=16) == digest


def test_data_have_the_same_hash_in_every_release() -> None:
    assert hash_of_data({"b": [1, 2.5, None], "a": "é"}, digits=16) == "d764fee2563da33e"


@pytest.mark.slow
@given(st.dictionaries(st.text(), JSON))
def test_the_order_of_keys_does_not_count(data: dict[str, object]) -> None:
    assert hash_of_data(dict(reversed(data.items())), digits=64) == hash_of_data(data, digits=64)


@pytest.mark.slow
@given(JSON, JSON)
def test_other_data_have_another_hash(one: object, other: object) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (hash_of_data(one, digits=64) == hash_of_data(other, digits=64)) is same
