"""Whether every table and column of the final state exists, and whether what was dropped is gone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from django.db import router
from django.db.models import Model

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.verification.context import CheckResult, VerificationContext, counted


@dataclasses.dataclass(frozen=True, slots=True)
class _Expected:
    """The columns by table that the state has, and the tables that cannot be looked up by their plain names."""

    columns: Mapping[str, frozenset[str]]
    elsewhere: tuple[str, ...]
    models: Mapping[str, str]


def check_schema(context: VerificationContext) -> CheckResult:
    """Compare the state's tables of the plan's apps with the database's."""
    if context.fake or context.state is None:
        reason = (
            "the plan was only recorded"
            if context.fake
            else "the state after the plan is not known"
        )
        return CheckResult(name="schema", looked_at=f"Nothing: {reason}.")
    expected = _expected(context)
    actual = _actual(context, expected.columns)
    missing = list(_missing(context, expected, actual))
    left, gone = _leftovers(context, expected, actual)
    looked_at = (
        f"{counted(len(expected.columns), 'table')} with "
        f"{counted(sum(map(len, expected.columns.values())), 'column')} of {counted(len(context.app_labels), 'app')}; "
        f"{counted(gone, 'table or column', 'tables and columns')} that the plan drops."
    )
    if expected.elsewhere:
        looked_at += (
            f" Not looked at, since another schema has them: {', '.join(expected.elsewhere)}."
        )
    return CheckResult(name="schema", looked_at=looked_at, findings=(*missing, *left))


def _expected(context: VerificationContext) -> _Expected:
    connection = context.database.connection
    columns: dict[str, frozenset[str]] = {}
    models: dict[str, str] = {}
    elsewhere: list[str] = []
    for model in _models(context):
        table = model._meta.db_table
        # `schema"."table` and quoted names are ways around Django's quoting.
        if '"' in table:
            elsewhere.append(table)
            continue
        models[table] = model._meta.label
        columns[table] = frozenset(
            str(field.column)
            for field in model._meta.local_concrete_fields
            if field.db_parameters(connection)["type"] is not None
        )
    return _Expected(columns, tuple(sorted(elsewhere)), models)


def _models(context: VerificationContext) -> Iterator[type[Model]]:
    """The models, with hidden ones of many-to-many fields, that this database has tables of."""
    assert context.state is not None  # noqa: S101 - the caller made sure
    connection = context.database.connection
    for model in context.state.apps.get_models(include_auto_created=True):
        if (
            model._meta.app_label in context.app_labels
            and model._meta.can_migrate(connection)
            and router.allow_migrate_model(connection.alias, model)
        ):
            yield model


class _Actual:
    """The tables and columns that exist, found as the vendor compares names."""

    def __init__(self, columns: Mapping[str, Iterable[str]], ignore_case: bool) -> None:
        # Columns are compared without regard to case by SQLite and MariaDB; where tables are, columns are too.
        self._fold = str.casefold if ignore_case else str
        self._columns = {
            self._fold(table): {self._fold(column) for column in names}
            for table, names in columns.items()
        }

    def has_table(self, table: str) -> bool:
        return self._fold(table) in self._columns

    def has_column(self, table: str, column: str) -> bool:
        return self._fold(column) in self._columns.get(self._fold(table), set())


def _actual(context: VerificationContext, expected: Mapping[str, object]) -> _Actual:
    database = context.database
    effects = context.baseline.effects if context.baseline else None
    wanted = {*expected, *(effects.dropped_tables if effects else ())}
    wanted.update(table for table, _ in (effects.dropped_columns if effects else ()))
    ignore_case = bool(database.connection.features.ignores_table_name_case)
    with database.connection.cursor() as cursor:
        names = database.connection.introspection.table_names(cursor, include_views=True)
    folded = {name.casefold() for name in wanted}
    present = [
        name for name in names if name in wanted or (ignore_case and name.casefold() in folded)
    ]
    columns = {
        table: {*names, *database.implicit_columns}
        for table, names in database.table_columns(present).items()
    }
    return _Actual(columns, ignore_case)


def _missing(
    context: VerificationContext, expected: _Expected, actual: _Actual
) -> Iterator[Finding]:
    for table, columns in sorted(expected.columns.items()):
        model = expected.models[table]
        if not actual.has_table(table):
            yield Finding(
                rule="missing_table",
                severity=Severity.ERROR,
                message=f"Table {table} of model {model} does not exist, although its migrations are applied.",
                hint=_repeat_hint(context),
                tables=(table,),
            )
            continue
        missing = sorted(column for column in columns if not actual.has_column(table, column))
        if missing:
            word = "Column" if len(missing) == 1 else "Columns"
            verb = "does" if len(missing) == 1 else "do"
            yield Finding(
                rule="missing_column",
                severity=Severity.ERROR,
                message=f"{word} {', '.join(missing)} of table {table} (model {model}) {verb} not exist, although its migrations are applied.",
                hint=_repeat_hint(context),
                tables=(table,),
            )


def _leftovers(
    context: VerificationContext, expected: _Expected, actual: _Actual
) -> tuple[list[Finding], int]:
    """Return what should be gone and is not, and how many things were looked for."""
    if context.baseline is None:
        return [], 0
    effects = context.baseline.effects
    tables = {
        table: by for table, by in effects.dropped_tables.items() if table not in expected.columns
    }
    columns = {
        (table, column): by
        for (table, column), by in effects.dropped_columns.items()
        if column not in expected.columns.get(table, frozenset()) and table in expected.columns
    }
    findings = [
        _leftover("leftover_table", f"Table {table}", by, table)
        for table, by in sorted(tables.items())
        if actual.has_table(table)
    ]
    findings += [
        _leftover("leftover_column", f"Column {column} of table {table}", by, table)
        for (table, column), by in sorted(columns.items())
        if actual.has_column(table, column)
    ]
    return findings, len(tables) + len(columns)


def _leftover(rule: str, what: str, by: str, table: str) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        message=f"{what} still exists, although {by} was to drop it.",
        hint="Look at it by hand before it is dropped: python manage.py dbshell",
        tables=(table,),
    )


def _repeat_hint(context: VerificationContext) -> str:
    return f"Go back to before the run, then migrate again: {context.command('migrate_rollback --dry-run')}"
