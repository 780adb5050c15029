"""What the compose file sets PostgreSQL up with, on a real one: users, databases, and who may go where."""

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.servers import postgres as servers
from tests.servers.postgres import Cluster

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

DEPLOY = Path(__file__).parents[2] / "deploy"
SCRIPT = DEPLOY / "postgres" / "databases.sh"
DATABASES = ("handrail", "temporal", "temporal_visibility")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Return a cluster as the image makes it: its superuser is postgres, and nobody else is there."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(servers, "USER", "postgres")
        patched.setattr(servers, "DATABASE", "of_the_test")
        made = Cluster()
        try:
            made.start()
            yield made
        finally:
            made.remove()


@pytest.fixture(scope="module")
def secrets(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the secrets, then users and databases with them."""
    folder = tmp_path_factory.mktemp("deploy")
    shutil.copy(DEPLOY / "secrets.sh", folder)
    subprocess.run(["/bin/sh", str(folder / "secrets.sh")], check=True)
    environment = {
        **os.environ,
        "PATH": f"{servers.candidates()[0]}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(cluster.port),
        "POSTGRES_USER": "postgres",
        "SECRETS": str(folder / "secrets"),
    }
    if shutil.which("psql", path=environment["PATH"]) is None:
        pytest.skip("no psql on this machine: apt-get install postgresql-client")
    subprocess.run(["/bin/sh", str(SCRIPT)], env=environment, check=True)
    return folder / "secrets"


def may_connect(cluster: Cluster, user: str, database: str) -> bool:
    try:
        psycopg.connect(f"postgresql://{user}@127.0.0.1:{cluster.port}/{database}").close()
    except psycopg.OperationalError as error:
        if "permission denied" in str(error):
            return False
        raise
    return True


def test_secrets_are_made_once_and_reached_by_nobody_else(secrets: Path) -> None:
    before = {each.name: each.read_text() for each in secrets.iterdir()}
    subprocess.run(["/bin/sh", str(secrets.parent / "secrets.sh")], check=True)

    assert {each.name: each.read_text() for each in secrets.iterdir()} == before
    assert len(set(before.values())) == len(before) == 5
    assert all(len(text) == 64 for text in before.values())
    assert secrets.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("user", ["handrail", "temporal"])
def test_each_user_has_the_password_of_its_file(cluster: Cluster, secrets: Path, user: str) -> None:
    """As PostgreSQL keeps it: SCRAM-SHA-256$ITERATIONS:SALT$STORED:SERVER."""
    [(kept,)] = cluster.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [user])
    _, spread, keys = kept.split("$")
    iterations, salt = spread.split(":")
    password = (secrets / f"{user}_db_password").read_bytes()
    salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(salt), int(iterations))
    server = hmac.digest(salted, b"Server Key", "sha256")

    assert base64.b64decode(keys.split(":")[1]) == server


def test_nobody_gets_into_the_databases_of_the_other_and_nobody_may_do_everything(
    cluster: Cluster, secrets: Path
) -> None:
    assert secrets.is_dir()
    assert [may_connect(cluster, "handrail", each) for each in DATABASES] == [True, False, False]
    assert [may_connect(cluster, "temporal", each) for each in DATABASES] == [False, True, True]
    rights = "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname IN ('handrail', 'temporal')"
    assert cluster.execute(rights) == [(False,), (False,)]


def test_who_owns_a_database_may_do_in_it_what_it_needs(cluster: Cluster, secrets: Path) -> None:
    """Temporal's tables for its lists need an extension, which an owner may make as it is a trusted one."""
    assert secrets.is_dir()
    for user, database in (("handrail", "handrail"), ("temporal", "temporal_visibility")):
        with psycopg.connect(f"postgresql://{user}@127.0.0.1:{cluster.port}/{database}", autocommit=True) as owner:
            owner.execute("CREATE TABLE tried (n int)")
            owner.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
            owner.execute("DROP TABLE tried")


def test_the_store_is_made_by_a_user_who_owns_its_database_and_nothing_else(cluster: Cluster, secrets: Path) -> None:
    """As the compose file's service does it, and again."""
    assert secrets.is_dir()
    address = f"postgresql://handrail@127.0.0.1:{cluster.port}/handrail"
    command = [sys.executable, "-m", "handrail", "prepare", "--store", address]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith(", 0 runs\n")
    people = subprocess.run([sys.executable, "-m", "handrail", "people", "list", "--store", address], check=False)
    assert people.returncode == 0
