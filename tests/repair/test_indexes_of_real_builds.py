"""Indexes that real builds left invalid: cancelled, ended, of partitions; and those that somebody builds at this moment."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import DatabaseError

from tests.projects import Project
from tests.repair.half_done_shop import SAFEMIGRATE, found, install, repair
from tests.repair.test_indexes import INDEX, invalid

pytestmark = pytest.mark.vendors("postgresql")

BUILD = "CREATE INDEX CONCURRENTLY order_number_idx ON shop_order (number)"
SESSION = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%%' OR query LIKE 'REINDEX%%'"
WRITES = "UPDATE shop_order SET number = number"
READS = "SELECT count(*) FROM shop_order"
WAITS = f"{SESSION} AND wait_event_type = 'Lock'"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def building(project: Project, sql: str, transaction: str = WRITES) -> Iterator[threading.Thread]:
    """Somebody else's statement, which waits for a transaction that is open while the block runs."""
    with project.connection() as writer:
        writer.set_autocommit(False)
        with writer.cursor() as cursor:
            cursor.execute(transaction)

        def build() -> None:
            with contextlib.suppress(DatabaseError):
                project.sql(sql)

        thread = threading.Thread(target=build)
        thread.start()
        try:
            wait_until(lambda: bool(project.sql(WAITS.replace("%%", "%"))))
            yield thread
        finally:
            writer.rollback()
            thread.join(60)


@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_build_that_was_broken_off(project: Project, end: str) -> None:
    install(project, INDEX)
    with building(project, BUILD) as thread:
        project.sql(f"SELECT {end}(pid) FROM ({WAITS.replace('%%', '%')}) s")
        thread.join(60)
    assert invalid(project) == ["order_number_idx"]
    (problem,) = found(project, "--invalid-indexes")
    assert problem["statements"] == ['DROP INDEX CONCURRENTLY IF EXISTS "order_number_idx"']
    repair(project, "--invalid-indexes")
    assert invalid(project) == []


def test_a_broken_off_rebuild_leaves_a_copy_that_is_dropped(project: Project) -> None:
    install(project, INDEX)
    project.manage(*SAFEMIGRATE)
    rebuild = "REINDEX INDEX CONCURRENTLY order_number_idx"
    # A writer keeps the new index from being built, a reader the old one from being dropped.
    for transaction, end, left in (
        (WRITES, "pg_cancel_backend", "order_number_idx_ccnew"),
        (WRITES, "pg_terminate_backend", "order_number_idx_ccnew"),
        (READS, "pg_terminate_backend", "order_number_idx_ccold"),
    ):
        with building(project, rebuild, transaction) as thread:
            wait_until(lambda left=left: invalid(project) == [left])
            project.sql(f"SELECT {end}(pid) FROM ({WAITS.replace('%%', '%')}) s")
            thread.join(60)
        assert invalid(project) == [left]
        repair(project, "--invalid-indexes")
        assert invalid(project) == []
        assert project.sql(
            "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'order_number%'"
        ) == [("order_number_idx",)]
    assert found(project) == []


def test_what_somebody_builds_now_is_left_alone(project: Project) -> None:
    install(project, INDEX)
    with building(project, BUILD):
        assert invalid(project) == ["order_number_idx"]
        assert [one for one in found(project) if one["can_be_repaired"]] == []
        repair(project, "--invalid-indexes", check=False)
        assert invalid(project) == ["order_number_idx"]
    assert invalid(project) == []
    assert project.sql("SELECT count(*) FROM pg_indexes WHERE indexname = 'order_number_idx'") == [
        (1,)
    ]


def test_what_somebody_drops_now_is_left_alone(project: Project) -> None:
    install(project, INDEX)
    project.manage(*SAFEMIGRATE)
    with project.connection() as reader:
        reader.set_autocommit(False)
        with reader.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM shop_order")
        thread = threading.Thread(
            target=project.sql, args=("DROP INDEX CONCURRENTLY order_number_idx",)
        )
        thread.start()
        wait_until(lambda: invalid(project) == ["order_number_idx"])
        (problem,) = found(project, "--invalid-indexes")
        assert not problem["can_be_repaired"]
        assert "may be building or dropping it now." in problem["found"]
        reader.rollback()
        thread.join(60)


def test_the_index_of_a_partitioned_table_is_completed(project: Project) -> None:
    install(project, "")
    for sql in (
        "CREATE TABLE log (at date NOT NULL, text varchar(9)) PARTITION BY RANGE (at)",
        "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
        "CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
        "CREATE INDEX log_at ON ONLY log (at)",
        "CREATE INDEX log_1_at ON log_1 (at)",
        "ALTER INDEX log_at ATTACH PARTITION log_1_at",
    ):
        project.sql(sql)
    assert invalid(project) == ["log_at"]
    (problem,) = found(project, "--invalid-indexes")
    assert problem["statements"] == [
        'CREATE INDEX CONCURRENTLY "log_2_log_at" ON "log_2" USING btree (at)',
        'ALTER INDEX "log_at" ATTACH PARTITION "log_2_log_at"',
    ]
    repair(project, "--invalid-indexes")
    assert invalid(project) == []
    assert found(project) == []
