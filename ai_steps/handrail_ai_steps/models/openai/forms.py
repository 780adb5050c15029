"""The forms of a model's questions, built once for each step."""

from handrail_ai_steps.model import ModelRequest
from handrail_ai_steps.models.openai.form import Form, build_form

MOST_FORMS = 512
"""Steps hold a handful; whoever builds types in a loop must not fill the memory."""


class Forms:
    """Remembers the form of each step."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[ModelRequest, Form]] = {}

    def form(self, request: ModelRequest, *, coded: bool = False, states: bool = False) -> Form:
        """Return the form of a request's answers, as ``build_form`` makes it."""
        key = (request.task, request.prompt_version, request.labels, coded, states)
        known = self._known.get(key)
        if known is not None and _same(known[0], request):
            return known[1]
        if len(self._known) >= MOST_FORMS:
            self._known.clear()
        form = build_form(request, coded=coded, states=states)
        self._known[key] = (request, form)
        return form


def _same(one: ModelRequest, other: ModelRequest) -> bool:
    if one.output_type is not other.output_type and one.output_type != other.output_type:
        return False
    return one.json_schema is other.json_schema or one.json_schema == other.json_schema
