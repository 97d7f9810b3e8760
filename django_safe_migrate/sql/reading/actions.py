"""The actions of ALTER TABLE, in the forms of PostgreSQL, MySQL, MariaDB and SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AddIndex,
    AttachPartition,
    ConstraintKind,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropIndexAction,
    ModifyColumn,
    OtherAction,
    RenameColumn,
    RenameTable,
    ValidateConstraint,
)
from django_safe_migrate.sql.reading.altering import alter_column
from django_safe_migrate.sql.reading.columns import read_column, read_constraint, read_position
from django_safe_migrate.sql.reading.cursor import Cursor
from django_safe_migrate.sql.reading.keywords import (
    ACTIONS,
    OPTIONS,
    take_leading_words,
    take_phrase,
)

_KINDS_OF_INDEX = ("UNIQUE", "FULLTEXT", "SPATIAL")


def read_actions(cursor: Cursor, table: str) -> Iterator[Action]:
    """
    Yield the actions that are left, each with all that its part between commas says.

    What is not known is an ``OtherAction`` with its leading keywords.

    Raises:
        NotUnderstood: an action begins as a known one and goes on otherwise.
    """
    for part in cursor.by_commas():
        if not part.is_done:
            yield from _action(part, table)


def _action(cursor: Cursor, table: str) -> Iterator[Action]:
    options = list(_options(cursor))
    if options:
        yield from options
        return
    start = cursor.position
    known = take_phrase(cursor, ACTIONS)
    if known:
        yield OtherAction(keywords="RENAME INDEX" if known == "RENAME KEY" else known)
        return
    word = cursor.next().value.upper()
    reader = _READERS.get(word)
    if reader is not None:
        yield from reader(cursor, table)
        return
    cursor.position = start
    yield OtherAction(keywords=take_leading_words(cursor, 1) or cursor.next().text)


def _options(cursor: Cursor) -> Iterator[OtherAction]:
    """``ENGINE = InnoDB ROW_FORMAT = DYNAMIC``; that of InnoDB is named, because it builds the table anew."""
    while cursor.syntax.indexes_in_tables and (option := take_phrase(cursor, OPTIONS)):
        cursor.take_sign("=")
        value = cursor.next().value.upper()
        yield OtherAction(
            keywords="ENGINE INNODB" if (option, value) == ("ENGINE", "INNODB") else option
        )


# --- add ------------------------------------------------------------------------------------------------------------------------


def _add(cursor: Cursor, table: str) -> Iterator[Action]:
    index = _added_index(cursor)
    if index is not None:
        yield index
        return
    constraint = read_constraint(cursor)
    if constraint is not None:
        yield constraint
        return
    cursor.take("COLUMN")
    if_not_exists = cursor.if_exists()
    parts = [cursor]
    if cursor.peek().is_sign("("):  # several columns at once, on MySQL
        parts = list(cursor.parenthesised().by_commas())
    for part in parts:
        column = read_column(part)
        yield AddColumn(column=column, position=read_position(part), if_not_exists=if_not_exists)


def _added_index(cursor: Cursor) -> AddIndex | None:
    start = cursor.position
    kind = cursor.take_any(*_KINDS_OF_INDEX)
    is_index = bool(cursor.take_any("INDEX", "KEY")) or kind in {"FULLTEXT", "SPATIAL"}
    if not (is_index and cursor.syntax.indexes_in_tables):
        cursor.position = start
        return None
    cursor.if_exists()
    name = ""
    if not cursor.peek().is_sign("(") and not cursor.at("USING"):
        name = cursor.identifier()
    if cursor.take("USING"):
        cursor.identifier()
    return AddIndex(name=name, columns=cursor.column_names(), kind=kind.lower())


# --- drop -----------------------------------------------------------------------------------------------------------------------


def _drop(cursor: Cursor, table: str) -> Iterator[Action]:
    if cursor.take("CONSTRAINT"):
        yield _dropped_constraint(cursor, ConstraintKind.UNKNOWN)
    elif cursor.take("FOREIGN", "KEY"):
        yield _dropped_constraint(cursor, ConstraintKind.FOREIGN_KEY)
    elif cursor.take("PRIMARY", "KEY"):
        yield DropConstraint(name="PRIMARY", kind=ConstraintKind.PRIMARY_KEY)
    elif cursor.syntax.indexes_in_tables and cursor.take("CHECK"):
        yield _dropped_constraint(cursor, ConstraintKind.CHECK)
    elif cursor.syntax.indexes_in_tables and cursor.take_any("INDEX", "KEY"):
        cursor.if_exists()
        yield DropIndexAction(name=cursor.identifier())
    else:
        cursor.take("COLUMN")
        if_exists = cursor.if_exists()
        name = cursor.identifier()
        yield DropColumn(column=name, cascade=cursor.take("CASCADE"), if_exists=if_exists)


def _dropped_constraint(cursor: Cursor, kind: ConstraintKind) -> DropConstraint:
    if_exists = cursor.if_exists()
    name = cursor.identifier()
    return DropConstraint(name=name, kind=kind, cascade=cursor.take("CASCADE"), if_exists=if_exists)


# --- the others -----------------------------------------------------------------------------------------------------------------


def _alter(cursor: Cursor, table: str) -> Iterator[Action]:
    cursor.take("COLUMN")
    cursor.if_exists()
    yield alter_column(cursor.identifier(), cursor)


def _modify(cursor: Cursor, table: str) -> Iterator[Action]:
    cursor.take("COLUMN")
    cursor.if_exists()
    column = read_column(cursor)
    yield ModifyColumn(column=column.name, new=column, position=read_position(cursor))


def _change(cursor: Cursor, table: str) -> Iterator[Action]:
    cursor.take("COLUMN")
    cursor.if_exists()
    name = cursor.identifier()
    column = read_column(cursor)
    yield ModifyColumn(column=name, new=column, position=read_position(cursor))


def _rename(cursor: Cursor, table: str) -> Iterator[Action]:
    if cursor.take_any("TO", "AS") or len(cursor.tokens) == 2:  # RENAME name, on MySQL
        yield RenameTable(new_name=in_schema_of(table, cursor))
        return
    cursor.take("COLUMN")
    cursor.if_exists()
    name = cursor.identifier()
    cursor.expect("TO")
    yield RenameColumn(column=name, new_name=cursor.identifier())


def in_schema_of(table: str, cursor: Cursor) -> str:
    """Take a table's new name; without a schema it stays in the one that it is in."""
    name = cursor.name()
    schema = table.rpartition(".")[0]
    return f"{schema}.{name}" if schema and "." not in name and cursor.syntax.folds_names else name


