"""Sealed values as they stand in text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.sealing.aes_gcm import AesGcm
from handrail_orchestrator.sealing.sealer import Sealer
from handrail_orchestrator.store.files import named_in
from handrail_orchestrator.store.sealed_text import is_sealed, plain_size, stable, tokens

OLD, NEW = {"old": b"o" * 32}, {"new": b"n" * 32}
ABOUT = ("run", "a/b \N{SNOWMAN}", "input")
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def sealer(keys: dict[str, bytes]) -> Sealer:
    return Sealer("runs.db", AesGcm(keys), "store", b"d" * 32)


@pytest.mark.dear
@given(VALUES, st.booleans())
def test_a_value_comes_back_as_it_was(value: object, marked: bool) -> None:  # noqa: FBT001 -- hypothesis draws it
    text = (" " if marked else "") + json.dumps(value)

    sealed = sealer(OLD).value(text, ABOUT)

    assert is_sealed(sealed)
    assert sealer(OLD).json(sealed, (ABOUT,)) == text
    assert sealed.startswith(" ") == marked
    json.loads(sealed)  # whoever reads JSON can


@given(st.text(min_size=1), st.text())
def test_words_come_back_from_within_json_and_from_within_text(words: str, around: str) -> None:
    sealed = sealer(OLD).words(words, ABOUT)
    around = around.replace("hsealed1.", "")

    assert sealer(OLD).text(sealed, (ABOUT,)) == words
    assert json.loads(sealer(OLD).json(json.dumps({"message": sealed}), ())) == {"message": words}
    assert json.loads(sealer(OLD).json(json.dumps({"message": f"{around}: {sealed} "}), ())) == {
        "message": f"{around}: {words} "
    }


@pytest.mark.dear
@given(VALUES)
def test_another_key_takes_over_and_what_hashes_cover_stays(value: object) -> None:
    text = json.dumps(value)
    sealed = json.dumps({"decision": json.loads(sealer(OLD).value(text, ABOUT)), "by": "ann"})

    again = sealer({**NEW, **OLD}).again(sealed)

    assert {token.key for token in tokens(again)} == {"new"}
    assert again != sealed
    assert stable(again) == stable(sealed)
    assert sealer({**NEW}).json(again, ()) == f'{{"decision": {text}, "by": "ann"}}'


def test_equal_values_look_different_and_their_digests_differ_with_what_they_are() -> None:
    one, other = sealer(OLD).value("1", ABOUT), sealer(OLD).value("1", ABOUT)
    elsewhere = sealer(OLD).value("1", ("run", "b", "input"))

    assert one != other
    assert stable(one) == stable(other)
    assert tokens(one)[0].digest != tokens(elsewhere)[0].digest


def test_the_files_that_a_value_names_can_be_seen() -> None:
    text = json.dumps({"scan": {"id": "0" * 64, "name": "passport.pdf"}})

    sealed = sealer(OLD).value(text, ABOUT)

    assert named_in(sealed) == ["0" * 64]
    assert "passport" not in sealed
    assert sealer(OLD).json(sealed, (ABOUT,)) == text


@given(st.binary(min_size=1))
def test_a_part_of_a_file_comes_back_and_its_size_can_be_told(data: bytes) -> None:
    sealed = sealer(OLD).part(data, ("file", "f"))

    assert sealer(OLD).open_part(sealed, (("file", None),)) == data
    assert plain_size(sealed[:64], len(sealed)) == len(data)
    again = sealer({**NEW, **OLD}).part_again(sealed)
    assert sealer(NEW).open_part(again, (("file", "f"),)) == data
