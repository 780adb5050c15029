import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ai_steps.logprobs import field_logprobs, label_mass, text_logprob, token_trace, value_logprob, value_spans
from tests.stub_server import cut, tokens

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('abcé€😀\\"{}[]:,', max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


def leaves(value: object, path: str = "") -> dict[str, object]:
    """The oracle: every leaf by path, walked in Python."""
    if isinstance(value, dict) and value:
        items = list(value.items())
    elif isinstance(value, list) and value:
        items = [(str(index), each) for index, each in enumerate(value)]
    else:
        return {path: value}
    found: dict[str, object] = {}
    for key, each in items:
        found |= leaves(each, f"{path}.{key}" if path else key)
    return found


@given(JSON, st.booleans(), st.sampled_from([None, 2]))
def test_spans_hold_exactly_the_values(value: object, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    spans = value_spans(text)
    for path, leaf in leaves(value).items():
        if "" in path.split(".") or len(leaves(value)) != len(spans):
            continue  # an empty key makes two paths read the same
        start, end = spans[path]
        assert json.loads(b'"%b"' % text[start:end] if isinstance(leaf, str) else text[start:end]) == leaf


@st.composite
def tokenised(draw: st.DrawFn) -> tuple[dict[str, str], list[bytes], list[float]]:
    """A record of texts, cut into tokens anywhere, also inside a character."""
    record = draw(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.text("aé€😀 \n", max_size=8), min_size=1))
    data = json.dumps(record, ensure_ascii=False).encode()
    cuts = sorted(draw(st.sets(st.integers(1, len(data) - 1), max_size=len(data))))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    logprobs = draw(st.lists(st.floats(-5, 0), min_size=len(pieces), max_size=len(pieces)))
    return record, pieces, logprobs


@given(tokenised())
def test_fields_sum_the_tokens_that_overlap_them_and_their_end_even_when_characters_are_split(
    case: tuple[dict[str, str], list[bytes], list[float]],
) -> None:
    record, pieces, logprobs = case
    text = json.dumps(record, ensure_ascii=False)
    entries = [{**entry, "logprob": each} for entry, each in zip(tokens(*pieces), logprobs, strict=True)]
    trace = token_trace(entries, text)
    assert trace is not None
    assert trace.text == text.encode()
    spans = value_spans(trace.text)
    for path, found in field_logprobs(trace).items():
        start, end = spans[path]
        position, expected, ended = 0, [], 0.0
        for piece, logprob in zip(pieces, logprobs, strict=True):
            if position < max(end, start + 1) and position + len(piece) > start:
                expected.append(logprob)
            elif position == end > start:  # the closing quote has a token of its own
                ended = logprob
            position += len(piece)
        assert found.tokens == len(expected)
        assert found.joint == pytest.approx(sum(expected) + ended)
        assert found.mean == pytest.approx(sum(expected) / len(expected))
        assert found.lowest == min(expected)


def test_an_extra_closing_entry_with_an_empty_token_is_skipped() -> None:
    trace = token_trace([*tokens('{"a":', "1", "}"), {"token": "", "bytes": [], "logprob": -9.0}], '{"a":1}')
    assert trace is not None
    assert len(trace.pieces) == 3


def test_tokens_without_bytes_are_read_as_text() -> None:
    entries = [{"token": piece, "logprob": -0.5} for piece in ('{"a":"', "é", '"}')]
    trace = token_trace(entries, '{"a":"é"}')
    assert trace is not None
    assert field_logprobs(trace)["a"].joint == -1.0  # and that it ends there


@pytest.mark.parametrize(
    "entries",
    [
        None,
        [],
        tokens('{"a":2}'),
        [{"token": '{"a":1}'}],
        [{"token": '{"a":1}', "logprob": None}],
        [{"token": '{"a":1}', "logprob": math.nan}],
        [{"token": '{"a":1}', "logprob": 0.5}],
        [{"token": '{"a":1}', "bytes": [999], "logprob": -1.0}],
        ["{"],
    ],
)
def test_unusable_entries_give_no_trace_and_no_number(entries: list[dict[str, object]] | None) -> None:
    assert token_trace(entries, '{"a":1}') is None


def test_json_inside_other_text_is_found_in_its_tokens() -> None:
    trace = token_trace(tokens("```json\n", ('{"a":"x', {'{"a":"x': 0.5}), '"}\n```', probability=1.0), '{"a":"x"}')
    assert trace is not None
    assert field_logprobs(trace)["a"].probability == pytest.approx(0.5)


def test_an_empty_text_value_has_the_token_at_its_place() -> None:
    trace = token_trace(tokens('{"a":', ('""', {'""': 0.25}), "}"), '{"a":""}')
    assert trace is not None
    assert field_logprobs(trace)["a"].probability == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("pieces", "path", "expected"),
    [
        # the model would rather have gone on: "ACME Ltd", 123, 12.5
        (('{"a":"', "ACME", ('"', {'"': 0.05, " Ltd": 0.95}), "}"), "a", 0.05),
        (('{"a":', "12", ("}", {"}": 0.1, "3": 0.5, ".": 0.4})), "a", 0.1),
        (('{"a":', "12", (",", {",": 0.1, "e": 0.9}), '"b":1}'), "a", 0.1),
        (('{"a":["x","', "y", ('"', {'"': 0.2, "z": 0.8}), "]}"), "a.1", 0.2),
        # whatever else would have ended it counts as its end
        (('{"a":"', "ACME", ('",', {'",': 0.5, '"}': 0.2, '"': 0.2, " Ltd": 0.1}), '"b":1}'), "a", 0.9),
        (('{"a":', "12", ("}", {"}": 0.5, ",": 0.3, "\n": 0.1, "3": 0.1})), "a", 0.9),
        # no list of alternatives: its own probability
        (('{"a":"', "ACME", ('"', {'"': 0.5}), "}"), "a", 0.5),
        # a word of JSON, and an empty list, end by themselves
        (('{"a":', "true", ("}", {"}": 0.1, ",": 0.1})), "a", 1.0),
        (('{"a":', "[]", ("}", {"}": 0.1})), "a", 1.0),
    ],
)
def test_that_a_value_ends_where_it_does_is_a_part_of_its_confidence(
    pieces: tuple[str | tuple[str, dict[str, float]], ...], path: str, expected: float
) -> None:
    text = "".join(each if isinstance(each, str) else each[0] for each in pieces)
    trace = token_trace(tokens(*pieces, probability=1.0), text)
    assert trace is not None
    assert field_logprobs(trace)[path].probability == pytest.approx(expected, abs=1e-3)


