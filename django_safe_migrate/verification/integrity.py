"""Whether foreign keys hold, and whether the run left unusable indexes or unchecked constraints."""

from __future__ import annotations

from typing import Any

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.verification.baseline import (
    Baseline,
    affected_tables,
    broken_foreign_keys,
    is_large,
)
from django_safe_migrate.verification.context import CheckResult, VerificationContext, counted


def check_integrity(context: VerificationContext) -> CheckResult:
    """Read the affected tables' foreign keys, and the catalogue's list of unfinished objects."""
    if context.baseline is None or context.fake:
        reason = (
            "the plan was only recorded" if context.fake else "nothing was measured before the run"
        )
        return CheckResult(name="integrity", looked_at=f"Nothing: {reason}.")
    baseline, database = context.baseline, context.database
    present = database.tables()
    tables = affected_tables(baseline.effects, present, baseline.row_counts, context.settings)
    large = [
        table
        for table in present
        if table in baseline.effects.touched
        and is_large(baseline.row_counts.get(table), context.settings)
    ]
    keys = database.foreign_keys(tables)
    findings = [
        *_foreign_keys(context, baseline, tables),
        *_indexes(context, baseline),
        *_constraints(context, baseline),
    ]
    looked_at = f"{counted(len(keys), 'foreign key')} of {counted(len(tables), 'affected table')}, all indexes and constraints."
    if large:
        limit = f"{context.settings.exact_count_below:,}"
        looked_at += f" Not read, since they have {limit} rows or more: {', '.join(large)}."
    return CheckResult(name="integrity", looked_at=looked_at, findings=tuple(findings))


def _foreign_keys(
    context: VerificationContext, baseline: Baseline, tables: tuple[str, ...]
) -> list[Finding]:
    found = []
    renamed = baseline.effects.renamed_tables
    before = {(renamed.get(t, t), c): rows for (t, c), rows in baseline.broken_foreign_keys.items()}
    for (table, columns), rows in sorted(broken_foreign_keys(context.database, tables).items()):
        old = rows <= before.get((table, columns), 0)
        verb = "references a row that does" if rows == 1 else "reference rows that do"
        when = ", as before the run" if old else ""
        found.append(
            Finding(
                rule="broken_foreign_key",
                severity=Severity.WARNING if old else Severity.ERROR,
                message=f"{counted(rows, 'row')} of table {table} {verb} not exist (column {columns}){when}.",
                hint=f"Repair the rows by hand: python manage.py dbshell{context.database_option}",
                tables=(table,),
            )
        )
    return found


def _indexes(context: VerificationContext, baseline: Baseline) -> list[Finding]:
    return [
        _object_finding(
            context,
            name,
            rule="invalid_index",
            is_old=name in baseline.invalid_indexes,
            message="Index {object} of table {table} is invalid: it costs every write and serves no query",
            hint="DROP INDEX CONCURRENTLY {quoted}; then create it again",
        )
        for name in context.database.invalid_indexes()
    ]


def _constraints(context: VerificationContext, baseline: Baseline) -> list[Finding]:
    planned = baseline.effects.unvalidated
    sql = "\n".join(code.sql for code in baseline.effects.code)
    found = []
    for name in context.database.unvalidated_constraints():
        constraint = name.partition(".")[2]
        finding = _object_finding(
            context,
            name,
            rule="unvalidated_constraint",
            is_old=name in baseline.unvalidated_constraints,
            is_planned=constraint in planned or constraint in sql,
            message="Constraint {object} of table {table} was never checked against the rows that exist",
            hint="ALTER TABLE {quoted_table} VALIDATE CONSTRAINT {quoted}",
        )
        found.append(finding)
    return found


def _object_finding(
    context: VerificationContext,
    name: str,
    *,
    rule: str,
    is_old: bool,
    message: str,
    hint: str,
    is_planned: bool = False,
) -> Finding:
    table, _, item = name.partition(".")
    quote = context.database.connection.ops.quote_name
    severity, ending = _judged(is_old, is_planned)
    words: dict[str, Any] = {
        "object": item,
        "table": table,
        "quoted": quote(item),
        "quoted_table": quote(table),
    }
    return Finding(
        rule=rule if is_old or is_planned else f"new_{rule}",
        severity=severity,
        message=f"{message.format(**words)}{ending}.",
        hint=f"In python manage.py dbshell{context.database_option}: {hint.format(**words)}",
        tables=(table,),
    )


def _judged(is_old: bool, is_planned: bool) -> tuple[Severity, str]:
    if is_old:
        return Severity.WARNING, ", as before the run"
    if is_planned:
        return Severity.INFO, ", as planned"
    return Severity.ERROR, ""
