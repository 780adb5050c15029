"""What a line of a result may hold: a value of another kind or range is refused, before it gets into an average."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, get_args

from pydantic_core import SchemaValidator, ValidationError, core_schema

from handrail_evals.measure.scorer import LARGEST_NUMBER
from handrail_evals.measure.target import Decider, Ending
from handrail_guards.confidence import ConfidenceSource
from handrail_guards.verdict import OnFail

_SHOWN: Final = 60
"""Characters of a wrong value that a message repeats."""


def case_problem(data: Mapping[str, Any]) -> str:
    """Return what is wrong with the JSON data of a case, and where; empty when nothing is."""
    return _problem(_case(), data)


def header_problem(data: Mapping[str, Any]) -> str:
    """Return what is wrong with the JSON data of a result's first line, and where; empty when nothing is."""
    return _problem(_header(), data)


def _problem(validator: SchemaValidator, data: Mapping[str, Any]) -> str:
    try:
        validator.validate_python(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        found = repr(first["input"])
        shown = found if len(found) <= _SHOWN else f"{found[:_SHOWN]}…"
        most = first.get("ctx", {}).get("le")
        said = first["msg"] if most is None else f"Input should be at most {most:g}"
        return f"{place!r} is {shown}: {said[:1].lower()}{said[1:]}"
    return ""


Schema = core_schema.CoreSchema

_TEXT: Final[Schema] = core_schema.str_schema()
_YES_OR_NO: Final[Schema] = core_schema.bool_schema()
_WHOLE: Final[Schema] = core_schema.int_schema(ge=0)
_AMOUNT: Final[Schema] = core_schema.float_schema(ge=0.0, le=LARGEST_NUMBER, allow_inf_nan=False)
_TIME: Final[Schema] = core_schema.float_schema(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER, allow_inf_nan=False)
"""Told by two clocks, or by one that was set back in between: below zero where that is so."""
_SHARE: Final[Schema] = core_schema.float_schema(ge=0.0, le=1.0, allow_inf_nan=False)
_SCORE: Final[Schema] = core_schema.float_schema(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER, allow_inf_nan=False)
_ANYTHING: Final[Schema] = core_schema.any_schema()


def _maybe(schema: Schema) -> Schema:
    return core_schema.nullable_schema(schema)


def _by_name(schema: Schema) -> Schema:
    return core_schema.dict_schema(_TEXT, schema)


def _one_of(names: object) -> Schema:
    return core_schema.literal_schema(list(get_args(names)))


def _record(**fields: Schema) -> Schema:
    """Return the schema of an object; which fields there must be, and may be, is checked where it is made."""
    known = {name: core_schema.typed_dict_field(each, required=False) for name, each in fields.items()}
    return core_schema.typed_dict_schema(known, extra_behavior="allow")


@cache
def _header() -> SchemaValidator:
    names = dict.fromkeys(("suite", "target", "target_version", "cases_hash", "started"), _TEXT)
    scorers = core_schema.dict_schema(_TEXT, _TEXT, min_length=1)
    return SchemaValidator(_record(**names, scorers=scorers, repeats=core_schema.int_schema(ge=1), cases=_WHOLE))


@cache
def _case() -> SchemaValidator:
    crash = _record(type=_TEXT, message=_TEXT, trace=_TEXT)
    counts = core_schema.list_schema(_AMOUNT, min_length=3, max_length=3)
    kinds = [_TEXT, _YES_OR_NO, core_schema.int_schema(), core_schema.float_schema(), core_schema.none_schema()]
    plain = core_schema.union_schema(
        [*kinds], custom_error_type="plain", custom_error_message="Input should be text, a number, true, false or null"
    )
    return SchemaValidator(
        _record(
            case=_TEXT,
            repeat=_WHOLE,
            input_hash=_TEXT,
            expected_hash=_TEXT,
            scores=_by_name(_maybe(_SCORE)),
            reasons=_by_name(_TEXT),
            fields=_by_name(_by_name(counts)),
            crashes=_by_name(crash),
            error=_maybe(crash),
            seconds=_AMOUNT,
            steps=_by_name(_ANYTHING),
            metadata=_by_name(plain),
            cluster=_maybe(_TEXT),
            must_pass=_YES_OR_NO,
            answered=_YES_OR_NO,
            accepted=_maybe(_YES_OR_NO),
            doubt=_TEXT,
            reason=_TEXT,
            confidence=_maybe(_SHARE),
            source=_maybe(_one_of(ConfidenceSource)),
            model=_TEXT,
            input_tokens=_maybe(_AMOUNT),
            output_tokens=_maybe(_AMOUNT),
            money=_maybe(_AMOUNT),
            human_minutes=_maybe(_AMOUNT),
            verdicts=core_schema.list_schema(_verdict()),
            flow=_maybe(_flow()),
        )
    )


def _verdict() -> Schema:
    span = _record(start=_WHOLE, end=_WHOLE, document=_maybe(_TEXT))
    return _record(
        guard=_TEXT,
        passed=_YES_OR_NO,
        reason=_TEXT,
        field=_maybe(_TEXT),
        spans=core_schema.list_schema(span),
        seconds=_AMOUNT,
        on_fail=_one_of(OnFail),
        crashed=_YES_OR_NO,
    )


def _flow() -> Schema:
    step = _record(
        name=_TEXT,
        kind=_TEXT,
        output=_ANYTHING,
        decided_by=_maybe(_one_of(Decider)),
        accepted=_maybe(_YES_OR_NO),
        confidence=_maybe(_SHARE),
        seconds=_maybe(_TIME),
        error=_TEXT,
    )
    waits = core_schema.list_schema(_TIME)
    return _record(
        ending=_one_of(Ending),
        cycle_seconds=_TIME,
        approval_seconds=waits,
        unanswered_seconds=waits,
        steps=core_schema.list_schema(step),
    )
