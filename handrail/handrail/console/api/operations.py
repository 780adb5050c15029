"""What the API tells of figures, maps and failures: the same as the operations page."""

from handrail.console.api.operation import ApiAnswer, ApiCall, Nothing
from handrail.console.api.operation_models import MapQuery, WindowQuery
from handrail_orchestrator.review.permission import scope
from handrail_orchestrator.statistics.window import window_of
from handrail_orchestrator.store.queries import RunQuery
from handrail_orchestrator.tags import read_filter

MOST_RUNS = 100
"""Ids of runs in a group of failures."""


def window_stats(call: ApiCall[Nothing, WindowQuery, Nothing, Nothing]) -> ApiAnswer:
    """Answer what the runs of a window come to."""
    client, query = call.console.client, call.query
    tags = read_filter([] if query.tag is None else [query.tag])
    chosen = window_of(query.window, now=client.now(), zone=call.viewer.zone)
    found = client.stats(chosen, workflow=query.workflow, version=query.version, tag=tags).as_json()
    seen = scope(call.viewer.known, "look")
    own = {name: each for name, each in found["by_queue"].items() if seen.holds(name)}
    queues = [each for each in found["queues"] if seen.holds(each["queue"])]
    return ApiAnswer({**found, "by_queue": own, "queues": queues})


def process_map(call: ApiCall[Nothing, MapQuery, Nothing, Nothing]) -> ApiAnswer:
    """Answer how the runs of a workflow went from step to step."""
    client, query = call.console.client, call.query
    window = window_of(query.window, now=client.now(), zone=call.viewer.zone)
    stats = client.stats(window, workflow=query.workflow, version=query.version)
    return ApiAnswer(client.counted_map(stats, query.workflow, client.now()).as_json())


def failures(call: ApiCall[Nothing, WindowQuery, Nothing, Nothing]) -> ApiAnswer:
    """Answer what failed in a window."""
    client, query = call.console.client, call.query
    window = window_of(query.window, now=client.now(), zone=call.viewer.zone)
    tags = read_filter([] if query.tag is None else [query.tag])
    runs = RunQuery(workflow=query.workflow, tags=tags, created_from=window.since, created_to=window.until)
    found = client.failures(runs, version=query.version)
    groups = [group.as_json(MOST_RUNS) for group in found.groups]
    return ApiAnswer({"groups": groups, "count": found.count, "is_whole": found.is_whole})
