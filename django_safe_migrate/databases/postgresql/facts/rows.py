"""Rows, and what goes through all of them: VACUUM, CLUSTER, materialised views."""

from __future__ import annotations

from django_safe_migrate.databases.postgresql.facts.dispatch import statement_effects
from django_safe_migrate.databases.postgresql.facts.effects import (
    ALONE,
    NOTHING,
    Effects,
    Mode,
    locked,
    rewritten,
    scanned,
    worst,
)
from django_safe_migrate.databases.postgresql.facts.known import Known
from django_safe_migrate.databases.statements import (
    ChangeRows,
    Maintenance,
    RefreshMaterializedView,
    Select,
    SetVariable,
    TransactionControl,
    Unread,
)


@statement_effects.register
def _(statement: ChangeRows, known: Known) -> Effects:
    """Rows are locked one by one; the table is open to all but some schema changes."""
    effects = locked(Mode.ROW_EXCLUSIVE, statement.table)
    effects += locked(Mode.ACCESS_SHARE, *statement.reads)
    if statement.conditional:
        return effects
    changed = () if statement.kind == "insert" else known.family(statement.table)
    return effects + scanned(*known.with_rows(*changed, *statement.reads))


@statement_effects.register
def _(statement: Select, known: Known) -> Effects:
    return locked(Mode.ROW_SHARE if statement.locks_rows else Mode.ACCESS_SHARE, *statement.reads)


@statement_effects.register
def _(statement: SetVariable, known: Known) -> Effects:
    return NOTHING


@statement_effects.register
def _(statement: TransactionControl, known: Known) -> Effects:
    return Effects(commits=statement.keywords.upper() in {"COMMIT", "END"})


@statement_effects.register
def _(statement: Unread, known: Known) -> Effects:
    reason = f" ({statement.reason})" if statement.reason else ""
    return worst(reason=f"The statement could not be read{reason}.")


@statement_effects.register
def _(statement: Maintenance, known: Known) -> Effects:
    """VACUUM reads what is not known to be clean, ANALYZE a sample of a size that does not depend on the table's."""
    tables = tuple(name for table in statement.tables for name in known.family(table)) or ("",)
    whole = ALONE if not statement.tables or _any_partitioned(statement, known) else NOTHING
    match statement.command.upper():
        case "CLUSTER":
            return (
                whole
                + locked(Mode.ACCESS_EXCLUSIVE, *tables)
                + rewritten(*known.with_rows(*tables))
            )
        case "VACUUM FULL":
            return (
                ALONE
                + locked(Mode.ACCESS_EXCLUSIVE, *tables)
                + rewritten(*known.with_rows(*tables))
            )
        case "VACUUM":
            leaves = known.with_rows(*tables)
            return ALONE + locked(Mode.SHARE_UPDATE_EXCLUSIVE, *leaves) + scanned(*leaves)
        case "ANALYZE":
            return locked(Mode.SHARE_UPDATE_EXCLUSIVE, *tables)
        case command:
            return worst(*statement.tables, reason=f"PostgreSQL has no command {command}.")


def _any_partitioned(statement: Maintenance, known: Known) -> bool:
    return any(known.catalogue.kind(table) == "partitioned" for table in statement.tables)


@statement_effects.register
def _(statement: RefreshMaterializedView, known: Known) -> Effects:
    """CONCURRENTLY compares the rows and changes only those that differ."""
    if statement.concurrently:
        return locked(Mode.EXCLUSIVE, statement.view) + scanned(statement.view)
    lock = locked(Mode.ACCESS_EXCLUSIVE, statement.view)
    return lock + rewritten(statement.view) if statement.with_data else lock
