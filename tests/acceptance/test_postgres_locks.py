"""What a transaction locks in PostgreSQL is found by an index: a commit costs the same, however many runs there are."""

import time
from contextlib import closing

from psycopg import sql

from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.changes import RecordStep, Send, StartMany
from handrail_orchestrator.store.claiming import ClaimRun
from tests.contract.stores import NOW, asked, decided, executing, signed_on, starting, step, wrote
from tests.servers.postgres import PostgresAt

MANY = 3_000
STARTED = 10
WITHIN_SECONDS = 60


def test_no_commit_looks_through_all_runs(some_postgres: PostgresAt, postgres_url: str) -> None:
    schema = postgres_url.rpartition("%3D")[2]
    with closing(open_store(postgres_url)) as store:
        wrote(store, StartMany([starting(f"r{number}") for number in range(MANY)]))
    some_postgres.execute(sql.SQL("ANALYZE {}.runs").format(sql.Identifier(schema)))
    before = looked_through(some_postgres, schema, MANY)
    with closing(open_store(postgres_url)) as store:
        worker = signed_on(store)
        for number in range(STARTED // 2):
            key = executing(store, worker, f"own{number}")
            wrote(store, RecordStep(step(key)), worker=worker)
            wrote(store, decided(asked(store, worker, f"asks{number}")))
            wrote(store, Send(f"r{number}", "go", "1", NOW))
            wrote(store, ClaimRun(f"r{number}", NOW), worker=worker)
    assert looked_through(some_postgres, schema, MANY + STARTED) - before < MANY


def looked_through(server: PostgresAt, schema: str, runs: int) -> int:
    """Return how many runs were read, once the server has counted that so many were written."""
    counts = (
        "SELECT n_tup_ins, seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables"
        " WHERE schemaname = %s AND relname = 'runs'"
    )
    end = time.monotonic() + WITHIN_SECONDS
    while True:
        ((written, read),) = server.execute(counts, (schema,))
        if written >= runs:
            return int(read)
        assert time.monotonic() < end
        time.sleep(0.02)
