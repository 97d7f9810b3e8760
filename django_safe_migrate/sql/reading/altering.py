"""ALTER TABLE ... ALTER COLUMN, and the statements that alter something that is no table."""

from __future__ import annotations

from django_safe_migrate.databases.statements import (
    Action,
    AlterColumnType,
    AlterDomain,
    AlterEnum,
    AlterIndex,
    ChangeTrigger,
    ChangeView,
    Default,
    DropDefault,
    DropNotNull,
    OtherAction,
    OtherObject,
    SetDefault,
    SetNotNull,
    Statement,
)
from django_safe_migrate.sql.reading.cursor import Cursor, NotUnderstood
from django_safe_migrate.sql.reading.defaults import default_of
from django_safe_migrate.sql.reading.keywords import (
    COLUMN_ACTIONS,
    OBJECTS,
    take_leading_words,
    take_phrase,
)
from django_safe_migrate.sql.reading.tokens import Kind
from django_safe_migrate.sql.reading.types import read_type


def alter_column(column: str, cursor: Cursor) -> Action:
    """Take what ALTER COLUMN does to a column."""
    if cursor.take("SET", "DATA", "TYPE") or cursor.take("TYPE"):
        return _type(column, cursor)
    if cursor.take("SET", "NOT", "NULL"):
        return SetNotNull(column=column)
    if cursor.take("DROP", "NOT", "NULL"):
        return DropNotNull(column=column)
    if cursor.take("DROP", "DEFAULT"):
        return DropDefault(column=column)
    if cursor.take("SET", "DEFAULT"):
        default = default_of(cursor)
        # A default of NULL is one like any other here: it replaces the one before.
        return SetDefault(
            column=column, default=Default.CONSTANT if default is Default.NONE else default
        )
    keywords = take_phrase(cursor, COLUMN_ACTIONS) or take_leading_words(cursor)
    return OtherAction(keywords=keywords, column=column)


def _type(column: str, cursor: Cursor) -> AlterColumnType:
    definition, expression = cursor.split_at("USING")
    written, collated = definition.split_at("COLLATE")
    type = read_type(written)
    return AlterColumnType(
        column=column,
        type=type,
        using=not expression.is_done and not _is_cast(column, type, expression),
        collation="" if collated.is_done else collated.name(),
    )


def _is_cast(column: str, type: str, expression: Cursor) -> bool:
    """
    Whether an expression only casts the column to its new type, ``number::bigint`` or ``CAST(number AS bigint)``.

    PostgreSQL does the same without an expression, and looks at what is left of it when it is planned.
    """
    while expression.peek().is_sign("(") and expression.closes_at_the_end():
        expression = expression.parenthesised()
    if expression.at("CAST"):
        expression.next()
        expression = expression.parenthesised() if expression.closes_at_the_end() else expression
    if expression.peek().kind not in {Kind.WORD, Kind.NAME} or expression.identifier() != column:
        return False
    if expression.is_done:
        return True
    is_cast = expression.take_sign("::") or expression.take("AS")
    return is_cast and read_type(expression.rest()) == type


def alter_index(cursor: Cursor) -> Statement:
    """ALTER INDEX of PostgreSQL."""
    cursor.if_exists()
    if cursor.take("ALL"):
        return OtherObject(keywords="ALTER INDEX ALL")
    name = cursor.name()
    if cursor.take("RENAME"):
        keywords = "RENAME"
    elif cursor.take("ATTACH", "PARTITION"):
        keywords = "ATTACH PARTITION"
    elif cursor.take("SET", "TABLESPACE"):
        keywords = "SET TABLESPACE"
    else:
        keywords = take_leading_words(cursor, 1)
    return AlterIndex(name=name, keywords=keywords)


def alter_type(cursor: Cursor) -> Statement:
    """ALTER TYPE: of an enum, or of another type."""
    name = cursor.name()
    if cursor.take("ADD", "VALUE"):
        cursor.if_exists()
        return AlterEnum(type=name, keywords="ADD VALUE", value=cursor.next().value)
    if cursor.take("RENAME", "VALUE"):
        cursor.next()
        cursor.expect("TO")
        return AlterEnum(type=name, keywords="RENAME VALUE", value=cursor.next().value)
    return OtherObject(keywords="ALTER TYPE", name=name)


def alter_domain(cursor: Cursor) -> Statement:
    """ALTER DOMAIN: a constraint of it is one of every column of it."""
    name = cursor.name()
    if cursor.at("ADD"):
        not_valid = cursor.has("NOT", "VALID")
        return AlterDomain(domain=name, keywords="ADD NOT VALID" if not_valid else "ADD")
    for phrase in (("VALIDATE", "CONSTRAINT"), ("SET", "NOT", "NULL"), ("DROP", "NOT", "NULL")):
        if cursor.take(*phrase):
            return AlterDomain(domain=name, keywords=" ".join(phrase))
    return AlterDomain(domain=name, keywords=take_leading_words(cursor))


def alter_trigger(kind: str, cursor: Cursor) -> Statement:
    """ALTER TRIGGER, ALTER POLICY and ALTER RULE."""
    name = cursor.identifier()
    cursor.expect("ON")
    return ChangeTrigger(keywords=f"ALTER {kind}", table=cursor.name(), name=name)


def alter_view(kind: str, cursor: Cursor) -> Statement:
    """ALTER VIEW and ALTER MATERIALIZED VIEW."""
    cursor.if_exists()
    return ChangeView(keywords=f"ALTER {kind}", views=(cursor.name(),))


def alter_object(cursor: Cursor) -> Statement:
    """ALTER of anything that has no rows."""
    kind = take_phrase(cursor, OBJECTS)
    if not kind:
        raise NotUnderstood(f"ALTER {cursor.peek().text[:40]} is not known")
    cursor.if_exists()
    cursor.take("FOR")
    if kind == "SYSTEM":
        cursor.take_any("SET", "RESET")
    return OtherObject(keywords=f"ALTER {kind}", name=object_name(cursor))


def object_name(cursor: Cursor) -> str:
    """Take the name of something; empty where it has none, such as a cast."""
    try:
        return cursor.name()
    except NotUnderstood:
        return ""
