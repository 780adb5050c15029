"""Systems of paper: what a real one would do is a file in a folder, once for each key; all of it runs offline."""

import json
from email.message import EmailMessage
from pathlib import Path

from handrail.orchestrator import CallRefused, HttpAnswer, HttpRequest


class PaperSystem:
    """A system whose doings are files."""

    honours_keys = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, request: HttpRequest, key: str) -> HttpAnswer:
        """Do what is asked, once for each key.

        Raises:
            CallRefused: the folder cannot be written.
        """
        file = self._folder / f"{key}.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                said = {"method": request.method, "path": request.path, "json": request.json}
                part = file.with_suffix(".part")
                part.write_text(json.dumps(said, indent=1), encoding="utf-8")
                part.replace(file)
        except OSError as error:
            raise CallRefused(f"{self._folder} cannot be written: {error}") from error
        return HttpAnswer(status=201, json={"number": key[:8]})


class PaperMail:
    """A mail server whose mails are files."""

    sender = "requests@example.com"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def hand_in(self, message: EmailMessage, recipients: tuple[str, ...]) -> None:
        """Take a mail; one that is handed in again is the same file.

        Raises:
            CallRefused: the folder cannot be written.
        """
        del recipients
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{name}.eml").write_bytes(message.as_bytes())
        except OSError as error:
            raise CallRefused(f"{self._folder} cannot be written: {error}") from error
