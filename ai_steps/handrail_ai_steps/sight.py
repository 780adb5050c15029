"""Whether a model may be shown the pictures of a request: what cannot be is no answer, before anything is paid."""

import base64

from handrail_ai_steps.fitting import named
from handrail_ai_steps.model import Model, ModelRequest, SeesPictures
from handrail_ai_steps.pictures.image import Image

MOST_PICTURES = 20
"""Of one request; none is left out without a word: more of them are no answer."""
MOST_BYTES = 20_000_000
"""Of all pictures of one request, as base64."""


def sees(model: Model) -> bool:
    """Return whether a model looks at pictures."""
    return isinstance(model, SeesPictures) and model.sees_pictures


def why_unseen(model: Model, request: ModelRequest, *, masked: bool) -> str:
    """Return why a model is not asked about a request with pictures; empty: it is."""
    pictures = request.pictures
    if not sees(model):
        return f"{named(model)} takes text alone, and the input holds {len(pictures)} picture(s): ask a model that sees"
    if masked or request.masked:
        return "personal data is hidden from models, and a picture would show it"
    if len(pictures) > MOST_PICTURES:
        return f"the input holds {len(pictures)} pictures, and {MOST_PICTURES} are sent at most: give fewer"
    lost = next((each for each in pictures if each.data is None), None)
    if lost is not None:
        again = "Image(source)" if lost.page is None else "Image.of_page(document, number)"
        return f"{lost.name} was read from a record, without its bytes: make it again, {again}"
    size = sum(-(-each.size // 3) * 4 for each in pictures)
    return f"the pictures have {size:,} bytes, and {MOST_BYTES:,} are sent at most" if size > MOST_BYTES else ""


def as_data_uri(picture: Image) -> str:
    """Return a picture, whose bytes are there, as servers take it."""
    assert picture.data is not None  # noqa: S101 -- ``why_unseen`` has looked
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}"