def test_whole_text_sums_every_token() -> None:
    trace = token_trace(tokens("one", " two", probability=0.5), "one two")
    assert trace is not None
    assert text_logprob(trace).tokens == 2
    assert text_logprob(trace).joint == pytest.approx(2 * math.log(0.5))


# Labels ----------------------------------------------------------------------------------------------------------


def masses(*pieces: str | tuple[str, dict[str, float]], labels: list[str]) -> tuple[dict[str, float], float]:
    text = "".join(piece if isinstance(piece, str) else piece[0] for piece in pieces)
    trace = token_trace(tokens(*pieces), text)
    assert trace is not None
    found = label_mass(trace, value_spans(trace.text)["label"], labels)
    return {label: round(mass, 6) for label, mass in found.masses.items()}, round(found.other, 6)


def test_a_code_token_holds_the_whole_distribution() -> None:
    spread = {"A": 0.7, "B": 0.2, "C": 0.05, "the": 0.03}
    assert masses('{"label":"', ("A", spread), '"}', labels=["A", "B", "C"]) == (
        {"A": 0.7, "B": 0.2, "C": 0.05},
        0.05,
    )


def test_the_first_token_that_distinguishes_decides() -> None:
    found = masses(
        '{"label":"', ("card", {"card": 0.9, "bill": 0.1}), ("_lost", {"_lost": 0.8, "_stolen": 0.2}), '"}',
        labels=["card_lost", "card_stolen", "billing"],
    )  # fmt: skip
    assert found == ({"billing": 0.1, "card_lost": 0.72, "card_stolen": 0.18}, 0.0)


def test_a_token_several_labels_can_start_with_is_other_mass() -> None:
    found = masses('{"label":"', ("bill", {"bill": 0.6, "card": 0.4}), 'ing"}', labels=["billing", "card_a", "card_b"])
    assert found == ({"billing": 0.6}, 0.4)


def test_a_token_missing_from_its_own_list_counts_by_its_own_log_probability() -> None:
    entries = tokens('{"label":"', "A", '"}')
    entries[1] |= {"logprob": math.log(0.1), "top_logprobs": tokens("the", probability=0.8)}
    trace = token_trace(entries, '{"label":"A"}')
    assert trace is not None
    found = label_mass(trace, value_spans(trace.text)["label"], ["A", "B"])
    assert found.masses == {"A": pytest.approx(0.1)}
    assert found.other == pytest.approx(0.9)


