"""Whether tables lost rows, and whether the plan explains it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate.databases import RowCount
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.verification.context import CheckResult, VerificationContext, counted
from django_safe_migrate.verification.effects import Effects

#: An estimate that fell by less than this may only be a better estimate.
_ESTIMATE_FACTOR = 2
#: Tables whose rows the run itself takes away: records of unapplied migrations, and our own history.
_OWN_PREFIX = "django_safe_migrate_"


def check_rows(context: VerificationContext) -> CheckResult:
    """Compare the row counts of every table with those before the run."""
    baseline = context.baseline
    if baseline is None or context.fake:
        reason = (
            "the plan was only recorded" if context.fake else "nothing was counted before the run"
        )
        return CheckResult(name="rows", looked_at=f"Nothing: {reason}.")
    before = {table: count for table, count in baseline.row_counts.items() if not _is_own(table)}
    present = set(context.database.tables())
    renamed = baseline.effects.renamed_tables
    kept = {table: renamed.get(table, table) for table in before}
    after = context.database.row_counts(
        [name for name in kept.values() if name in present],
        exact_below=context.settings.exact_count_below,
    )
    findings = [
        finding
        for table in sorted(before)
        if (
            finding := _compare(table, kept[table], before[table], after, baseline.effects, context)
        )
    ]
    return CheckResult(name="rows", looked_at=_looked_at(before, after), findings=tuple(findings))


def _is_own(table: str) -> bool:
    records = MigrationRecorder.Migration._meta.db_table
    return table == records or table.startswith(_OWN_PREFIX)


def _looked_at(before: Mapping[str, RowCount], after: Mapping[str, RowCount]) -> str:
    estimated = sum(not count.exact for count in after.values())
    text = (
        f"The rows of {counted(len(before), 'table')} before the run ({sum(c.rows for c in before.values()):,}) "
        f"and of {counted(len(after), 'table')} after it ({sum(c.rows for c in after.values()):,})"
    )
    return (
        f"{text}; {counted(estimated, 'large table')} by the server's estimate."
        if estimated
        else f"{text}."
    )


def _compare(
    table: str,
    name: str,
    before: RowCount,
    after: Mapping[str, RowCount],
    effects: Effects,
    context: VerificationContext,
) -> Finding | None:
    now = after.get(name)
    if now is None:
        return _gone(table, before, effects, context)
    factor = 1 if before.exact and now.exact else _ESTIMATE_FACTOR
    if now.rows * factor >= before.rows:
        return None
    return _shrunk(table, name, before, now, effects, context)


def _gone(
    table: str, before: RowCount, effects: Effects, context: VerificationContext
) -> Finding | None:
    by = effects.dropped_tables.get(table) or _explained_by(table, effects)
    rows = counted(before.rows, "row")
    if by and not before.rows:
        return None
    if by:
        return _planned(table, f"Table {table} is gone with {rows}, as {by} planned.")
    return Finding(
        rule="rows_lost",
        severity=Severity.ERROR,
        message=f"Table {table} is gone with {rows}, and nothing in the plan drops it.",
        hint=_restore_hint(context),
        tables=(table,),
    )


def _shrunk(
    table: str,
    name: str,
    before: RowCount,
    now: RowCount,
    effects: Effects,
    context: VerificationContext,
) -> Finding:
    about = "" if before.exact and now.exact else "about "
    lost = (
        f"Table {name} lost {about}{before.rows - now.rows:,} of its {counted(before.rows, 'row')}"
    )
    by = _explained_by(table, effects)
    if by:
        return _planned(name, f"{lost}; {by} may have deleted them.")
    touched = effects.touched.get(name)
    if touched:
        return Finding(
            rule="rows_lost",
            severity=Severity.ERROR,
            message=f"{lost}; {touched} changed this table and does not delete rows.",
            hint=_restore_hint(context),
            tables=(name,),
        )
    return Finding(
        rule="rows_lost",
        severity=Severity.WARNING,
        message=f"{lost} during the run; nothing in the plan touches this table, so other sessions may have deleted them.",
        hint=_restore_hint(context),
        tables=(name,),
    )


def _planned(table: str, message: str) -> Finding:
    return Finding(
        rule="rows_deleted_as_planned", severity=Severity.INFO, message=message, tables=(table,)
    )


def _explained_by(table: str, effects: Effects) -> str:
    """Name the code of the plan that may have deleted rows of a table; empty when none may have."""
    names = {table, effects.renamed_tables.get(table, table)}
    for code in effects.code:
        if code.sql:
            if any(_mentions(code.sql, name) for name in names):
                return code.by
        elif effects.apps_of_tables.get(table) in code.app_labels:
            return code.by
    return ""


def _mentions(sql: str, table: str) -> bool:
    return re.search(rf"(?<![\w$]){re.escape(table)}(?![\w$])", sql, re.IGNORECASE) is not None


def _restore_hint(context: VerificationContext) -> str:
    return f"List the backups that have these rows: {context.command('migrate_backup list')}"
