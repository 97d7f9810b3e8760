from __future__ import annotations

import dataclasses

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse, rule_names
from django_safe_migrate.databases import get_database
from tests.analysis.lint import findings, initial, migration, plan_of, state_after

DROP = operations.RemoveField("Order", "note")


def id_field():
    return ("id", models.BigAutoField(primary_key=True))


def rules(found):
    return {finding.rule: finding.severity.label for finding in found}


@pytest.fixture
def shop(connection):
    """The tables of the shop, all empty."""
    with connection.schema_editor() as editor:
        migration(initial()).apply(ProjectState(), editor)
    return state_after(initial())


def analysed(connection, state, *ops, backwards=False, third_party=False, **settings):
    return analyse(
        plan_of(migration(ops), backwards=backwards),
        get_database(connection),
        state,
        dataclasses.replace(conf.load(), **settings),
        app_is_third_party=lambda planned: third_party,
    )


def add_customer(connection):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop_customer (name) VALUES ('somebody')")


def test_a_finding_says_where():
    [finding] = [found for found in findings([DROP]) if found.rule == "drop_column"]
    assert finding.migration == "shop.0002_change"
    assert finding.operation == "Remove field note from Order"
    assert finding.tables == ("shop_order",)
    assert finding.id == "safe_migrate.drop_column"
    assert finding.file.endswith("lint.py") or finding.file == ""


def test_findings_are_in_the_order_of_the_plan():
    plan = [DROP, operations.DeleteModel("Tag"), operations.RemoveField("Order", "title")]
    assert [finding.operation for finding in findings(plan, on="sqlite")] == [
        "Remove field note from Order",
        "Delete model Tag",
        "Remove field title from Order",
    ]


def test_the_state_given_is_not_changed():
    state = state_after(initial())
    with_note = state_after(initial())
    analyse(plan_of(migration([DROP])), None, state, conf.load())
    assert state == with_note


def test_rows_block_and_an_empty_table_does_not(connection, shop):
    drop = operations.RemoveField("Customer", "name")
    assert rules(analysed(connection, shop, drop))["drop_column"] == "info"
    add_customer(connection)
    [finding] = [f for f in analysed(connection, shop, drop) if f.rule == "drop_column"]
    assert finding.severity.label == "error"
    assert finding.is_blocking


def test_rows_of_a_table_under_its_name_of_today(connection, shop):
    add_customer(connection)
    renamed = operations.AlterModelTable("Customer", "clients")
    drop = operations.RemoveField("Customer", "name")
    found = analysed(connection, shop, renamed, drop)
    assert {f.rule: f.severity.label for f in found if f.tables == ("clients",)}[
        "drop_column"
    ] == "error"


def test_a_first_install_has_no_findings_about_locks_or_rows(connection):
    ops = [
        *initial(),
        operations.AddIndex("Order", models.Index(fields=["number"], name="n")),
        operations.AlterField("Order", "number", models.BigIntegerField(unique=True)),
        operations.AddField("Order", "x", models.PositiveIntegerField(default=1)),
        operations.RenameModel("Order", "Purchase"),
        operations.DeleteModel("Tag") if False else operations.RemoveField("Purchase", "note"),
    ]
    assert analysed(connection, ProjectState(), *ops) == []


def test_on_an_empty_database_nothing_blocks(connection):
    python = operations.RunPython(operations.RunPython.noop)
    sql = operations.RunSQL("SELECT 1")
    found = analysed(connection, ProjectState(), *initial(), python, sql)
    assert {finding.severity.label for finding in found} == {"info"}


def test_going_back_is_about_rows_too(connection, shop):
    add = operations.AddField("Customer", "x", models.TextField(null=True))
    assert rules(analysed(connection, shop, add, backwards=True)) == {
        "reverse_loses_data": "info"
    } | ({} if connection.vendor != "sqlite" else {})
    add_customer(connection)
    assert rules(analysed(connection, shop, add, backwards=True)) == {"reverse_loses_data": "error"}


def test_analysis_leaves_no_trace(connection, shop):
    before = get_database(connection).tables()
    analysed(connection, shop, DROP, operations.DeleteModel("Tag"))
    assert get_database(connection).tables() == before
    assert not connection.in_atomic_block


def test_packages_only_warn():
    change = [operations.RenameField("Order", "note", "remark")]
    assert rules(findings(change))["rename_column"] == "error"
    assert rules(findings(change, third_party=True))["rename_column"] == "warning"


def test_packages_that_destroy_rows_block(connection, shop):
    drop = operations.RemoveField("Customer", "name")
    add_customer(connection)
    assert rules(analysed(connection, shop, drop, third_party=True))["drop_column"] == "error"


def test_severity_of_the_settings():
    change = [operations.RenameField("Order", "note", "remark")]
    assert rules(findings(change, settings={"rules": {"rename_column": "info"}})) == {
        "rename_column": "info"
    }
    assert findings(change, settings={"rules": {"rename_column": "off"}}) == []


