"""Whether a statement that ended with an error, or was cancelled, has left nothing: where the server undoes each statement as a whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

_LEADING = r"\A(?:\s|--[^\n]*\n|/\*(?!!).*?\*/)*"
_FLAGS = re.IGNORECASE | re.DOTALL
_ON_ROWS = re.compile(_LEADING + r"(?:INSERT|UPDATE|DELETE|REPLACE|SELECT|WITH)\b", _FLAGS)
#: Schema changes that are all or nothing in one statement, also where each of them commits by itself.
_ON_ONE_TABLE = re.compile(
    _LEADING
    + r"(?:ALTER\s+TABLE\b(?!.*\bPARTITION)"
    + r"|CREATE\s+TABLE\b(?!.*\bSELECT\b)"
    + r"|CREATE\s+(?:(?:UNIQUE|FULLTEXT|SPATIAL)\s+)?INDEX\b|DROP\s+INDEX\b"
    + r"|DROP\s+TABLE\b(?!.*,))",
    _FLAGS,
)
#: In PostgreSQL and SQLite every one is, but for procedures and blocks of code, which may commit by themselves.
_TRANSACTIONAL = re.compile(
    _LEADING
    + r"(?:INSERT|UPDATE|DELETE|MERGE|REPLACE|SELECT|WITH|TRUNCATE|COMMENT"
    + r"|(?:ALTER|CREATE|DROP)\b(?!\s+(?:DATABASE|TABLESPACE|SYSTEM|SUBSCRIPTION)\b))\b",
    _FLAGS,
)
#: A comment whose content is executed.
_EXECUTED_COMMENT = "/*!"
_OTHER_ENGINES = """
    SELECT COUNT(*) FROM information_schema.TABLES
    WHERE TABLE_TYPE = 'BASE TABLE' AND (ENGINE IS NULL OR ENGINE <> 'InnoDB')
      AND (TABLE_SCHEMA = DATABASE() OR LOCATE(TABLE_SCHEMA, %s) > 0)
"""
#: The first versions that carry out a schema change as a whole or not at all:
#: https://mariadb.com/kb/en/atomic-ddl/ and https://dev.mysql.com/doc/refman/8.0/en/atomic-ddl.html
_ATOMIC_DDL = {"MariaDB": (10, 6), "MySQL": (8, 0)}


def undoes_failed(database: Database, statements: Sequence[str]) -> bool | None:
    """
    Return whether nothing is left of statements that ended with an error of the server; None when that is not proven.

    Args:
        database: asked outside of a transaction, after the error.
        statements: the texts, each of one statement, executed outside of a transaction.

    Returns:
        False where it is known that rows may stay: tables of an engine without transactions are there.

    Raises:
        DatabaseError: the server did not answer.
    """
    if any(_EXECUTED_COMMENT in sql for sql in statements):
        return None
    answer = _BY_VENDOR.get(database.vendor)
    return answer(database, statements) if answer is not None and statements else None


def _of_postgresql(database: Database, statements: Sequence[str]) -> bool | None:
    known = all(database.can_repeat(sql) and _TRANSACTIONAL.match(sql) for sql in statements)
    return True if known else None


def _of_sqlite(database: Database, statements: Sequence[str]) -> bool | None:
    # With the conflict clause FAIL, the rows before the one that failed stay: https://sqlite.org/lang_conflict.html
    clauses = "SELECT COUNT(*) FROM sqlite_master WHERE sql LIKE '%%CONFLICT%%FAIL%%'"
    known = all(
        _TRANSACTIONAL.match(sql) and not re.search(r"\bFAIL\b", sql, _FLAGS) for sql in statements
    )
    return True if known and not database.ask(clauses.replace("%%", "%"))[0][0] else None


def _of_mysql(database: Database, statements: Sequence[str]) -> bool | None:
    on_rows = [sql for sql in statements if _ON_ROWS.match(sql)]
    others = [sql for sql in statements if not _ON_ROWS.match(sql)]
    is_atomic = database.version >= _ATOMIC_DDL.get(database.product, (10**9,))
    if any(not (is_atomic and _ON_ONE_TABLE.match(sql)) for sql in others):
        return None
    # Whatever they name, by a view, a trigger or a function: one table without transactions spoils the proof.
    if database.ask(_OTHER_ENGINES, ["\n".join(statements)])[0][0]:
        return False if on_rows else None
    return True


_BY_VENDOR = {"postgresql": _of_postgresql, "sqlite": _of_sqlite, "mysql": _of_mysql}
