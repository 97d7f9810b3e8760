"""DROP and TRUNCATE."""

from __future__ import annotations

from django_safe_migrate.databases.statements import (
    ChangeTrigger,
    ChangeView,
    DropIndex,
    DropTable,
    OtherObject,
    Statement,
    Truncate,
)
from django_safe_migrate.sql.reading.altering import object_name
from django_safe_migrate.sql.reading.cursor import Cursor, NotUnderstood
from django_safe_migrate.sql.reading.keywords import OBJECTS, take_phrase


def drop(cursor: Cursor) -> Statement:
    """Take what comes after DROP; raise ``NotUnderstood`` for what nobody knows how to drop."""
    temporary = bool(cursor.take_any("TEMPORARY", "TEMP"))
    cursor.take_any("ONLINE", "OFFLINE", "FOREIGN")
    if cursor.take_any("TABLE", "TABLES"):
        return _tables(cursor, temporary=temporary)
    if cursor.take("INDEX"):
        return _indexes(cursor)
    kind = "MATERIALIZED VIEW" if cursor.take("MATERIALIZED") else "VIEW"
    if cursor.take("VIEW"):
        guarded = cursor.if_exists()
        views = cursor.names()
        return ChangeView(
            keywords=f"DROP {kind}", views=views, cascade=cursor.has("CASCADE"), guarded=guarded
        )
    word = cursor.take_any("TRIGGER", "POLICY", "RULE")
    if word:
        return _trigger(word, cursor)
    return _object(cursor)


def truncate(cursor: Cursor) -> Truncate:
    """Take what comes after TRUNCATE."""
    cursor.take("TABLE")
    cursor.if_exists()
    tables = cursor.names()
    return Truncate(tables=tables, cascade=cursor.has("CASCADE"))


def _tables(cursor: Cursor, *, temporary: bool) -> DropTable:
    if_exists = cursor.if_exists()
    tables = cursor.names()
    cascade = cursor.has("CASCADE")
    return DropTable(tables=tables, cascade=cascade, if_exists=if_exists, temporary=temporary)


def _indexes(cursor: Cursor) -> DropIndex:
    concurrently = cursor.take("CONCURRENTLY")
    if_exists = cursor.if_exists()
    names = cursor.names()
    table = cursor.name() if cursor.take("ON") else ""
    return DropIndex(names=names, table=table, concurrently=concurrently, if_exists=if_exists)


def _trigger(kind: str, cursor: Cursor) -> ChangeTrigger:
    cursor.if_exists()
    name = cursor.name()
    # Only on PostgreSQL is a trigger's name one of its table.
    table = cursor.name() if cursor.take("ON") else ""
    return ChangeTrigger(keywords=f"DROP {kind}", table=table, name=name)


def _object(cursor: Cursor) -> OtherObject:
    if cursor.at("PREPARE") or cursor.at("DEALLOCATE"):
        raise NotUnderstood("what was prepared is not known")
    kind = take_phrase(cursor, OBJECTS)
    if not kind:
        raise NotUnderstood(f"DROP {cursor.peek().text[:40]} is not known")
    guarded = cursor.if_exists()
    cursor.take("BY")
    names = [object_name(cursor)]
    while cursor.take_sign(","):
        names.append(object_name(cursor))
    return OtherObject(
        keywords=f"DROP {kind}",
        name=", ".join(filter(None, names)),
        cascade=cursor.has("CASCADE"),
        guarded=guarded,
    )
