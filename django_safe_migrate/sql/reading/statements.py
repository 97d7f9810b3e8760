"""One statement: who reads it, by its first words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from django_safe_migrate.databases.statements import (
    Action,
    AlterTable,
    ChangeRows,
    OtherObject,
    RenameTable,
    Select,
    Statement,
    TransactionControl,
    Unread,
)
from django_safe_migrate.sql.reading import (
    altering,
    creating,
    dropping,
    maintaining,
    session,
)
from django_safe_migrate.sql.reading.actions import in_schema_of, read_actions
from django_safe_migrate.sql.reading.cursor import Cursor, NotUnderstood
from django_safe_migrate.sql.reading.queries import read_query
from django_safe_migrate.sql.reading.syntax import Syntax
from django_safe_migrate.sql.reading.tokens import Kind, Token

_Found = Statement | Sequence[Statement]


def read_statement(tokens: Sequence[Token], text: str, syntax: Syntax) -> tuple[Statement, ...]:
    """
    Return what one statement says: mostly one object, several where it does several things, and ``Unread`` with the reason where nobody
    understands it.
    """
    try:
        found = _read(Cursor(tokens, syntax))
    except NotUnderstood as error:
        found = Unread(reason=_sentence(str(error)))
    except RecursionError:
        found = Unread(reason="It is nested too deeply.")
    several = [found] if isinstance(found, Statement) else found
    several = several or [Unread(reason="It ends too early.")]
    return tuple(dataclasses.replace(one, text=text) for one in several)


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."


def _read(cursor: Cursor) -> _Found:
    first = cursor.peek()
    if first.kind is Kind.CLIENT:
        raise NotUnderstood(
            f"it is a command of a client program, {first.value.split()[0]}, not SQL"
        )
    if first.is_sign("("):
        return read_query(cursor)
    reader = _READERS.get(first.value) if first.kind is Kind.WORD else None
    if reader is None:
        raise NotUnderstood(f"no statement that is known begins with {first.text[:40]}")
    return reader(cursor)


# --- what needs a second word ---------------------------------------------------------------------------------------------------


def _alter(cursor: Cursor) -> _Found:
    cursor.expect("ALTER")
    cursor.take_any("ONLINE", "OFFLINE", "IGNORE")
    cursor.take("IGNORE")
    cursor.take("FOREIGN") if cursor.at("FOREIGN", "TABLE") else None
    if cursor.take("TABLE"):
        return _alter_table(cursor)
    if cursor.take("INDEX"):
        return altering.alter_index(cursor)
    if cursor.take("TYPE"):
        return altering.alter_type(cursor)
    if cursor.take("DOMAIN"):
        return altering.alter_domain(cursor)
    word = cursor.take_any("TRIGGER", "POLICY", "RULE")
    if word:
        return altering.alter_trigger(word, cursor)
    kind = "MATERIALIZED VIEW" if cursor.take("MATERIALIZED") else "VIEW"
    if cursor.take("VIEW"):
        return altering.alter_view(kind, cursor)
    return altering.alter_object(cursor)


def _alter_table(cursor: Cursor) -> Statement:
    if cursor.take("ALL"):
        return OtherObject(keywords="ALTER TABLE ALL")
    if_exists = cursor.if_exists()
    only = cursor.take("ONLY")
    table = cursor.name()
    cursor.take_sign("*")
    if cursor.take_any("WAIT", "NOWAIT") == "WAIT":
        cursor.next()
    rest = list(cursor.rest().by_commas())
    demands = {"ALGORITHM": "", "LOCK": ""}
    actions: list[Action] = []
    for part in rest:
        word = part.peek().value.upper()
        if word in demands and (part.peek(1).is_sign("=") or len(part.tokens) == 2):
            demands[word] = part.tokens[-1].value.upper()
        else:
            actions += read_actions(part, table)
    return AlterTable(
        table=table,
        actions=tuple(actions),
        algorithm=demands["ALGORITHM"],
        lock=demands["LOCK"],
        only=only,
        if_exists=if_exists,
    )


def _create(cursor: Cursor) -> _Found:
    cursor.expect("CREATE")
    return creating.create(cursor)


def _drop(cursor: Cursor) -> _Found:
    cursor.expect("DROP")
    return dropping.drop(cursor)


def _truncate(cursor: Cursor) -> _Found:
    cursor.expect("TRUNCATE")
    return dropping.truncate(cursor)


def _rename(cursor: Cursor) -> _Found:
    """RENAME TABLE of MySQL, which renames several."""
    cursor.expect("RENAME")
    if not cursor.take_any("TABLE", "TABLES"):
        raise NotUnderstood(f"RENAME {cursor.peek().text[:40]} is not known")
    found = []
    for part in cursor.by_commas():
        part.if_exists()
        table = part.name()
        if part.take_any("WAIT", "NOWAIT") == "WAIT":
            part.next()
        part.expect("TO")
        new = RenameTable(new_name=in_schema_of(table, part))
        found.append(AlterTable(table=table, actions=(new,)))
    return found


def _set(cursor: Cursor) -> _Found:
    if cursor.at("SET", "STATEMENT") and cursor.go_to("FOR"):  # of MariaDB: for one statement
        return _read(cursor.rest())
    return session.set_variables(cursor)


def _select(cursor: Cursor) -> _Found:
    return session.set_config(cursor) or read_query(cursor)


def _begin(cursor: Cursor) -> _Found:
    if cursor.at("BEGIN", "NOT", "ATOMIC"):
        raise NotUnderstood("it is a block of code")
    return session.transaction(cursor)


def _explain(cursor: Cursor) -> _Found:
    """EXPLAIN does nothing by itself; EXPLAIN ANALYZE does what it explains."""
    cursor.next()
    runs = cursor.take_any("ANALYZE", "ANALYSE")
    if cursor.peek().is_sign("("):
        runs = "ANALYZE" if cursor.parenthesised().find("ANALYZE") >= 0 else ""
    cursor.take("VERBOSE")
    return _read(cursor.rest()) if runs else Select()


def _copy(cursor: Cursor) -> _Found:
    """COPY reads a table, or fills it."""
    cursor.expect("COPY")
    if cursor.peek().is_sign("("):
        return read_query(cursor.parenthesised())
    table = cursor.name()
    if cursor.has("FROM"):
        return ChangeRows(kind="insert", table=table)
    return Select(reads=(table,))


def _load(cursor: Cursor) -> _Found:
    if cursor.go_to("INTO", "TABLE"):
        return ChangeRows(kind="insert", table=cursor.name())
    return OtherObject(keywords="LOAD")


def _show(cursor: Cursor) -> _Found:
    return Select()


def _code(cursor: Cursor) -> _Found:
    word = cursor.next().value
    reasons = {
        "DO": "it is a block of code",
        "CALL": "it calls a procedure, which may do anything",
        "EXECUTE": "it runs a statement that was prepared elsewhere",
    }
    raise NotUnderstood(reasons[word])


def _harmless(cursor: Cursor) -> _Found:
    return OtherObject(keywords=cursor.next().value)


def _two_words(cursor: Cursor) -> _Found:
    first, second = cursor.next(), cursor.next()
    return OtherObject(keywords=f"{first.value} {second.value}".strip())


def _release(cursor: Cursor) -> _Found:
    return TransactionControl(keywords=cursor.next().value)


_READERS: dict[str, Callable[[Cursor], _Found]] = {
    "ALTER": _alter,
    "CREATE": _create,
    "DROP": _drop,
    "TRUNCATE": _truncate,
    "RENAME": _rename,
    "SET": _set,
    "RESET": session.reset,
    "PRAGMA": session.pragma,
    "BEGIN": _begin,
    "PREPARE": session.prepare,
    "SAVEPOINT": _release,
    "RELEASE": _release,
    "EXPLAIN": _explain,
    "COPY": _copy,
    "LOAD": _load,
    "SELECT": _select,
    "VACUUM": maintaining.vacuum,
    "ANALYZE": maintaining.analyse,
    "ANALYSE": maintaining.analyse,
    "CLUSTER": maintaining.cluster,
    "REINDEX": maintaining.reindex,
    "REFRESH": maintaining.refresh,
    "LOCK": maintaining.lock,
    "COMMENT": maintaining.comment,
    "GRANT": maintaining.grant,
    "REVOKE": maintaining.grant,
    **dict.fromkeys(("START", "COMMIT", "END", "ROLLBACK", "ABORT"), session.transaction),
    **dict.fromkeys(
        ("WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "VALUES", "TABLE"), read_query
    ),
    **dict.fromkeys(("OPTIMIZE", "REPAIR", "CHECK", "CHECKSUM"), maintaining.table_command),
    **dict.fromkeys(("DO", "CALL", "EXECUTE"), _code),
    **dict.fromkeys(("SHOW", "DESCRIBE", "DESC"), _show),
    **dict.fromkeys(
        ("USE", "NOTIFY", "LISTEN", "UNLISTEN", "CHECKPOINT", "DEALLOCATE", "CLOSE"), _harmless
    ),
    **dict.fromkeys(
        ("ATTACH", "DISCARD", "FLUSH", "IMPORT", "REASSIGN", "SECURITY", "UNLOCK"), _two_words
    ),
}
