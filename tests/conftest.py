"""What holds for every test: no network, no keys from outside, one thread a library, one marker a folder."""

import compileall
import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bytecode import compile_what_is_loaded_late, let_the_caller_decide  # first: it keeps what the others compile
from tests.few_cases import LEAVE_OUT, OPTION, FewCases, LeftOut, add_options
from tests.network import forbid_network
from tests.profiles import register_profiles
from tests.scratch import choose_scratch
from tests.stores import SECRET, kept_on_a_server

choose_scratch()
register_profiles()

if TYPE_CHECKING:  # loaded by the tests that need them
    from tests.servers.postgres import Cluster, PostgresAt
    from tests.servers.temporal import Lender, TemporalAt

# Two test processes share the machine: a numeric library that starts a thread for every core slows all of them down.
# Set before any test module can import numpy.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

TESTS = Path(__file__).parent

# Every client would read the authorities that this machine trusts, which takes 20 ms; tests ask nobody outside.
os.environ["SSL_CERT_FILE"] = str(TESTS / "fixtures" / "authority_of_nobody.pem")

PARTS = ("handrail", "evals", "ai_steps", "orchestrator", "guards")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be quick."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Take a part of the tests where that was asked for; compile what all import, before they start side by side."""
    if (most := config.getoption(OPTION)) is not None:
        config.pluginmanager.register(FewCases(most))
    if marks := config.getoption(LEAVE_OUT):
        config.pluginmanager.register(LeftOut(marks, most))
    if not hasattr(config, "workerinput"):
        for part in PARTS:
            compileall.compile_dir(TESTS.parent / part, quiet=2)
        for shared in TESTS.rglob("*.py"):  # the processes that tests start load some of it
            if not shared.name.startswith("test_"):
                compileall.compile_file(shared, quiet=2)
        for module in tuple(sys.modules.values()):
            file = getattr(module, "__file__", None) or ""
            if file.endswith(".py"):
                compileall.compile_file(file, quiet=2)
        compile_what_is_loaded_late()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from walking over thousands of tests, again and again, now and while they run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_finish() -> None:
    """Let the caller decide what becomes of what the tests themselves import."""
    let_the_caller_decide()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in tests/acceptance, so that none runs in the fast suite because its mark was forgotten."""
    for item in items:
        if item.path.is_relative_to(TESTS / "acceptance"):
            item.add_marker(pytest.mark.acceptance)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have what a test printed and logged in characters that can be sent to another process: else all tests end."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> None:
    """Fail the test that leaves this machine."""
    forbid_network()


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the keys and addresses of real models, so that a test means the same on every machine."""
    for variable in [name for name in os.environ if name.startswith(("OPENAI_", "ANTHROPIC_", "HANDRAIL_"))]:
        monkeypatch.delenv(variable)


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard() -> Iterator[None]:
    """Let every test hear SIGINT: background jobs of a shell are deaf to it, and a test may leave a handler."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before or signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _modules_of_a_test_go_with_it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forget the modules that a test wrote and loaded: the next may write another file under the same path."""
    newest = next(reversed(sys.modules))
    yield
    written_below = str(tmp_path_factory.getbasetemp())
    for name in tuple(takewhile(lambda each: each != newest, reversed(sys.modules))):  # they stand as they came
        if str(getattr(sys.modules[name], "__file__", None)).startswith(written_below):
            del sys.modules[name]


@pytest.fixture(scope="session", autouse=True)
def _new_stores_are_copied() -> Iterator[None]:
    """Spare the tests making the tables of every store anew, where any of them has to do with stores."""
    if "handrail_orchestrator.store" not in sys.modules:
        yield
        return
    from tests import new_stores  # noqa: PLC0415 -- it loads the store

    with new_stores.copied():
        yield


@pytest.fixture
def tables_made_anew() -> Iterator[None]:
    """Have the product make the tables of each new store, for tests of how they are."""
    from tests import new_stores  # noqa: PLC0415 -- as above

    with new_stores.made_anew():
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of the shared data sets beside the checkout, or skip where there is none."""
    folder = TESTS.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}: they live beside the checkout, not in it")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator["Cluster"]:
    """Start a PostgreSQL of this test process's own; a test may kill it when it starts it again."""
    from tests.servers.postgres import Cluster  # noqa: PLC0415 -- psycopg is loaded by the tests that need it

    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def some_postgres(request: pytest.FixtureRequest) -> Iterator["PostgresAt"]:
    """Return the PostgreSQL that HANDRAIL_TEST_POSTGRES names, or this process's own."""
    from tests.servers.postgres import GIVEN, PostgresAt  # noqa: PLC0415 -- as above

    found = PostgresAt(GIVEN) if GIVEN else request.getfixturevalue("postgres")
    assert isinstance(found, PostgresAt)
    yield found
    if GIVEN:
        found.forget()


@pytest.fixture
def postgres_url(some_postgres: "PostgresAt") -> Iterator[str]:
    """Lend the address of an empty store in PostgreSQL, a schema of the test's own."""
    with some_postgres.schema() as url:
        yield url


@pytest.fixture
def postgres_store(some_postgres: "PostgresAt") -> Iterator[str]:
    """Lend the address of a store in PostgreSQL whose tables are made, for tests of what a store does with them."""
    with some_postgres.store() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def either_store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _no_keys: None
) -> Iterator[Path]:
    """Hold a test to both stores: the one that belongs to its folder is a file there, or on PostgreSQL."""
    if request.param == "sqlite":
        yield tmp_path
        return
    monkeypatch.setenv("HANDRAIL_SECRET", SECRET)
    with kept_on_a_server(tmp_path, request.getfixturevalue("postgres_store")):
        yield tmp_path


@pytest.fixture(scope="session")
def _temporal_lender(pytestconfig: pytest.Config) -> Iterator["Lender"]:
    from tests.servers.temporal import Lender  # noqa: PLC0415 -- as above

    lender = Lender()
    pytestconfig.pluginmanager.register(lender)
    try:
        yield lender
    finally:
        pytestconfig.pluginmanager.unregister(lender)
        lender.end()


@pytest.fixture
def temporal(request: pytest.FixtureRequest) -> "TemporalAt":
    """Return the Temporal server that HANDRAIL_TEST_TEMPORAL names, or one in memory; no test may kill it."""
    from tests.servers.temporal import TemporalAt, given  # noqa: PLC0415 -- as above

    if (address := given()) is not None:
        return TemporalAt(address)
    lender: Lender = request.getfixturevalue("_temporal_lender")
    return lender.lend()
