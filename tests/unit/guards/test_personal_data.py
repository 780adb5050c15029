import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_guards.chain import run_guards
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.personal_data import find_personal_data, mask, no_personal_data, restore
from handrail_guards.personal_data.checksums import iban, luhn

SENTENCES = Path(__file__).parents[3].parent / "shared" / "data" / "guards" / "personal_data.dev.jsonl"


def found(text: str) -> list[tuple[str, str]]:
    return [(each.kind, text[each.span.start : each.span.end]) for each in find_personal_data(text)]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("email", "a.b+c@sub.example.co.uk"),
        ("url", "https://example.com/a?b=c"),
        ("url", "www.example.com"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("iban", "gb82west12345698765432"),
        ("card", "4111 1111 1111 1111"),
        ("card", "378282246310005"),
        ("ssn", "078-05-1120"),
        ("ip", "192.168.0.1"),
        ("ip", "fe80::1ff:fe23:4567:890a"),
        ("phone", "+1 (415) 555-2671"),
        ("phone", "(415)555-2671"),
        ("phone", "415.555.2671 ext. 12"),
        ("phone", "0041 44 668 18 00"),
        ("phone", "07700 900123"),
        ("phone", "+34 973877893"),
        ("phone", "+31(0)619-345145"),
        ("phone", "+44(0)161 4960932"),
        ("phone", "+43 1 234567363"),
        ("phone", "(+358) 409546111"),
        ("phone", "+90(877)893-2879x217"),
    ],
)
def test_each_kind_is_found_within_a_sentence(kind: str, data: str) -> None:
    assert found(f"Write it down: {data}, please.") == [(kind, data)]


@pytest.mark.parametrize(
    "text", ["Phone: 434 14 557", "call me at 5551234", "tel. 030/1234567", "467 3395 (office)", "ring (351) 914538401"]
)
def test_a_short_number_is_a_phone_when_the_words_around_say_so(text: str) -> None:
    assert [kind for kind, _ in found(text)] == ["phone"]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # no Luhn
        "DE89 3704 0044 0532 0130 01",  # no mod 97
        "000-12-3456 or 666-12-3456",
        "999.1.1.1 and version 1.2.3.4 at 12:30:45",
        "born 1990-01-02 12:33:22, in 1999-2003",
        "ISBN 978-3-16-148410-0, pages 100-200",
        "order 5551234567, ticket 12 345 678",
        "1 000 000 people, 5 10 15 20 25",
        "a @ b, @handle, 5 :: 6",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_an_ssn_without_dashes_needs_the_word() -> None:
    assert found("my ssn is 123 45 6789") == [("ssn", "123 45 6789")]
    assert found("room 123 45 6789") == []


def test_checksums_catch_every_changed_digit() -> None:
    assert luhn("4111111111111111")
    assert iban("GB82WEST12345698765432")
    for digit in "023456789":
        assert not luhn("4" + digit + "11111111111111")
        assert not iban(f"GB82WEST{digit}2345698765432")


def test_only_the_kinds_asked_for_are_found_and_none_is_taken_for_another() -> None:
    text = "GB82WEST12345698765432 a@b.org"
    assert [each.kind for each in find_personal_data(text, ["email", "phone"])] == ["email"]


@pytest.mark.parametrize("kinds", [["name"], [], "email"])
def test_unknown_kinds_are_refused(kinds: Any) -> None:
    with pytest.raises(InvalidGuard, match="personal data"):
        no_personal_data(kinds=kinds)


PIECES = st.sampled_from(
    [
        "a@b.org",
        "[EMAIL_1]",
        "[TEXT_1]",
        "[",
        "]",
        "_1]",
        "[EMAIL_",
        "4111111111111111",
        "+1 415 555 2671",
        " ",
        "x",
        "\n",
    ]
)


@given(st.lists(PIECES | st.text(max_size=5)).map("".join))
def test_restoring_a_masked_text_gives_the_text(text: str) -> None:
    assert restore(mask(text)) == text


@given(st.lists(PIECES).map("".join))
def test_a_masked_text_has_no_address_and_no_card_left(text: str) -> None:
    left = {each.kind for each in find_personal_data(mask(text).text)}
    assert not left & {"email", "card"}


def test_the_same_data_gets_the_same_token_and_a_reply_can_be_restored() -> None:
    masked = mask("From a@b.org to c@d.org, copy to a@b.org")
    assert masked.text == "From [EMAIL_1] to [EMAIL_2], copy to [EMAIL_1]"
    assert restore(masked, "Dear [EMAIL_2], [EMAIL_9] wrote.") == "Dear c@d.org, [EMAIL_9] wrote."


def test_a_token_in_the_text_is_not_mistaken_for_one_of_ours() -> None:
    text = "[EMAIL_1] is a token, a@b.org an address"
    masked = mask(text)
    assert masked.text == "[TEXT_1] is a token, [EMAIL_1] an address"
    assert restore(masked) == text


