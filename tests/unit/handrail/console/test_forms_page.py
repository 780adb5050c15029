"""The markup of a form: every part that is sent stands in it once, labelled, and nothing of a value is markup."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from handrail.console.forms.fields import EvidenceSpot, FieldMark
from handrail.console.forms.form import AnswerForm, form_of
from handrail.console.render import environment
from tests.unit.handrail.console.answers_of_any_type import Answer, answers

HOSTILE = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;{{ 7*7 }}"


class Page(HTMLParser):
    """What a browser makes of a form: its elements, and what it would send."""

    VOID = frozenset({"input", "img", "br"})

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.sent: list[tuple[str, str]] = []
        self._text: tuple[str, list[str]] | None = None
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in attrs}
        assert len(got) == len(attrs), "an attribute is there twice"
        self.tags.append((tag, got))
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "input" and (got["type"] not in {"radio", "checkbox"} or "checked" in got):
            self.sent.append((got["name"], got["value"]))
        elif tag == "textarea":
            self._text = (got["name"], [])
        elif tag == "select":
            self._select = (got["name"], [])
        elif tag == "option" and self._select is not None:
            self._select[1].append((got["value"], "selected" in got))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "textarea" and self._text is not None:
            name, texts = self._text
            self.sent.append((name, "".join(texts).removeprefix("\n")))
            self._text = None
        elif tag == "select" and self._select is not None:
            name, options = self._select
            self.sent.append((name, next((value for value, chosen in options if chosen), options[0][0])))
            self._select = None

    def ids(self) -> list[str]:
        return [got["id"] for _, got in self.tags if "id" in got]


def page_of(form: AnswerForm) -> Page:
    template = environment().get_template("forms/fields.html.j2")
    return Page(template.module.answer_form(form))  # type: ignore[attr-defined]


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(answers())
def test_a_browser_sends_of_the_page_what_the_form_says(answer: Answer) -> None:
    form = form_of(answer.schema, answer.data)

    page = page_of(form)

    assert sorted(page.sent) == sorted(form.parts())
    assert len(page.ids()) == len(set(page.ids()))
    labels = {got["for"] for tag, got in page.tags if tag == "label" and "for" in got}
    typed = {got["id"] for tag, got in page.tags if tag in {"textarea", "select"} or got.get("type") == "text"}
    assert typed == labels
    described = {each for _, got in page.tags for each in got.get("aria-describedby", "").split()}
    assert described <= set(page.ids())


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "title": HOSTILE, "description": HOSTILE},
        {"enum": [HOSTILE, f"{HOSTILE} "], "title": HOSTILE},
        {"enum": [HOSTILE, *map(str, range(40))]},
        {"type": "object", "properties": {HOSTILE: {"type": "string"}}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"const": HOSTILE},
        {},
    ],
)
def test_nothing_of_a_schema_or_a_value_is_markup(schema: dict[str, Any]) -> None:
    value: Any = {HOSTILE: HOSTILE} if schema.get("type") == "object" else HOSTILE
    mark = FieldMark(
        state="check", confidence=0.5, source=HOSTILE, note=HOSTILE, alternatives=((HOSTILE, 0.5, HOSTILE),),
        evidence=(EvidenceSpot(start=0, end=3, line=1, document=HOSTILE),),
    )  # fmt: skip
    marks = {"": mark, HOSTILE: mark}

    form = form_of(schema, value, marks=marks)
    page = page_of(form.read([(name, "") for name, _ in form.parts()]).form)

    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img"})
    assert not [name for _, got in page.tags for name in got if name.startswith("on") or name == "style"]
    assert page_of(form).sent == form.parts()


def test_a_wrong_field_says_so_to_a_screen_reader() -> None:
    schema = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}

    page = page_of(form_of(schema).read([("a.total", "many")]).form)

    (box,) = [got for tag, got in page.tags if got.get("type") == "text"]
    assert box["aria-invalid"] == "true"
    assert box["aria-describedby"] in page.ids()
    assert box["value"] == "many"


def test_the_marks_of_a_field_are_beside_it() -> None:
    schema = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
    found = EvidenceSpot(start=4, end=9, line=2)
    mark = FieldMark(state="check", confidence=0.61, alternatives=(("166.00", 0.2, ""),), evidence=(found,))

    page = page_of(form_of(schema, {"total": 207.5}, marks={"total": mark}))

    (field,) = [got for _, got in page.tags if got.get("data-path") == "total"]
    assert (field["data-state"], field["data-evidence"], field["data-kind"]) == ("check", "4-9", "number")
    (other,) = [got for tag, got in page.tags if tag == "button" and got.get("class") == "alternative"]
    assert (other["data-for"], other["data-value"], other["type"]) == ("a.total", "166.00", "button")


def test_a_long_list_of_choices_is_a_select_and_a_short_one_is_in_sight() -> None:
    long = page_of(form_of({"enum": [f"label {at}" for at in range(150)]}))
    short = page_of(form_of({"enum": ["a", "b"]}))

    assert [tag for tag, _ in long.tags].count("option") == 151, "and one that says that nothing is chosen"
    assert any("data-long" in got for _, got in long.tags)
    assert [got["value"] for _, got in short.tags if got.get("type") == "radio"] == ["0", "1"]


def test_a_form_is_the_same_text_for_the_same_value() -> None:
    schema = json.loads('{"enum": ["a", "b"]}')

    assert page_of(form_of(schema, "a")).sent == page_of(form_of(schema, "a")).sent == [("a", "0")]
