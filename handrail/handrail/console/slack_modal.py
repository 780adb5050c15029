"""The form that Slack shows for an item: its blocks from the same form as the page's, and what was typed in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handrail.console.beside import beside
from handrail.console.forms.fields import ChoiceField, FieldOption, TextBox
from handrail.console.forms.form import AnswerForm
from handrail.console.forms.missing import MISSING
from handrail.console.labels import LabelOption, label_options
from handrail.console.marks import answer_form
from handrail.console.viewer import Viewer
from handrail_orchestrator.notices.slack_blocks import plain
from handrail_orchestrator.records.item import ReviewDetail

CALLBACK = "handrail_answer"
CHOICE = "choice"
"""The block of an answer that is one of several."""
TYPED = "typed"
"""The action of every field."""
MOST_FIELDS = 40
MOST_OPTIONS = 100
LONGEST_OPTION = 75
LONGEST_TOKEN = 150
LONGEST_NAME = 255
LONGEST_TYPED = 3_000
LONGEST_CONTEXT = 2_900
LONGEST_TITLE = 24


@dataclass(frozen=True, slots=True)
class SlackForm:
    """An item's form, as Slack can show it."""

    item: ReviewDetail
    labels: tuple[LabelOption, ...] = ()
    """The answers, if it is one of several."""
    form: AnswerForm | None = None

    @staticmethod
    def of(item: ReviewDetail, viewer: Viewer) -> "SlackForm | None":
        """Return the form; None: Slack cannot show it, so that it is answered on its page."""
        if item.choices:
            labels = tuple(label_options(item))
            fits = len(labels) <= MOST_OPTIONS and all(len(each.value) <= LONGEST_TOKEN for each in labels)
            return SlackForm(item, labels) if fits else None
        form = answer_form(item, beside(item).text, viewer)
        leaves = list(form.leaves())
        fits = 0 < len(leaves) <= MOST_FIELDS and all(_fits(each) for each in leaves)
        return SlackForm(item, form=form) if fits else None

    def fields(self) -> list[dict[str, Any]]:
        """Return the blocks in which the answer is given."""
        if self.form is None:
            options = [_option(each.value, each.text) for each in self.labels]
            suggested = next((at for at, each in enumerate(self.labels) if each.is_suggested), None)
            element: dict[str, Any] = {"type": "static_select", "action_id": TYPED, "options": options}
            if suggested is not None:
                element["initial_option"] = options[suggested]
            return [_input(CHOICE, "Answer", element)]
        return [_field(each) for each in self.form.leaves()]

    def read(self, state: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
        """Return the answer that was given, or ``MISSING`` and what is wrong, by block."""
        if self.form is None:
            given = _typed(state.get(CHOICE))
            known = {each.value for each in self.labels}
            if len(given) != 1 or given[0] not in known:
                return MISSING, {CHOICE: "choose one of them"}
            return json.loads(given[0]), {}
        names = {each.name for each in self.form.leaves()}
        parts = [(name, text) for name, text in self.form.parts() if name not in names]
        parts += [(name, text) for name in names for text in _typed(state.get(name))]
        reading = self.form.read(parts)
        if reading.fits:
            return reading.value, {}
        first = next(iter(self.form.leaves())).name
        return MISSING, {(each.name if each.name in names else first): each.text for each in reading.problems}

    @property
    def first(self) -> str:
        """Return the block at which what is wrong with the whole answer is said."""
        return CHOICE if self.form is None else next(iter(self.form.leaves())).name


def modal(form: SlackForm, *, shows_context: bool) -> dict[str, Any]:
    """Return the view in which an item is answered."""
    item = form.item
    blocks: list[dict[str, Any]] = [{"type": "section", "text": plain(item.title)}]
    blocks.append({"type": "context", "elements": [plain(item.reason or item.code, 300)]})
    if shows_context:
        shown = beside(item)
        facts = "\n".join(f"{name}: {value}" for name, value in (*shown.facts, *shown.arguments))
        context = "\n\n".join(part for part in (facts, shown.shown, shown.rest) if part)
        blocks += [{"type": "section", "text": plain(context, LONGEST_CONTEXT)}] if context else []
    blocks += form.fields()
    note = {"type": "plain_text_input", "action_id": TYPED, "multiline": True, "max_length": LONGEST_TYPED}
    blocks.append(_input("note", "Note", note, optional=True))
    return {
        **_view("Answer", blocks),
        "callback_id": CALLBACK,
        "submit": plain("Save", LONGEST_TITLE),
        "close": plain("Cancel", LONGEST_TITLE),
        "notify_on_close": True,
        "private_metadata": json.dumps({"item": item.id, "version": item.version, "shown": item.digest}),
    }


def told(title: str, text: str) -> dict[str, Any]:
    """Return a view that only says something."""
    return _view(title, [{"type": "section", "text": plain(text)}])


def _view(title: str, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "modal", "title": plain(title, LONGEST_TITLE), "blocks": blocks}


def _fits(one: TextBox | ChoiceField) -> bool:
    if len(one.name) > LONGEST_NAME:
        return False
    if isinstance(one, TextBox):
        return len(one.text or "") <= LONGEST_TYPED and not one.unseen
    return 0 < len(one.options) <= MOST_OPTIONS and all(len(each.token) <= LONGEST_TOKEN for each in one.options)


def _field(one: TextBox | ChoiceField) -> dict[str, Any]:
    if isinstance(one, TextBox):
        element: dict[str, Any] = {
            "type": "plain_text_input", "action_id": TYPED, "multiline": one.is_long, "max_length": LONGEST_TYPED,
        }  # fmt: skip
        if one.text:
            element["initial_value"] = one.text
        return _input(one.name, one.label, element, hint=one.help, optional=True)
    options = {each.token: _choice(each) for each in one.options}
    chosen = [options[token] for token in one.chosen if token in options]
    kind = "multi_static_select" if one.is_many else "static_select"
    element = {"type": kind, "action_id": TYPED, "options": list(options.values())}
    if chosen and one.is_many:
        element["initial_options"] = chosen
    elif chosen:
        element["initial_option"] = chosen[0]
    return _input(one.name, one.label, element, hint=one.help, optional=True)


def _input(name: str, label: str, element: dict[str, Any], *, hint: str = "", optional: bool = False) -> dict[str, Any]:
    """Return a field. What must be filled in is said by the form, in its own words, not by Slack."""
    block = {"type": "input", "block_id": name, "label": plain(label, 2_000), "element": element, "optional": optional}
    return {**block, "hint": plain(hint, 2_000)} if hint else block


def _choice(one: FieldOption) -> dict[str, Any]:
    return _option(one.token, one.label)


def _option(token: str, label: str) -> dict[str, Any]:
    return {"text": plain(label, LONGEST_OPTION), "value": token}


def _typed(block: object) -> list[str]:
    """Return what was typed or chosen in a block."""
    found = block.get(TYPED) if isinstance(block, Mapping) else None
    if not isinstance(found, Mapping):
        return []
    match found.get("type"):
        case "plain_text_input":
            return [str(found.get("value") or "")]
        case "static_select":
            return [_value(found.get("selected_option"))] if found.get("selected_option") else [""]
        case "multi_static_select":
            return [_value(each) for each in found.get("selected_options") or ()]
        case _:
            return []


def _value(option: object) -> str:
    return str(option.get("value", "")) if isinstance(option, Mapping) else ""
