"""Between two attempts: those who were in the way are watched, and nothing is tried in vain while they stay."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import Any

import pytest

from django_safe_migrate import events
from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.activity import Blocker
from django_safe_migrate.execution.retry import RetryPolicy
from tests.databases.conftest import eventually
from tests.execution.ledger import Carrier

#: Long enough for several attempts that follow the usual waits, and shorter than the longest wait.
STAYS = 7.0


class Holder(threading.Thread):
    """A session of its own that reads a table and keeps its transaction open until it is told to end it."""

    def __init__(self, carrier: Carrier, table: str) -> None:
        super().__init__()
        self._database = carrier.database
        self._table = table
        self.holds = threading.Event()
        self.ends = threading.Event()

    def run(self) -> None:
        session = self._database.new_connection()
        try:
            session.set_autocommit(False)
            with session.cursor() as cursor:
                cursor.execute(f"SELECT count(*) FROM {self._table}")
            self.holds.set()
            self.ends.wait(60)
            session.rollback()
        finally:
            session.close()

    def __enter__(self) -> Holder:
        self.start()
        assert self.holds.wait(30)
        return self

    def __exit__(self, *error: object) -> None:
        self.ends.set()
        self.join()


class Waiter(threading.Thread):
    """A session of its own that asks for a lock that readers hold."""

    def __init__(self, carrier: Carrier) -> None:
        super().__init__()
        self._database = carrier.database

    def run(self) -> None:
        session: Any = self._database.new_connection()
        try:
            with session.cursor() as cursor:
                cursor.execute("ALTER TABLE ledger_account ADD COLUMN waited int")
        finally:
            session.close()


@pytest.mark.vendors("postgresql")
def test_nothing_is_tried_in_vain_while_the_blocker_stays(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    carrier.retry = RetryPolicy(30, 120.0)
    carrier.lock_timeout = 0.5
    carrier.events.clear()
    with Holder(carrier, "ledger_account") as holder:
        leaving = threading.Timer(STAYS, holder.ends.set)
        leaving.start()
        with carrier.watched():
            carrier.to("0002_account_note")
        leaving.join()
    failed = carrier.named(events.ATTEMPT_FAILED)
    # The usual waits of a quarter, half and one second would have made four or more.
    assert 1 <= len(failed) <= 2
    assert failed[0]["blockers"]
    assert "note" in carrier.columns()


@pytest.mark.vendors("mariadb")
def test_a_guess_is_no_reason_to_wait_longer(carrier: Carrier) -> None:
    """Somebody else's transaction that stays open does not keep us from trying again."""
    carrier.to("0001_initial")
    carrier.retry = RetryPolicy(30, 120.0)
    carrier.lock_timeout = 1.0
    carrier.events.clear()
    with Holder(carrier, "django_migrations"), Holder(carrier, "ledger_account") as holder:
        leaving = threading.Timer(2.5, holder.ends.set)
        leaving.start()
        with carrier.watched():
            carrier.to("0002_account_note")
        leaving.join()
    assert "note" in carrier.columns()
    assert carrier.named(events.ATTEMPT_FAILED)


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_transaction_is_open_until_it_ends(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    with Holder(carrier, "ledger_account"):
        waiter = Waiter(carrier)
        waiter.start()
        blocker = named(carrier)
        assert blocker.transaction
        assert carrier.database.are_open([blocker.transaction]) is True
        assert "transaction" not in blocker.to_json()
    waiter.join()
    # InnoDB answers from a cache, which it renews only when nobody has asked for a tenth of a second.
    is_over = lambda: carrier.database.are_open([blocker.transaction]) is False  # noqa: E731
    assert eventually(is_over, every=0.3)


def named(carrier: Carrier) -> Blocker:
    """Ask until the server names who is in the way."""
    connection = carrier.database.new_connection()
    database = get_database(connection)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for wait in database.waits(""):
                # Whom nobody names is guessed, as for a session of ours.
                found = dataclasses.replace(wait, blocked_by=tuple(filter(None, wait.blocked_by)))
                for blocker in database.blockers(found):
                    return blocker
            time.sleep(0.05)
    finally:
        connection.close()
    raise AssertionError("Nobody waits, or nobody is named.")
