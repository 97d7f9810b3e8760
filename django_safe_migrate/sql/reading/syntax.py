"""How databases write SQL: quotes, comments, the case of names. What a vendor's grammar allows beyond that, readers accept from all."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """
    One vendor's way to write.

    Args:
        dialect: sqlglot's name for it, empty for none.
        name_quotes: what encloses names; ``[`` stands for ``[name]``.
        string_quotes: what encloses strings.
        folds_names: whether a name without quotes is stored in lower case.
        backslashes: whether a backslash escapes in every string, not only in ``E'...'``.
        dollar_quotes: whether ``$tag$...$tag$`` is a string.
        hash_comments: whether ``#`` begins a comment.
        nested_comments: whether ``/*`` inside of a comment begins another one.
        executed_comments: whether the content of ``/*!...*/`` is executed.
        client_commands: whether people write commands of ``psql`` (``\\i file``) between statements.
        delimiters: whether people write the ``DELIMITER`` of the ``mysql`` program between statements.
        default_schema: a schema that is left out of names.
        bodies: whether the body of a routine or trigger is statements between BEGIN and END.
        indexes_in_tables: whether KEY and INDEX begin an index in a table's definition, and cannot be columns.
        parenthesised_defaults: whether a default in parentheses is an expression even when it holds a literal.
        types: whose names of types it has; see ``types``.
    """

    dialect: str = ""
    name_quotes: str = '"'
    string_quotes: str = "'"
    folds_names: bool = False
    backslashes: bool = False
    dollar_quotes: bool = False
    hash_comments: bool = False
    nested_comments: bool = False
    executed_comments: bool = False
    client_commands: bool = False
    delimiters: bool = False
    default_schema: str = ""
    bodies: bool = True
    indexes_in_tables: bool = False
    parenthesised_defaults: bool = False
    types: str = ""


_SYNTAXES = {
    "postgresql": Syntax(
        dialect="postgres",
        folds_names=True,
        dollar_quotes=True,
        nested_comments=True,
        client_commands=True,
        default_schema="public",
        bodies=False,
        types="postgresql",
    ),
    # Django's connections have no ANSI_QUOTES: double quotes enclose strings.
    "mysql": Syntax(
        dialect="mysql",
        name_quotes="`",
        string_quotes="'\"",
        backslashes=True,
        hash_comments=True,
        executed_comments=True,
        delimiters=True,
        indexes_in_tables=True,
        parenthesised_defaults=True,
        types="mysql",
    ),
    "sqlite": Syntax(dialect="sqlite", name_quotes='"`[', default_schema="main"),
    "oracle": Syntax(dialect="oracle"),
}


def syntax_of(vendor: str) -> Syntax:
    """Return how a vendor writes SQL; of one that we do not know, as the standard says."""
    return _SYNTAXES.get(vendor, Syntax(name_quotes='"`'))
