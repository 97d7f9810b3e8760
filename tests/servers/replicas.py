"""Private servers that follow another one: real replication, for what a primary and its replicas know of each other."""

from __future__ import annotations

from tests.servers import processes
from tests.servers.mariadb import MariaDBServer
from tests.servers.postgresql import PostgreSQLServer


class Standby(PostgreSQLServer):
    """A streaming replica of a private PostgreSQL server, copied from it with pg_basebackup; it calls itself `near`."""

    def __init__(self, primary: PostgreSQLServer) -> None:
        self._primary = primary
        conninfo = self._conninfo().replace("\\", "\\\\").replace("'", "''")
        # It tells its primary where it is several times a second instead of every ten seconds.
        followed = [f"primary_conninfo = '{conninfo}'", "wal_receiver_status_interval = 1s"]
        super().__init__(primary.major, config=followed)

    def _conninfo(self) -> str:
        password = self._primary.password.replace("\\", "\\\\").replace("'", "\\'")
        return (
            f"host=127.0.0.1 port={self._primary.port} user={self._primary.user} "
            f"password='{password}' application_name=near"
        )

    def _initialise(self) -> None:
        processes.give_to(self.account, self.data, self.socket_dir)
        self.data.chmod(0o700)
        program = self.bin_dir / "pg_basebackup"
        copy = ["--pgdata", self.data, "--no-sync", "--checkpoint=fast", "--wal-method=stream"]
        processes.run_setup(
            [program, "--dbname", self._conninfo(), *copy], self.account, self.folder
        )
        (self.data / "standby.signal").touch()


def follow(primary: MariaDBServer, replica: MariaDBServer, delay: int = 0) -> None:
    """Let a MariaDB server (`--server-id=2`) follow another one (`--log-bin --server-id=1`), so many seconds behind."""
    replica.query(
        "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = %s, MASTER_USER = %s, MASTER_PASSWORD = %s, "
        "MASTER_USE_GTID = slave_pos, MASTER_DELAY = %s, MASTER_CONNECT_RETRY = 1",
        [primary.port, primary.user, primary.password, delay],
    )
    replica.query("START SLAVE")
