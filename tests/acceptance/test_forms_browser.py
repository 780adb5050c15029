"""Forms in a real browser, without any script: what is typed is what is read, and a screen reader finds its way."""

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

import pytest
from pydantic import BaseModel, Field

from handrail.console.forms.fields import EvidenceSpot, FieldMark
from handrail.console.forms.form import AnswerForm, AnswerReading, form_of
from handrail.console.render import STATIC, environment
from handrail_orchestrator.codec import codec_for

playwright = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser: pip install playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")

pytestmark = pytest.mark.acceptance

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ADDRESS = "http://forms.test/"
"""Nobody is there: what the browser asks of it is answered in this process."""
HOSTILE = "</textarea><script>document.title = 'hacked'</script>\"'<b>&amp;"


class Card(BaseModel):
    by: Literal["card"]
    digits: str


class Transfer(BaseModel):
    by: Literal["transfer"]
    iban: str
    days: int | None = None


class Line(BaseModel):
    text: str
    amount: float


class Bill(BaseModel):
    number: str
    reply: str = Field(description="What the customer reads.")
    paid: bool
    currency: Literal["EUR", "SEK", "USD"]
    country: Literal["at", "be", "bg", "cy", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr", "hr", "hu"]
    labels: set[Literal["late", "partial"]]
    payment: Annotated[Card | Transfer, Field(discriminator="by")]
    lines: list[Line]
    notes: dict[str, str]


BILL = codec_for(Bill, where="the bill").json_schema()
VALUE = {
    "number": HOSTILE,
    "reply": f"\nDear customer,\n\n{HOSTILE}\n",
    "paid": False,
    "currency": "SEK",
    "country": "cz",
    "labels": ["partial"],
    "payment": {"by": "card", "digits": "4242"},
    "lines": [{"text": "lamp", "amount": 118.5}, {"text": "paper", "amount": 1.234}],
    "notes": {"a.b": "x", "": "y"},
}
MARKS = {
    "number": FieldMark(state="accepted", confidence=0.98, evidence=(EvidenceSpot(start=0, end=3, line=1),)),
    "currency": FieldMark(state="check", confidence=0.5, alternatives=(("EUR", 0.4, ""), ("USD", 0.1, ""))),
    "lines.1.amount": FieldMark(state="check", confidence=0.61, source="checked with the total"),
}


class Desk:
    """Shows a form, reads what is sent, and shows it again, as a server would."""

    def __init__(self, form: AnswerForm) -> None:
        self.form = form
        self.readings: list[AnswerReading] = []

    def answer(self, route: Any) -> None:
        if route.request.method == "POST":
            sent = parse_qsl(route.request.post_data, keep_blank_values=True, strict_parsing=True)
            self.readings.append(self.form.read(sent))
            route.fulfill(body=self.page(self.readings[-1].form), content_type="text/html; charset=utf-8")
        elif route.request.url == ADDRESS:
            route.fulfill(body=self.page(self.form), content_type="text/html; charset=utf-8")
        else:
            route.fulfill(status=404, body="")

    @staticmethod
    def page(form: AnswerForm) -> str:
        macros: Any = environment().get_template("forms/fields.html.j2").module
        style = (STATIC / "console.css").read_text(encoding="utf-8")
        return (
            f'<!doctype html><html lang="en"><title>A form</title><style>{style}</style><main><h1>A form</h1>'
            f'<form method="post" action="/">{macros.default_button("Save")}{macros.answer_form(form)}'
            '<button id="save">Save</button></form></main>'
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a desk's form."""
    contexts = []

    def open_form(desk: Desk, **settings: Any) -> Any:
        contexts.append(browser.new_context(**settings))
        page = contexts[-1].new_page()
        page.route("**/*", desk.answer)
        page.goto(ADDRESS)
        return page

    yield open_form
    for context in contexts:
        context.close()


def test_a_form_that_is_sent_untouched_is_read_as_what_it_shows(opened: Callable[..., Any]) -> None:
    desk = Desk(form_of(BILL, VALUE, marks=MARKS))
    page = opened(desk, java_script_enabled=False)

    page.click("#save")

    assert desk.readings[-1].problems == ()
    assert desk.readings[-1].value == VALUE
    assert page.title() == "A form"


def test_a_person_without_a_script_changes_everything(opened: Callable[..., Any]) -> None:
    desk = Desk(form_of(BILL, VALUE))
    page = opened(desk, java_script_enabled=False)

    page.get_by_label("Number", exact=True).fill("817")
    page.get_by_label("Reply").fill("one\ntwo")
    page.get_by_role("radiogroup", name="Paid").get_by_label("yes").check()
    page.get_by_role("radiogroup", name="Currency").get_by_label("EUR").check()
    page.get_by_label("Country").select_option(label="de")
    page.get_by_role("group", name="Labels").get_by_label("late").check()
    page.get_by_role("radiogroup", name="Payment").get_by_label("Transfer").check()
    page.get_by_role("button", name="Show the fields of Payment").click()
    page.get_by_label("Iban").fill("SE1")
    page.get_by_role("button", name="Add to Lines").click()
    page.get_by_role("group", name="Lines 3").get_by_label("Text").fill("ink")
    page.get_by_role("group", name="Lines 3").get_by_label("Amount").fill("7,5")
    page.get_by_role("button", name="Move Lines 3 up").click()
    page.get_by_role("button", name="Remove Lines 1", exact=True).click()
    page.get_by_role("button", name="Remove Notes 2", exact=True).click()
    page.get_by_label("Number", exact=True).press("Enter")

    assert [each.redraw for each in desk.readings] == [True] * 5 + [False], (
        "Enter saves, it does not press a list's button"
    )
    assert desk.readings[-1].problems == ()
    assert desk.readings[-1].value == {
        "number": "817",
        "reply": "one\ntwo",
        "paid": True,
        "currency": "EUR",
        "country": "de",
        "labels": ["late", "partial"],
        "payment": {"by": "transfer", "iban": "SE1", "days": None},
        "lines": [{"text": "ink", "amount": 7.5}, {"text": "paper", "amount": 1.234}],
        "notes": {"a.b": "x"},
    }


def test_a_wrong_value_is_named_and_kept(opened: Callable[..., Any]) -> None:
    desk = Desk(form_of(BILL, VALUE))
    page = opened(desk, java_script_enabled=False)

    page.get_by_role("group", name="Lines 1").get_by_label("Amount").fill("1,500")
    page.click("#save")

    box = page.get_by_role("group", name="Lines 1").get_by_label("Amount")
    assert box.input_value() == "1,500"
    assert box.get_attribute("aria-invalid") == "true"
    said = page.locator(f"[id='{box.get_attribute('aria-describedby')}']").inner_text()
    assert said == "This can be 1500 or 1.500: write which."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened: Callable[..., Any], scheme: str) -> None:
    form = form_of(BILL, VALUE, marks=MARKS)
    wrong = form.read([(name, "" if name == "a.lines.0.amount" else text) for name, text in form.parts()]).form
    for each in (form, wrong):
        page = opened(Desk(each), color_scheme=scheme)
        found = axe.Axe().run(page).response["violations"]
        assert found == [], json.dumps(
            [(one["id"], [node["html"] for node in one["nodes"]]) for one in found], indent=1
        )
