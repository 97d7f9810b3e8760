"""
The facts of statements other than ALTER TABLE and those of indexes.

Metadata locks are named as the server names them (MySQL's manual, "Metadata Locking"; MariaDB's ``METADATA_LOCK_INFO``); that of a
statement that reads or changes rows lasts until its transaction ends. Rows are locked as with READ COMMITTED, Django's default on this
database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.facts import Blocking, Facts, TableLock, strongest
from django_safe_migrate.databases.mysql.facts.cost import Lock, Metadata
from django_safe_migrate.databases.statements import (
    ChangeRows,
    ChangeTrigger,
    ChangeView,
    CreateTable,
    DropTable,
    LockTable,
    Maintenance,
    OtherObject,
    Select,
    SetVariable,
    Statement,
    TransactionControl,
    Truncate,
)

if TYPE_CHECKING:
    from django_safe_migrate.databases.mysql.facts.actions import InnoDBActions


def exclusive(table: str) -> TableLock:
    """The metadata lock of what changes a table as a whole."""
    return TableLock(table, "EXCLUSIVE metadata", Blocking.READS_AND_WRITES, Metadata.EXCLUSIVE)


def reading(tables: Iterable[str]) -> tuple[TableLock, ...]:
    """The metadata locks of a transaction that has read tables."""
    return tuple(
        TableLock(table, "SHARED_READ metadata", Blocking.SCHEMA_CHANGES, Metadata.SHARED_READ)
        for table in tables
    )


def worst(statement: Statement, reason: str, *tables: str) -> Facts:
    """Everything may happen to these tables, to the whole database without any."""
    concerned = tables or ("",)
    locks = tuple(exclusive(table) for table in concerned)
    return Facts(statement=statement, locks=locks, rewrites=concerned, commits=True, unknown=reason)


def whole_facts(book: InnoDBActions, statement: Statement) -> Facts:
    """Return the facts of a statement that is no ALTER TABLE, and about no index."""
    reader = _FACTS.get(type(statement))
    if reader is None:
        reason = getattr(statement, "reason", "")
        detail = f" ({reason})" if reason else ""
        return worst(statement, f"The statement could not be read{detail}.")
    found: Facts = reader(book, statement)
    return found


# --- tables ---------------------------------------------------------------------------------------------------------------------


def _create_table(book: InnoDBActions, statement: CreateTable) -> Facts:
    """A new table belongs to nobody yet; MariaDB lets others go on in the tables it references, MySQL not for a moment."""
    locks = list(reading(statement.reads))
    if book.name == "mysql":
        locks += [exclusive(table) for table in statement.references if table != statement.table]
    return Facts(
        statement=statement,
        locks=strongest(locks),
        scans=statement.reads,
        commits=not statement.temporary,
    )


def _drop_table(book: InnoDBActions, statement: DropTable) -> Facts:
    locks = tuple(exclusive(table) for table in statement.tables)
    if statement.temporary:
        return Facts(statement=statement)
    return Facts(statement=statement, locks=locks, commits=True)


def _truncate(book: InnoDBActions, statement: Truncate) -> Facts:
    """The table is made anew without rows, which takes no longer for many of them; not when another one references it."""
    refused = ""
    for table in statement.tables:
        others = [one for one in book.catalogue.referencing(table) or () if one != table]
        if others:
            refused = f"The server refuses TRUNCATE of {table}, because {others[0]} references it; use DELETE."
    locks = tuple(exclusive(table) for table in statement.tables)
    return Facts(statement=statement, locks=locks, commits=True, refused=refused)


def _lock_table(book: InnoDBActions, statement: LockTable) -> Facts:
    """It lasts until UNLOCK TABLES, and begins with a commit."""
    is_read = statement.mode.upper().startswith("READ")
    blocking = Blocking.WRITES if is_read else Blocking.READS_AND_WRITES
    mode = statement.mode.upper() or "WRITE"
    strength = Metadata.SHARED_NO_WRITE if is_read else Metadata.EXCLUSIVE
    locks = tuple(TableLock(table, mode, blocking, strength) for table in statement.tables)
    return Facts(statement=statement, locks=locks, commits=True)


def _maintenance(book: InnoDBActions, statement: Maintenance) -> Facts:
    command, tables = statement.command.upper(), statement.tables
    if command == "OPTIMIZE":
        # InnoDB builds the table anew in place, which a full-text index makes a matter of a shared lock.
        locks = tuple(
            (Lock.SHARED if book.has_fulltext(table) else Lock.NONE).on(table) for table in tables
        )
        return Facts(
            statement=statement, locks=locks, rewrites=tables, algorithm="INPLACE", commits=True
        )
    if command == "ANALYZE":
        locks = tuple(Lock.NONE.on(table) for table in tables)
        return Facts(statement=statement, locks=locks, commits=True)
    return worst(statement, f"What {command} does to the rows is not known.", *tables)


# --- rows -----------------------------------------------------------------------------------------------------------------------


def _change_rows(book: InnoDBActions, statement: ChangeRows) -> Facts:
    """Every row that is changed stays locked until the transaction ends: all of them without a condition."""
    changes_all = statement.kind != "insert" and not statement.conditional
    own = (
        TableLock(statement.table, "EXCLUSIVE row", Blocking.WRITES, Metadata.ROWS)
        if changes_all
        else TableLock(
            statement.table,
            "SHARED_WRITE metadata",
            Blocking.SCHEMA_CHANGES,
            Metadata.SHARED_WRITE,
        )
    )
    changed = (statement.table,) if changes_all else ()
    read = () if statement.conditional else statement.reads
    return Facts(
        statement=statement,
        locks=strongest((own, *reading(statement.reads))),
        scans=tuple(dict.fromkeys((*changed, *read))),
    )


def _select(book: InnoDBActions, statement: Select) -> Facts:
    return Facts(statement=statement, locks=reading(statement.reads))


# --- what has no rows -----------------------------------------------------------------------------------------------------------


def _trigger(book: InnoDBActions, statement: ChangeTrigger) -> Facts:
    if not statement.table:
        return worst(statement, "Which table the trigger belongs to is not known.")
    return Facts(statement=statement, locks=(exclusive(statement.table),), commits=True)


def _view(book: InnoDBActions, statement: ChangeView) -> Facts:
    locks = (*(exclusive(view) for view in statement.views), *reading(statement.reads))
    new = statement.keywords.upper() == "CREATE VIEW"
    return Facts(
        statement=statement, locks=reading(statement.reads) if new else locks, commits=True
    )


def _other_object(book: InnoDBActions, statement: OtherObject) -> Facts:
    keywords = statement.keywords.upper()
    if keywords.startswith(("DROP DATABASE", "DROP SCHEMA", "ALTER DATABASE", "ALTER SCHEMA")):
        return worst(statement, f"{keywords} is about every table of the database.")
    locks = reading((statement.table,)) if statement.table else ()
    return Facts(statement=statement, locks=locks, commits=True)


def _set_variable(book: InnoDBActions, statement: SetVariable) -> Facts:
    return Facts(statement=statement)


def _transaction(book: InnoDBActions, statement: TransactionControl) -> Facts:
    """BEGIN too commits what was open."""
    return Facts(statement=statement, commits=statement.keywords.upper() in {"BEGIN", "COMMIT"})


_FACTS: dict[type[Statement], Callable[..., Any]] = {
    ChangeRows: _change_rows,
    ChangeTrigger: _trigger,
    ChangeView: _view,
    CreateTable: _create_table,
    DropTable: _drop_table,
    LockTable: _lock_table,
    Maintenance: _maintenance,
    OtherObject: _other_object,
    Select: _select,
    SetVariable: _set_variable,
    TransactionControl: _transaction,
    Truncate: _truncate,
}
