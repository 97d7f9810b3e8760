from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations
from django.db.migrations.operations.base import Operation
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from django_safe_migrate import values
from tests.analysis.lint import assert_clean, assert_finds, findings, initial

finds = partial(assert_finds, "add_unique")
clean = partial(assert_clean, "add_unique")

MESSAGE = "Making {} of shop_order unique fails on the first duplicate among existing rows"
EXCLUSIVE = (
    ", and its index is built under an ACCESS EXCLUSIVE lock, which blocks reads and writes."
)
NUMBER = models.IntegerField(unique=True)
SHARE = ", and its index is built under a SHARE lock, which blocks writes."


def test_constraint():
    constraint = models.UniqueConstraint(fields=["number"], name="number_unique")
    finds(
        [operations.AddConstraint("Order", constraint)],
        MESSAGE.format("constraint number_unique") + EXCLUSIVE,
    )


def test_constraint_that_is_an_index():
    constraint = models.UniqueConstraint(
        fields=["number"], condition=models.Q(number__gt=0), name="some_unique"
    )
    finds(
        [operations.AddConstraint("Order", constraint)],
        MESSAGE.format("constraint some_unique") + SHARE,
    )


def test_what_the_hint_says_of_a_constraint_that_is_an_index():
    """ADD CONSTRAINT ... USING INDEX takes neither a condition nor expressions."""
    partial_one = models.UniqueConstraint(
        fields=["number"], condition=models.Q(number__gt=0), name="some_unique"
    )
    lowered = models.UniqueConstraint(Lower("title"), name="title_unique")
    for constraint in (partial_one, lowered):
        [found] = finds(
            [operations.AddConstraint("Order", constraint)],
            MESSAGE.format(f"constraint {constraint.name}") + SHARE,
        )
        assert f'INDEX CONCURRENTLY "{constraint.name}" ON "shop_order"' in found.hint
        assert "USING INDEX" not in found.hint


def test_index_that_is_built_in_the_transaction_that_has_altered_the_table():
    add = operations.AddField("Order", "x", models.TextField(null=True))
    constraint = models.UniqueConstraint(
        fields=["number"], condition=models.Q(number__gt=0), name="some_unique"
    )
    ops = [add, operations.AddConstraint("Order", constraint)]
    message = MESSAGE.format("constraint some_unique")
    finds(ops, message + EXCLUSIVE)
    finds(ops, message + SHARE, atomic=False)


def test_what_the_hint_says_of_a_text():
    """Django gives it an index for LIKE as well."""
    change = operations.AlterField("Order", "title", models.CharField(max_length=100, unique=True))
    [found] = finds([change], MESSAGE.format("column title") + EXCLUSIVE)
    assert found.hint.startswith(
        "Look for duplicates first. Then three migrations, the first two with atomic = False:"
    )
    assert '("title" varchar_pattern_ops)' in found.hint


def test_what_does_more_than_that_gets_no_code():
    unique = models.CharField(max_length=90, unique=True)
    deferred = models.UniqueConstraint(
        fields=["number"], deferrable=models.Deferrable.DEFERRED, name="late_unique"
    )
    for operation in (
        operations.AlterField("Order", "title", unique),
        operations.AlterUniqueTogether("Order", {("number", "code"), ("number", "title")}),
        operations.AddConstraint("Order", deferred),
        operations.SeparateDatabaseAndState([operations.AlterField("Order", "number", NUMBER)]),
    ):
        found = [one for one in findings([operation]) if one.rule == "add_unique"]
        assert found
        assert all(one.hint.startswith("Look for duplicates first; then, in") for one in found)


def test_unique_field():
    change = operations.AlterField("Order", "number", models.IntegerField(unique=True))
    finds([change], MESSAGE.format("column number") + EXCLUSIVE)


def test_foreign_key_that_becomes_one_to_one():
    change = operations.AlterField(
        "Order", "customer", models.OneToOneField("shop.Customer", models.CASCADE)
    )
    finds([change], MESSAGE.format("column customer_id") + EXCLUSIVE)


def test_unique_together():
    change = operations.AlterUniqueTogether("Order", {("number", "code")})
    finds([change], MESSAGE.format("columns number, order_code") + EXCLUSIVE)


def test_elsewhere_only_duplicates_matter():
    change = operations.AlterField("Order", "number", models.IntegerField(unique=True))
    for vendor in ("sqlite", "mysql"):
        [found] = finds([change], MESSAGE.format("column number") + ".", on=vendor)
        assert found.severity.label == "warning"


def test_new_column_with_one_value_for_all_rows():
    import uuid

    finds(
        [operations.AddField("Order", "token", models.UUIDField(default=uuid.uuid4, unique=True))],
        "Column token is added to shop_order as unique, and existing rows all get the same default, so that a second row makes it fail.",
    )


