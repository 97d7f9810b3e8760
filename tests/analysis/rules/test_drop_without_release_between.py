from __future__ import annotations

from functools import partial

from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds, initial

finds = partial(assert_finds, "drop_without_release_between")
clean = partial(assert_clean, "drop_without_release_between")

MESSAGE = "RunSQL in shop.0002_change drops {} while the release that still runs uses it."
REMOVE = operations.RemoveField("Order", "note")


def sql(text):
    return operations.RunSQL(text, operations.RunSQL.noop)


DROP = sql("ALTER TABLE shop_order DROP COLUMN note")
COLUMN = MESSAGE.format("column note of shop_order")


def test_both_halves_in_one_operation():
    for vendor in ("postgresql", "mysql", "sqlite"):
        [found] = finds([operations.SeparateDatabaseAndState([DROP], [REMOVE])], COLUMN, on=vendor)
        assert "state_operations=[\n        migrations.RemoveField(" in found.hint


def test_both_halves_in_one_migration():
    forget = operations.SeparateDatabaseAndState([], [REMOVE])
    finds([forget, DROP], COLUMN)
    finds([DROP, forget], COLUMN)


def test_column_that_the_state_still_has():
    finds([DROP], COLUMN)


def test_column_of_a_foreign_key():
    forget = operations.SeparateDatabaseAndState([], [operations.RemoveField("Order", "customer")])
    finds(
        [forget, sql("ALTER TABLE shop_order DROP COLUMN customer_id")],
        MESSAGE.format("column customer_id of shop_order"),
    )


def test_table():
    forget = operations.DeleteModel("Pinned"), operations.DeleteModel("Customer")
    drop = sql("DROP TABLE legacy_pinned")
    finds(
        [operations.SeparateDatabaseAndState([drop], [forget[0]])],
        MESSAGE.format("table legacy_pinned"),
    )
    remove = operations.SeparateDatabaseAndState(
        [], [operations.RemoveField("Order", "customer"), forget[1]]
    )
    finds([remove, sql("DROP TABLE shop_customer")], MESSAGE.format("table shop_customer"))


def test_second_half_one_release_later():
    forget = operations.SeparateDatabaseAndState([], [REMOVE, operations.DeleteModel("Pinned")])
    clean([DROP, sql("DROP TABLE legacy_pinned")], before=[*initial(), forget])


def test_first_half():
    clean([operations.SeparateDatabaseAndState([], [REMOVE])])


def test_other_columns_and_tables():
    clean(
        [
            sql("ALTER TABLE shop_order DROP COLUMN other"),
            sql("DROP TABLE other"),
            sql("DROP INDEX note"),
        ]
    )
    clean([sql("ALTER TABLE shop_order ADD COLUMN other text")])


def test_going_back():
    clean(
        [operations.RunSQL("SELECT 1", "ALTER TABLE shop_order DROP COLUMN note")], backwards=True
    )
