"""The event log as XES, the IEEE standard 1849: https://xes-standard.org."""

import html
from collections.abc import Iterable, Iterator

from handrail_ground.text import harmless
from handrail_orchestrator.event_log.events import LogCase, LogEvent
from handrail_orchestrator.event_log.moments import zoned

_EXTENSIONS = (
    ("Concept", "concept"),
    ("Lifecycle", "lifecycle"),
    ("Organizational", "org"),
    ("Time", "time"),
    ("Cost", "cost"),
)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">\n'
    + "".join(
        f'<extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{prefix}.xesext"/>\n'
        for name, prefix in _EXTENSIONS
    )
    + '<global scope="trace">\n<string key="concept:name" value=""/>\n</global>\n'
    '<global scope="event">\n<string key="concept:name" value=""/>\n<string key="lifecycle:transition" value=""/>\n'
    '<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>\n</global>\n'
    '<classifier name="Activity" keys="concept:name"/>\n'
    '<classifier name="Activity and transition" keys="concept:name lifecycle:transition"/>\n'
    '<string key="lifecycle:model" value="standard"/>\n'
)
_FOOT = "</log>\n"


def xes(cases: Iterable[LogCase]) -> Iterator[bytes]:
    """Yield an XES document piece by piece, a case at a time.

    Moments are UTC and say so: what readers do with other zones differs. Characters that XML does not know are written
    out as their codes.
    """
    yield _HEAD.encode()
    for case in cases:
        yield "".join(_case(case)).encode()
    yield _FOOT.encode()


def _case(case: LogCase) -> Iterator[str]:
    yield "<trace>\n"
    yield _text("concept:name", case.id)
    yield _text("handrail:workflow", case.workflow)
    yield f'<int key="handrail:version" value="{case.version}"/>\n'
    yield _text("handrail:status", case.status)
    yield f'<date key="handrail:created" value="{zoned(case.created)}"/>\n'
    for event in case.events:
        yield from _event(event)
    yield "</trace>\n"


def _event(event: LogEvent) -> Iterator[str]:
    yield "<event>\n"
    yield _text("concept:name", event.activity)
    yield _text("concept:instance", event.step)
    yield f'<string key="lifecycle:transition" value="{event.transition}"/>\n'
    yield f'<date key="time:timestamp" value="{zoned(event.at)}"/>\n'
    if event.resource is not None:
        yield _text("org:resource", event.resource)
    if event.owner is not None:
        yield _text("org:group", event.owner)
    if event.cost is not None:
        yield f'<float key="cost:total" value="{event.cost!r}"/>\n'
    yield f'<string key="handrail:kind" value="{event.kind}"/>\n'
    yield f'<string key="handrail:step_status" value="{event.status}"/>\n'
    yield f'<int key="handrail:attempt" value="{event.attempt}"/>\n</event>\n'


def _text(key: str, value: str) -> str:
    seen = html.escape(harmless(value)).replace("\n", "&#10;").replace("\t", "&#9;")
    return f'<string key="{key}" value="{seen}"/>\n'
