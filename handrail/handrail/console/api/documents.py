"""What the API tells of the documents that a question is about: pages, places of evidence, what is not to be seen."""

from typing import Annotated, Any

from pydantic import Field

from handrail.console.api.operation import ApiAnswer, ApiCall, Nothing
from handrail.console.api.review_models import ItemPlace
from handrail.console.api.run_models import Told
from handrail.console.render import link
from handrail.console.sheets import ShownDocument, shown_documents
from handrail_orchestrator.review.blinding import item_for


class PageTold(Told):
    """A page that can be looked at; lengths are in the unit of its boxes."""

    number: int = Field(description="1 or more, in the order of the file")
    width: float
    height: float
    picture: str = Field(description="The path of its picture, as PNG")


class PlaceTold(Told):
    """Where a value was found on a page."""

    field: str = Field(description="The field's path; empty: the whole answer")
    rank: int = Field(description="0: the likeliest place; others are alternatives")
    page: int
    box: Annotated[list[float], Field(min_length=4, max_length=4)] = Field(
        description="left, top, right and bottom, from the page's upper left corner"
    )


class NoteTold(Told):
    """Something that was found beside the text."""

    code: str
    message: str
    page: int | None = Field(description="null: it is about the document as a whole")


class HiddenTold(Told):
    """Text that the file has and the page does not show."""

    page: int
    by: str = Field(description="Why it is not to be seen")
    text: str


class DocumentTold(Told):
    """A document that the question is about."""

    id: str = Field(description="SHA-256 of its bytes")
    name: str
    kind: str = Field(description="What it is by its content, such as `pdf`")
    pages: list[PageTold] = Field(description="Those with a picture: the first ones, and those with evidence")
    page_count: int
    places: list[PlaceTold]
    notes: list[NoteTold]
    hidden: list[HiddenTold]
    problem: str | None = Field(description="Why there are no pictures, such as that its bytes were removed")


class DocumentsTold(Told):
    """The documents that a question is about."""

    documents: list[DocumentTold]


def list_documents(call: ApiCall[ItemPlace, Nothing, Nothing, Nothing]) -> ApiAnswer:
    """Answer the documents of one item."""
    item = item_for(call.console.client.review(call.place.item), call.by)
    found = shown_documents(call.console, item)
    return ApiAnswer({"documents": [_told(call, each) for each in found]})


def _told(call: ApiCall[ItemPlace, Nothing, Nothing, Nothing], shown: ShownDocument) -> dict[str, Any]:
    def picture(page: int) -> str:
        return link(call.request, "page_picture", item=call.place.item, document=shown.id, page=page)

    return {
        "id": shown.id,
        "name": shown.name,
        "kind": shown.kind,
        "pages": [
            {"number": each.number, "width": each.width, "height": each.height, "picture": picture(each.number)}
            for each in shown.sheets
        ],
        "page_count": shown.pages,
        "places": [
            {
                "field": each.field,
                "rank": each.rank,
                "page": sheet.number,
                "box": [each.box.left, each.box.top, each.box.right, each.box.bottom],
            }
            for sheet in shown.sheets
            for each in sheet.boxes
        ],
        "notes": [{"code": each.code, "message": each.message, "page": each.page} for each in shown.notes],
        "hidden": [{"page": each.page, "by": each.hidden.by, "text": each.hidden.text} for each in shown.hidden],
        "problem": shown.problem or None,
    }
