"""How far are the estimated seconds of `migrate_check` from those that a change takes?"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from benchmarks.command_line import label, parse, private_server
from benchmarks.comparison import Spread
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.weight import Weights
from django_safe_migrate.databases import get_database, live_catalogue, measurements
from django_safe_migrate.databases.facts import Facts, IndexBuild
from django_safe_migrate.databases.statements import AlterTable, ChangeRows, CreateIndex
from tests.servers.base import open_connection

#: Rows of the tables; each row has about 140 bytes.
SIZES = (300_000, 1_500_000)
#: An estimate is met when it is no shorter than the first part of the real seconds, and no longer than the second.
GOAL = (1 / 1.5, 2.0)
#: What an update takes depends on the indexes that have the columns that change, which nobody knows beforehand.
WITHOUT_GOAL = frozenset({"update"})
#: Small machines have small caches, but no server has less than this by default.
CONFIG = {
    "postgresql": ("shared_buffers = 128MB", "max_wal_size = 1GB"),
    "mariadb": ("--innodb-buffer-pool-size=128M", "--innodb-log-file-size=96M"),
    "sqlite": (),
}

TABLE = "event"
#: The key has the type that Django gives it; on SQLite any other would get an index.
COLUMNS = (
    "id {key} PRIMARY KEY, amount {amount} NOT NULL, name varchar(40) NOT NULL, note varchar(100)"
)
#: What is random in the order of the rows, as keys of indexes usually are.
ROWS = {
    "postgresql": "SELECT n, n * 7919::bigint % 1000003, md5(n::text), repeat(md5((n * 31)::text), 2) FROM generate_series(1, {rows}) n",
    "mysql": "SELECT seq, seq * 7919 % 1000003, MD5(seq), REPEAT(MD5(seq * 31), 2) FROM seq_1_to_{rows}",
    "sqlite": "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT {rows}) "
    "SELECT n, n * 7919 % 1000003, lower(hex(randomblob(16))), lower(hex(randomblob(32))) FROM n",
}
ANALYZE = {"postgresql": "VACUUM ANALYZE event", "mysql": "ANALYZE TABLE event", "sqlite": ""}
INDEXES = (
    "CREATE INDEX event_amount ON event (amount)",
    "CREATE INDEX event_name ON event (name)",
)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the table: what is known of it beforehand, the statements that carry it out, and those that take it back."""

    facts: Facts
    carry_out: Sequence[str]
    take_back: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """The seconds that were estimated, and those that the change then took."""

    estimated: float
    real: float

    @property
    def ratio(self) -> float:
        return self.estimated / self.real


@dataclass(frozen=True, slots=True)
class Subject:
    """All pairs of one change of a table of so many rows on one server."""

    server: str
    rows: int
    change: str
    pairs: Sequence[Pair]

    def spread(self, value: Callable[[Pair], float]) -> Spread:
        return Spread.of([value(pair) for pair in self.pairs])

    @property
    def met(self) -> bool | None:
        """None where there is no goal."""
        if self.change in WITHOUT_GOAL:
            return None
        return GOAL[0] <= self.spread(lambda pair: pair.ratio).median <= GOAL[1]

    def to_json(self) -> dict[str, Any]:
        pairs = [dataclasses.asdict(pair) for pair in self.pairs]
        return {
            "server": self.server,
            "rows": self.rows,
            "change": self.change,
            "met": self.met,
            "pairs": pairs,
        }


def main() -> None:
    """Measure on every database, with tables of each size; leave with status 1 when an estimate is too far off."""
    options = parse(__doc__ or "", rounds=5)
    subjects = [one for name in options.databases for one in on_server(name, options.rounds)]
    document = {"question": __doc__, "subjects": [one.to_json() for one in subjects]}
    print(f"\n{__doc__}\n\n{table(subjects)}")
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    sys.exit(any(one.met is False for one in subjects))


