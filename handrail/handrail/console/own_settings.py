"""A person's keys, their goal, how they write numbers and days: kept with the person or in their browser."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from handrail.console.answers import see
from handrail.console.context import console_of
from handrail.console.goal import MOST_A_DAY, goal_of, read_goal
from handrail.console.keys import DEFAULTS, key_map, problems_of
from handrail.console.render import page
from handrail.console.viewer import LONGEST_SETTINGS, SETTINGS_COOKIE, viewer_of

CHOICES: Mapping[str, tuple[str, ...]] = {
    "digits": ("save", "choose"),
    "single_keys": ("on", "off"),
    "decimal": ("", ".", ","),
    "day": ("", "first", "second"),
}
"""What can be chosen of each setting; the first is how it is when nobody says."""
YEAR_SECONDS = 31_536_000


def routes() -> list[BaseRoute]:
    """Return the routes of settings."""
    return [
        Route("/keys", keys, name="keys", methods=["GET"]),
        Route("/keys", put_keys, name="put_keys", methods=["POST"]),
    ]


def keys(request: Request) -> Response:
    """Show the keys of both kinds of pages."""
    settings = viewer_of(request).settings
    mapped = {kind: dict(key_map(kind, settings).keys) for kind in DEFAULTS}
    chosen = {name: str(settings.get(name, "")) for name in CHOICES}
    return _shown(request, mapped, chosen | {"goal": str(goal_of(settings) or "")}, {})


def _shown(
    request: Request, mapped: Mapping[str, Mapping[str, str]], chosen: Mapping[str, str], problems: Mapping[str, str]
) -> Response:
    values = {name: chosen[name] if chosen[name] in allowed else allowed[0] for name, allowed in CHOICES.items()}
    status = 422 if problems else 200
    return page(
        request,
        "keys.html",
        status=status,
        kinds=mapped,
        choices=CHOICES,
        chosen=values,
        goal=chosen["goal"],
        most=MOST_A_DAY,
        problems=problems,
    )


async def put_keys(request: Request) -> Response:
    """Keep a person's keys, those that differ from what everybody has."""
    form = await request.form()
    if "reset" in form:
        return await _kept(request, {"keys": None, "goal": None} | dict.fromkeys(CHOICES))
    mapped = {
        kind: {action: _text(form, f"{kind}.{action}") or key for action, key in defaults.items()}
        for kind, defaults in DEFAULTS.items()
    }
    chosen = {name: _text(form, name) for name in (*CHOICES, "goal")}
    problems = {
        f"{kind}.{action}": problem
        for kind, own in mapped.items()
        for action, problem in problems_of(kind, own).items()
    }
    goal = read_goal(chosen["goal"])
    if chosen["goal"] and goal is None:
        problems["goal"] = "keys.set.goal.unread"
    if problems:
        return _shown(request, mapped, chosen, problems)
    own_keys = {
        f"{kind}.{action}": key if key != DEFAULTS[kind][action] else None
        for kind, own in mapped.items()
        for action, key in own.items()
    }
    settings = {
        name: chosen[name] if chosen[name] in allowed and chosen[name] != allowed[0] else None
        for name, allowed in CHOICES.items()
    }
    return await _kept(request, {"keys": own_keys, "goal": goal, **settings})


async def _kept(request: Request, patch: Mapping[str, Any]) -> Response:
    """Keep settings where this person's are: in the store, or in the browser of the only one."""
    viewer = viewer_of(request)
    answer = see(request, "keys")
    if not viewer.is_single_user:
        await console_of(request).client.people.set_settings(viewer.person, patch, by=viewer.person)
        return answer
    merged = {**viewer.settings, **patch}
    own_keys = {name: key for name, key in (merged.pop("keys") or {}).items() if key is not None}
    kept = {name: value for name, value in merged.items() if value is not None} | (
        {"keys": own_keys} if own_keys else {}
    )
    text = quote(json.dumps(kept))
    if len(text) <= LONGEST_SETTINGS:
        root = request.scope.get("root_path", "")
        answer.set_cookie(
            SETTINGS_COOKIE, text, max_age=YEAR_SECONDS, path=f"{root}/", httponly=True, samesite="strict"
        )
    return answer


def _text(form: FormData, name: str) -> str:
    found = form.get(name)
    return found.strip() if isinstance(found, str) else ""
