from __future__ import annotations

from django.db import connections
from django.db.migrations import operations

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.schema import Schema
from tests.analysis.lint import state_after


class OnlyHinted:
    """A router that runs nothing on the default database but what is meant for it."""

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return hints.get("target") == db


def derived(operation, *, backwards=False):
    state = state_after([])
    around = Surroundings("shop", state, state, Schema(connections["default"], live=False))
    return derive(operation, around, backwards=backwards)


def test_code_of_the_direction():
    python = operations.RunPython(len, max)
    assert derived(python) == (changes.CodeRun("", len, max),)
    assert derived(python, backwards=True) == (changes.CodeRun("", max, len),)


def test_statements_in_every_form():
    sql = operations.RunSQL(["SELECT 1", ("SELECT %s", [2])], None)
    assert derived(sql) == (changes.StatementsRun("", ("SELECT 1", "SELECT %s"), None),)
    assert derived(operations.RunSQL("SELECT 1", ""), backwards=True) == (
        changes.StatementsRun("", (), ("SELECT 1",)),
    )


def test_hints_for_routers(settings):
    settings.DATABASE_ROUTERS = [OnlyHinted()]
    assert derived(operations.RunPython(len)) == ()
    assert derived(operations.RunPython(len, hints={"target": "default"})) != ()
