"""The statements whose facts are proven on real servers are read as they are meant there."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from django_safe_migrate.databases.statements import (
    Action,
    AlterColumnType,
    AlterTable,
    ModifyColumn,
    Statement,
)
from django_safe_migrate.sql.reading import canonical_type, read
from tests.databases.mysql.facts.cases import columns, tables, types
from tests.databases.postgresql.facts import cases as postgresql

CASES = [
    *(("postgresql", case) for case in postgresql.ALL),
    *(("mysql", case) for case in (*columns.CASES, *tables.CASES, *types.CASES)),
]


@pytest.mark.parametrize(
    ("vendor", "case"), CASES, ids=[f"{vendor}: {case.text[:70]}" for vendor, case in CASES]
)
def test_text_is_read_as_the_statement(vendor: str, case: Any) -> None:
    assert read([case.text], vendor) == (_spelled(case.statement, vendor),)


def _spelled(statement: Statement, vendor: str) -> Statement:
    """The books accept every spelling of a type; what is read has one."""
    if not isinstance(statement, AlterTable):
        return statement
    actions = tuple(_action_spelled(action, vendor) for action in statement.actions)
    return dataclasses.replace(statement, actions=actions)


def _action_spelled(action: Action, vendor: str) -> Action:
    if isinstance(action, AlterColumnType):
        return dataclasses.replace(action, type=canonical_type(action.type, vendor))
    if isinstance(action, ModifyColumn):
        new = dataclasses.replace(action.new, type=canonical_type(action.new.type, vendor))
        return dataclasses.replace(action, new=new)
    return action