@pytest.mark.parametrize(("own", "listed"), [(0.99, 0.2), (0.2, 0.99)])
def test_of_two_numbers_for_the_written_token_that_contradict_each_other_the_lower_counts(
    own: float, listed: float
) -> None:
    entries = tokens('{"label":"', ("A", {"A": listed, "B": 1 - listed}), '"}')
    entries[1]["logprob"] = math.log(own)
    trace = token_trace(entries, '{"label":"A"}')
    assert trace is not None
    found = label_mass(trace, value_spans(trace.text)["label"], ["A", "B"])
    assert found.masses["A"] == pytest.approx(0.2)


@pytest.mark.parametrize(("own", "listed"), [(0.99, 0.2), (0.2, 0.99)])
def test_of_two_numbers_for_a_token_of_a_field_that_contradict_each_other_the_lower_counts(
    own: float, listed: float
) -> None:
    entries = tokens(
        '{"total":', ("12", {"12": listed, "13": 1 - listed}), ',"shop":"', ("é", {"é": 0.5}), '"}', probability=1.0
    )
    entries[1]["logprob"] = math.log(own)

    trace = token_trace(entries, '{"total":12,"shop":"é"}')

    assert trace is not None
    found = field_logprobs(trace)
    assert found["total"].probability == pytest.approx(0.2)
    assert found["shop"].probability == pytest.approx(0.5)


@pytest.mark.parametrize("listed", [math.nan, None, "high", 0.7])
def test_a_list_that_tells_no_log_probability_changes_nothing(listed: object) -> None:
    entries = tokens('{"total":', ("12", {"12": 0.9, "13": 0.1}), "}", probability=1.0)
    entries[1]["top_logprobs"][0]["logprob"] = listed

    trace = token_trace(entries, '{"total":12}')

    assert trace is not None
    assert field_logprobs(trace)["total"].probability == pytest.approx(0.9)


def test_tokens_that_join_quote_and_label_are_told_apart() -> None:
    found = masses('{"label":', ('"A"', {'"A"': 0.6, '"B"': 0.3, '"': 0.1}), "}", labels=["A", "B"])
    assert found == ({"A": 0.6, "B": 0.3}, 0.1)


def test_a_label_that_begins_another_is_settled_by_the_closing_quote() -> None:
    found = masses(
        '{"label":"',
        ("card", {"card": 0.9, "x": 0.1}),
        ('"}', {'"}': 0.75, "_lost": 0.25}),
        labels=["card", "card_lost"],
    )
    assert found == ({"card": 0.675, "card_lost": 0.225}, 0.1)


def test_labels_outside_ascii_are_compared_as_bytes() -> None:
    found = masses('{"label":"', ("Zür", {"Zür": 0.8, "Gen": 0.2}), 'ich"}', labels=["Zürich", "Genève"])
    assert found == ({"Zürich": 0.8, "Genève": 0.2}, 0.0)


@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=6), st.integers(0, 5))
def test_masses_and_other_mass_sum_to_one(weights: list[float], chosen: int) -> None:
    codes = "ABCDEF"[: len(weights)]
    total = sum(weights) * 1.1
    spread = {code: weight / total for code, weight in zip(codes, weights, strict=True)}
    found, other = masses('{"label":"', (codes[chosen % len(codes)], spread), '"}', labels=list(codes))
    assert sum(found.values()) + other == pytest.approx(1.0, abs=1e-4)
    assert all(0.0 <= mass <= 1.0 for mass in found.values())


def test_each_field_of_a_long_answer_has_its_confidence() -> None:
    lines = [{"name": f"item {index} é", "quantity": index, "total": index * 1.25} for index in range(78)]
    text = json.dumps({"lines": lines}, ensure_ascii=False)
    entries = tokens(*cut(text, -(-len(text.encode()) // 1445)))

    trace = token_trace(entries, text)

    assert trace is not None
    assert len(field_logprobs(trace)) == 235  # and where the list ends


def test_value_logprob_of_a_span_before_the_first_token_boundary() -> None:
    trace = token_trace(tokens("abc", "def", probability=0.5), "abcdef")
    assert trace is not None
    assert value_logprob(trace, (2, 4)).tokens == 2
