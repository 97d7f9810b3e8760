"""
A setting that hand-written SQL changes for the session stays changed for the migrations after it.

## Why it matters

`SET` lasts as long as the connection, also behind a transaction's end: the next migrations of the run, and behind a connection pool
other processes, go on without foreign key checks, without a timeout, or in another schema. `SET GLOBAL` lasts until the server is
restarted, for everyone.

## Instead of

    migrations.RunSQL("SET statement_timeout = 0; UPDATE shop_order SET state = 'new' WHERE state IS NULL"),

## Use

    migrations.RunSQL("SET LOCAL statement_timeout = 0; UPDATE shop_order SET state = 'new' WHERE state IS NULL"),

or set it back at the end: `RESET statement_timeout`, `SET foreign_key_checks = 1`.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import StatementsRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import SetVariable
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH, about_rows=False)

#: What is no setting of the session: a transaction's, a variable of one's own, or what is stored in the file of a database.
_OTHER = frozenset(
    {
        "all",
        "application_id",
        "auto_vacuum",
        "constraints",
        "encoding",
        "journal_mode",
        "page_size",
        "transaction",
        "user_version",
    }
)


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """Once for each setting that the migration does not set back."""
    given: dict[tuple[str, str], list[str]] = {}
    for statement in _set(context):
        given.setdefault((statement.scope, statement.name), []).append(statement.value.lower())
    for (scope, name), values in given.items():
        all_reset = ("session", "all") in given and scope == "session"
        if name in _OTHER or name.startswith("@") or _is_set_back(values) or all_reset:
            continue
        if scope == "global":
            yield _for_everyone(name, context)
        elif scope == "session":
            yield _for_the_session(name, context)


def _is_set_back(values: list[str]) -> bool:
    return values[-1] == "default" or (len(values) > 1 and values[-1] != values[0])


def _for_everyone(name: str, context: Context) -> Finding:
    return rule.finding(
        context,
        f"SET GLOBAL {name} in {context.planned.label} changes it for every new connection to the server, also after the migration.",
        hint="Change it in the configuration of the server, where it is there after a restart as well.",
    )


def _for_the_session(name: str, context: Context) -> Finding:
    return rule.finding(
        context,
        f"SET {name} in {context.planned.label} stays in force for the migrations after it.",
        hint=_BACK.get(context.vendor, "Set {name} back at the end of the migration.").format(
            name=name
        ),
    )


#: How a vendor limits a setting to a transaction.
_BACK = {
    "postgresql": "Write SET LOCAL {name}, which lasts until the transaction ends, or end the migration with RESET {name}.",
}


def _set(context: Context) -> Iterator[SetVariable]:
    for change in context.changes:
        if isinstance(change, StatementsRun):
            for statement in context.statements(change):
                if isinstance(statement, SetVariable):
                    yield statement
