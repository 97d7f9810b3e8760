from __future__ import annotations

from django.db.migrations import operations

from django_safe_migrate import conf
from django_safe_migrate.analysis.changes import IndexAdded, TableDropped
from django_safe_migrate.analysis.registry import all_rules
from django_safe_migrate.analysis.rule import BACKWARDS, BOTH, Rule, Subject
from django_safe_migrate.findings import Severity


def make(**options):
    return Rule("somewhere.rules.the_name", severity=Severity.ERROR, **options)


def test_the_name_is_that_of_the_module():
    assert make().name == "the_name"
    assert repr(make()) == "<Rule the_name>"


def test_what_it_applies_to():
    assert make().applies_to("sqlite", "forwards")
    assert not make().applies_to("sqlite", "backwards")
    assert make(directions=BACKWARDS).applies_to("sqlite", "backwards")
    assert make(directions=BOTH, vendors={"mysql"}).applies_to("mysql", "forwards")
    assert not make(directions=BOTH, vendors={"mysql"}).applies_to("sqlite", "forwards")


def test_subclasses_are_what_their_parents_are_unless_excluded():
    class Special(operations.AddIndex):
        pass

    rule = make()
    rule.operation(operations.AddIndex)(lambda operation, context: [])
    rule.operation(operations.AddIndex, exclude=(Special,))(lambda operation, context: [])
    every, plain = rule.checks
    assert every.wants(Special)
    assert plain.wants(operations.AddIndex)
    assert not plain.wants(Special)
    assert not every.wants(operations.RemoveIndex)


def test_subjects():
    rule = make()

    @rule.change(IndexAdded, TableDropped)
    def changed(change, context):
        return []

    @rule.migration
    def whole(context):
        return []

    assert [check.subject for check in rule.checks] == [Subject.CHANGE, Subject.MIGRATION]
    assert rule.checks[0].wants(TableDropped)
    assert [check.function for check in rule.checks] == [changed, whole]


def test_rules_that_tell_whether_the_previous_release_can_still_run():
    """Reports ask for them; those that are about locks or rows only are not among them."""
    breaking = {rule.name for rule in all_rules(conf.load()) if rule.breaks_running_code}
    assert breaking >= {
        "add_not_null",
        "drop_column",
        "drop_not_null",
        "drop_table",
        "drop_without_release_between",
        "mixed_deployment_stages",
        "narrow_column",
        "remove_db_default",
        "rename_column",
        "rename_table",
        "set_not_null",
    }
    assert not breaking & {
        "add_index_without_concurrently",
        "remove_not_null_field",
        "table_rebuild",
    }
