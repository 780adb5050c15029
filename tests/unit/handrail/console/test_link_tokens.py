"""A link's token says who may answer what until when, and nobody but the store can make one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.links import SignedLink, link_for
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.secret import SigningSecret

SECRET = SigningSecret(b"a secret of more than thirty-two bytes")
OTHER = SigningSecret(b"another secret of thirty-two bytes or more")
LINK = SignedLink(item=7, version=3, digest="ab12", audience="ann@example.org", expires=2_000_000_000)

links = st.builds(
    SignedLink,
    item=st.integers(1, 2**63 - 1),
    version=st.integers(1, 10_000),
    digest=st.text("0123456789abcdef", max_size=32),
    audience=st.text(min_size=1, max_size=40),
    expires=st.integers(0, 2**40),
)


@given(links)
def test_a_token_says_what_it_was_made_of(link: SignedLink) -> None:
    assert SignedLink.read(link.token(SECRET), SECRET) == link


@given(links)
def test_a_token_is_safe_in_an_address(link: SignedLink) -> None:
    assert set(link.token(SECRET)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_token_of_another_secret_is_none() -> None:
    assert SignedLink.read(LINK.token(OTHER), SECRET) is None


def test_a_token_of_the_secret_before_is_read() -> None:
    rotated = SigningSecret(b"another secret of thirty-two bytes or more", b"a secret of more than thirty-two bytes")

    assert SignedLink.read(LINK.token(SECRET), rotated) == LINK


@given(links, st.data())
def test_a_token_with_one_character_changed_is_none(link: SignedLink, data: st.DataObject) -> None:
    token = link.token(SECRET)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda each: each != token[place]))

    assert SignedLink.read(token[:place] + other + token[place + 1 :], SECRET) is None


@given(st.text())
def test_any_other_text_is_none(text: str) -> None:
    assert SignedLink.read(text, SECRET) is None


@given(links, links)
def test_the_signature_of_one_link_is_not_that_of_another(one: SignedLink, other: SignedLink) -> None:
    mixed = f"{one.token(SECRET).partition('.')[0]}.{other.token(SECRET).partition('.')[2]}"

    assert SignedLink.read(mixed, SECRET) == (one if one == other else None)


@given(links)
def test_padding_makes_no_second_address(link: SignedLink) -> None:
    assert SignedLink.read(f"{link.token(SECRET)}=", SECRET) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(LINK, item=8),
        replace(LINK, version=4),
        replace(LINK, digest="ab13"),
        replace(LINK, audience="bob@example.org"),
        replace(LINK, expires=2_000_000_001),
    ],
)
def test_links_that_differ_in_anything_are_used_separately(other: SignedLink) -> None:
    assert other.fingerprint != LINK.fingerprint


def test_a_link_is_over_at_its_end() -> None:
    assert not LINK.is_over(1_999_999_999.9)
    assert LINK.is_over(2_000_000_000.0)


@pytest.mark.parametrize("audience", ["", "  ", "a" * 3_000])
def test_a_link_is_for_somebody(audience: str) -> None:
    with pytest.raises(Misuse):
        link_for(ReviewItem(id=1, run_id="r", workflow="w", step="s"), audience=audience, expires=1.0, secret=SECRET)
