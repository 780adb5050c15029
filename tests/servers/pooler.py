"""A real PgBouncer before a PostgreSQL, on a private port; the program is looked for on the PATH and in /usr/sbin."""

import shutil

import psycopg

from tests.servers.kept import KeptServer, free_port, unavailable, unprivileged
from tests.servers.postgres import DATABASE, USER, Cluster

NOT_FOUND = "no PgBouncer here: install it (Debian: apt-get install pgbouncer)"


class Pooler(KeptServer):
    """Lends the sessions of a cluster: for a ``session`` of its own, or for one ``transaction`` after the other."""

    def __init__(self, cluster: Cluster, mode: str, **settings: int) -> None:
        found = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin") or shutil.which("pgbouncer")
        if found is None:
            unavailable(NOT_FOUND)
        super().__init__("hrpooler", unprivileged())
        self._program = found
        port = free_port()
        self.address = f"postgresql://{USER}@127.0.0.1:{port}/{DATABASE}"
        self._settings = self.folder / "pgbouncer.ini"
        self._settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={cluster.port} user={USER}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n"
            "ignore_startup_parameters = extra_float_digits\n"
            + "".join(f"{name} = {value}\n" for name, value in settings.items())
        )

    def start(self) -> None:
        """Start it, and wait until it passes a connection on."""
        self._launch([self._program, self._settings])
        self._wait_until_it_answers()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.address, connect_timeout=10).close()
        except psycopg.OperationalError:
            return False
        return True
