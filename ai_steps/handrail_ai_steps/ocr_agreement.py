"""The guard that holds an answer about pictures against what another reader makes of them: their text, by OCR."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from handrail_ai_steps.call import REQUEST
from handrail_ai_steps.documents.errors import DocumentError
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.ocr.engines import rapid_ocr
from handrail_ai_steps.documents.ocr.port import Ocr
from handrail_ai_steps.documents.pictured import drawn
from handrail_ai_steps.pictures.image import Image
from handrail_guards.chain import require_sound
from handrail_guards.check import Check, Fields
from handrail_guards.grounding.guard import grounded
from handrail_guards.guard import GuardContext
from handrail_guards.verdict import OnFail, Verdict

if TYPE_CHECKING:
    from handrail_ai_steps.model import ModelRequest

NAME = "ocr_agreement"
READ_IN = "the text that was read in the picture"
MOST_KEPT = 64
"""Pictures whose text is kept, for the next answer about them."""


def ocr_agreement(
    ocr: Ocr | None = None,
    *,
    fields: Fields = (),
    on_fail: OnFail = "review",
    limits: ReadingLimits = ReadingLimits(),
) -> "OcrAgreement":
    """Pass an answer about pictures whose values stand in the text that an OCR engine reads in them.

    A value is looked for as ``grounded`` does it: every text, number, date and time, or the ``fields`` alone. Two that
    read the same, each in its own way, are seldom wrong together. The engine (None: ``rapid_ocr()``) reads in a process
    of its own, and only for answers that nothing else stands against. Without a picture, or with one in which nothing
    is read, nothing passes.

    Raises:
        LibraryMissing: there is no engine; the message names the extra.
        InvalidGuard: a malformed field path, or an ``on_fail`` that cannot be carried out.
    """
    listed = tuple([fields] if isinstance(fields, str) else fields)
    require_sound(on_fail, NAME, can_fix=False, has_field=bool(listed))
    grounding = grounded(fields=fields, on_fail=on_fail)
    return OcrAgreement(ocr=rapid_ocr() if ocr is None else ocr, grounding=grounding, on_fail=on_fail, limits=limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrAgreement:
    """Passes what an OCR engine reads, too; built by ``ocr_agreement``."""

    ocr: Ocr
    grounding: Check
    on_fail: OnFail
    limits: ReadingLimits
    name: str = NAME
    cost: Literal["paid"] = "paid"
    _read: "OrderedDict[Image, str]" = field(default_factory=OrderedDict, repr=False, compare=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the paths of the fields that are looked for; none: all."""
        return self.grounding.fields

    async def check_async(self, value: object, context: GuardContext) -> Verdict | tuple[Verdict, ...]:
        """Read the pictures, and look for the value in their text."""
        request: ModelRequest = context.metadata[REQUEST]
        if not request.pictures:
            return self._failed("there is no picture to hold it against")
        texts: list[str] = []
        for each in request.pictures:
            try:
                texts.append(await asyncio.to_thread(self._text_of, each))
            except DocumentError as error:
                return self._failed(f"{each.name} could not be read by OCR: {error}")
        if not any(map(str.strip, texts)):
            return self._failed("no text was read in the picture")
        said = self.grounding.check(value, GuardContext(source="\n\f\n".join(texts)))
        return tuple(map(self._told, said)) if isinstance(said, tuple) else self._told(said)

    def _told(self, verdict: Verdict) -> Verdict:
        """Return a verdict as ours; where the value stands in the picture's text is no place in the input's."""
        return replace(verdict, guard=self.name, spans=(), reason=verdict.reason.replace("the source", READ_IN, 1))

    def _failed(self, reason: str) -> Verdict:
        return Verdict(self.name, passed=False, reason=reason, on_fail=self.on_fail)

    def _text_of(self, picture: Image) -> str:
        known = self._read.get(picture)
        if known is not None:
            return known
        assert picture.data is not None  # noqa: S101 -- a model was shown it
        png = picture.data if picture.media_type == "image/png" else drawn(picture.data, "image", 1, self.limits)
        text = self.ocr.read_page(png, self.limits).text
        self._read[picture] = text
        while len(self._read) > MOST_KEPT:
            self._read.popitem(last=False)
        return text
