"""What instructor takes for the model of an answer: the form's own schema, and the form's own reading of what came."""

import copy
import json
from collections.abc import Mapping
from typing import Any, ClassVar

import instructor
from instructor.core.exceptions import ResponseParsingError

from handrail_ai_steps.models.openai.form import MOST_FORMS, Form, FormMisfit


class AnswerUnfit(ResponseParsingError):
    """An answer that came and does not fit its form."""

    def __init__(self, reason: str, answer: str) -> None:
        super().__init__(reason)
        self.answer = answer
        """What came, as JSON."""


class FormedAnswer(instructor.OpenAISchema):
    """The model of an answer; a subclass for each form has its schema, under its name, and reads by it."""

    form: ClassVar[Form]
    texts_alone: ClassVar[bool] = False
    """Whether options that are no texts are left out of the schema; the form looks at them all the same."""
    reading: object = None

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
        """Return the form's schema; instructor and libraries change what they are given."""
        schema = copy.deepcopy(cls.form.wire.schema)
        made = _with_text_options(schema) if cls.texts_alone else schema
        return {"title": cls.__name__, "description": f"The answer of {cls.__name__}.", **made}

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **_: Any) -> "FormedAnswer":
        """Read a text by the form.

        Raises:
            AnswerUnfit: it does not fit.
        """
        text = json_data if isinstance(json_data, str) else bytes(json_data).decode(errors="replace")
        try:
            return cls.model_construct(reading=cls.form.read(text))
        except FormMisfit as error:
            raise AnswerUnfit(str(error), text) from error

    @classmethod
    def model_validate(cls, obj: Any, **_: Any) -> "FormedAnswer":
        """Read the arguments of a call by the form.

        Raises:
            AnswerUnfit: they do not fit.
        """
        if not isinstance(obj, Mapping):
            raise AnswerUnfit("the answer is no JSON object", str(obj))
        return cls.model_validate_json(json.dumps(dict(obj), ensure_ascii=False))


def _with_text_options(schema: Any) -> Any:
    """Return a schema without the options of fields that are no texts."""
    if isinstance(schema, list):
        return [_with_text_options(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    options = schema.get("enum")
    drops = isinstance(options, list) and not all(isinstance(each, str) for each in options)
    return {name: _with_text_options(each) for name, each in schema.items() if not (drops and name == "enum")}


class AnswerForms:
    """Remembers what stands for each form."""

    def __init__(self) -> None:
        self._known: dict[Form, type[FormedAnswer]] = {}

    def model(self, form: Form, *, texts_alone: bool = False) -> type[FormedAnswer]:
        """Return the model of a form's answers."""
        found = self._known.get(form)
        if found is None:
            if len(self._known) >= MOST_FORMS:
                self._known.clear()
            name = form.name if form.name[:1].isalpha() or form.name[:1] == "_" else f"answer_{form.name}"
            described = {
                "form": form,
                "__module__": __name__,
                "__doc__": "Give the answer.",
                "texts_alone": texts_alone,
            }
            found = self._known[form] = type(name.replace("-", "_")[:60], (FormedAnswer,), described)
        return found
