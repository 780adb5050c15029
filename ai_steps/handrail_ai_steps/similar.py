"""Solved cases of which each call shows the model those most like its input."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from handrail_ai_steps.errors import InvalidTask
from handrail_ground.hashing import hash_of_data
from handrail_ground.optional import OptionalLibrary, needs
from handrail_guards.numbers import is_count, is_text

if TYPE_CHECKING:
    import numpy as np

    from handrail_ai_steps.models.local.vectors import Floats
    from handrail_guards.personal_data.find import PersonalDataKind
else:
    np = OptionalLibrary("numpy", extra="local")

COUNT = 4
"""Examples in a prompt when nothing is said."""

MOST_COLUMNS = 200_000
"""Words and pieces that texts are compared by; the rarest beyond them are left out."""

REMEMBERED = 256
"""Inputs whose examples are remembered: an answer that is sent back is asked for with the same ones."""

Shown: TypeAlias = Mapping[str, str]
"""An example as the prompt's template has it: its ``input`` and its ``output``."""


@dataclass(frozen=True, slots=True, eq=False)
class SimilarExamples:
    """A pool of solved cases; each call of a step shows the model the few of them that are most like its input.

    A step takes it as its ``examples``. Texts are like each other by their words and pieces of words, rare ones above
    all; with ``embedding`` (as ``LocalModel.fit`` takes it) by their meaning. The likeliest stands last, next to the
    input. The same input always gets the same examples, and the prompt version changes with the pool, the count and
    the embedding.

    Raises:
        InvalidTask: the pool is empty, or the count is no whole number of 1 or more.
    """

    pool: "Collection[Any]"
    """Each an ``Example`` or an ``(input, output)`` pair. Of several with the same input only one may be there."""
    count: int = COUNT
    """How many a prompt shows; all of a smaller pool."""
    _: KW_ONLY
    embedding: str | None = None
    """``wordllama``, ``minilm`` or a folder; None: words and pieces of words, for which the extra ``local`` does."""

    def __post_init__(self) -> None:
        if not is_count(self.count, least=1):
            raise InvalidTask(f"SimilarExamples(count={self.count!r}): give how many a prompt shows, 1 or more")
        if self.embedding is not None and not is_text(self.embedding):
            raise InvalidTask(f"SimilarExamples(embedding={self.embedding!r}): give 'wordllama', 'minilm' or a folder")
        pool: Any = self.pool  # whatever a caller without a type checker gave
        if isinstance(pool, str | bytes | Mapping) or not isinstance(pool, Collection) or not pool:
            raise InvalidTask("SimilarExamples needs a pool: a list of Example or of (input, output) pairs, not empty")


class ExampleChooser:
    """Finds the examples for an input.

    Raises:
        InvalidTask: two examples of one input.
        LibraryMissing: the libraries that compare texts are not installed.
        ModelNotReady: the embedding is not there.
    """

    def __init__(self, step: str, texts: Sequence[str], shown: Sequence[Shown], similar: SimilarExamples) -> None:
        """``texts`` are the inputs as a call would show them, by which they are found; ``shown`` what a prompt has."""
        first: dict[str, int] = {}
        for place, text in enumerate(texts):
            if first.setdefault(text, place) != place:
                raise InvalidTask(
                    f"step {step!r}: two of the examples to choose from have the input {text[:60]!r}; keep one, the one"
                    " that is right"
                )
        self._texts = tuple(texts)
        self._shown = tuple(shown)
        self._count = min(similar.count, len(texts))
        self._embedding = similar.embedding
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._places)
        with needs("local"):
            import handrail_ai_steps.models.local.vectors  # noqa: F401, PLC0415 -- numpy, for those who choose by it
        if self._embedding is not None:
            from handrail_ai_steps.models.local.embedding import embedding_of  # noqa: PLC0415 -- as above

            embedding_of(self._embedding)

    @property
    def mark(self) -> Mapping[str, Any]:
        """Return what the prompt version says of it; the order of the pool counts, as it settles ties."""
        pool = hash_of_data([dict(each) for each in self._shown], digits=32)
        return {"similar": self._count, "embedding": self._embedding, "pool": pool}

    @property
    def some(self) -> Sequence[Shown]:
        """Return as many as a prompt shows, to see whether a template can show them."""
        return self._shown[: self._count]

    def chosen(self, text: str) -> Sequence[Shown]:
        """Return the examples for an input, the likeliest last."""
        return [self._shown[place] for place in self._remembered(text)]

    def _places(self, text: str) -> tuple[int, ...]:
        likeness = self._likeness(text)
        best = np.argsort(-likeness, kind="stable")[: self._count]
        return tuple(int(place) for place in reversed(best))

    @cached_property
    def _likeness(self) -> "Callable[[str], Floats]":
        """Return what tells how like each example a text is."""
        if self._embedding is not None:
            from handrail_ai_steps.models.local.embedding import embedding_of  # noqa: PLC0415 -- see above

            embedding = embedding_of(self._embedding)
            vectors = embedding.vectors(self._texts)
            return lambda text: vectors @ embedding.vectors([text])[0]
        from handrail_ai_steps.models.local.vectors import Vectoriser  # noqa: PLC0415 -- see above

        vectoriser = Vectoriser.fit(self._texts, at_least=1, at_most=MOST_COLUMNS)
        rows = vectoriser.rows(self._texts)
        return lambda text: (rows @ vectoriser.rows([text]).T).toarray()[:, 0]


def without_personal_data(examples: Sequence[Shown], kinds: "Sequence[PersonalDataKind]") -> Iterator[Shown]:
    """Yield examples as a model may see them that is shown none: with tokens, the same data with the same token."""
    from handrail_guards.personal_data.mask import mask  # noqa: PLC0415 -- patterns most steps have no use for

    for each in examples:
        between = "\n\0\n"
        while between in each["input"] or between in each["output"]:
            between += "\0\n"
        given, _, answer = mask(between.join((each["input"], each["output"])), kinds).text.partition(between)
        yield {"input": given, "output": answer}
