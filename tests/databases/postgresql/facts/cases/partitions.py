"""Partitions. Rows 26 and 52 to 54 of the measurements."""

from __future__ import annotations

from django_safe_migrate.databases.statements import AttachPartition, CreateTable, DetachPartition
from tests.databases.postgresql.facts.cases.case import Case, alter

CASES = (
    Case(
        "ALTER TABLE event ATTACH PARTITION event_next FOR VALUES FROM (2000) TO (3000)",
        alter("event", AttachPartition(partition="event_next")),
    ),
    Case(
        "ALTER TABLE event ATTACH PARTITION event_checked FOR VALUES FROM (4000) TO (5000)",
        alter("event", AttachPartition(partition="event_checked")),
        cautious=True,
    ),
    Case(
        "ALTER TABLE event ATTACH PARTITION event_next DEFAULT",
        alter("event", AttachPartition(partition="event_next", is_default=True)),
    ),
    Case(
        "ALTER TABLE reading ATTACH PARTITION reading_next FOR VALUES FROM (2000) TO (3000)",
        alter("reading", AttachPartition(partition="reading_next")),
    ),
    Case(
        "ALTER TABLE event DETACH PARTITION event_first",
        alter("event", DetachPartition(partition="event_first")),
    ),
    Case(
        "ALTER TABLE reading DETACH PARTITION reading_first",
        alter("reading", DetachPartition(partition="reading_first")),
    ),
    Case(
        "ALTER TABLE event DETACH PARTITION event_first CONCURRENTLY",
        alter("event", DetachPartition(partition="event_first", concurrently=True)),
        holding=(
            "LOCK TABLE ONLY event IN ACCESS SHARE MODE",
            "LOCK TABLE event_first IN ACCESS SHARE MODE",
            "LOCK TABLE region IN ROW EXCLUSIVE MODE",
        ),
    ),
    Case(
        "CREATE TABLE x PARTITION OF event FOR VALUES FROM (7000) TO (8000)",
        CreateTable(table="x", partition_of="event"),
    ),
    Case(
        "CREATE TABLE x PARTITION OF reading FOR VALUES FROM (7000) TO (8000)",
        CreateTable(table="x", partition_of="reading"),
    ),
)