def _set(cursor: Cursor, table: str) -> Iterator[Action]:
    if cursor.take("SCHEMA"):
        schema = cursor.identifier()
        plain = table.rpartition(".")[2]
        moved = plain if schema == cursor.syntax.default_schema else f"{schema}.{plain}"
        yield RenameTable(new_name=moved)
    else:
        yield OtherAction(keywords=f"SET {take_leading_words(cursor)}".strip())


def _validate(cursor: Cursor, table: str) -> Iterator[Action]:
    cursor.expect("CONSTRAINT")
    yield ValidateConstraint(name=cursor.identifier())


def _attach(cursor: Cursor, table: str) -> Iterator[Action]:
    cursor.expect("PARTITION")
    yield AttachPartition(partition=cursor.name(), is_default=cursor.take("DEFAULT"))


def _detach(cursor: Cursor, table: str) -> Iterator[Action]:
    cursor.expect("PARTITION")
    name = cursor.name()
    yield DetachPartition(partition=name, concurrently=cursor.take("CONCURRENTLY"))


_READERS: dict[str, Callable[[Cursor, str], Iterator[Action]]] = {
    "ADD": _add,
    "ALTER": _alter,
    "ATTACH": _attach,
    "CHANGE": _change,
    "DETACH": _detach,
    "DROP": _drop,
    "MODIFY": _modify,
    "RENAME": _rename,
    "SET": _set,
    "VALIDATE": _validate,
}
