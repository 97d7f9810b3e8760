"""What is in the way on PostgreSQL: transactions with the tables that they hold, vacuums that let nobody through, and clients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django_safe_migrate.databases.answers import Session
from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.obstacles import PREPARED, OpenTransaction, Vacuum
from django_safe_migrate.databases.postgresql.facts.effects import Mode
from django_safe_migrate.databases.queries import without_values

_TABLE = """
    JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
"""

# One row for each table that a transaction holds, or one without a table. A prepared transaction has no session: its locks are found by
# that of its own number.
OPEN_TRANSACTIONS = f"""
    SELECT 's' || a.pid, a.pid::text, coalesce(a.usename, '')::text, coalesce(a.application_name, ''), coalesce(a.state, ''),
           extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS age, coalesce(a.query, ''), h.relname, h.mode
    FROM pg_catalog.pg_stat_activity a
    LEFT JOIN (SELECT l.pid, c.relname::text, l.mode FROM pg_catalog.pg_locks l {_TABLE} WHERE l.granted) h ON h.pid = a.pid
    WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() AND a.backend_type = 'client backend'
      AND clock_timestamp() - a.xact_start > make_interval(secs => %s)
    UNION ALL
    SELECT 'p' || x.gid, '', x.owner::text, x.gid, '{PREPARED}', extract(epoch FROM clock_timestamp() - x.prepared)::float8, '', h.relname, h.mode
    FROM pg_catalog.pg_prepared_xacts x
    LEFT JOIN pg_catalog.pg_locks own ON own.locktype = 'transactionid' AND own.transactionid = x.transaction
         AND own.granted AND own.pid IS NULL
    LEFT JOIN (SELECT l.virtualtransaction, c.relname::text, l.mode FROM pg_catalog.pg_locks l {_TABLE} WHERE l.granted AND l.pid IS NULL) h
         ON h.virtualtransaction = own.virtualtransaction
    WHERE x.database = pg_catalog.current_database() AND clock_timestamp() - x.prepared > make_interval(secs => %s)
    ORDER BY age DESC, 1, 8, 9
"""  # noqa: S608 - constants

# What it does is hidden from a role without pg_read_all_stats; then a process of the server itself that holds what VACUUM holds, on a table
# that is old enough, is taken for one. A vacuum of a TOAST table stands in the way of its table.
WRAPAROUND_VACUUMS = """
    SELECT a.pid::text, t.relname::text, extract(epoch FROM clock_timestamp() - a.xact_start)::float8,
           CASE WHEN p.heap_blks_total > 0 THEN p.heap_blks_scanned::float8 / p.heap_blks_total END
    FROM pg_catalog.pg_stat_activity a
    JOIN pg_catalog.pg_locks l ON l.pid = a.pid AND l.granted AND l.mode = 'ShareUpdateExclusiveLock'
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    JOIN pg_catalog.pg_class r ON r.oid = l.relation
    JOIN pg_catalog.pg_class t ON (t.oid = r.oid OR t.reltoastrelid = r.oid) AND t.relkind <> 't'
    LEFT JOIN pg_catalog.pg_stat_progress_vacuum p ON p.pid = a.pid
    WHERE pg_catalog.pg_table_is_visible(t.oid)
      AND ((a.backend_type = 'autovacuum worker' AND a.query LIKE '%(to prevent wraparound)%')
           OR (a.backend_type IS NULL AND a.usesysid IS NULL
               AND pg_catalog.age(r.relfrozenxid) > least(current_setting('autovacuum_freeze_max_age')::int,
                   (SELECT o.option_value::int FROM pg_catalog.pg_options_to_table(r.reloptions) o
                    WHERE o.option_name = 'autovacuum_freeze_max_age'))))
    ORDER BY 2
"""

# The list of sessions is the same for every role; of others only what they do is hidden.
CLIENTS = """
    SELECT count(*), current_setting('max_connections')::int FROM pg_catalog.pg_stat_activity
    WHERE usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
"""

KNOWS_REPLICAS = "SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')"

#: PostgreSQL's manual, "Explicit Locking": with which modes each one cannot be held together.
_FROM = {
    Mode.ACCESS_SHARE: {Mode.ACCESS_EXCLUSIVE},
    Mode.ROW_SHARE: {Mode.EXCLUSIVE, Mode.ACCESS_EXCLUSIVE},
    Mode.ROW_EXCLUSIVE: {
        Mode.SHARE,
        Mode.SHARE_ROW_EXCLUSIVE,
        Mode.EXCLUSIVE,
        Mode.ACCESS_EXCLUSIVE,
    },
    Mode.SHARE_UPDATE_EXCLUSIVE: {mode for mode in Mode if mode >= Mode.SHARE_UPDATE_EXCLUSIVE},
    Mode.SHARE: {mode for mode in Mode if mode >= Mode.ROW_EXCLUSIVE} - {Mode.SHARE},
    Mode.SHARE_ROW_EXCLUSIVE: {mode for mode in Mode if mode >= Mode.ROW_EXCLUSIVE},
    Mode.EXCLUSIVE: {mode for mode in Mode if mode >= Mode.ROW_SHARE},
    Mode.ACCESS_EXCLUSIVE: set(Mode),
}
#: As ``pg_locks`` writes them: ``AccessShareLock``.
_MODES = {f"{mode.name.title().replace('_', '')}Lock": mode.words for mode in Mode}


def open_transactions(database: Database, older_than: float) -> tuple[OpenTransaction, ...]:
    """Open and prepared transactions of this database; of those that hide what they do from this role there is nothing to see."""
    rows = database.ask_if_permitted(OPEN_TRANSACTIONS, [older_than, older_than]) or ()
    found: dict[str, tuple[Session, list[tuple[str, str]]]] = {}
    for key, pid, user, application, state, age, query, table, mode in rows:
        session = Session(pid, user, application, state, float(age), without_values(query))
        held = found.setdefault(key, (session, []))[1]
        if table is not None:
            held.append((str(table), _MODES.get(mode, str(mode))))
    return tuple(OpenTransaction(session, tuple(held)) for session, held in found.values())


def conflicts(wanted: str, held: str) -> bool:
    """Whether two lock modes, as SQL writes them, exclude each other; yes when one of them is not known."""
    try:
        return Mode.of_words(held) in _FROM[Mode.of_words(wanted)]
    except KeyError:
        return True


def wraparound_vacuums(database: Database) -> tuple[Vacuum, ...]:
    """Autovacuums that are not cancelled when somebody waits for their table."""
    rows: Iterable[tuple[Any, ...]] = database.ask_if_permitted(WRAPAROUND_VACUUMS) or ()
    return tuple(Vacuum(*row) for row in dict.fromkeys(rows))


def clients(database: Database) -> tuple[int, int]:
    """Clients of every database of the server, in whatever state."""
    count, most = database.ask(CLIENTS)[0]
    return int(count), int(most)


def knows_replicas(database: Database) -> bool:
    """Other roles see that there are replicas, and nothing of them."""
    return bool(database.ask(KNOWS_REPLICAS)[0][0])
