"""
Facts: what a statement does to tables that exist, by product and version of the server.

A fact book predicts them from a statement and from what a catalogue says of the tables concerned. The base classes are cautious:
what is not known is said in ``unknown``, and taken to be the worst.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_safe_migrate.databases.statements import (
        ColumnDefinition,
        ConstraintKind,
        Statement,
    )


class Blocking(enum.IntEnum):
    """Whom a lock keeps waiting; the larger number includes the smaller ones."""

    NOTHING = 0
    SCHEMA_CHANGES = 1
    WRITES = 2
    READS_AND_WRITES = 3

    @property
    def words(self) -> str:
        """What it blocks, as a sentence goes on after "blocks"."""
        return self.name.lower().replace("_", " ")


@dataclasses.dataclass(frozen=True, slots=True)
class TableLock:
    """
    A lock that a statement holds on an existing table; an empty ``table`` is the whole database.

    ``strength`` ranks the modes of one product that keep the same people waiting; it is a matter of the fact book, and no part of what
    the lock is: two with the same name are equal.
    """

    table: str
    #: The server's name for it: ``ACCESS EXCLUSIVE``, ``LOCK=SHARED``.
    mode: str
    blocking: Blocking
    strength: int = dataclasses.field(default=0, compare=False)

    @property
    def sentence(self) -> str:
        """The lock with what it blocks: ``an ACCESS EXCLUSIVE lock, which blocks reads and writes``."""
        article = "an" if self.mode[:1] in "AEIOU" else "a"
        name = f"{article} {self.mode} lock" if "=" not in self.mode else self.mode
        return f"{name}, which blocks {self.blocking.words}"


@dataclasses.dataclass(frozen=True, slots=True)
class IndexBuild:
    """An index that is built by reading its table; an empty ``index`` stands for every index of it."""

    table: str
    index: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What one statement does.

    ``locks`` has the strongest lock on each table that existed before; ``rewrites`` the tables that are written anew, ``scans`` those
    that are read in full while the lock is held (every rewritten table is scanned too, and not named twice). ``measured`` is true when
    it was seen on a copy, not predicted.
    """

    statement: Statement
    locks: tuple[TableLock, ...] = ()
    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    index_builds: tuple[IndexBuild, ...] = ()
    #: On MariaDB and MySQL: ``INSTANT``, ``NOCOPY``, ``INPLACE`` or ``COPY``.
    algorithm: str = ""
    #: Why the server refuses the statement as it is, so that nothing happens; empty when it does not.
    refused: str = ""
    #: Whether the server refuses it inside of a transaction.
    refused_in_transaction: bool = False
    #: Whether it commits the transaction it runs in.
    commits: bool = False
    #: Whether it waits for every older transaction to end, blocking nobody meanwhile.
    waits_for_transactions: bool = False
    #: Why the facts are not certain; then they are the worst that may be.
    unknown: str = ""
    measured: bool = False

    def lock_on(self, table: str) -> TableLock | None:
        """The lock on a table, None without one."""
        return next((lock for lock in self.locks if lock.table in {table, ""}), None)

    def blocking(self, table: str) -> Blocking:
        """Whom the statement keeps from a table."""
        lock = self.lock_on(table)
        return Blocking.NOTHING if lock is None else lock.blocking

    def reads_all(self, table: str) -> bool:
        """Whether it takes the longer, the more rows the table has."""
        return (
            table in self.rewrites
            or table in self.scans
            or any(build.table == table for build in self.index_builds)
        )


def strongest(locks: Iterable[TableLock]) -> tuple[TableLock, ...]:
    """Return the strongest lock on each table, in the order of first mention; of equal ones the first."""
    found: dict[str, TableLock] = {}
    for lock in locks:
        known = found.get(lock.table)
        if known is None or (known.blocking, known.strength) < (lock.blocking, lock.strength):
            found[lock.table] = lock
    return tuple(found.values())


