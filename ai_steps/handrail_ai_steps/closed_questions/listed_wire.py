"""OpenAI's decisions (``POST /v1/decisions``): questions, options and answers as lists, in the order asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.closed_questions.question import TypedQuestion
from handrail_ai_steps.closed_questions.spread import NoDistribution, Spread, distribution, require_likeliest, yes_or_no
from handrail_ai_steps.closed_questions.wire import ReadSpreads


@dataclass(frozen=True, slots=True)
class ListedWire:
    """Questions and answers as lists."""

    task: str
    """What a question about the whole value is called."""

    def body(self, model: str, text: str, instructions: str, asked: Sequence[TypedQuestion], /) -> dict[str, object]:
        """Return the body of a request."""
        return {"model": model, "input": text, "questions": [self._question(each, instructions) for each in asked]}

    def _question(self, asked: TypedQuestion, instructions: str) -> dict[str, object]:
        made: dict[str, object] = {
            "type": asked.kind,
            "name": asked.path or self.task,
            "instructions": asked.told(instructions),
        }
        match asked.kind:
            case "predicate":
                pass
            case "choice":
                made["choices"] = _described("value", asked)
            case "score":
                made["levels"] = _described("label", asked)
        return made

    def read(self, body: Mapping[str, Any], asked: Sequence[TypedQuestion], /) -> ReadSpreads:
        """Read the body of a response.

        Raises:
            NoDistribution: it holds no distribution for one of the questions.
        """
        answers = body.get("answers")
        if not isinstance(answers, list) or len(answers) != len(asked):
            raise NoDistribution("it has no answer for each question")
        return ReadSpreads(tuple(self._spread(answer, each) for answer, each in zip(answers, asked, strict=True)))

    def _spread(self, answer: object, asked: TypedQuestion) -> Spread:
        if not isinstance(answer, Mapping):
            raise NoDistribution(f"its answer is a {type(answer).__name__}")
        kind, name = answer.get("type"), answer.get("name")
        if kind == "refusal":
            return {}
        if kind != asked.kind or (name is not None and name != (asked.path or self.task)):
            raise NoDistribution(f"asked for the {asked.kind} {asked.path or self.task}, got the {kind} {name}")
        if asked.kind == "predicate":
            return yes_or_no(answer.get("probability"))
        named = "value" if asked.kind == "choice" else "label"
        given = answer.get("probabilities")
        if not isinstance(given, list) or not all(isinstance(each, Mapping) and named in each for each in given):
            raise NoDistribution("its answer has no probabilities by option")
        spread = distribution([(each[named], each.get("probability")) for each in given], asked.options, complete=False)
        require_likeliest(spread, answer.get("choice"))
        return spread


def _described(named: str, asked: TypedQuestion) -> list[dict[str, str]]:
    meanings = asked.meanings or ("",) * len(asked.options)
    return [
        {named: option, "description": meaning} if meaning else {named: option}
        for option, meaning in zip(asked.options, meanings, strict=True)
    ]
