"""What a statement left that was broken off, by whatever program: a migration of the table would fail, or make things worse."""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.databases.broken_off import find_broken_off, tables_of
from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.states import state_of

BROKEN_OFF = "broken_off_statement"
RULES = frozenset({BROKEN_OFF})


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield each thing that was broken off; it blocks where migrations of its table fail as it is."""
    if context.first_install:
        return
    loader = context.loader
    for one in find_broken_off(
        context.database, lambda: tables_of(state_of(loader, loader.applied_migrations))
    ):
        alias = context.database.alias
        option = "" if alias == "default" else f" --database {alias}"
        yield Finding(
            rule=BROKEN_OFF,
            severity=Severity.ERROR if one.hinders else Severity.WARNING,
            message=one.found,
            hint=f"{one.remedy}\nSee what would be done, then do it: python manage.py migrate_repair --broken-off{option}",
            tables=(one.table,),
        )