def table(subjects: Sequence[Subject]) -> str:
    """Return the ratios of the estimated to the real seconds as a table of markdown."""
    lines = [
        "| Database | Rows | Change | Real | Estimated | Ratio | Lowest | Highest | Goal |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*lines, *map(_line, subjects)])


def _line(one: Subject) -> str:
    real, estimated = one.spread(lambda pair: pair.real), one.spread(lambda pair: pair.estimated)
    ratios = sorted(pair.ratio for pair in one.pairs)
    cells = [
        one.server,
        f"{one.rows:,}",
        one.change,
        f"{real.median:.2f} s",
        f"{estimated.median:.2f} s",
        f"{one.spread(lambda pair: pair.ratio).median:.2f}",
        f"{ratios[0]:.2f}",
        f"{ratios[-1]:.2f}",
        {True: "met", False: "missed", None: ""}[one.met],
    ]
    return f"| {' | '.join(cells)} |"


def on_server(name: str, rounds: int) -> Iterator[Subject]:
    """Yield the subjects of one database, each measured so many times."""
    with private_server(name, CONFIG[name]) as server:
        for size in SIZES:
            database = server.create_database()
            with open_connection(database) as connection:
                _fill(connection, size)
                for change, pairs in _measured(connection, rounds).items():
                    yield Subject(label(server), size, change, pairs)
            server.drop_database(database)
            print(f" {name}, {size} rows", file=sys.stderr)


def _fill(connection: BaseDatabaseWrapper, rows: int) -> None:
    _execute(
        connection,
        f"CREATE TABLE {TABLE} ({_columns(connection.vendor)})",
        f"INSERT INTO {TABLE} {ROWS[connection.vendor].format(rows=rows)}",
        ANALYZE[connection.vendor],
    )


def _columns(vendor: str, amount: str = "integer") -> str:
    return COLUMNS.format(key="integer" if vendor == "sqlite" else "bigint", amount=amount)


def _measured(connection: BaseDatabaseWrapper, rounds: int) -> dict[str, list[Pair]]:
    """Estimate and carry out every change, first without other indexes than the primary key, then those that have them again."""
    plain = changes(connection.vendor)
    measured: dict[str, list[Pair]] = {}
    for _ in range(rounds):
        for name, change in plain.items():
            measured.setdefault(name, []).append(_pair(connection, change))
        _execute(connection, *INDEXES, ANALYZE[connection.vendor])
        again = changes(connection.vendor, INDEXES)
        for name in ("rewrite",):
            pair = _pair(connection, again[name])
            measured.setdefault(f"{name}, two more indexes", []).append(pair)
        _execute(connection, *_drop_indexes(connection.vendor), ANALYZE[connection.vendor])
        print(".", end="", file=sys.stderr, flush=True)
    return measured


def _pair(connection: BaseDatabaseWrapper, change: Change) -> Pair:
    # Measured anew: what the machine did a minute ago is not what it does now.
    measurements._measured.clear()
    database = get_database(connection)
    weights = Weights(Live(database), catalogue=live_catalogue(database), measured_from=0)
    estimate = weights.of(change.facts)
    if estimate is None or not estimate.measured:
        raise RuntimeError(
            "The rates of the server could not be measured in time; wait until the machine is less busy."
        )
    started = time.perf_counter()
    _execute(connection, *change.carry_out)
    real = time.perf_counter() - started
    _execute(connection, *change.take_back, ANALYZE[connection.vendor])
    return Pair(estimate.seconds, real)


def changes(vendor: str, indexes: Sequence[str] = ()) -> Mapping[str, Change]:
    """Return the changes of the table by name; ``indexes`` are those that it has besides the primary key."""
    nothing = AlterTable(table=TABLE, actions=())
    update = ChangeRows(kind="update", table=TABLE, conditional=False)
    return {
        "rewrite": Change(
            Facts(statement=nothing, rewrites=(TABLE,)),
            _rewrite(vendor, "bigint", indexes),
            _rewrite(vendor, "integer", indexes),
        ),
        "scan": Change(Facts(statement=nothing, scans=(TABLE,)), *_scan(vendor)),
        "index on an integer": _index(vendor, "amount", INDEXES[0]),
        "index on a text": _index(vendor, "name", INDEXES[1]),
        "update": Change(
            Facts(statement=update, scans=(TABLE,)),
            [f"UPDATE {TABLE} SET note = name"],  # noqa: S608 - constants
            [
                f"UPDATE {TABLE} SET note = replace(name, '0', '00')",  # noqa: S608 - constants
                *(["VACUUM FULL event"] if vendor == "postgresql" else []),
            ],
        ),
    }


def _rewrite(vendor: str, type: str, indexes: Sequence[str]) -> list[str]:
    """On SQLite what Django does there: a new table that takes the place of the old one."""
    if vendor == "postgresql":
        return [f"ALTER TABLE {TABLE} ALTER COLUMN amount TYPE {type}"]
    if vendor == "mysql":
        return [f"ALTER TABLE {TABLE} MODIFY amount {type} NOT NULL"]
    return [
        "BEGIN",
        f"CREATE TABLE new__event ({_columns(vendor, type)})",
        f"INSERT INTO new__event (id, amount, name, note) SELECT id, amount, name, note FROM {TABLE}",  # noqa: S608 - constants
        f"DROP TABLE {TABLE}",
        f"ALTER TABLE new__event RENAME TO {TABLE}",
        *indexes,
        "COMMIT",
    ]


def _scan(vendor: str) -> tuple[Sequence[str], Sequence[str]]:
    """SET NOT NULL, and what reads as much on servers that do not read for that alone."""
    if vendor == "postgresql":
        alter = f"ALTER TABLE {TABLE} ALTER COLUMN note"
        return [f"{alter} SET NOT NULL"], [f"{alter} DROP NOT NULL"]
    return [f"SELECT count(*) FROM {TABLE} WHERE note IS NULL"], []  # noqa: S608 - constants


def _index(vendor: str, column: str, sql: str) -> Change:
    name = f"{TABLE}_{column}"
    statement = CreateIndex(table=TABLE, name=name, columns=(column,))
    facts = Facts(statement=statement, index_builds=(IndexBuild(TABLE, name),))
    return Change(facts, [sql], [one for one in _drop_indexes(vendor) if name in one])


def _drop_indexes(vendor: str) -> list[str]:
    suffix = f" ON {TABLE}" if vendor == "mysql" else ""
    return [f"DROP INDEX {TABLE}_{column}{suffix}" for column in ("amount", "name")]


def _execute(connection: BaseDatabaseWrapper, *statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in filter(None, statements):
            cursor.execute(sql)
            if cursor.description:
                cursor.fetchall()


if __name__ == "__main__":
    main()
