from __future__ import annotations

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from django_safe_migrate.analysis.live import Live, LiveElsewhere
from django_safe_migrate.databases import get_database
from tests.analysis.lint import assert_clean, initial, migration, plan_of, state_after
from tests.analysis.orders import add_orders

INDEX = operations.AddIndex("Order", models.Index(fields=["number"], name="number_idx"))
LARGER = operations.AlterField("Order", "number", models.BigIntegerField())
INSTANT = operations.AddField("Order", "x", models.IntegerField(null=True))


@pytest.fixture
def shop(connection):
    """The tables of the shop, with orders of more than a MB."""
    with connection.schema_editor() as editor:
        migration(initial()).apply(ProjectState(), editor)
    add_orders(connection, 5000, note=f"'{'x' * 200}'")
    return state_after(initial())


def found(connection, state, free, *ops, **options):
    database = get_database(connection)
    database.free_disk_bytes = lambda: free
    result = analyse(plan_of(migration(ops)), database, state, conf.load(), **options)
    return [finding for finding in result if finding.rule == "disk_too_full"]


def needed(connection, state, *ops):
    """Bytes, as the message of a full disk has them."""
    [finding] = found(connection, state, 0, *ops)
    assert finding.severity.label == "error"
    assert finding.message.endswith(", and 0 bytes are free.")
    number, unit = finding.message.split(" needs ")[1].split()[:2]
    return float(number) * {"bytes": 1, "KB": 2**10, "MB": 2**20}[unit]


def test_rewrites_and_indexes_need_room(connection, shop):
    size = get_database(connection).table_sizes(["shop_order"])["shop_order"]
    whole = size.data_bytes + size.index_bytes
    assert needed(connection, shop, INDEX) < size.data_bytes
    if connection.vendor != "sqlite":  # there INTEGER is of any length
        assert needed(connection, shop, LARGER) == pytest.approx(whole, rel=0.1)
    assert found(connection, shop, 0, INSTANT) == []


def test_as_much_again_for_the_log(connection, shop):
    bytes_needed = needed(connection, shop, INDEX)
    [finding] = found(connection, shop, int(bytes_needed * 1.5), INDEX)
    assert finding.severity.label == "warning"
    assert "or their indexes, and as much again for the log of the server, and " in finding.message
    assert finding.tables == ("shop_order",)
    assert found(connection, shop, int(bytes_needed * 2.5), INDEX) == []


def test_nothing_is_freed_before_the_transaction_ends(connection, shop):
    if connection.vendor == "sqlite":
        return
    again = operations.AlterField("Order", "state", models.BigIntegerField(default=0))
    once, twice = needed(connection, shop, LARGER), needed(connection, shop, LARGER, again)
    in_transaction = connection.features.can_rollback_ddl
    assert twice == pytest.approx(once * (2 if in_transaction else 1), rel=0.1)


def test_packages_need_room_too(connection, shop):
    [finding] = found(connection, shop, 0, INDEX, app_is_third_party=lambda planned: True)
    assert finding.is_blocking


def test_nothing_is_known(connection, shop):
    assert found(connection, shop, None, INDEX) == []
    assert_clean("disk_too_full", [INDEX, LARGER])
    elsewhere = {"only": ["shop.0002_change"]}
    assert found(connection, shop, 0, INDEX, **elsewhere) == []
    assert LiveElsewhere(get_database(connection)).free_disk_bytes is None
    assert Live(None).free_disk_bytes is None


def test_there_is_room_here(connection, shop):
    result = analyse(plan_of(migration([INDEX])), get_database(connection), shop, conf.load())
    assert "disk_too_full" not in {finding.rule for finding in result}
