"""The guard that asks for an extracted value to stand on a page of a document, where people can see it."""

from handrail_ai_steps.call import REQUEST
from handrail_ai_steps.documents.shown import placed
from handrail_ai_steps.model import ModelRequest
from handrail_guards.check import Check, Fields, Finding, as_paths, failed
from handrail_guards.grounding.locate import locate
from handrail_guards.guard import GuardContext
from handrail_guards.verdict import OnFail, Span

_SHOWN = 60


def on_page(*, fields: Fields = (), on_fail: OnFail = "review") -> Check:
    """Ask that a value stand on a page of the documents that the step is given; verdicts carry the spans.

    It differs from ``grounded()`` where the input is more than documents: what stands in another input, or in the
    prompt alone, is on no page. What a file holds and no page shows (white, covered, cropped or off the page) is no
    part of a document's text, so a value that is only there has no place either. None passes, an empty text does not.
    Without documents among the inputs the whole input counts.
    """

    def test(value: object, context: GuardContext) -> Finding | None:
        if value is None:
            return None
        if isinstance(value, str) and not value.strip():
            return failed("it is empty; what the document lacks is None, in a field that allows it")
        spans = tuple(each for each in locate(value, context.source) if _is_on_page(each, context))
        if spans:
            return Finding(passed=True, spans=spans)
        text = " ".join(str(value).split())
        return failed(f"{text[:_SHOWN] + '…' if len(text) > _SHOWN else text!r} is on no page")

    return Check(name="on_page", test=test, on_fail=on_fail, fields=as_paths(fields), within="leaves")


def _is_on_page(span: Span, context: GuardContext) -> bool:
    request = context.metadata.get(REQUEST)
    documents = request.documents if isinstance(request, ModelRequest) else ()
    if not documents:
        return True
    lengths = {each.id: len(each.text) for each in documents}
    return any(
        each.start <= span.start and span.end <= each.start + lengths[each.id]
        for each in placed(documents, context.source)
    )
