"""Waiting for a real transaction before a plan is carried out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from django_safe_migrate import conf, events
from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.environment import (
    PlanLocks,
    Waited,
    Waiting,
    conditions_again,
    conditions_before_start,
)
from django_safe_migrate.values import StartAction
from tests.databases.conftest import eventually, run
from tests.servers.base import open_connection

LOCKS = PlanLocks((TableLock("t", "ACCESS EXCLUSIVE", Blocking.READS_AND_WRITES),))
pytestmark = pytest.mark.vendors("postgresql", "mariadb")


@pytest.fixture
def reader(connection: Any, database_settings: Any) -> Any:
    """A session in the middle of a transaction; calling it ends the transaction."""
    run(connection, "CREATE TABLE t (id int)")
    with open_connection(database_settings) as other:
        other.set_autocommit(False)
        run(other, "SELECT * FROM t")
        yield other.rollback
        other.rollback()


@pytest.fixture
def waiting_context(make_context: Any) -> Callable[..., Any]:
    def make(action: str, limit: float = 0.0, **given: Any) -> Any:
        start = dataclasses.replace(
            conf.load().before_start, long_transaction=StartAction(action, limit)
        )
        return make_context(long_transaction=0.0, locks=LOCKS, before_start=start, **given)

    return make


class Emitted(list[tuple[str, dict[str, Any]]]):
    """The events of a wait."""

    def __call__(self, name: str, **payload: Any) -> None:
        self.append((name, payload))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self]


def is_seen(context: Any) -> bool:
    """MariaDB looks at its transactions anew every tenth of a second only."""
    return eventually(lambda: bool(conditions_before_start(context)), every=0.2)


def test_a_transaction_that_ends(reader: Any, waiting_context: Any) -> None:
    context, emitted = waiting_context("wait", 600.0), Emitted()
    assert is_seen(context)
    sleeps: list[float] = []

    def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        if len(sleeps) == 2:
            reader()
        eventually(lambda: len(sleeps) < 2 or not conditions_before_start(context), every=0.2)

    waited = Waiting(context, "preflight", emitted, (), sleep).wait()
    assert not waited.gave_up
    assert waited.seconds > 0
    assert emitted.names == [events.WAITING, events.WAITED]
    told = emitted[0][1]
    assert (told["stage"], told["limit"]) == ("preflight", 600.0)
    assert told["reasons"][0]["rule"] == "long_transaction"
    assert conditions_before_start(context, waited) == []


def test_a_transaction_that_does_not_end(reader: Any, waiting_context: Any) -> None:
    context, emitted = waiting_context("wait", 0.3), Emitted()
    assert is_seen(context)
    waited = Waiting(context, "preflight", emitted, ()).wait()
    assert waited.gave_up
    assert emitted[-1][1]["gave_up"]
    for look in (conditions_before_start, conditions_again):
        (finding,) = look(context, waited)
        assert (finding.rule, finding.severity.label) == ("long_transaction", "error")
        assert " The run has waited for " in finding.message


def test_what_is_only_looked_at(reader: Any, waiting_context: Any) -> None:
    assert is_seen(waiting_context("wait", 600.0))
    (finding,) = conditions_before_start(waiting_context("wait", 600.0))
    assert finding.severity.label == "warning"
    assert finding.message.endswith(" A run waits for that up to 600 seconds, and then stops.")
    (finding,) = conditions_before_start(waiting_context("report"))
    assert finding.severity.label == "warning"
    (finding,) = conditions_before_start(waiting_context("stop"))
    assert finding.severity.label == "error"


@pytest.mark.parametrize(
    ("action", "allowed", "rules"),
    [
        ("report", (), {}),
        ("stop", (), {}),
        ("wait", ("long_transaction",), {}),
        ("wait", (), {"long_transaction": "warning"}),
        ("wait", (), {"long_transaction": "off"}),
    ],
)
def test_nobody_waits(
    reader: Any, waiting_context: Any, action: str, allowed: Any, rules: Any
) -> None:
    emitted = Emitted()
    context = waiting_context(action, 600.0, rules=rules)
    assert is_seen(waiting_context("report"))
    assert Waiting(context, "preflight", emitted, allowed).wait() == Waited()
    assert emitted == []


def test_the_stop_file_ends_the_waiting(
    reader: Any, waiting_context: Any, settings: Any, tmp_path: Any
) -> None:
    settings.SAFE_MIGRATE = {"JOURNAL_DIR": tmp_path}
    context, emitted = waiting_context("wait", 600.0), Emitted()
    assert is_seen(context)
    waiting = Waiting(context, "execute", emitted, (), lambda _: (tmp_path / "stop").touch())
    waited = waiting.wait()
    assert waited.gave_up
    assert {one.rule for one in conditions_again(context, waited)} == {
        "stop_file",
        "long_transaction",
    }