def test_marker_on_the_migration():
    allow = {"drop_column": "Unused since 4.2."}
    [finding] = findings([DROP], on="postgresql", safe_migrate_allow=allow)
    assert finding.allowed
    assert not finding.is_blocking
    assert finding.severity.label == "error"
    assert finding.hint == "Allowed by the migration: Unused since 4.2."


def test_marker_without_a_reason_has_no_effect():
    for marker in ({"drop_column": " "}, {"drop_column": None}, ["drop_column"], "drop_column"):
        found = findings([DROP], safe_migrate_allow=marker)
        assert [(f.rule, f.allowed, f.severity.label, f.message) for f in found] == [
            ("drop_column", False, "error", found[0].message),
            (
                "allow_without_reason",
                False,
                "warning",
                "safe_migrate_allow allows drop_column without a reason, so it has no effect.",
            ),
        ]


def test_marker_that_nothing_needs():
    [finding] = findings(
        [operations.AddField("Order", "x", models.TextField(null=True))],
        safe_migrate_allow={"drop_column": "Unused since 4.2."},
    )
    assert finding.rule == "allow_unused"
    assert (
        finding.message
        == "safe_migrate_allow allows drop_column, and nothing in this migration needs that."
    )


def test_marker_with_a_misspelt_name():
    found = findings([DROP], safe_migrate_allow={"drop_colum": "Unused since 4.2."})
    assert [f.message for f in found if f.rule == "allow_unused"] == [
        "safe_migrate_allow names 'drop_colum', and there is no such rule."
    ]


def test_marker_for_another_vendor_is_not_useless():
    index = [operations.AddIndex("Order", models.Index(fields=["number"], name="n"))]
    marker = {"add_index_without_concurrently": "A small table."}
    assert findings(index, on="sqlite", safe_migrate_allow=marker) == []
    [finding] = findings(index, on="postgresql", safe_migrate_allow=marker)
    assert finding.allowed


def test_marker_is_used_also_where_the_table_is_new():
    ops = [
        operations.CreateModel("New", [id_field(), ("x", models.TextField())]),
        operations.RemoveField("New", "x"),
    ]
    assert findings(ops, safe_migrate_allow={"drop_column": "It was never used."}) == []


def test_migrations_before_the_start_are_not_analysed_but_count():
    plan = plan_of(
        migration(
            [operations.CreateModel("New", [id_field(), ("x", models.TextField())]), DROP],
            "0002_old",
        ),
        migration(
            [operations.RemoveField("New", "x"), operations.RemoveField("Order", "title")],
            "0003_new",
        ),
    )
    settings = dataclasses.replace(conf.load(), start_after={"shop": "0002"})
    found = analyse(plan, None, state_after(initial()), settings)
    assert [(f.rule, f.migration) for f in found if f.rule == "drop_column"] == [
        ("drop_column", "shop.0003_new")
    ]
    assert "title" in found[0].message


def test_rules_of_the_project():
    settings = {"extra_rules": ("tests.analysis.project_rules",)}
    assert "shouting" in rule_names(dataclasses.replace(conf.load(), **settings))
    [finding] = findings(
        [operations.DeleteModel("Pinned"), operations.CreateModel("LOUD", [id_field()])][1:],
        settings=settings,
    )
    assert (finding.rule, finding.message) == ("shouting", "Model LOUD of shop is loud.")


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("tests.nowhere", "which cannot be imported (No module named 'tests.nowhere')"),
        (
            "tests.analysis.lint",
            "which has no rule: neither it nor a module inside of it has a variable `rule`",
        ),
    ],
)
def test_wrong_extra_rules(path, what):
    with pytest.raises(ImproperlyConfigured) as error:
        findings([DROP], settings={"extra_rules": (path,)})
    assert str(error.value) == (
        f'SAFE_MIGRATE["EXTRA_RULES"] names {path!r}, {what}; it must be a list of dotted paths to modules.'
    )


def test_routers_keep_operations_from_a_database(settings):
    settings.DATABASE_ROUTERS = ["tests.analysis.project_rules.NotHere"]
    assert findings([DROP, operations.RunSQL("DROP TABLE x"), operations.DeleteModel("Tag")]) == []


def test_operations_that_nobody_knows():
    class Unknown(operations.base.Operation):
        def state_forwards(self, app_label, state):
            state.remove_model(app_label, "tag")

    assert [found.rule for found in findings([Unknown()])] == ["unrecognised_operation"]


def test_backwards_plan_of_several_migrations():
    plan = plan_of(
        migration([operations.AddField("Order", "x", models.TextField(null=True))], "0002_add"),
        migration([operations.RenameField("Order", "x", "y")], "0003_rename"),
        backwards=True,
    )
    found = analyse(plan, None, state_after(initial()), conf.load())
    assert [(f.migration, f.message) for f in found if f.rule == "reverse_loses_data"] == [
        ("shop.0002_add", "Undoing shop.0002_add drops column x of shop_order with all its values.")
    ]
