"""A monitor beside real migrations, and sessions that really wait, or make us wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from django_safe_migrate import events
from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.activity import MONITOR, Blocker
from django_safe_migrate.execution.retry import RetryPolicy
from django_safe_migrate.execution.step_failed import StepFailed
from tests.databases.conftest import eventually
from tests.execution.ledger import Carrier
from tests.scenarios.ledger import faults

SERVERS = pytest.mark.vendors("postgresql", "mariadb")


class Reader(threading.Thread):
    """Another session that executes one statement, and measures by itself how long that took."""

    def __init__(self, carrier: Carrier, sql: str = "SELECT count(*) FROM ledger_account") -> None:
        super().__init__()
        self._database = carrier.database
        self._sql = sql
        self.seconds = 0.0

    def run(self) -> None:
        session = self._database.new_connection()
        with session.cursor() as cursor:
            started = time.monotonic()
            cursor.execute(self._sql)
            self.seconds = time.monotonic() - started
        session.close()


def holding(carrier: Carrier, sql: str, then: Callable[[], None]) -> Callable[..., None]:
    """Return a function for RunPython that executes a statement and holds its locks while something happens."""

    def hold(apps: Any, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(sql)
        then()

    return hold


@pytest.mark.vendors("postgresql")
def test_a_reader_that_we_block_is_measured(carrier: Carrier) -> None:
    carrier.to("0006_work")
    reader = Reader(carrier)

    def let_it_wait() -> None:
        reader.start()
        assert eventually(lambda: any(one["waiting"] for one in carrier.named(events.MONITORED)))
        time.sleep(0.5)

    faults.on_run["task"] = holding(carrier, "ALTER TABLE ledger_account ADD z int", let_it_wait)
    with carrier.watched() as seen:
        carrier.to("0007_task")
        reader.join()
    assert seen["stopped"] == ""
    assert seen["most_waiting"] == seen["waits"] == 1
    assert 0.3 < seen["longest_wait_seconds"] <= reader.seconds + 0.1
    assert max(point["waiting"] for point in seen["timeline"]) == 1


@pytest.mark.vendors("mariadb")
def test_a_writer_that_waits_for_our_rows_is_measured(carrier: Carrier) -> None:
    carrier.to("0006_work")
    carrier.database.connection.cursor().execute("INSERT INTO ledger_account (name) VALUES ('Ada')")
    writer = Reader(carrier, "UPDATE ledger_account SET note = 'y' WHERE name = 'Ada'")

    def let_it_wait() -> None:
        writer.start()
        assert eventually(lambda: any(one["waiting"] for one in carrier.named(events.MONITORED)))
        time.sleep(0.5)

    faults.on_run["task"] = holding(
        carrier, "UPDATE ledger_account SET note = 'x' WHERE name = 'Ada'", let_it_wait
    )
    with carrier.watched() as seen:
        carrier.to("0007_task")
        writer.join()
    assert seen["stopped"] == ""
    assert seen["most_waiting"] == 1
    assert 0.3 < seen["longest_wait_seconds"] <= writer.seconds + 0.1


@SERVERS
def test_those_who_queue_behind_our_request_wait_for_us(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    carrier.retry = RetryPolicy(2, 4.0)
    carrier.lock_timeout = 2.0
    reader = Reader(carrier)
    with carrier.watched() as seen, carrier.blocker():

        def queue() -> None:
            eventually(lambda: bool(waiting_sessions(carrier)))
            reader.start()

        thread = threading.Thread(target=queue)
        thread.start()
        with pytest.raises(StepFailed):
            carrier.to("0002_account_note")
        thread.join()
        reader.join()
    assert seen["stopped"] == ""
    assert seen["most_waiting"] >= 1
    assert 0 < seen["longest_wait_seconds"] <= reader.seconds + 0.2


def waiting_sessions(carrier: Carrier) -> Any:
    """The sessions that wait, asked on a connection of this thread."""
    connection = carrier.database.new_connection()
    try:
        return get_database(connection).waits("")
    finally:
        connection.close()


@pytest.mark.vendors("postgresql")
def test_who_is_in_our_way_is_named_without_values(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    carrier.retry = RetryPolicy(2, 4.0)
    carrier.lock_timeout = 1.0
    carrier.events.clear()
    query = "SELECT * FROM ledger_account WHERE name = 'a secret' AND id > 4711"
    with carrier.watched() as seen, carrier.blocker(query), pytest.raises(StepFailed) as failure:
        carrier.to("0002_account_note")
    [blocker] = failure.value.blockers
    assert blocker.query == "SELECT * FROM ledger_account WHERE name = ? AND id > ?"
    assert blocker.lock == "AccessShareLock on ledger_account"
    assert blocker.state == "idle in transaction"
    assert blocker.user == carrier.connection.settings_dict["USER"]
    assert blocker.idle_seconds is not None
    assert not blocker.is_migration
    assert not blocker.guessed
    told = carrier.named(events.BLOCKED)
    assert [one["session"] for one in told[0]["blockers"]] == [blocker.session]
    assert told[0]["seconds"] < 1.0
    failed = carrier.named(events.ATTEMPT_FAILED)[0]
    assert [one["session"] for one in failed["blockers"]] == [blocker.session]
    assert {one["session"] for one in seen["blockers"]} == {blocker.session}
    assert seen["ended"] == []


@pytest.mark.vendors("mariadb")
def test_who_may_be_in_our_way_is_named_as_a_guess_where_the_server_does_not_tell(
    carrier: Carrier,
) -> None:
    carrier.to("0001_initial")
    carrier.retry = RetryPolicy(2, 4.0)
    with (
        carrier.watched(terminate_after=0.0),
        carrier.blocker("SELECT * FROM ledger_account WHERE name = 'a secret' FOR UPDATE"),
        pytest.raises(StepFailed) as failure,
    ):
        carrier.to("0002_account_note")
    [blocker] = failure.value.blockers
    assert blocker.guessed
    assert blocker.state == "idle in transaction"
    assert "a secret" not in blocker.words
    assert "a guess" in blocker.words
    # Nobody is ended on a guess.
    assert carrier.named(events.BLOCKER_ENDED) == []


@pytest.mark.vendors("postgresql")
def test_a_session_that_is_idle_for_long_is_ended_where_that_was_asked_for(
    carrier: Carrier,
) -> None:
    carrier.to("0001_initial")
    carrier.retry = RetryPolicy(30, 60.0)
    carrier.lock_timeout = 1.0
    with carrier.watched(terminate_after=1.5) as seen, ended(carrier):
        carrier.to("0002_account_note")
    [one] = carrier.named(events.BLOCKER_ENDED)
    assert one["blocker"]["idle_seconds"] >= 1.5
    assert [blocker["session"] for blocker in seen["ended"]] == [one["blocker"]["session"]]
    assert "note" in carrier.columns()


class ended:
    """A session in our way that is ended by somebody else while the block runs."""

    def __init__(self, carrier: Carrier, sql: str = "SELECT * FROM ledger_account") -> None:
        self._session = carrier.database.new_connection()
        self._session.set_autocommit(False)
        with self._session.cursor() as cursor:
            cursor.execute(sql)

    def __enter__(self) -> Any:
        return self._session

    def __exit__(self, *error: object) -> None:
        try:
            self._session.close()
        except Exception:
            self._session.connection = None


#: Sessions in our way that are left alone whatever their age: what they do, and what they are called.
LEFT_ALONE = {
    "not idle for long": (None, ["SELECT * FROM ledger_account"], 60.0),
    "another migration, by its locks": (
        None,
        ["SELECT * FROM ledger_account", "ALTER TABLE ledger_entry ADD x int"],
        0.2,
    ),
    "another migration, by its name": (
        "django-safe-migrate something",
        ["SELECT * FROM ledger_account"],
        0.2,
    ),
}


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize("case", LEFT_ALONE)
def test_sessions_that_are_left_alone(carrier: Carrier, case: str) -> None:
    name, statements, after = LEFT_ALONE[case]
    carrier.to("0001_initial")
    carrier.retry = RetryPolicy(2, 4.0)
    carrier.lock_timeout = 0.6
    with carrier.blocker("SELECT 1") as blocker:
        with blocker.cursor() as cursor:
            if name:
                cursor.execute("SELECT set_config('application_name', %s, false)", [name])
            for sql in statements:
                cursor.execute(sql)
        with carrier.watched(terminate_after=after), pytest.raises(StepFailed) as failure:
            carrier.to("0002_account_note")
        # The database is asked again whatever was seen before.
        seen = failure.value.blockers[0]
        assert not carrier.database.end_idle_session(seen, after)
        with blocker.cursor() as cursor:
            cursor.execute("SELECT 1")
    assert carrier.named(events.BLOCKER_ENDED) == []


@pytest.mark.vendors("postgresql")
def test_a_session_that_works_in_our_way_is_left_alone(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    carrier.retry = RetryPolicy(1, 20.0)
    carrier.lock_timeout = 0.6
    busy = Reader(carrier, "SELECT pg_sleep(2) FROM (SELECT count(*) FROM ledger_account) x")
    busy.start()
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND 1 = %s"
    assert eventually(lambda: carrier.database.ask(sleeping, [1]) == [(1,)])
    with carrier.watched(terminate_after=0.0), pytest.raises(StepFailed) as failure:
        carrier.to("0002_account_note")
    busy.join()
    assert failure.value.blockers[0].state == "active"
    assert failure.value.blockers[0].idle_seconds is None
    assert carrier.named(events.BLOCKER_ENDED) == []
    assert busy.seconds >= 2


@SERVERS
def test_a_monitor_whose_connection_is_cut_says_so_and_the_run_goes_on(carrier: Carrier) -> None:
    carrier.to("0006_work")

    def cut(apps: Any, schema_editor: Any) -> None:
        is_watched = eventually(lambda: bool(monitors(carrier) and carrier.named(events.MONITORED)))
        assert is_watched, carrier.named(events.NOTICE)
        for number in monitors(carrier):
            with schema_editor.connection.cursor() as cursor:
                end = f"SELECT pg_terminate_backend({number})"
                cursor.execute(
                    end if carrier.connection.vendor == "postgresql" else f"KILL {number}"
                )
        assert eventually(lambda: bool(carrier.named(events.NOTICE)))

    faults.on_run["task"] = cut
    with carrier.watched() as seen:
        carrier.to("0007_task")
    assert carrier.applied()[-1] == "0007_task"
    assert seen["stopped"] != ""
    [notice] = carrier.named(events.NOTICE)
    assert notice["message"].startswith("The monitor stopped, and the run goes on without it: ")
    # What it saw until then is kept.
    assert seen["looks"] > 0


def monitors(carrier: Carrier) -> list[int]:
    """The sessions of monitors, by their name or by what they ask."""
    if carrier.connection.vendor == "postgresql":
        # Within a transaction the server shows the sessions that there were when it was first asked.
        carrier.database.ask("SELECT pg_stat_clear_snapshot() WHERE 1 = %s", [1])
        sql = f"SELECT pid FROM pg_stat_activity WHERE application_name LIKE '{MONITOR}%%' AND datname = current_database() AND 1 = %s"
    else:
        # Ours is the only other session of this database.
        sql = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() AND 1 = %s"
    return [int(number) for (number,) in carrier.database.ask(sql, [1])]


@pytest.mark.vendors("postgresql")
def test_a_monitor_that_cannot_connect_says_so(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = carrier.database.new_connection(HOST="127.0.0.1", PORT="1")
    monkeypatch.setattr(carrier.database, "monitoring_connection", lambda: nowhere)
    nowhere.inc_thread_sharing()
    with carrier.watched() as seen:
        eventually(lambda: bool(carrier.named(events.NOTICE)))
        carrier.to("0002_account_note")
    assert not seen["is_watched"]
    assert seen["longest_wait_seconds"] is None
    assert "note" in carrier.columns()


@pytest.mark.vendors("sqlite")
def test_sqlite_is_not_watched_and_says_why(carrier: Carrier) -> None:
    with carrier.watched() as seen:
        carrier.to("0002_account_note")
    assert not seen["is_watched"]
    assert seen["stopped"] == "SQLite does not tell who holds the lock of its file."
    assert carrier.named(events.NOTICE) == []


@SERVERS
def test_what_was_measured(carrier: Carrier) -> None:
    carrier.to("0006_work")
    faults.on_run["task"] = lambda apps, editor: time.sleep(1.3)
    with carrier.watched() as seen:
        carrier.to("0007_task")
    costs = seen["costs"]
    assert costs["peak_response_seconds"] >= costs["median_response_seconds"] > 0
    assert costs["peak_rss_bytes"] > 1_000_000
    assert costs["log_bytes"] >= 0
    assert seen["longest_wait_seconds"] == 0.0
    assert seen["blockers"] == []
    assert seen["timeline"][0]["waiting"] == 0


@pytest.mark.vendors("postgresql")
def test_how_far_an_index_is(carrier: Carrier) -> None:
    carrier.to("0005_account_numbers")
    build = "CREATE INDEX CONCURRENTLY by_name ON ledger_account (name)"
    faults.on_run["work"] = lambda apps, editor: editor.execute(build)
    with (
        carrier.watched(),
        carrier.blocker("LOCK TABLE ledger_account IN ROW EXCLUSIVE MODE") as other,
    ):
        release = threading.Timer(2.0, other.rollback)
        release.start()
        carrier.to("0006_work")
        release.join()
    told = [one["progress"] for one in carrier.named(events.MONITORED) if one["progress"]]
    assert told[0]["what"] == "index by_name on ledger_account"
    assert told[0]["phase"] == "waiting for writers before build"
    assert told[0]["share"] == 0.0
    assert carrier.named(events.BLOCKED)[0]["blockers"][0]["state"] == "idle in transaction"


def test_a_blocker_in_words() -> None:
    idle = Blocker(
        session="42",
        user="app",
        application="gunicorn",
        state="idle in transaction",
        seconds=600,
        idle_seconds=90,
        query="SELECT ?",
        lock="AccessShareLock on shop_order",
    )
    assert idle.words == (
        "session 42 of app (gunicorn), idle in transaction for 90.0 s, its transaction is 10 min old, "
        "holds AccessShareLock on shop_order: SELECT ?"
    )
    assert Blocker(
        session="", user="app", application="order 7", state="prepared transaction"
    ).words == ("prepared transaction of app (order 7)")
