"""Metrics of OpenTelemetry: how long runs, steps and models took, tokens, and how long people were waited for."""

from collections.abc import Mapping

from handrail_ground.optional import needs
from handrail_orchestrator.telemetry.convention import Convention
from handrail_orchestrator.telemetry.span_ends import Complaints

with needs("telemetry"):
    from opentelemetry.metrics import Counter, Histogram, Meter

Labels = Mapping[str, str | bool | int]

MOST_NAMES = 500
"""Names of steps and queues that get series of their own: a workflow may make names as it goes."""

SECONDS = (0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0, 86400.0, 604800.0)
"""From what a rule takes to what a person takes over a holiday."""
MODEL_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""As the conventions ask."""
CHUNK_SECONDS = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
CALLS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
TOKENS = tuple(float(4**power) for power in range(14))
"""As the conventions ask: 1 to 67,108,864."""


class Meters:
    """The instruments; recording never raises. No label has the id of a run: that would make a series of each."""

    def __init__(self, meter: Meter, names: Convention, complaints: Complaints) -> None:
        self._names = names
        self._complaints = complaints
        self._known: set[str] = set()

        def seconds(name: str, what: str, bounds: tuple[float, ...] = SECONDS) -> Histogram:
            return meter.create_histogram(name, "s", what, explicit_bucket_boundaries_advisory=bounds)

        self._runs = [seconds(name, "from the start of a run to its end") for name in names.workflow_durations]
        self._executions = seconds("handrail.execution.duration", "executing a run until it ends or waits")
        self._steps = seconds("handrail.step.duration", "one attempt of a step")
        self._waits = seconds("handrail.wait.duration", "from the beginning of a wait to its end")
        self._review_wait = seconds("handrail.review.wait", "from asking people to the first who takes it")
        self._review_work = seconds("handrail.review.work", "hands on at a review item")
        self._models = seconds(names.inference_duration, "asking a model, its own retries included", MODEL_SECONDS)
        self._first_chunks = seconds(
            names.first_chunk, "from a request to the first piece of its answer", CHUNK_SECONDS
        )
        self._each_chunk = seconds(names.each_chunk, "from a piece of an answer to the next", CHUNK_SECONDS)
        self._inference_calls: Histogram | None = None
        if names.inference_calls is not None:
            self._inference_calls = meter.create_histogram(
                names.inference_calls,
                "{call}",
                "models asked by one execution",
                explicit_bucket_boundaries_advisory=CALLS,
            )
        self._tokens: Histogram | None = None
        if names.usage is not None:
            self._tokens = meter.create_histogram(
                names.usage, "{token}", "tokens used", explicit_bucket_boundaries_advisory=TOKENS
            )
        self._token_counters: dict[str, Counter] = {
            kind: meter.create_counter(name, "{token}", f"{kind} tokens used")
            for kind, name in names.token_counters.items()
        }
        self._token_histograms: dict[str, Histogram] = {
            kind: meter.create_histogram(
                name, "{token}", f"{kind} tokens of one call", explicit_bucket_boundaries_advisory=TOKENS
            )
            for kind, name in names.token_histograms.items()
        }

    def named(self, name: str) -> str:
        """Return a name as a label has it: itself, or ``other`` once there are too many."""
        if name in self._known:
            return name
        if len(self._known) >= MOST_NAMES:
            return "other"
        self._known.add(name)
        return name

    def run(self, seconds: float, labels: Labels) -> None:
        """Note how long a run took that has ended."""
        for each in self._runs:
            self._record(each, seconds, labels)

    def execution(self, seconds: float, labels: Labels) -> None:
        """Note how long an execution took."""
        self._record(self._executions, seconds, labels)

    def step(self, seconds: float, labels: Labels) -> None:
        """Note how long an attempt took."""
        self._record(self._steps, seconds, labels)

    def wait(self, seconds: float, labels: Labels) -> None:
        """Note how long a run waited for something."""
        self._record(self._waits, seconds, labels)

    def review(self, wait: float | None, work: float, labels: Labels) -> None:
        """Note how long people were waited for, and how long they took."""
        if wait is not None:
            self._record(self._review_wait, wait, labels)
        self._record(self._review_work, work, labels)

    def first_chunk(self, seconds: float, labels: Labels) -> None:
        """Note how long the first piece of a streamed answer took."""
        self._record(self._first_chunks, seconds, labels)

    def chunk(self, seconds: float, labels: Labels) -> None:
        """Note how long a further piece of a streamed answer took."""
        self._record(self._each_chunk, seconds, labels)

    def inference_calls(self, count: int, labels: Labels) -> None:
        """Note how often an execution asked a model, where the convention has a name for that."""
        if self._inference_calls is not None:
            self._record(self._inference_calls, count, labels)

    def model(self, seconds: float, tokens: Mapping[str, int], labels: Labels) -> None:
        """Note how long a model took, and its tokens by the kinds of the convention."""
        self._record(self._models, seconds, labels)
        for kind, count in tokens.items():
            if self._tokens is not None and kind in {"input", "output"}:
                self._record(self._tokens, count, {**labels, "gen_ai.token.type": kind})
            if (counter := self._token_counters.get(kind)) is not None:
                self._add(counter, count, labels)
            if (histogram := self._token_histograms.get(kind)) is not None:
                self._record(histogram, count, labels)

    def _record(self, instrument: Histogram, value: float, labels: Labels) -> None:
        try:
            instrument.record(max(0.0, value), labels)
        except BaseException as error:  # noqa: BLE001 -- a provider's code runs here
            self._complaints.foreign("a metric cannot be recorded", error)

    def _add(self, instrument: Counter, value: int, labels: Labels) -> None:
        try:
            instrument.add(value, labels)
        except BaseException as error:  # noqa: BLE001 -- as above
            self._complaints.foreign("a metric cannot be counted", error)
