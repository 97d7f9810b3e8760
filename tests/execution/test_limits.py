from __future__ import annotations

import importlib
from typing import Any

import pytest
from django.db import migrations

from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.execution.limits import Limits, check_limits, limits_of
from tests.execution.ledger import Carrier
from tests.scenarios.ledger import faults

USUAL = Limits(2.0, None)


def migration(**attributes: Any) -> migrations.Migration:
    return type("Migration", (migrations.Migration,), attributes)("0001_a", "shop")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, USUAL),
        ({"safe_migrate_lock_timeout": "500ms"}, Limits(0.5, None)),
        ({"safe_migrate_lock_timeout": None}, Limits(None, None)),
        ({"safe_migrate_statement_timeout": 3600}, Limits(2.0, 3600.0)),
    ],
)
def test_a_migration_says_it_for_itself(attributes: dict[str, Any], expected: Limits) -> None:
    assert limits_of(migration(**attributes), USUAL) == expected


@pytest.mark.parametrize("value", ["soon", -1, [], True])
def test_a_wrong_value_names_the_migration_and_what_is_accepted(value: Any) -> None:
    with pytest.raises(SafeMigrateError) as raised:
        check_limits([migration(), migration(safe_migrate_statement_timeout=value)])
    assert raised.value.message == (
        f"shop.0001_a: safe_migrate_statement_timeout is {value!r}; it must be seconds, a duration such as '2s', or None."
    )


#: How each vendor tells its bound of waits for locks, and how it says seven seconds.
ASK = {
    "sqlite": ("PRAGMA busy_timeout", 7000),
    "mysql": ("SELECT @@lock_wait_timeout", 7),
    "postgresql": ("SHOW lock_timeout", "7s"),
}


def test_its_own_bound_holds_for_its_statements_and_no_others(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, expected = ASK[carrier.connection.vendor]
    module = importlib.import_module("tests.scenarios.ledger.migrations.0006_work")
    monkeypatch.setattr(module.Migration, "safe_migrate_lock_timeout", "7s", raising=False)
    inside = []
    for name in ("between", "work", "task"):
        faults.on_run[name] = lambda apps, editor: inside.append(carrier.database.ask(ask)[0][0])
    before = carrier.database.ask(ask)
    carrier.to("0007_task")
    assert inside[1] == expected
    assert inside[0] == inside[2] != expected
    assert carrier.database.ask(ask) == before
