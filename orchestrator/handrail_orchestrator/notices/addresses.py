"""Where the links in messages lead: pages of the console, and signed links by which one person answers."""

from dataclasses import dataclass
from urllib.parse import quote

from handrail_orchestrator.errors import Misuse, NotAllowed, SecretUnusable
from handrail_orchestrator.links import PATH, link_for
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.person import Person
from handrail_orchestrator.review import permission
from handrail_orchestrator.secret import signing_secret


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes links below the console's own address."""

    base: str
    """Where people reach the console, without a slash at the end."""
    store_path: str

    def item(self, number: int) -> str:
        """Return the page of an item."""
        return f"{self.base}/items/{number}"

    def run(self, run_id: str) -> str:
        """Return the page of a run."""
        return f"{self.base}/runs/{quote(run_id, safe='/')}"

    def queue(self, queue: str | None) -> str:
        """Return the list of what waits, in one queue or in all."""
        return f"{self.base}/queue" + ("" if queue is None else f"?queue={quote(queue, safe='')}")

    def answer(self, item: ReviewItem, person: Person, expires: float) -> str:
        """Return where one person can answer an item as it is now; its page, where they may not."""
        try:
            permission.check(person, "decide", item)
            token = link_for(item, audience=person.name, expires=expires, secret=signing_secret(self.store_path))
        except (Misuse, NotAllowed, SecretUnusable):
            return self.item(item.id)
        return f"{self.base}{PATH}{token}"
