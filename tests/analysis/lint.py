"""
Two verbs for tests of rules: `assert_finds("rule", [operations], "message")` and `assert_clean("rule", [operations])`.

The operations are a pending migration of a small shop that exists already. A vendor is asked about without a server: what a rule says of
types and locks must not depend on a connection. Every table may hold rows, for nobody can be asked.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import ConnectionHandler, connections, models
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from django_safe_migrate.findings import Finding
from django_safe_migrate.plan import Plan, freeze
from django_safe_migrate.sql.states import advance_migration

ENGINES = {
    "postgresql": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
    "sqlite": "django.db.backends.sqlite3",
}


def initial() -> list[Operation]:
    """The shop before the pending migration."""
    return [
        operations.CreateModel(
            "Customer",
            [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())],
        ),
        operations.CreateModel("Tag", [("id", models.BigAutoField(primary_key=True))]),
        operations.CreateModel(
            "Order",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("number", models.IntegerField()),
                ("state", models.IntegerField(default=0)),
                ("note", models.TextField(null=True)),
                ("title", models.CharField(max_length=100)),
                ("code", models.CharField(max_length=20, db_column="order_code")),
                ("indexed", models.IntegerField(null=True, db_index=True)),
                ("total", models.DecimalField(max_digits=8, decimal_places=2)),
                ("customer_ref", models.BigIntegerField(null=True)),
                ("customer", models.ForeignKey("shop.Customer", models.CASCADE)),
                ("tags", models.ManyToManyField("shop.Tag")),
            ],
            options={"indexes": [models.Index(fields=["title"], name="title_idx")]},
        ),
        operations.CreateModel(
            "Pinned",
            [("id", models.BigAutoField(primary_key=True)), ("note", models.TextField())],
            options={"db_table": "legacy_pinned"},
        ),
        operations.CreateModel(
            "Foreign",
            [("id", models.BigAutoField(primary_key=True)), ("note", models.TextField())],
            options={"managed": False},
        ),
    ]


def migration(
    ops: Sequence[Operation], name: str = "0002_change", app_label: str = "shop", **attributes: Any
) -> Migration:
    """Return a migration made in memory."""
    kind = type("Migration", (Migration,), {"operations": list(ops), **attributes})
    made: Migration = kind(name, app_label)
    return made


def state_after(ops: Sequence[Operation], app_label: str = "shop") -> ProjectState:
    """Return the state that operations add up to."""
    return advance_migration(ProjectState(), migration(ops, "0001_initial", app_label))


def plan_of(*migrations: Migration, backwards: bool = False) -> Plan:
    """Return a plan of migrations in the order of the graph."""
    ordered = migrations[::-1] if backwards else migrations
    return freeze("default", [], [(one, backwards) for one in ordered])


@contextlib.contextmanager
def vendor(name: str) -> Iterator[None]:
    """Let the default connection be one of this vendor that nobody has opened."""
    original = connections["default"]
    entry = {"ENGINE": ENGINES[name], "NAME": "nowhere"}
    connections["default"] = ConnectionHandler({"default": entry})["default"]
    try:
        yield
    finally:
        connections["default"] = original


def findings(
    ops: Sequence[Operation],
    *,
    on: str = "postgresql",
    before: Sequence[Operation] | None = None,
    backwards: bool = False,
    settings: dict[str, Any] | None = None,
    sql: Any = None,
    third_party: bool = False,
    **attributes: Any,
) -> list[Finding]:
    """Return what the analysis of one pending migration finds."""
    with vendor(on):
        return analyse(
            plan_of(migration(ops, **attributes), backwards=backwards),
            None,
            state_after(initial() if before is None else before),
            dataclasses.replace(conf.load(), **(settings or {})),
            app_is_third_party=lambda planned: third_party,
            sql=sql,
        )


def assert_finds(
    rule: str, ops: Sequence[Operation], *messages: str, **options: Any
) -> list[Finding]:
    """Assert that a rule finds exactly this, and return the findings."""
    found = [finding for finding in findings(ops, **options) if finding.rule == rule]
    assert messages, "Say which messages; for none use assert_clean."
    assert [finding.message for finding in found] == list(messages)
    for finding in found:
        assert finding.hint
        assert not any(mark in finding.message for mark in ("{", "}", "%("))
    return found


def assert_clean(rule: str, ops: Sequence[Operation], **options: Any) -> None:
    """Assert that a rule has nothing to say."""
    found = [finding.message for finding in findings(ops, **options) if finding.rule == rule]
    assert found == []
