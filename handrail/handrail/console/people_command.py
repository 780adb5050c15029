"""``handrail people``: who works with a store, with which role, and how they sign in."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from handrail_ground.optional import needs
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, AsOption, JsonOption, StoreOption
from handrail_orchestrator.cli.printing import moment, out, table
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, StoreNotFound, UnknownPerson
from handrail_orchestrator.people import People
from handrail_orchestrator.records.person import EVERY_QUEUE, Pass, Person, checked_role

DAY_SECONDS = 86_400.0
MOST_DAYS = 3_650
NO_ROLE = "none"
REHEARSED = "sqlite:///:memory:"
"""A store that is gone at once: what it refuses, a new one would refuse, too."""

app = typer.Typer(help="Say who works with a store, with which role, and how they sign in.", no_args_is_help=True)

T = TypeVar("T")

NameArgument = Annotated[str, typer.Argument(help="their name")]
RoleQueueOption = Annotated[str, typer.Option("--queue", help="in this queue only (default: in every one)")]
StdinOption = Annotated[bool, typer.Option("--stdin", help="read it from standard input, for programs")]


def _with_people(store: str, use: Callable[[People], Awaitable[T]], *, create: bool = False) -> T:
    async def reach() -> T:
        async with Client(store, create=create) as client:
            return await use(client.people)

    return asyncio.run(reach())


def _with_people_of_new(store: str, use: Callable[[People], Awaitable[T]]) -> T:
    """Change the people of a store that may be made for it; what is refused leaves none behind."""
    try:
        return _with_people(store, use)
    except StoreNotFound:
        _with_people(REHEARSED, use, create=True)
        return _with_people(store, use, create=True)


@app.command()
@complaining
def add(
    name: NameArgument,
    by: AsOption,
    role: Annotated[str, typer.Option(help="viewer, reviewer, senior or admin; the first person is an admin")],
    queue: RoleQueueOption = EVERY_QUEUE,
    group: Annotated[list[str] | None, typer.Option(help="a group they belong to; may be given again")] = None,
    email: Annotated[
        str | None, typer.Option(help="the address that an identity provider vouches for at their first sign-in")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="their time zone, such as Europe/Berlin")] = None,
    password: Annotated[bool, typer.Option("--password", help="ask for a password")] = False,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Add somebody; with the first person, everybody needs a name that the store knows."""
    hashed = _hashed(name, _asked(is_piped=False)) if password else None

    async def put(people: People) -> bool:
        was_first = not people.exist()
        await people.add(name, roles={queue: checked_role(role)}, groups=group or (), zone=zone, email=email, by=by)
        if hashed is not None:
            await people.set_password(name, hashed, by=name if was_first else by)
        return was_first

    was_first = _with_people_of_new(store, put)
    typer.echo(harmless(f"{name} is {role}" + ("" if queue == EVERY_QUEUE else f" in queue {queue}")))
    if was_first:
        typer.echo("from now on everybody needs a name that this store knows: --as NAME, or a sign-in at the pages")


