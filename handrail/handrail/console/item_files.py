"""What belongs to one review item beside its text: pictures of its documents' pages, and the files themselves."""

from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from handrail.console.context import console_of
from handrail.console.documents import ItemDocuments, files_of, kept_pictures
from handrail.console.item import seen
from handrail_ai_steps.documents.errors import DocumentError
from handrail_ground.optional import LibraryMissing
from handrail_orchestrator.errors import UnknownFile

FRESH = "private, no-cache"
"""A browser keeps it and asks each time whether it may still show it: a role may be taken away."""


def routes() -> list[BaseRoute]:
    """Return the routes of what belongs to one item."""
    return [
        Route("/items/{item:int}/documents/{document:str}/pages/{page:int}.png", page_picture, name="page_picture"),
        Route("/items/{item:int}/files/{file:str}", file_itself, name="item_file"),
    ]


def page_picture(request: Request) -> Response:
    """Return the picture of a page of a document that the question is about."""
    console, number = console_of(request), request.path_params["page"]
    found = ItemDocuments(console.client, seen(request))
    document = found.find(request.path_params["document"])
    if document is None or all(page.number != number for page in document.pages):
        raise HTTPException(404)
    tag = f'"{document.id[:32]}-{number}"'
    headers = {"etag": tag, "cache-control": FRESH}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    try:
        data = console.pictures.picture(document.id, number, lambda: found.opened(document))
    except (UnknownFile, DocumentError, LibraryMissing) as error:
        raise HTTPException(404, str(error)) from error
    return Response(data, headers=headers, media_type="image/png")


def file_itself(request: Request) -> Response:
    """Return a file that the question shows, to be kept by the browser and never shown by it."""
    console, item = console_of(request), seen(request)
    wanted = request.path_params["file"]
    file = next((each for each in files_of(item) if each.id == wanted), None)
    documents = ItemDocuments(console.client, item)
    document = documents.find(wanted) if file is None else None
    try:
        if file is not None:
            name, data = file.name, console.client.read_file(file)
        elif document is not None:
            name, data = document.name, documents.opened(document).data or b""
        elif wanted in (pictures := kept_pictures(console.client, item)):
            name, data = pictures[wanted].name or wanted, console.client.read_file(pictures[wanted])
        else:
            raise HTTPException(404)
    except (UnknownFile, DocumentError, LibraryMissing) as error:
        raise HTTPException(404, str(error)) from error
    headers = {"cache-control": FRESH, "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Response(data, headers=headers, media_type="application/octet-stream")