def test_new_column_that_a_sequence_fills():
    """Each row gets a value of its own."""
    default = RawSQL("nextval('x_seq'::regclass)", ())
    found = findings(
        [operations.AddField("Order", "x", models.IntegerField(unique=True, db_default=default))]
    )
    assert not [one for one in found if "all get the same default" in one.message]


def test_new_nullable_column_builds_its_index_at_once():
    finds(
        [operations.AddField("Order", "token", models.UUIDField(null=True, unique=True))],
        "The unique index on the new column token of shop_order is built under an ACCESS EXCLUSIVE lock, which blocks reads and writes.",
    )
    clean(
        [operations.AddField("Order", "token", models.UUIDField(null=True, unique=True))],
        on="sqlite",
    )


def test_dropping_uniqueness():
    clean([operations.AlterUniqueTogether("Order", set())])
    unique = operations.AlterField("Order", "number", models.IntegerField(unique=True))
    state_only = operations.SeparateDatabaseAndState([], [unique])
    clean([state_only, operations.AlterField("Order", "number", models.IntegerField())])


def test_constraint_that_the_database_cannot_have():
    some = models.UniqueConstraint(
        fields=["number"], condition=models.Q(number__gt=0), name="some_unique"
    )
    clean([operations.AddConstraint("Order", some)], on="mysql")
    late = models.UniqueConstraint(
        fields=["number"], deferrable=models.Deferrable.DEFERRED, name="late_unique"
    )
    for vendor in ("sqlite", "mysql"):
        clean([operations.AddConstraint("Order", late)], on=vendor)


def test_check_constraint():
    constraint = models.CheckConstraint(condition=models.Q(number__gt=0), name="positive")
    clean([operations.AddConstraint("Order", constraint)])


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField())]
    )
    clean([new, operations.AlterUniqueTogether("New", {("number", "id")})])


def test_primary_key_is_unique_already():
    clean(
        [operations.AlterField("Order", "id", models.BigAutoField(primary_key=True, unique=True))]
    )


BUILT = "Making {} of shop_order unique builds an index under an ACCESS EXCLUSIVE lock, which blocks reads and writes."
TOGETHER = operations.AlterUniqueTogether("Order", {("number", "customer")})
SAME = operations.AddConstraint(
    "Order", models.UniqueConstraint(fields=["number", "customer", "title"], name="one_unique")
)


def test_rows_that_a_constraint_has_kept_apart():
    """unique_together becomes a UniqueConstraint, in either order."""
    with_together = [*initial(), TOGETHER]
    dropped = operations.AlterUniqueTogether("Order", set())
    message = BUILT.format("constraint one_unique")
    finds([dropped, SAME], message, before=with_together)
    finds([SAME, dropped], message, before=with_together)
    clean([dropped, SAME], before=with_together, on="sqlite")


def test_rows_that_may_have_been_written_since():
    fill = operations.RunPython(lambda apps, schema_editor: None, operations.RunPython.noop)
    dropped = operations.AlterUniqueTogether("Order", set())
    message = MESSAGE.format("constraint one_unique") + EXCLUSIVE
    finds([dropped, fill, SAME], message, before=[*initial(), TOGETHER])


def test_constraint_on_more_columns_has_not_kept_them_apart():
    fewer = operations.AlterUniqueTogether("Order", {("number",)})
    message = MESSAGE.format("columns number") + EXCLUSIVE
    finds([fewer], message, before=[*initial(), TOGETHER])


def test_new_column_that_is_null_in_every_row():
    constraint = models.UniqueConstraint(fields=["number", "x"], name="one_unique")
    ops = [
        operations.AddField("Order", "x", models.TextField(null=True)),
        operations.AddConstraint("Order", constraint),
    ]
    finds(ops, BUILT.format("constraint one_unique"))
    ops[0] = operations.AddField("Order", "x", models.TextField(null=True, default="-"))
    finds(ops, MESSAGE.format("constraint one_unique") + EXCLUSIVE)


def test_nulls_that_are_not_distinct():
    constraint = models.UniqueConstraint(
        fields=["number", "x"], name="one_unique", nulls_distinct=False
    )
    ops = [
        operations.AddField("Order", "x", models.TextField(null=True)),
        operations.AddConstraint("Order", constraint),
    ]
    finds(
        ops,
        MESSAGE.format("constraint one_unique") + EXCLUSIVE,
        settings={"target_version": values.target_version("16")},
    )


class Clean(Operation):
    """Stands for an operation of a third party."""

    def state_forwards(self, app_label, state):
        """Change nothing."""


def test_after_an_operation_that_may_lock_any_table():
    ops = [Clean(), operations.AlterUniqueTogether("Order", {("number",)})]
    finds(ops, MESSAGE.format("columns number") + EXCLUSIVE)
