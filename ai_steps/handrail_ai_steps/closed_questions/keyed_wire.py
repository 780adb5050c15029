"""System One (``POST /v1/systemone``) and Gemini's decisions: questions by name, options as keys.

Questions go by ``q1``, ``q2`` and so on: a
server whose answers depend on the names of questions answers the same for every step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.closed_questions.question import TypedQuestion
from handrail_ai_steps.closed_questions.spread import NoDistribution, Spread, distribution, require_likeliest, yes_or_no
from handrail_ai_steps.closed_questions.wire import ReadSpreads

_TYPES = {"predicate": "noul", "choice": "choice", "score": "score"}


@dataclass(frozen=True, slots=True)
class KeyedWire:
    """Questions and answers as objects with a key for each."""

    text_field: str
    """Where the text stands that is asked about."""
    yes_field: str = "true"
    """Where it says what counts as yes."""
    no_field: str = "false"

    def body(self, model: str, text: str, instructions: str, asked: Sequence[TypedQuestion], /) -> dict[str, object]:
        """Return the body of a request."""
        questions = {f"q{number}": self._question(each, instructions) for number, each in enumerate(asked, 1)}
        return {"model": model, self.text_field: text, "questions": questions}

    def _question(self, asked: TypedQuestion, instructions: str) -> dict[str, object]:
        made: dict[str, object] = {"type": _TYPES[asked.kind], "instructions": asked.told(instructions)}
        # Some servers refuse an option without a description, and none needs more than its name.
        described = [meaning or option for option, meaning in zip(asked.options, _meanings(asked), strict=True)]
        match asked.kind:
            case "predicate" if asked.meanings and all(asked.meanings):
                yes, no = asked.meanings
                made["criteria"] = {self.yes_field: yes, self.no_field: no}
            case "predicate":
                pass
            case "choice":
                made["criteria"] = dict(zip(asked.options, described, strict=True))
            case "score":
                made["criteria"] = described
        return made

    def read(self, body: Mapping[str, Any], asked: Sequence[TypedQuestion], /) -> ReadSpreads:
        """Read the body of a response.

        Raises:
            NoDistribution: it holds no distribution for one of the questions.
        """
        answers = body.get("answers")
        if not isinstance(answers, Mapping):
            raise NoDistribution("it has no answers")
        names = [f"q{number}" for number in range(1, len(asked) + 1)]
        given = [name for name in names if name in answers]
        if len(given) < len(names):
            raise NoDistribution(
                f"it answers {len(given)} of {len(names)} questions; together=False asks each by itself"
            )
        spreads = [_spread(answers[name], each) for name, each in zip(names, asked, strict=True)]
        strange = len(answers) - len(names)
        return ReadSpreads(tuple(spreads), (f"{strange} answers to questions that nobody asked",) if strange else ())


def _meanings(asked: TypedQuestion) -> Sequence[str]:
    return asked.meanings or [""] * len(asked.options)


def _spread(answer: object, asked: TypedQuestion) -> Spread:
    if not isinstance(answer, Mapping):
        raise NoDistribution(f"its answer is a {type(answer).__name__}")
    if (kind := answer.get("type")) == "refusal":
        return {}
    if kind != _TYPES[asked.kind]:
        raise NoDistribution(f"asked for a {_TYPES[asked.kind]}, it answered with a {kind!r}")
    if asked.kind == "predicate":
        return yes_or_no(answer.get("noul"))
    given = answer.get("probabilities")
    if not isinstance(given, Mapping):
        raise NoDistribution("its answer has no probabilities by option")
    if asked.kind == "score":
        return _levels(answer, given, asked)
    spread = distribution(given.items(), asked.options)
    require_likeliest(spread, answer.get("choice"))
    return spread


def _levels(answer: Mapping[str, Any], given: Mapping[str, Any], asked: TypedQuestion) -> Spread:
    """Return the probability of each level; they come by their places, counted from 0, as does what they are called."""
    places = [str(place) for place in range(len(asked.options))]
    by_place = distribution(given.items(), places)
    legend = answer.get("legend")
    if isinstance(legend, Mapping) and set(map(str, legend)) != set(places):
        raise NoDistribution(f"its legend counts the levels as {', '.join(sorted(map(str, legend)))}, not from 0")
    described = [meaning or option for option, meaning in zip(asked.options, _meanings(asked), strict=True)]
    if isinstance(legend, Mapping) and (
        wrong := [
            place for place in places if isinstance(legend[place], str) and legend[place] != described[int(place)]
        ]
    ):
        raise NoDistribution(
            f"its legend calls level {wrong[0]} {legend[wrong[0]]!r}, not {described[int(wrong[0])]!r}"
        )
    return {option: by_place[place] for option, place in zip(asked.options, places, strict=True)}
