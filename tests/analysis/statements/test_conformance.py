"""What is predicted of Django's operations is what Django executes, and what PostgreSQL then does."""

from __future__ import annotations

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.walking import walk_migration
from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.facts import Facts
from django_safe_migrate.databases.statements import Statement
from tests.analysis.lint import migration, plan_of, state_after
from tests.analysis.statements import executed
from tests.analysis.statements.shop import CASES, shop


def predicted(
    operation: Operation, before: ProjectState, *, backwards: bool
) -> tuple[list[Statement], list[Facts]]:
    """The statements of an operation and their facts; ``before`` is the state without it, in both directions."""
    live = Live(get_database(connections["default"]))
    schema, so_far = Schema(connections["default"], live=True), SoFar(live)
    [planned] = plan_of(migration([operation]), backwards=backwards).steps
    context = Context(planned, schema=schema, live=live, so_far=so_far, sql=None)
    statements: list[Statement] = []
    facts: list[Facts] = []
    for part in walk_migration(planned, before):
        context.move_to(part)
        around = Surroundings("shop", part.earlier, part.later, schema)
        for change in derive(part.operation, around, backwards=backwards):
            statements.extend(context.statements(change))
            facts.extend(context.statement_facts(change))
            context.note(change)
    return statements, facts


@pytest.fixture
def built(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """The connection, with the shop made by Django."""
    state = ProjectState()
    for operation in shop():
        after = state.clone()
        operation.state_forwards("shop", after)
        executed.execute(connection, operation, (state, after))
        state = after
    return connection


@pytest.mark.parametrize("name", CASES)
def test_statements(name: str, built: BaseDatabaseWrapper) -> None:
    operation, before = CASES[name](), state_after(shop())
    state = ProjectState(dict(before.models))
    after = state.clone()
    operation.state_forwards("shop", after)
    for backwards in (False, True):
        if backwards and not operation.reversible:
            continue
        states = (after, state) if backwards else (state, after)
        statements, facts = predicted(operation, before, backwards=backwards)
        check(built, operation, states, statements, facts, backwards=backwards)


def check(
    connection: BaseDatabaseWrapper,
    operation: Operation,
    states: tuple[ProjectState, ProjectState],
    statements: list[Statement],
    facts: list[Facts],
    *,
    backwards: bool,
) -> None:
    is_postgresql = connection.vendor == "postgresql"
    with executed.transaction_where_possible(connection):
        tables = executed.tables_of(connection) if is_postgresql else {}
        with executed.recorded(connection) as texts:
            executed.execute(connection, operation, states, backwards=backwards)
        seen = executed.measured(connection, tables) if is_postgresql else None
    done = executed.read_executed(texts, connection.vendor)
    found = executed.differences(executed.signatures(statements), executed.signatures(done))
    assert not found, "\n".join(
        ["backwards" if backwards else "forwards", *found, "executed:", *texts]
    )
    if seen is not None:
        old = executed.renamings(statements)
        locks: dict[str, str] = {}
        for one in facts:
            for lock in one.locks:
                table, mode = old.get(lock.table, lock.table), executed.named(lock.mode)
                locks[table] = max(locks.get(table, mode), mode, key=executed.MODES.index)
        rewritten = {old.get(table, table) for one in facts for table in one.rewrites}
        locks = {table: mode for table, mode in locks.items() if mode != executed.MODES[0]}
        assert (locks, rewritten) == (seen.locks, set(seen.rewritten)), "\n".join(
            ["backwards" if backwards else "forwards", *texts]
        )
        assert [one.unknown for one in facts if one.unknown] == []
