"""The OpenAPI 3.1 document of the API, made from its table of operations."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from handrail.console.api.operation import AnyOperation, Nothing
from handrail.console.api.places import API
from handrail.console.api.problems import KINDS, MEDIA_TYPE
from handrail.console.api.service import ProblemTold
from handrail.console.api.table import OPERATIONS, PROBES
from handrail_orchestrator.review.permission import role_for

_REFERENCE = "#/components/schemas/{model}"
_ALWAYS = ("not-signed-in", "not-allowed", "wrong-host", "store-unavailable")
"""Problems that every operation may answer to somebody."""
_ANY_BODY = ("malformed", "too-large", "wrong-content-type", "invalid")
_TAGS = {
    "runs": "Start runs and see what becomes of them.",
    "reviews": "Answer what the runs ask people.",
    "promises": "See what is accepted under a promise, and why; pause and resume it.",
    "service": "How the server and its store are doing.",
}
_ABOUT = (
    "Runs, review items and numbers of one store. Times are seconds since the epoch (UTC). Every answer that is not"
    " what was asked for is a problem document (RFC 9457), whose `type` is the path of its explanation. Every POST"
    " carries a JSON object, `{}` at least. In a store without people, the API answers to localhost only, and to"
    " everybody there; in one with people, send a token: `Authorization: Bearer …`."
)


@cache
def document(root_path: str, version: str, *, knows_people: bool = False) -> dict[str, Any]:
    """Return the document of a console that a proxy shows at ``root_path``; where people are known, they sign in."""
    operations = [*((f"{API}{each.path}", each) for each in OPERATIONS), *((each.path, each) for each in PROBES)]
    paths: dict[str, dict[str, Any]] = {}
    for path, operation in operations:
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Handrail", "version": version, "description": _ABOUT},
        "servers": [{"url": root_path or "/"}],
        "tags": [{"name": name, "description": said} for name, said in _TAGS.items()],
        "security": [{"bearer": []}] if knows_people else [{}],
        "paths": paths,
        "components": {
            "schemas": _schemas([operation for _, operation in operations]),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of a person: `handrail people token NAME --label WHAT-FOR`",
                }
            },
        },
    }


def problems_of(operation: AnyOperation) -> tuple[str, ...]:
    """Return the kinds of problems that an operation may answer."""
    kinds = [*operation.problems, *(() if operation.is_public else _ALWAYS), "store-unavailable", "fault"]
    if operation.method == "POST":
        kinds += _ANY_BODY
    if operation.query is not Nothing or operation.headers is not Nothing or operation.method == "GET":
        kinds += ["malformed", "invalid"]
    if operation.place is not Nothing:
        kinds.append(operation.unknown)
    return tuple(dict.fromkeys(kinds))


def _operation(operation: AnyOperation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": " ".join(filter(None, (operation.summary, operation.explained, _needed(operation)))),
        "parameters": [*_parameters(operation)],
        "responses": _responses(operation),
    }
    if operation.is_public:
        told["security"] = [{}]
    if operation.method == "POST":
        content: dict[str, Any] = {"schema": _reference(operation.body)}
        if operation.example is not None:
            content["example"] = operation.example
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    return told


def _needed(operation: AnyOperation) -> str:
    if operation.action is None:
        return ""
    place = "" if operation.about is None else " in the item's queue"
    sent_up = "; senior once it was sent up" if role_for(operation.action, 2) != role_for(operation.action) else ""
    return f"Needs the role {role_for(operation.action)}{place}{sent_up}."


def _parameters(operation: AnyOperation) -> Iterator[dict[str, Any]]:
    for place, model in (("path", operation.place), ("query", operation.query), ("header", operation.headers)):
        schema = model.model_json_schema(by_alias=True)
        assert "$defs" not in schema  # noqa: S101 -- parameters are plain
        for name, found in schema.get("properties", {}).items():
            of_value = _without_null({key: value for key, value in found.items() if key not in {"title", "default"}})
            said = of_value.pop("description", "")
            if found.get("default") is not None:
                of_value["default"] = found["default"]
            yield {
                "name": name,
                "in": place,
                "required": name in schema.get("required", ()),
                "description": said,
                "schema": of_value,
            }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter: one that may be left out has no form of its own for that."""
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(options) != 1:
        return schema
    others = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**options[0], **others}


def _responses(operation: AnyOperation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, said in operation.statuses.items():
        responses[str(status)] = {
            "description": said,
            "content": {"application/json": {"schema": _reference(operation.answer)}},
        }
        if operation.answer_headers:
            responses[str(status)]["headers"] = {
                name: {"description": about, "required": True, "schema": {"type": "string"}}
                for name, about in operation.answer_headers.items()
            }
    by_status: dict[int, list[str]] = {}
    for name in problems_of(operation):
        by_status.setdefault(KINDS[name].status, []).append(name)
    for status, names in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "; ".join(f"{KINDS[name].title} (`{name}`)" for name in names),
            "content": {MEDIA_TYPE: {"schema": _reference(ProblemTold)}},
        }
    return responses


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _schemas(operations: Sequence[AnyOperation]) -> dict[str, Any]:
    bodies = {each.body for each in operations if each.method == "POST"}
    answers = {each.answer for each in operations} | {ProblemTold}
    named = sorted(bodies | answers, key=lambda model: model.__name__)
    _, made = models_json_schema(
        [(model, "serialization" if model in answers else "validation") for model in named], ref_template=_REFERENCE
    )
    schemas: dict[str, Any] = made["$defs"]
    return dict(sorted(schemas.items()))
