"""An operation outside of a transaction that is proven to have left nothing is no half-done migration; without the proof it is one."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.projects import Project, migration
from tests.repair.half_done_shop import LABEL, applied, install, wait_for

pytestmark = pytest.mark.slow

RUN = ("safemigrate", "--noinput", "--backup", "never")
NO_SUCH_COLUMN = "migrations.RunSQL('ALTER TABLE shop_order DROP COLUMN nothing'),"
#: Of many rows each waits for a second: it has changed some when the signal comes.
SLOW = "migrations.RunSQL(\"UPDATE shop_order SET number = CONCAT('B', SLEEP(1), id)\"),"
IS_SLOW = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'UPDATE shop_order SET number%'"


def half_done(project: Project) -> list[dict[str, Any]]:
    return list(
        json.loads(project.manage("migrate_status", "--format", "json").stdout)["half_done"]
    )


def rewrite(project: Project, operations: str) -> None:
    source = migration(operations, dependencies=[("shop", "0001_initial")], atomic=False)
    project.write_app("shop", migrations={"0002_parcels": source})


@pytest.mark.vendors("sqlite", "postgresql", "mariadb")
def test_a_single_statement_that_failed_has_left_nothing(project: Project) -> None:
    install(project, NO_SUCH_COLUMN, atomic=False)
    failed = project.manage(*RUN, check=False)
    assert failed.returncode == 7
    assert f"The database was not changed: {LABEL} left nothing behind." in failed.stderr
    assert half_done(project) == []
    # What came before it in the same operation stays, and is not forgotten.
    rewrite(
        project, "migrations.RunSQL(['UPDATE shop_order SET number = 1', 'DROP TABLE nothing']),"
    )
    assert project.manage(*RUN, check=False).returncode == 7
    (half,) = half_done(project)
    assert half["operations"][0]["state"] == "unclear"
    rewrite(project, "migrations.AddField('order', 'size', models.IntegerField(null=True)),")
    refused = project.manage(*RUN, check=False)
    assert (refused.returncode, applied(project)) == (3, ["0001_initial"])


@pytest.mark.vendors("mariadb")
def test_a_statement_that_a_signal_cancelled_has_left_nothing_in_tables_with_transactions(
    project: Project,
) -> None:
    install(project, SLOW)
    for number in range(100):
        project.sql("INSERT INTO shop_order (number) VALUES (%s)", [number])
    stopped = stop(project)
    assert "The database was not changed: " in stopped
    assert "half done" not in stopped
    assert project.sql("SELECT COUNT(*) FROM shop_order WHERE number LIKE 'B%%'") == [(0,)]
    assert half_done(project) == []

    project.sql("ALTER TABLE shop_order ENGINE = MyISAM")
    stopped = stop(project)
    assert f"{LABEL} may be half done" in stopped
    changed = project.sql("SELECT COUNT(*) FROM shop_order WHERE number LIKE 'B%%'")
    assert 0 < changed[0][0] < 101
    (half,) = half_done(project)
    assert half["operations"][0]["state"] == "unclear"
    # Of two rows that would have the same key one is changed.
    rewrite(project, "migrations.RunSQL(\"UPDATE shop_order SET number = 'C', id = 1000\"),")
    failed = project.manage(*RUN, "--allow", "half_done_migration", check=False)
    assert failed.returncode == 7
    assert f"{LABEL} is half done: 0 of its 1 operations and part of" in failed.stderr
    assert project.sql("SELECT COUNT(*) FROM shop_order WHERE number = 'C'") == [(1,)]
    (half,) = half_done(project)
    assert half["operations"][0]["state"] == "unclear"


def stop(project: Project) -> str:
    """Send SIGTERM to a run that is in the middle of its statement; return what it says."""
    process = project.popen(*RUN)
    wait_for(lambda: project.sql(IS_SLOW) != [(0,)], process)
    wait_for(lambda: project.sql(IS_SLOW.replace("COUNT(*)", "MAX(TIME_MS)"))[0][0] > 2500, process)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM, output
    return str(output)