@app.command("list")
@complaining
def list_people(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """List everybody with their roles."""

    async def fetch(people: People) -> list[Person]:
        return people.all()

    found = _with_people(store, fetch)
    if as_json:
        for person in found:
            typer.echo(json_line(person.as_json()))
        return
    if not found:
        typer.echo("nobody: whoever reaches this store may do everything")
        return
    rows = [
        (
            person.name,
            ", ".join(each if queue == EVERY_QUEUE else f"{each} in {queue}" for queue, each in person.roles.items()),
            ", ".join(person.groups),
            _how(person),
        )
        for person in found
    ]
    out().print(table("people", ("name", "roles", "groups", "signs in"), rows))


def _how(person: Person) -> str:
    if person.is_disabled:
        return "disabled"
    ways = [("a password", person.password), ("a provider", person.subject or person.email)]
    return " or ".join(f"with {way}" for way, given in ways if given) or "not yet"


@app.command()
@complaining
def role(
    name: NameArgument,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, reviewer, senior, admin, or none")],
    by: AsOption,
    queue: RoleQueueOption = EVERY_QUEUE,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Give somebody a role, in one queue or in every one that they have no other role in."""
    wanted = None if role == NO_ROLE else checked_role(role)
    person = _with_people(store, lambda people: people.set_roles(name, {queue: wanted}, by=by))
    roles = ", ".join(f"{each} in {'every queue' if where == '*' else where}" for where, each in person.roles.items())
    typer.echo(harmless(f"{name} is {roles or 'nothing anywhere'}"))


@app.command()
@complaining
def disable(name: NameArgument, by: AsOption, store: StoreOption = DEFAULT_STORE) -> None:
    """Keep somebody out: their sessions and tokens end at once, their decisions stay theirs."""
    _with_people(store, lambda people: people.disable(name, by=by))
    typer.echo(harmless(f"{name} is disabled"))


@app.command()
@complaining
def enable(name: NameArgument, by: AsOption, store: StoreOption = DEFAULT_STORE) -> None:
    """Let somebody in again; they sign in anew."""
    _with_people(store, lambda people: people.enable(name, by=by))
    typer.echo(harmless(f"{name} is enabled"))


@app.command()
@complaining
def email(
    name: NameArgument,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="the address, or none")],
    by: AsOption,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Say which e-mail address an identity provider vouches for at somebody's first sign-in there."""
    wanted = None if address == NO_ROLE else address
    _with_people(store, lambda people: people.set_email(name, wanted, by=by))
    typer.echo(harmless(f"{name} signs in as {wanted}" if wanted else f"{name} signs in with no provider any more"))


@app.command()
@complaining
def password(
    name: NameArgument,
    by: AsOption,
    stdin: StdinOption = False,
    remove: Annotated[bool, typer.Option("--remove", help="let them sign in with a password no more")] = False,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Set somebody's password, which ends their sessions; one that you set for another has to be changed by them."""
    hashed = None if remove else _hashed(name, _asked(is_piped=stdin))
    _with_people(store, lambda people: people.set_password(name, hashed, by=by))
    typer.echo(harmless(f"{name} has {'no' if remove else 'a new'} password"))


@app.command()
@complaining
def token(
    name: NameArgument,
    by: AsOption,
    label: Annotated[str | None, typer.Option(help="what the new token is for")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=MOST_DAYS, help="after which it ends (default: never)")] = None,
    revoke: Annotated[str | None, typer.Option(metavar="ID", help="end this one instead")] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Make a token for a program that acts in somebody's name, and print it this once; or revoke one."""
    if (label is None) is (revoke is None):
        raise Misuse("give either --label for a new token, or --revoke ID to end one (see `handrail people sessions`)")
    if revoke is not None:
        ended = _with_people(store, lambda people: _end(people, name, revoke, by))
        typer.echo(f"{ended} ended")
        return
    from handrail.console.secret_keys import hash_of, new_token  # noqa: PLC0415 -- listing people needs neither

    secret = new_token()

    async def make(people: People) -> Pass:
        seconds = None if days is None else days * DAY_SECONDS
        return await people.let_in(name, hash_of(secret), "token", label=label or "", seconds=seconds, by=by)

    made = _with_people(store, make)
    typer.echo(json_line({**made.as_json(), "token": secret}) if as_json else secret)


@app.command()
@complaining
def sessions(
    name: NameArgument,
    by: AsOption,
    end: Annotated[str | None, typer.Option(metavar="ID", help="end this one, or all of them")] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """List where somebody is signed in, and their tokens; or end them."""
    if end is not None:
        typer.echo(f"{_with_people(store, lambda people: _end(people, name, end, by))} ended")
        return

    async def fetch(people: People) -> list[Pass]:
        if people.get(name) is None:
            raise UnknownPerson(name)
        return people.passes(name)

    found = _with_people(store, fetch)
    if as_json:
        for each in found:
            typer.echo(json_line(each.as_json()))
        return
    rows = [
        (each.id, each.kind, each.label, *(moment(at) for at in (each.created, each.used, each.expires)))
        for each in found
    ]
    out().print(table(name, ("id", "kind", "what", "since", "last used", "ends"), rows))


async def _end(people: People, name: str, wanted: str, by: str) -> int:
    if wanted == "all":
        return await people.end(name, by=by)
    found = [each for each in people.passes(name) if each.id == wanted]
    if not found:
        raise Misuse(f"{name} has no session or token {wanted!r}: see `handrail people sessions {name}`")
    return await people.end(name, passes=found, by=by)


def _asked(*, is_piped: bool) -> str:
    """Return a password that is typed, twice and unseen, or piped in; it is never an argument, which others can see."""
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Misuse("a password is typed at a terminal; a program gives it with --stdin")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True)
    return typed


def _hashed(name: str, typed: str) -> str:
    with needs("console"):
        from handrail.console.passwords import Passwords, checked_password  # noqa: PLC0415 -- needs the extra

    async def hashing() -> str:
        return await Passwords().hashed(checked_password(typed, name=name))

    return asyncio.run(hashing())
