"""Names of types: one spelling for each, that of Django's ``db_type``."""

from __future__ import annotations

from django_safe_migrate.sql.reading.cursor import Cursor, NotUnderstood
from django_safe_migrate.sql.reading.syntax import syntax_of
from django_safe_migrate.sql.reading.tokens import Kind, tokens

_POSTGRESQL = {
    "bit varying": "varbit",
    "bool": "boolean",
    "bpchar": "char",
    "character": "char",
    "character varying": "varchar",
    "char varying": "varchar",
    "national character": "char",
    "national character varying": "varchar",
    "nchar": "char",
    "dec": "numeric",
    "decimal": "numeric",
    "float": "double precision",
    "float4": "real",
    "float8": "double precision",
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "time without time zone": "time",
    "timestamp without time zone": "timestamp",
    "timestamptz": "timestamp with time zone",
    "timetz": "time with time zone",
}
_MYSQL = {
    "boolean": "bool",
    "character": "char",
    "character varying": "varchar",
    "char varying": "varchar",
    "national char": "char",
    "national character": "char",
    "national varchar": "varchar",
    "nvarchar": "varchar",
    "dec": "numeric",
    "decimal": "numeric",
    "fixed": "numeric",
    "double": "double precision",
    "float4": "float",
    "float8": "double precision",
    "real": "double precision",
    "int": "integer",
    "int1": "tinyint",
    "int2": "smallint",
    "int3": "mediumint",
    "int4": "integer",
    "int8": "bigint",
    "middleint": "mediumint",
    "long": "mediumtext",
    "long varchar": "mediumtext",
    "long varbinary": "mediumblob",
}
_ALIASES = {"postgresql": _POSTGRESQL, "mysql": _MYSQL}
#: Types whose number in parentheses is a width to show them with, which changes nothing.
_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "integer", "bigint"})
#: What a type is without a number in parentheses.
_SIZES = {
    "postgresql": {"char": "1", "bit": "1"},
    "mysql": {"char": "1", "bit": "1", "binary": "1", "numeric": "10, 0"},
}
_SERIAL = frozenset({"bigserial", "serial", "serial2", "serial4", "serial8", "smallserial"})


def canonical_type(text: str, vendor: str) -> str:
    """
    Return the one spelling of a type that statements have: ``varchar(20)`` for ``CHARACTER VARYING (20)``.

    It is what Django's ``db_type`` gives where Django has such a type, and else the shortest that the database accepts. What is no type
    comes back in lower case.
    """
    syntax = syntax_of(vendor)
    try:
        return read_type(Cursor(tokens(text, syntax), syntax))
    except NotUnderstood:
        return text.lower()


def is_serial(type: str) -> bool:
    """Whether a column of this type is counted up by a sequence of its own."""
    return type in _SERIAL


def read_type(cursor: Cursor) -> str:
    """Take everything that is left as a type."""
    family = cursor.syntax.types
    words: list[str] = []
    size, suffix = "", ""
    while not cursor.is_done:
        token = cursor.peek()
        if token.is_sign("(") and not size:
            size = _size(cursor.parenthesised())
        elif token.is_sign("[") or token.is_word("ARRAY"):
            suffix = "[]"
            cursor.rest()
        elif token.kind is Kind.NAME:
            words.append(cursor.name())
        elif token.kind is Kind.WORD:
            words.append(cursor.name().lower())
        else:
            words.append(cursor.next().text)
    return _spelled(_without_schema(words), size, family) + suffix


def _spelled(words: list[str], size: str, family: str) -> str:
    signs = [word for word in words if word in {"unsigned", "zerofill"}]
    words = [word for word in words if word not in {"unsigned", "zerofill", "signed"}]
    zone = " with time zone" if words[1:] == ["with", "time", "zone"] else ""
    if zone or words[1:] == ["without", "time", "zone"]:
        words = words[:1]
    base = " ".join(words)
    base = _ALIASES.get(family, {}).get(base, base)
    if base.endswith(" with time zone"):
        base, zone = base.removesuffix(" with time zone"), " with time zone"
    if family == "postgresql" and base == "double precision" and size:
        base, size = ("real" if int(size) < 25 else base) if size.isdigit() else base, ""
    if family == "mysql" and base in _INTEGERS:
        base, size = "bool" if base == "tinyint" and size == "1" and not signs else base, ""
    if base == "numeric" and size and "," not in size and family:
        size = f"{size}, 0"
    size = size or _SIZES.get(family, {}).get(base, "")
    return " ".join([f"{base}({size}){zone}" if size else f"{base}{zone}", *signs])


def _without_schema(words: list[str]) -> list[str]:
    # What PostgreSQL calls its own types in full.
    return [word.removeprefix("pg_catalog.") for word in words]


def _size(inside: Cursor) -> str:
    """What stands in the parentheses, with a comma and a space between its parts."""
    parts = ("".join(token.text for token in part.tokens) for part in inside.by_commas())
    return ", ".join(parts).strip()
