from __future__ import annotations

import datetime
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as default_connection
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from django_safe_migrate import events, journal
from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.history import History
from django_safe_migrate.models import Backup, Finding, MigrationRun, MigrationStep
from django_safe_migrate.record import CRASHED, RUNNING
from django_safe_migrate.reports import Report, build
from tests.history.conftest import make_tables
from tests.records import (
    FINDING,
    RECEIPT,
    START,
    Story,
    failed,
    steps,
    succeeded,
    under_way,
    with_steps,
)

Write = Callable[[Story], Path]
DAY = datetime.timedelta(days=1)


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


# --- availability -------------------------------------------------------------------------------


def test_without_tables_there_is_a_reason_and_no_error(connection: BaseDatabaseWrapper) -> None:
    history = History()
    missing = "django_safe_migrate_backup, django_safe_migrate_migrationrun, django_safe_migrate_migrationstep, django_safe_migrate_finding"
    reason = f"The history in database 'default' lacks {missing}."
    assert history.reason_unavailable() == reason
    assert history.is_available() is False
    assert history.save(succeeded().record()) == reason
    assert history.import_journals() == []
    assert history.last_runs() == []


def test_tables_that_appear_are_seen(connection: BaseDatabaseWrapper) -> None:
    history = History()
    assert history.is_available() is False
    make_tables()
    assert history.is_available() is True
    with CaptureQueriesContext(connection) as queries:
        assert history.is_available() is True
    assert len(queries) == 0


def test_a_missing_column_is_named(history: History, connection: BaseDatabaseWrapper) -> None:
    with connection.schema_editor() as editor:
        editor.remove_field(MigrationRun, MigrationRun._meta.get_field("release"))
    assert History().reason_unavailable() == (
        "The history in database 'default' lacks django_safe_migrate_migrationrun.release."
    )


def test_a_database_out_of_reach_is_a_reason(connection: BaseDatabaseWrapper) -> None:
    settings_dict = {
        **connections["default"].settings_dict,
        "NAME": "/nowhere/at_all",
        "OPTIONS": {},
    }
    unreachable = type(connections["default"])(settings_dict, "unreachable")
    history = History(unreachable)
    assert history.reason_unavailable().startswith(
        "The history in database 'unreachable' cannot be read ("
    )
    assert history.save(succeeded().record()) == history.reason_unavailable()
    assert history.last_runs() == []


def test_tables_that_vanish_are_a_reason_not_an_error(
    history: History, connection: BaseDatabaseWrapper
) -> None:
    record = succeeded().record()
    assert history.save(record) == ""
    with connection.schema_editor() as editor:
        editor.delete_model(Finding)
    reason = history.save(failed().record())
    assert reason.startswith("The history in database 'default' could not take run ")
    assert (
        history.reason_unavailable()
        == "The history in database 'default' lacks django_safe_migrate_finding."
    )


# --- writing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [succeeded, failed, under_way])
def test_a_record_comes_back_as_it_was(history: History, make: Callable[[], Story]) -> None:
    record = make().record()
    assert history.save(record) == ""
    assert history.find(record.id) == record


def test_saving_again_changes_nothing(history: History) -> None:
    record = succeeded().record()
    for _ in range(2):
        assert history.save(record) == ""
        assert History().save(record) == ""
    assert MigrationRun.objects.count() == 1
    assert (MigrationStep.objects.count(), Finding.objects.count(), Backup.objects.count()) == (
        2,
        1,
        1,
    )
    assert history.find(record.id) == record


def test_a_run_grows_with_its_events(history: History) -> None:
    story = failed(started=datetime.datetime.now(datetime.UTC))
    record = None
    for count in range(1, len(story.events) + 1):
        part = Story(story.run_id)
        part.events = story.events[:count]
        record = part.record()
        assert history.save(record) == ""
        assert history.find(story.run_id) == record
    assert record == story.record()


def test_only_changed_steps_are_written(history: History, connection: BaseDatabaseWrapper) -> None:
    record = with_steps(40)
    history.save(record)
    record.steps[39].status = "failed"
    with CaptureQueriesContext(connection) as queries:
        history.save(record)
    inserts = [query["sql"] for query in queries if "INSERT" in query["sql"]]
    assert len(inserts) == 1
    assert "0039_change" in inserts[0]
    assert "0038_change" not in inserts[0]


