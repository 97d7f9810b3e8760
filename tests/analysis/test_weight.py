"""How findings are weighed by the sizes of live tables."""

from __future__ import annotations

import dataclasses

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from django_safe_migrate.analysis.live import Live, LiveElsewhere
from django_safe_migrate.analysis.weight import Estimate, Weights
from django_safe_migrate.databases import get_database, live_catalogue
from django_safe_migrate.databases.facts import Facts, IndexBuild
from django_safe_migrate.databases.mysql import measurements as mysql_measurements
from django_safe_migrate.databases.postgresql import measurements as postgresql_measurements
from django_safe_migrate.databases.rates import Rates
from django_safe_migrate.databases.statements import (
    AlterTable,
    ChangeRows,
    CreateIndex,
    Unread,
)
from django_safe_migrate.reports.estimates import message
from tests.analysis.lint import findings, initial, migration, plan_of, state_after
from tests.analysis.orders import add_orders

#: So slow that a table of a few MB takes minutes.
SLOW = Rates(scan=1e4, write=1e4, index=1e4, measured=True)
ALTER = AlterTable(table="shop_order", actions=())
NOT_NULL = operations.AlterField("Order", "note", models.TextField())
INDEX = operations.AddIndex("Order", models.Index(fields=["number"], name="number_idx"))


@pytest.fixture
def shop(connection):
    """The tables of the shop, all empty."""
    with connection.schema_editor() as editor:
        migration(initial()).apply(ProjectState(), editor)
    return state_after(initial())


def analysed(connection, state, *ops, rates=None, third_party=False, **settings):
    found = analyse(
        plan_of(migration(ops)),
        get_database(connection),
        state,
        dataclasses.replace(conf.load(), **settings),
        app_is_third_party=lambda planned: third_party,
        rates=rates,
    )
    return {finding.rule: finding for finding in found}


# --- weighing facts -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def live(connection, shop):
    add_orders(connection, 1000)
    return Live(get_database(connection))


@pytest.fixture
def size(live):
    return live.sizes(["shop_order"])["shop_order"]


def weighed(live, **values):
    values.setdefault("statement", ALTER)
    return Weights(live, rates=Rates(100, 10, 1)).of(Facts(**values))


def test_a_scan_reads_the_rows(live, size):
    estimate = weighed(live, scans=("shop_order",))
    assert estimate == Estimate(
        seconds=size.data_bytes / 100, rows=1000, bytes=size.data_bytes, written_bytes=0
    )


def test_a_rewrite_reads_writes_and_builds_every_index_once(live, size):
    estimate = weighed(live, rewrites=("shop_order",), index_builds=(IndexBuild("shop_order"),))
    assert size.index_bytes > 0
    assert estimate.seconds == size.data_bytes / 100 + size.data_bytes / 10 + size.index_bytes
    assert estimate.written_bytes == size.data_bytes + size.index_bytes


def test_a_new_index_reads_the_rows_and_is_written(live, size):
    build = CreateIndex(table="shop_order", name="i", columns=("number",))
    estimate = weighed(live, statement=build, index_builds=(IndexBuild("shop_order", "i"),))
    assert 1000 * 20 < estimate.written_bytes < 1000 * 80
    assert estimate.seconds == size.data_bytes / 100 + estimate.written_bytes


def test_an_index_on_numbers_alone_takes_its_own_time(live, shop):
    catalogue = live_catalogue(live.database)
    rates = Rates(1e12, 10, 1, number_times=0.5)

    def seconds_of_a_byte(column):
        build = CreateIndex(table="shop_order", name="i", columns=(column,))
        facts = Facts(statement=build, index_builds=(IndexBuild("shop_order", "i"),))
        estimate = Weights(live, catalogue=catalogue, rates=rates).of(facts)
        return estimate.seconds / estimate.written_bytes

    assert seconds_of_a_byte("number") == pytest.approx(0.5)
    assert seconds_of_a_byte("note") == pytest.approx(1)


def test_changed_rows_are_written(live, size):
    update = ChangeRows(kind="update", table="shop_order", conditional=False)
    assert weighed(live, statement=update, scans=("shop_order",)).written_bytes == (
        size.data_bytes + size.index_bytes
    )
    times = Rates(100, 10, 1, changed_times=3)
    facts = Facts(statement=update, scans=("shop_order",))
    assert Weights(live, rates=times).of(facts).seconds == pytest.approx(
        size.data_bytes / 100 + size.data_bytes / 10 + 3 * size.index_bytes
    )
    some = dataclasses.replace(update, conditional=True)
    assert weighed(live, statement=some, scans=("shop_order",)).written_bytes == 0


def test_several_statements_take_the_sum_on_the_same_rows(live, size):
    scan = Facts(statement=ALTER, scans=("shop_order",))
    estimate = Weights(live, rates=Rates(100, 10, 1)).of(scan, scan)
    assert estimate.seconds == 2 * size.data_bytes / 100
    assert (estimate.rows, estimate.bytes) == (1000, size.data_bytes)


def test_what_works_through_no_rows_takes_no_time(live):
    assert weighed(live) == Estimate(seconds=0, rows=0, bytes=0)
    assert weighed(live, scans=("no_such_table",)) == Estimate(seconds=0, rows=0, bytes=0)


