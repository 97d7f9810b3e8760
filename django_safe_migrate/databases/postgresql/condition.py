"""The condition of a PostgreSQL server: privileges, other sessions, replication, unfinished objects, disk."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path

from django_safe_migrate.databases.answers import Replication, Session
from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.queries import without_values

WRITABLE = """
    SELECT pg_catalog.pg_is_in_recovery(), current_setting('transaction_read_only'),
           pg_catalog.current_schema()::text,
           pg_catalog.has_schema_privilege(pg_catalog.current_schema(), 'CREATE'), current_user::text
"""

# Tables of an extension belong to whoever installed it, and no migration alters them.
NOT_OWNED = """
    SELECT c.relname::text, pg_catalog.pg_get_userbyid(c.relowner)::text
    FROM pg_catalog.pg_class c
    WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
      AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
      AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relname
"""

RECORDING = """
    SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'DELETE']) AS privilege
    WHERE pg_catalog.to_regclass('django_migrations') IS NOT NULL
      AND NOT pg_catalog.has_table_privilege(pg_catalog.to_regclass('django_migrations'), privilege)
"""

# A prepared transaction has no session, and holds its locks until somebody ends it.
LONG_TRANSACTIONS = """
    SELECT pid::text, usename::text, application_name, state, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS age, query
    FROM pg_catalog.pg_stat_activity
    WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'
      AND clock_timestamp() - xact_start > make_interval(secs => %s)
    UNION ALL
    SELECT '', owner::text, gid, 'prepared transaction', extract(epoch FROM clock_timestamp() - prepared)::float8, ''
    FROM pg_catalog.pg_prepared_xacts
    WHERE database = pg_catalog.current_database() AND clock_timestamp() - prepared > make_interval(secs => %s)
    ORDER BY age DESC
"""

# The lag is empty once a replica has caught up and nothing more was written.
REPLICAS = """
    SELECT coalesce(nullif(application_name, ''), host(client_addr), 'replica ' || pid),
           coalesce(extract(epoch FROM replay_lag), 0)::float8
    FROM pg_catalog.pg_stat_replication WHERE state IN ('streaming', 'catchup') ORDER BY 1
"""

OWN_LAG = """
    SELECT CASE WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() THEN 0
           ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()), 0) END::float8
"""

INVALID_INDEXES = """
    SELECT t.relname::text, x.relname::text
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    WHERE NOT i.indisvalid AND pg_catalog.pg_table_is_visible(t.oid)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
    ORDER BY 1, 2
"""

UNVALIDATED_CONSTRAINTS = """
    SELECT t.relname::text, k.conname::text
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class t ON t.oid = k.conrelid
    WHERE NOT k.convalidated AND k.conparentid = 0 AND pg_catalog.pg_table_is_visible(t.oid)
    ORDER BY 1, 2
"""


def missing_permissions(database: Database, tables: Sequence[str] | None) -> tuple[str, ...]:
    """What this role may not do, by the server's own privilege functions."""
    recovering, read_only, schema, may_create, role = database.ask(WRITABLE)[0]
    missing = []
    if recovering:
        missing.append("write: this server is a standby that accepts only reads")
    elif read_only == "on":
        missing.append(
            f"write: transactions of role {role} are read-only (default_transaction_read_only)"
        )
    if schema is None:
        missing.append("create tables: no schema of the search_path exists and may be used")
    elif not may_create:
        missing.append(f"create tables in schema {schema}")
    wanted = None if tables is None else set(tables)
    for table, owner in database.ask(NOT_OWNED):
        if wanted is None or table in wanted:
            missing.append(f"alter or drop table {table}, which belongs to role {owner}")
    missing.extend(
        f"{privilege} on table django_migrations" for (privilege,) in database.ask(RECORDING)
    )
    return tuple(missing)


def long_transactions(database: Database, older_than: float) -> tuple[Session, ...]:
    """Open and prepared transactions of this database."""
    rows = database.ask_if_permitted(LONG_TRANSACTIONS, [older_than, older_than]) or ()
    return tuple(
        Session(pid, user or "", application or "", state or "", float(age), without_values(query))
        for pid, user, application, state, age, query in rows
    )


def replication(database: Database) -> Replication:
    """A standby knows its own lag, a primary that of its standbys."""
    is_replica = bool(database.ask("SELECT pg_catalog.pg_is_in_recovery()")[0][0])
    lags = [(str(name), float(lag)) for name, lag in database.ask_if_permitted(REPLICAS) or ()]
    if is_replica:
        own = database.ask_if_permitted(OWN_LAG)
        lags = [*([("this server", float(own[0][0]))] if own else []), *lags]
    return Replication(is_replica, tuple(lags))


def pairs(database: Database, sql: str) -> tuple[str, ...]:
    """Rows of a table's name and an object's name, as ``table.object``."""
    return tuple(f"{table}.{name}" for table, name in database.ask_if_permitted(sql) or ())


def data_folder(database: Database) -> Path | None:
    """The folder where the server keeps its data, if the server runs on this machine and we may see the folder."""
    if not _is_local(database):
        return None
    # Refused to ordinary roles; members of pg_read_all_settings may ask.
    rows = database.ask_if_permitted(
        "SELECT current_setting('data_directory'), current_setting('port')"
    )
    if not rows:
        return None
    folder, port = Path(rows[0][0]), rows[0][1]
    try:
        return folder if folder.is_dir() and not _is_another_servers(folder, port) else None
    except OSError:
        return None


def _is_local(database: Database) -> bool:
    database.connection.ensure_connection()
    info = database.connection.connection.info
    host = getattr(info, "hostaddr", "") or getattr(info, "host", "") or ""
    if host.startswith(("/", "@")) or host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_another_servers(folder: Path, port: str) -> bool:
    """A forwarded port leads elsewhere, though its address is local: the folder's own note of its port tells."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
    except PermissionError:
        return False
    except OSError:
        return True
    return len(lines) < 4 or lines[3].strip() != port