def test_queries_do_not_grow_with_steps(history: History, connection: BaseDatabaseWrapper) -> None:
    def count(size: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert history.save(with_steps(size)) == ""
        return len(queries)

    count(1)
    assert count(1) == count(60)


def test_the_report_of_a_finished_run_is_stored(history: History) -> None:
    record = succeeded().record()
    history.save(record)
    assert Report.from_json(MigrationRun.objects.get().report) == build(record)


def test_a_run_under_way_has_no_report_yet(history: History) -> None:
    history.save(under_way().record())
    assert MigrationRun.objects.get().report == {}


def test_run_backup_and_rollback_are_linked(history: History) -> None:
    first = succeeded()
    history.save(first.record())
    second = succeeded(kind="rollback", rollback_of=first.run_id, started=START + DAY)
    history.save(second.record())
    undone = MigrationRun.objects.get(pk=first.run_id)
    assert [str(run.pk) for run in undone.rollbacks.all()] == [second.run_id]
    assert undone.backup is not None
    assert undone.backup.name == RECEIPT["name"]
    assert undone.backup.runs.count() == 2


def test_a_rollback_of_an_unknown_run_is_kept(history: History) -> None:
    unknown = str(uuid.uuid4())
    record = succeeded(rollback_of=unknown).record()
    assert history.save(record) == ""
    found = history.find(record.id)
    assert found is not None
    assert found.rollback_of == unknown


def test_texts_that_databases_refuse_are_made_fit(history: History) -> None:
    record = failed("", who="w" * 300).record()
    record.steps[1].error = "NUL \0 and a lone surrogate \udc80 and \N{PILE OF POO}"
    record.options = {"target": "a\0b"}
    assert history.save(record) == ""
    found = history.find(record.id)
    assert found is not None
    assert found.who == "w" * 255
    assert (
        found.steps[1].error
        == "NUL \N{SYMBOL FOR NULL} and a lone surrogate \\udc80 and \N{PILE OF POO}"
    )
    assert found.options == {"target": "a\N{SYMBOL FOR NULL}b"}


@pytest.mark.vendors("mariadb")
def test_a_database_of_latin_letters_gets_what_it_can_hold(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE `{connection.settings_dict['NAME']}` CHARACTER SET latin1")
    make_tables()
    record = failed().record()
    record.steps[1].error = "no \N{PILE OF POO} here"
    history = History()
    assert history.save(record) == ""
    found = history.find(record.id)
    assert found is not None
    assert found.steps[1].error == "no \\U0001f4a9 here"


def test_a_project_without_time_zones(history: History, settings: Any) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = "Europe/Vienna"
    record = succeeded().record()
    assert history.save(record) == ""
    assert MigrationRun.objects.get().started_at == datetime.datetime(2026, 3, 4, 13, 0)  # noqa: DTZ001
    assert history.find(record.id) == record


def test_a_backup_without_a_run(history: History) -> None:
    assert history.save_backup(RECEIPT, "default") == ""
    verified = {**RECEIPT, "verification": "restored again"}
    assert history.save_backup(verified, "default") == ""
    backup = Backup.objects.get()
    assert (backup.size, backup.verification, backup.receipt) == (
        12_345_678,
        "restored again",
        verified,
    )
    assert backup.pruned_at is None
    assert history.mark_pruned([RECEIPT["name"]], "default") == ""
    backup.refresh_from_db()
    assert backup.pruned_at is not None


def test_a_lost_connection_is_opened_again(
    history: History, connection: BaseDatabaseWrapper
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no connection to lose.")
    record = succeeded().record()
    history.save(record)
    kill = (
        "SELECT pg_terminate_backend(pg_backend_pid())"
        if connection.vendor == "postgresql"
        else "KILL CONNECTION_ID()"
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(kill)
    except Exception:  # noqa: BLE001, S110 - the server says good-bye in its own way
        pass
    assert history.save(failed().record()) == ""


# --- from the journals --------------------------------------------------------------------------


def test_journals_written_before_the_tables_existed_are_brought_in(
    connection: BaseDatabaseWrapper, write_journal: Write
) -> None:
    first, second = succeeded(), failed()
    for story in (first, second):
        write_journal(story)
    history = History()
    assert {record.id for record in history.last_runs()} == {first.run_id, second.run_id}
    assert history.find(first.run_id) == first.record()
    make_tables()
    assert sorted(history.import_journals()) == sorted([first.run_id, second.run_id])
    assert history.find(first.run_id) == first.record()
    assert MigrationRun.objects.count() == 2
    assert history.import_journals() == []


def test_a_run_left_open_is_closed_from_its_journal(history: History, write_journal: Write) -> None:
    story = succeeded()
    part = Story(story.run_id)
    part.events = story.events[:8]
    history.save(part.record())
    write_journal(story)
    assert history.import_journals() == [story.run_id]
    assert history.find(story.run_id) == story.record()


def test_a_killed_run_has_crashed(history: History, write_journal: Write) -> None:
    pid = ended_process()
    story = under_way(pid=pid)
    write_journal(story)
    found = history.find(story.run_id)
    assert found is not None
    assert found.status == CRASHED
    assert MigrationRun.objects.count() == 0
    assert history.import_journals() == [story.run_id]
    found = history.find(story.run_id)
    assert found is not None
    host = story.record().host
    assert found.error == {
        "type": "Crashed",
        "message": f"Process {pid} on {host} ended without closing this run: it was killed, or its machine stopped.",
        "changed": "shop.0002_order_total had been carried out. shop.0003_drop_note was under way and may be part-way.",
        "next_command": "migrate_status --database default",
    }
    assert found.finished_at == story.events[-1].at
    assert found.outcome == "partial"
    assert history.import_journals() == []


def test_a_run_of_this_process_goes_on(history: History, write_journal: Write) -> None:
    story = under_way()
    write_journal(story)
    history.save(story.record())
    assert history.import_journals(held=["default"]) == []
    assert [record.status for record in history.last_runs()] == [RUNNING]


def test_a_run_on_another_host_is_over_for_who_holds_the_lock(
    history: History, write_journal: Write
) -> None:
    story = under_way(host="elsewhere.example")
    write_journal(story)
    assert history.import_journals() == [story.run_id]
    assert [record.status for record in history.last_runs()] == [RUNNING]
    assert history.import_journals(held=["other"]) == []
    assert history.import_journals(held=["default"]) == [story.run_id]
    assert [record.status for record in history.last_runs()] == [CRASHED]
    assert history.import_journals() == []


def test_a_row_left_open_without_a_journal_is_closed(history: History) -> None:
    """The disk of a release container vanishes together with its journal."""
    story = under_way(host="elsewhere.example")
    history.save(story.record())
    assert history.import_journals() == []
    assert history.import_journals(held=["default"]) == [story.run_id]
    found = history.find(story.run_id)
    assert found is not None
    assert (found.status, steps(found.steps)[1]) == (CRASHED, ("shop.0003_drop_note", "running"))


def test_a_crash_declared_too_early_is_taken_back(history: History, write_journal: Write) -> None:
    story = succeeded()
    part = Story(story.run_id)
    part.events = story.events[:8]
    crashed = part.record()
    crashed.status = CRASHED
    history.save(crashed)
    write_journal(story)
    assert history.import_journals() == [story.run_id]
    assert history.find(story.run_id) == story.record()


def test_journals_of_another_database_are_left_alone(
    history: History, write_journal: Write, make_database: Callable[[], dict[str, Any]]
) -> None:
    """The same alias may lead to a laptop's database today and to the one in production tomorrow."""
    write_journal(succeeded())
    default_connection.settings_dict["NAME"], kept = (
        make_database()["NAME"],
        default_connection.settings_dict["NAME"],
    )
    try:
        foreign = succeeded()
        write_journal(foreign)
    finally:
        default_connection.settings_dict["NAME"] = kept
    assert len(history.import_journals()) == 1
    assert MigrationRun.objects.filter(pk=foreign.run_id).exists() is False


def test_old_journals_of_known_runs_are_deleted(
    history: History, write_journal: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(53):
        write_journal(Story().start().end())
    assert len(history.import_journals()) == 53
    assert len(journal.journals()) == 50
    assert MigrationRun.objects.count() == 53


# --- across a restore ---------------------------------------------------------------------------


def test_history_is_carried_over_a_restore(history: History) -> None:
    """What was written since the backup is put back; what is the same on both sides stays as it is."""
    kept, lost, finished_later = succeeded(), failed(), succeeded()
    part = Story(finished_later.run_id)
    part.events = finished_later.events[:8]
    for record in (kept.record(), lost.record(), finished_later.record()):
        history.save(record)
    history.save_backup({**RECEIPT, "name": "by-hand"}, "default")
    snapshot = history.export_snapshot()
    assert snapshot.stat().st_mode & 0o777 == 0o600

    MigrationRun.objects.filter(pk=lost.run_id).delete()
    Backup.objects.filter(name="by-hand").delete()
    restored = History()
    restored.save(part.record())
    assert MigrationRun.objects.get(pk=finished_later.run_id).status == RUNNING

    assert sorted(restored.import_snapshot(snapshot)) == sorted(
        [lost.run_id, finished_later.run_id]
    )
    for story in (kept, lost, finished_later):
        assert restored.find(story.run_id) == story.record()
    assert Backup.objects.filter(name="by-hand").count() == 1
    assert snapshot.exists() is False


def test_a_snapshot_goes_into_a_database_without_an_alias(
    history: History, make_database: Callable[[], dict[str, Any]]
) -> None:
    record = succeeded().record()
    history.save(record)
    snapshot = history.export_snapshot()
    entry = {**default_connection.settings_dict, "NAME": make_database()["NAME"]}
    other = type(connections["default"])(entry, "default")
    kept = connections["default"]
    try:
        connections["default"] = other
        make_tables()
        connections["default"] = kept
        assert History(other).import_snapshot(snapshot) == [record.id]
        assert History(other).find(record.id) == record
        assert [
            alias for alias in vars(connections._connections._storage) if alias.startswith("safe_")
        ] == []
    finally:
        connections["default"] = kept
        other.close()
    assert MigrationRun.objects.count() == 1


def test_a_snapshot_waits_until_there_are_tables(
    history: History, connection: BaseDatabaseWrapper
) -> None:
    """The backup is older than our first migration: the restored database has no history."""
    record = succeeded().record()
    history.save(record)
    snapshot = history.export_snapshot()
    with connection.schema_editor() as editor:
        for model in (Finding, MigrationStep, MigrationRun, Backup):
            editor.delete_model(model)
    assert History().import_snapshot(snapshot) == []
    assert snapshot.exists()
    with connection.schema_editor() as editor:
        for model in (Backup, MigrationRun, MigrationStep, Finding):
            editor.create_model(model)
    assert History().import_journals() == [record.id]
    assert snapshot.exists() is False


# --- reading ------------------------------------------------------------------------------------


def test_the_last_runs_come_newest_first_and_without_sql(
    history: History, write_journal: Write
) -> None:
    stories = [succeeded(started=START + number * DAY) for number in range(4)]
    for story in stories[:3]:
        history.save(story.record())
    write_journal(stories[3])
    other = succeeded(started=START + 9 * DAY, database="other")
    history.save(other.record())
    found = history.last_runs(3, database="default")
    assert [record.id for record in found] == [story.run_id for story in reversed(stories[1:])]
    assert found[1].steps[0].operations == []
    assert history.last_runs(1)[0].id == other.run_id


def test_reading_many_runs_takes_few_queries(
    history: History, connection: BaseDatabaseWrapper
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert history.last_runs(20)
        return len(queries)

    history.save(with_steps(2))
    one = count()
    for _ in range(10):
        history.save(with_steps(30))
    assert count() == one


def test_a_run_is_found_by_the_beginning_of_its_id(history: History, write_journal: Write) -> None:
    first = "aaaaaaaa-1111-4111-8111-111111111111"
    second = "aaaaaaaa-2222-4222-8222-222222222222"
    history.save(succeeded(first).record())
    write_journal(succeeded(second))
    for text in ("aaaaaaaa-1", "AAAAAAAA1", first, first.replace("-", "")):
        found = history.find(text)
        assert found is not None
        assert found.id == first
    assert history.find("aaaaaaaa-2") is not None
    assert history.find("aaaaaaaa-2", database="other") is None
    assert history.find("bbbb") is None
    assert history.find("") is None
    with pytest.raises(SafeMigrateError) as caught:
        history.find("aaaa")
    assert caught.value.message.startswith(
        "Several runs have an id that begins with 'aaaa': aaaaaaaa-"
    )
    assert caught.value.next_command == "migrate_status --history"


def test_findings_keep_their_estimates(history: History) -> None:
    estimate = {
        "seconds": 241.5,
        "rows": 80_000_000,
        "bytes": 12_000_000_000,
        "written_bytes": 0,
        "measured": True,
    }
    record = Story().start().preflight({**FINDING, "estimate": estimate}).end().record()
    history.save(record)
    found = history.find(record.id)
    assert found is not None
    assert found.findings == record.findings
    assert found.findings[0].to_json()["estimate"] == estimate


def test_findings_keep_their_places(history: History) -> None:
    story = (
        Story()
        .start()
        .preflight(FINDING, {**FINDING, "rule": "add_index", "severity": "error", "allowed": True})
    )
    record = story.end().record()
    history.save(record)
    found = history.find(record.id)
    assert found is not None
    assert found.findings == record.findings
    assert [finding.rule for finding in found.findings] == ["drop_column", "add_index"]
    assert story.events[-1].name == events.RUN_FINISHED