def test_what_is_not_known_is_not_told(live):
    assert weighed(live, statement=Unread(), rewrites=("",), unknown="Not read.") is None
    assert weighed(live, rewrites=("",)) is None
    assert Weights(Live(None)).of(Facts(statement=ALTER)) is None
    assert Weights(Live(None)).of_scan(["shop_order"]) is None
    # A table that is gone may have been large at its time.
    elsewhere = LiveElsewhere(live.database)
    assert Weights(elsewhere).of_scan(["no_such_table"]) is None
    assert Weights(elsewhere).of_scan(["shop_order"]).rows == 1000


def test_only_some_tables(live, size):
    facts = Facts(statement=ALTER, scans=("shop_order", "shop_customer"))
    weights = Weights(live, rates=Rates(100, 10, 1))
    assert weights.of(facts).rows == 1001
    assert weights.of(facts, tables=["shop_customer"]).rows == 1


def test_rates_are_measured_where_a_table_is_large(live, monkeypatch):
    for vendor in (mysql_measurements, postgresql_measurements):
        monkeypatch.setattr(vendor, "LONGEST", 60)  # a busy machine
    facts = Facts(statement=ALTER, scans=("shop_order",))
    assert not Weights(live).of(facts).measured
    assert Weights(live, measured_from=1).of(facts).measured
    assert not live.database.connection.in_atomic_block


# --- findings -------------------------------------------------------------------------------------------------------------------


def test_not_null_on_twelve_rows_is_a_note(connection, shop):
    add_orders(connection, 12)
    finding = analysed(connection, shop, NOT_NULL)["set_not_null"]
    assert finding.severity.label == "info"
    assert (finding.estimate.rows, finding.estimate.measured) == (12, False)
    assert finding.estimate.seconds < 0.1
    assert finding.to_json()["estimate"]["rows"] == 12


def test_not_null_warns_where_somebody_writes_null(connection, shop):
    add_orders(connection, 12, note="NULL")
    finding = analysed(connection, shop, NOT_NULL)["set_not_null"]
    assert finding.severity.label == "warning"
    assert "as long as 12 rows hold NULL" in finding.message


@pytest.mark.vendors("postgresql")
def test_not_null_on_a_large_table_is_an_error_with_minutes(connection, shop):
    add_orders(connection, 20_000)
    finding = analysed(connection, shop, NOT_NULL, rates=SLOW)["set_not_null"]
    assert finding.severity.label == "error"
    assert message(finding).endswith(" Takes about 3 min for 20,000 rows (2.1 MB).")


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(
    ("rates", "severity"),
    [
        (Rates(1e9, 1e9, 1e9), "info"),
        (Rates(1e6, 1e6, 1e6), "warning"),
        (SLOW, "error"),
    ],
)
def test_the_time_that_others_wait_decides(connection, shop, rates, severity):
    add_orders(connection, 2000)
    finding = analysed(connection, shop, INDEX, rates=rates)["add_index_without_concurrently"]
    assert finding.severity.label == severity


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(("rates", "severity"), [(None, "info"), (SLOW, "error")])
def test_packages_are_judged_by_live_weight(connection, shop, rates, severity):
    add_orders(connection, 2000)
    found = analysed(connection, shop, INDEX, rates=rates, third_party=True)
    assert found["add_index_without_concurrently"].severity.label == severity
    limited = analysed(
        connection, shop, INDEX, rates=rates, third_party=True, apps={"shop": "warning"}
    )
    assert limited["add_index_without_concurrently"].severity.label != "error"


def test_packages_only_warn_where_nobody_can_be_asked_or_time_is_not_the_matter(connection, shop):
    [offline] = [
        one
        for one in findings([INDEX], third_party=True)
        if one.rule == "add_index_without_concurrently"
    ]
    assert (offline.severity.label, offline.estimate) == ("warning", None)
    add_orders(connection, 12)
    renamed = operations.RenameField("Order", "note", "remark")
    assert (
        analysed(connection, shop, renamed, third_party=True)["rename_column"].severity.label
        == "warning"
    )


@pytest.mark.vendors("postgresql")
def test_sizes_of_a_renamed_table_are_those_of_its_name_of_today(connection, shop):
    add_orders(connection, 2000)
    renamed = operations.AlterModelTable("Order", "purchases")
    finding = analysed(connection, shop, renamed, INDEX)["add_index_without_concurrently"]
    assert finding.tables == ("purchases",)
    assert finding.estimate.rows == 2000


def test_no_estimate_of_empty_and_new_tables(connection, shop):
    assert analysed(connection, shop, NOT_NULL)["set_not_null"].estimate is None


@pytest.mark.vendors("postgresql")
def test_checks_of_a_whole_migration_are_told_of_a_scan(connection, shop):
    add_orders(connection, 2000)
    fields = ("number", "state", "indexed")
    indexes = [
        operations.AddIndex("Order", models.Index(fields=[f], name=f"{f}_i")) for f in fields
    ]
    finding = analysed(connection, shop, *indexes)["many_heavy_changes"]
    assert (finding.estimate.rows, finding.estimate.written_bytes) == (2000, 0)