# --- what facts depend on -------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IndexDefinition:
    """
    An index of a table; ``constraint`` says that it belongs to a constraint.

    ``computed_from`` are the columns that its expressions and its condition read.
    """

    name: str
    columns: tuple[str, ...] = ()
    unique: bool = False
    method: str = ""
    constraint: bool = False
    computed_from: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintDefinition:
    """A constraint of a table; ``not_null`` are the columns of which it proves, once validated, that they hold no NULL."""

    name: str
    kind: ConstraintKind
    columns: tuple[str, ...] = ()
    references: str = ""
    referenced_columns: tuple[str, ...] = ()
    validated: bool = True
    not_null: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DomainDefinition:
    """A type that is another one under a name of its own; ``constrained`` says that not every value of it is allowed."""

    base: str
    constrained: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TableStorage:
    """
    How MariaDB or MySQL keep a table, in lower case: ``innodb``, ``dynamic``, ``utf8mb4_general_ci``.

    ``generated`` are the kinds of its generated columns (``stored``, ``virtual``); ``cascades`` says that the server itself changes rows
    of this table when rows of another one go (``ON DELETE CASCADE``, ``SET NULL``).
    """

    engine: str = "innodb"
    row_format: str = "dynamic"
    collation: str = ""
    generated: frozenset[str] = frozenset()
    cascades: bool = False


class Catalogue:
    """What is known of existing tables. This one knows nothing: every answer is None, which means just that."""

    def exists(self, table: str) -> bool | None:
        """Whether there is such a table (or view)."""
        return None

    def kind(self, table: str) -> str | None:
        """``table``, ``partitioned``, ``view`` or ``materialized view``."""
        return None

    def column(self, table: str, name: str) -> ColumnDefinition | None:
        """A column as it is now."""
        return None

    def indexes(self, table: str) -> tuple[IndexDefinition, ...] | None:
        """The indexes of a table, those of constraints included."""
        return None

    def index_table(self, index: str) -> str | None:
        """The table that an index belongs to."""
        return None

    def constraints(self, table: str) -> tuple[ConstraintDefinition, ...] | None:
        """The constraints that a table has."""
        return None

    def referencing(self, table: str) -> tuple[str, ...] | None:
        """Other tables with a foreign key to this one."""
        return None

    def storage(self, table: str) -> TableStorage | None:
        """How MariaDB or MySQL keep a table."""
        return None

    def dependants(self, table: str, column: str = "") -> tuple[str, ...] | None:
        """Views and materialised views that read a table, or a column of it."""
        return None

    def partitions(self, table: str) -> tuple[str, ...] | None:
        """The partitions of a table, at any depth."""
        return None

    def partition_of(self, table: str) -> str | None:
        """The table that this one is a partition of, empty when it is none."""
        return None

    def default_partition(self, table: str) -> str | None:
        """The partition of a table for rows that fit no other one, empty without one."""
        return None

    def domain(self, type: str) -> DomainDefinition | None:
        """The domain that a type is; None also for any other type."""
        return None

    def tables_using(self, domain: str) -> tuple[str, ...] | None:
        """The tables with a column of a domain."""
        return None

    @property
    def journal_mode(self) -> str | None:
        """How SQLite keeps its journal, in lower case: ``delete``, ``wal``."""
        return None

    @property
    def timezone(self) -> str | None:
        """The time zone of the session."""
        return None


class FactBook:
    """
    Predicts the facts of statements on one product and version; this one knows no product.

    Args:
        version: of the server; empty for the oldest that Django supports.
        catalogue: what is known of existing tables.
    """

    #: The product as people write it.
    product = ""

    def __init__(self, version: tuple[int, ...] = (), catalogue: Catalogue | None = None) -> None:
        self.version = version
        self.catalogue = Catalogue() if catalogue is None else catalogue

    def facts(self, statement: Statement) -> Facts:
        """Return what a statement does, or the worst that it may do with the reason in ``unknown``."""
        lock = TableLock("", "unknown", Blocking.READS_AND_WRITES)
        return Facts(
            statement=statement, locks=(lock,), unknown="Nothing is known of this database product."
        )