def test_the_guard_blocks_without_repeating_the_data() -> None:
    result = run_guards([no_personal_data()], {"body": "mail a@b.org and c@d.org"}, GuardContext())
    assert result.blocking is not None
    assert (result.blocking.field, result.blocking.reason) == ("body", "personal data: 2 email")
    assert len(result.blocking.spans) == 2


def test_the_guard_can_mask_instead() -> None:
    result = run_guards([no_personal_data(on_fail="fix")], "mail a@b.org", GuardContext())
    assert (result.blocking, result.value) == (None, "mail [EMAIL_1]")


def test_labelled_sentences_are_found_well_enough() -> None:
    if not SENTENCES.is_file():
        pytest.skip("the labelled sentences are not beside the project")
    kinds = {"EMAIL_ADDRESS": "email", "CREDIT_CARD": "card", "IBAN_CODE": "iban", "PHONE_NUMBER": "phone"}
    labelled = hit = 0
    for line in SENTENCES.read_text(encoding="utf-8").split("\n"):
        sentence: dict[str, Any] = json.loads(line) if line else {"text": "", "spans": []}
        finds = find_personal_data(sentence["text"])
        for label in sentence["spans"]:
            if label["type"] in kinds:
                labelled += 1
                hit += any(
                    each.kind == kinds[label["type"]]
                    and each.span.start < label["end"]
                    and label["start"] < each.span.end
                    for each in finds
                )
    assert hit / labelled >= 0.95


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("phone", "+44\u00a020\u00a07946\u00a00958"),
        ("phone", "+44\u201120\u20137946\u20110958"),
        ("phone", "\uff0b\uff14\uff14 20 7946 0958"),
        ("phone", "+44 20\u200b7946\u200b0958"),
        ("phone", "8 (495) 123-45-67"),
        ("phone", "+\u0664\u0664 20 7946 0958"),
        ("iban", "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000"),
        ("iban", "DE89\n3704 0044 0532 0130 00"),
        ("iban", "DE89  3704  0044  0532  0130  00"),
        ("iban", "DE89 3704\u200b0044 0532 0130 00"),
        ("card", "4111.1111.1111.1111"),
        ("card", "4111 1111\n1111 1111"),
        ("card", "4111\u200b1111\u200b1111\u200b1111"),
        ("card", "3782/822463/10005"),
        ("ssn", "123\u201145\u20116789"),
        ("email", "ann\uff20example.org"),
        ("email", "ann@exa\u00admple.org"),
        ("email", "x&y@example.org"),
        ("email", '"ann b"@example.org'),
        ("url", "https://me:secret@example.org/a"),
    ],
)
def test_data_set_apart_in_unusual_ways_is_masked_as_a_whole(kind: str, data: str) -> None:
    text = f"Note: {data}, thank you"
    assert found(text) == [(kind, data)]
    assert mask(text).text == f"Note: [{kind.upper()}_1], thank you"
    assert restore(mask(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("card 4111 1111 1111 1111 12/27", [("card", "4111 1111 1111 1111")]),
        ("card:4111111111111111exp12/27", [("card", "4111111111111111")]),
        ("IBANDE89370400440532013000", [("iban", "DE89370400440532013000")]),
        ("ann@example.org-Fax", [("email", "ann@example.org")]),
        ("_ann@example.org_", [("email", "_ann@example.org")]),
        ("ann@example.org\u2014thanks", [("email", "ann@example.org")]),
        ("Telefon: 089 / 1234 56 78", [("phone", "089 / 1234 56 78")]),
        ("Tel 03-2163 2766 / 03-2181 6766", [("phone", "03-2163 2766"), ("phone", "03-2181 6766")]),
        ("4155552671 is my cell", [("phone", "4155552671")]),
        ("the scope a::b of C++", []),
    ],
)
def test_what_stands_at_once_beside_data_does_not_hide_it(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("test data630-596-1111", ["630-596-1111"]),
        ("Tel030/1234567", ["030/1234567"]),
        ("Phone07700900123", ["07700900123"]),
        ("SKU12630-596-1111", []),
        ("hotel 12345678", []),
    ],
)
def test_a_phone_number_may_stand_at_once_behind_a_word(text: str, expected: list[str]) -> None:
    assert [data for _, data in found(text)] == expected


def test_data_in_the_columns_of_a_table_is_found() -> None:
    text = "17,ann@example.org,4111111111111111,ann,030/1234567,DE89370400440532013000,5555555555554444,12"
    assert [kind for kind, _ in found(text)] == ["email", "card", "phone", "iban", "card"]
    assert not found("0.4111111111111111 of 4111111111111111.5")


def test_addresses_that_run_into_each_other_are_all_masked() -> None:
    masked = mask("a@b.org4111111111111111a@b.org").text
    assert "@" not in masked
    assert not find_personal_data(masked)
