"""
Which rows of a database stand for all of them: some of each table, with every row that they refer to.

The first and the last rows by primary key, so that both the oldest and the newest are there; then, along the foreign keys, the rows that
these need. What a vendor does with them, moving rows from one database into another without changing a value, is not here.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.databases.answers import ForeignKey

#: Rows that are asked for in one statement; SQLite's expressions are at most 1,000 levels deep.
AT_ONCE = 200
#: Tables of which every row is needed: migrations that are not recorded would be carried out again.
WHOLE = frozenset({"django_migrations", "django_content_type"})

Key = tuple[Any, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """The end of a query, from WHERE on, and its parameters."""

    sql: str
    params: tuple[Any, ...] = ()


@dataclasses.dataclass(slots=True)
class TableSample:
    """
    The rows of one table.

    Args:
        table: its name.
        key: the columns that tell its rows apart; empty where nothing does, and ``conditions`` are the first rows then.
        limit: rows to begin with; None for all.
        chosen: the keys of the rows, in the order found.
    """

    table: str
    key: tuple[str, ...]
    limit: int | None
    chosen: dict[Key, None] = dataclasses.field(default_factory=dict)

    def conditions(self, quote: Any) -> Iterator[Condition]:
        """Yield one condition for each statement that reads the rows; together they name every row once."""
        if self.limit is None:
            yield Condition("")
        elif not self.key:
            yield Condition(f"LIMIT {self.limit}")
        else:
            yield from _matching(self.key, list(self.chosen), quote)


def choose(database: Database, tables: Sequence[str], limit: int) -> tuple[TableSample, ...]:
    """
    Choose rows of these tables.

    Args:
        database: where the rows are; in a transaction with one view of them, if there is one.
        tables: names.
        limit: rows of each table to begin with; more are chosen where other rows refer to them.
    """
    return _Sampler(database, tables, limit).choose()


class _Sampler:
    """Follows foreign keys from the first rows on."""

    def __init__(self, database: Database, tables: Sequence[str], limit: int) -> None:
        self._database = database
        self._quote = database.connection.ops.quote_name
        self._keys: dict[str, list[ForeignKey]] = collections.defaultdict(list)
        for key in database.foreign_keys(tables):
            self._keys[key.table].append(key)
        referenced = {
            key.referenced_table: key.referenced_columns
            for keys in self._keys.values()
            for key in keys
        }
        self._samples = {
            table: TableSample(
                table,
                self._primary_key(table) or referenced.get(table, ()),
                None if table in WHOLE else limit,
            )
            for table in tables
        }

    def choose(self) -> tuple[TableSample, ...]:
        waiting: collections.deque[tuple[TableSample, list[Condition]]] = collections.deque()
        for sample in self._samples.values():
            waiting.append((sample, self._begin(sample)))
        while waiting:
            sample, conditions = waiting.popleft()
            for key in self._keys[sample.table]:
                parent = self._samples.get(key.referenced_table)
                if parent is None or parent.limit is None or not parent.key:
                    continue
                new = self._add(parent, self._parents(key, parent, conditions))
                if new:
                    waiting.append((parent, list(_matching(parent.key, new, self._quote))))
        return tuple(self._samples.values())

    def _begin(self, sample: TableSample) -> list[Condition]:
        """Choose the first and the last rows; return the conditions that find them."""
        if sample.limit is None or not sample.key:
            return list(sample.conditions(self._quote))
        columns = self._columns(sample.key)
        half = max(1, sample.limit // 2)
        for direction in ("ASC", "DESC"):
            order = ", ".join(f"{self._quote(column)} {direction}" for column in sample.key)
            self._add(sample, self._ask(sample.table, columns, f"ORDER BY {order} LIMIT {half}"))
        return list(sample.conditions(self._quote))

    def _parents(
        self, key: ForeignKey, parent: TableSample, conditions: Iterable[Condition]
    ) -> Iterator[Key]:
        """Yield the keys of the rows that some rows of a table refer to."""
        columns = self._columns(key.columns)
        for condition in conditions:
            found = self._ask(key.table, columns, condition.sql, condition.params)
            values = list(dict.fromkeys(row for row in found if None not in row))
            if key.referenced_columns == parent.key:
                yield from values
                continue
            wanted = self._columns(parent.key)
            for matching in _matching(key.referenced_columns, values, self._quote):
                yield from self._ask(parent.table, wanted, matching.sql, matching.params)

    def _add(self, sample: TableSample, keys: Iterable[Key]) -> list[Key]:
        new = [key for key in dict.fromkeys(keys) if key not in sample.chosen]
        sample.chosen.update(dict.fromkeys(new))
        return new

    def _ask(self, table: str, columns: str, end: str, params: Sequence[Any] = ()) -> list[Key]:
        return self._database.ask(
            f"SELECT {columns} FROM {self._quote(table)} {end}",  # noqa: S608 - quoted identifiers
            params,
        )

    def _columns(self, columns: Collection[str]) -> str:
        return ", ".join(self._quote(column) for column in columns)

    def _primary_key(self, table: str) -> tuple[str, ...]:
        connection = self._database.connection
        with connection.cursor() as cursor:
            found = connection.introspection.get_primary_key_columns(cursor, table)
        return tuple(found or ())


def _matching(columns: Sequence[str], keys: Sequence[Key], quote: Any) -> Iterator[Condition]:
    """Yield conditions that find the rows with these values, so many at once."""
    for first in range(0, len(keys), AT_ONCE):
        some = keys[first : first + AT_ONCE]
        if len(columns) == 1:
            marks = ", ".join(["%s"] * len(some))
            yield Condition(
                f"WHERE {quote(columns[0])} IN ({marks})", tuple(value for (value,) in some)
            )
            continue
        one = " AND ".join(f"{quote(column)} = %s" for column in columns)
        params = tuple(value for key in some for value in key)
        yield Condition(f"WHERE {' OR '.join([f'({one})'] * len(some))}", params)
