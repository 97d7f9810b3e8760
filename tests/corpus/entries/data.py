"""Python that changes rows."""

from __future__ import annotations

from django.db import models
from django.db.migrations import AddConstraint, AddField, CreateModel, RunPython

from tests.corpus.code import careful, careless
from tests.corpus.entry import Pending, clean, entry, finds, on
from tests.corpus.shop import big_key

_WITH_BILLING = (("shop", "0001_initial"), ("billing", "0001_initial"))
_ONE_TRANSACTION = {"D6": "it is one transaction"}


def _run(code: object, reverse: object = RunPython.noop) -> RunPython:
    return RunPython(code, reverse)  # type: ignore[arg-type]


ENTRIES = (
    entry(
        "batches",
        "Rows are changed in batches, each of its own transaction",
        _run(careful.fill_notes_in_batches),
        atomic=False,
        truth=on(every=clean("2.1 row 61: batches")),
    ),
    entry(
        "bulk-update-in-batches",
        "Rows are read by an iterator and written in batches",
        _run(careful.rewrite_titles_in_bulk),
        atomic=False,
        truth=on(every=clean("2.1 row 61; Django: iterator, bulk_update with batch_size")),
    ),
    entry(
        "bulk-create-in-batches",
        "Rows are made from an iterator, in batches",
        _run(careful.create_with_batch_size),
        truth=on(every=clean("Django: bulk_create with batch_size", tolerates=_ONE_TRANSACTION)),
    ),
    entry(
        "three-rows",
        "Three rows are made, and deleted on the way back",
        _run(careful.add_three_tags, careful.remove_three_tags),
        truth=on(every=clean("a constant number of rows")),
    ),
    entry(
        "get-or-create-three",
        "Three rows are made unless they are there",
        _run(careful.ensure_tags),
        truth=on(every=clean("a constant number of rows")),
    ),
    entry(
        "correct-one-row",
        "One row is corrected",
        _run(careful.correct_one_order),
        truth=on(every=clean("one row")),
    ),
    entry(
        "elidable",
        "Batches that may be left out when squashed",
        RunPython(careful.fill_notes_in_batches, RunPython.noop, elidable=True),
        atomic=False,
        truth=on(every=clean("elidable does nothing when run")),
    ),
    entry(
        "fill-new-table",
        "Rows of a table that the plan makes",
        migrations=(
            Pending((CreateModel("Colour", [("id", big_key()), ("name", models.TextField())]),)),
            Pending((_run(careful.fill_colours),)),
        ),
        truth=on(every=clean("nobody waits for a new table")),
    ),
    entry(
        "create-and-fill-at-once",
        "A table is made and filled in one migration",
        CreateModel("Colour", [("id", big_key()), ("name", models.TextField())]),
        _run(careful.fill_colours),
        truth=on(
            every=clean("D7 is about tables that others use"),
            innodb=clean("a new table", tolerates={"N1": "half done on failure"}),
        ),
    ),
    entry(
        "expand-then-fill",
        "A column in one migration, its values in the next",
        migrations=(
            Pending((AddField("Order", "remark", models.TextField(null=True)),)),
            Pending((_run(careful.fill_notes_in_batches),), atomic=False),
        ),
        truth=on(every=clean("T3: two transactions")),
    ),
    entry(
        "model-of-another-app",
        "A row of another app that the migration depends on",
        _run(careful.mark_invoice_paid),
        dependencies=_WITH_BILLING,
        truth=on(every=clean("the dependency is there")),
    ),
    entry(
        "model-of-unknown-app",
        "A row of another app that the migration does not depend on",
        _run(careful.mark_invoice_paid),
        truth=on(
            every=finds("O2; Django: LookupError where the other app comes later", O2="warning")
        ),
    ),
    entry(
        "no-way-back",
        "Python without a reverse",
        RunPython(careful.ensure_tags),
        truth=on(every=finds("D1; Django: IrreversibleError", D1="warning")),
    ),
    entry(
        "model-made-in-the-same-plan",
        "A model of another app whose own migration may as well come later",
        migrations=(
            Pending(
                (CreateModel("Receipt", [("id", big_key()), ("sent", models.BooleanField())]),),
                app_label="billing",
                dependencies=(("billing", "0001_initial"),),
            ),
            Pending((_run(careful.mark_receipt_sent),)),
        ),
        truth=on(every=finds("O2; Django: LookupError in the other order", O2="warning")),
    ),
    entry(
        "real-model",
        "A model imported from its module",
        _run(careless.use_the_real_model),
        truth=on(
            every=finds(
                "D3; Django: historical models",
                D3="warning",
                tolerates={"O2": "auth is another app"},
            )
        ),
    ),
    entry(
        "save-every-row",
        "All rows are loaded and saved one by one",
        _run(careless.save_every_order),
        truth=on(every=finds("D5 and P2", D5="warning", P2="warning", tolerates=_ONE_TRANSACTION)),
    ),
    entry(
        "save-every-row-of-iterator",
        "Rows of an iterator are saved one by one",
        _run(careless.save_every_order_of_an_iterator),
        truth=on(every=finds("P2", P2="warning", tolerates=_ONE_TRANSACTION)),
    ),
    entry(
        "hold-all-rows",
        "All rows are in memory at once",
        _run(careless.hold_all_orders),
        truth=on(every=finds("D5", D5="warning", tolerates=_ONE_TRANSACTION)),
    ),
    entry(
        "bulk-create-at-once",
        "As many rows as there are customers in one statement",
        _run(careless.create_an_event_per_customer),
        truth=on(
            every=finds(
                "P3; Django: no limit of its own", {"P3|D5": "warning"}, tolerates=_ONE_TRANSACTION
            ),
            sqlite=clean(
                "Django splits by max_query_params",
                tolerates={"P3": "all rows in memory", "D5": "as P3"},
            ),
        ),
    ),
    entry(
        "bulk-update-at-once",
        "As many rows as match in one statement",
        _run(careless.update_in_bulk_at_once),
        truth=on(
            every=finds("P3", {"P3|D5": "warning"}, tolerates=_ONE_TRANSACTION),
            sqlite=clean(
                "Django splits by max_query_params",
                tolerates={"P3": "all rows in memory", "D5": "as P3"},
            ),
        ),
    ),
    entry(
        "update-all-rows",
        "All rows are updated by one statement",
        _run(careless.update_all_orders),
        truth=on(
            every=finds("P4; row 61: row locks, WAL, bloat", {"P4|D6": "warning"}),
            sqlite=clean("one writer anyway", tolerates={"P4": "all writers wait", "D6": "as P4"}),
        ),
    ),
    entry(
        "delete-all-rows",
        "All rows are deleted",
        _run(careless.delete_all_events),
        truth=on(
            every=finds(
                "P4, and the rows are lost", {"P4|A3": "warning"}, tolerates=_ONE_TRANSACTION
            )
        ),
    ),
    entry(
        "delete-all-rows-by-a-function",
        "All rows are deleted by a function that is called",
        _run(careless.delete_all_events_by_a_function),
        truth=on(
            every=finds(
                "P4, and the rows are lost", {"P4|A3": "warning"}, tolerates=_ONE_TRANSACTION
            )
        ),
    ),
    entry(
        "network",
        "Another host is asked in the middle of a migration",
        _run(careless.ask_the_network),
        truth=on(every=finds("P5: locks are held while it answers", P5="warning")),
    ),
    entry(
        "python-drops-table",
        "Python whose SQL drops a table",
        _run(careless.drop_lines_by_sql),
        truth=on(
            every=finds("A2: it is in the source", A2="warning", tolerates={"D9": "SQL in Python"})
        ),
    ),
    entry(
        "python-updates-all-by-sql",
        "Python whose SQL updates all rows",
        _run(careless.update_by_cursor),
        truth=on(
            every=finds("P4; row 61", {"P4|D6": "warning"}),
            sqlite=clean("one writer", tolerates={"P4": "all writers wait", "D6": "as P4"}),
        ),
    ),
    entry(
        "column-and-fill-at-once",
        "A column and its values in one migration",
        AddField("Order", "remark", models.TextField(null=True)),
        _run(careful.fill_notes_in_batches),
        truth=on(
            postgresql=finds("D7, T3: AE is held until all rows are filled", D7="warning"),
            innodb=finds(
                "N1: after a failure the column is there",
                N1="warning",
                tolerates={"D7": "the same in other words"},
            ),
            sqlite=clean(
                "one write lock for the whole database, which a data migration alone holds as well",
                tolerates={"D7": "nobody writes until all rows are filled"},
            ),
        ),
    ),
    entry(
        "column-and-fill-non-atomic",
        "A column and its values in one migration without a transaction",
        AddField("Order", "remark", models.TextField(null=True)),
        _run(careful.fill_notes_in_batches),
        atomic=False,
        truth=on(
            every=finds(
                "D11: after a failure the column is there",
                {"N1|D11": "warning"},
                tolerates={"D7": "the same in other words"},
            )
        ),
    ),
    entry(
        "fill-and-constrain",
        "Values, then a unique constraint in the same migration",
        _run(careful.rewrite_titles_in_bulk),
        AddConstraint("Customer", models.UniqueConstraint(fields=["email"], name="email_unique")),
        truth=on(
            postgresql=finds(
                "row 30; D7: the rows stay locked while AE on the other table is waited for, and who has read that table and waits for a "
                "row makes a deadlock (measured on 16: 40P01)",
                C6="error",
                D7="warning",
            ),
            innodb=finds(
                "duplicates; N1: the values are committed before the constraint is added, so that no row stays locked",
                C6="warning",
                N1="warning",
            ),
            sqlite=finds("duplicates; one lock for the whole database anyway", C6="warning"),
        ),
    ),
    entry(
        "insert-then-alter",
        "A row with a deferred foreign key, then its table is altered in the same transaction",
        _run(careless.insert_an_order),
        AddField("Order", "remark", models.TextField(null=True)),
        truth=on(
            postgresql=finds("T2: 55006", T2="error", tolerates={"D7": "the same in other words"}),
            innodb=finds(
                "N1: the row is committed and made again", N1="warning", tolerates={"D7": "as N1"}
            ),
            sqlite=clean("no pending events; short", tolerates={"D7": "both in one"}),
        ),
    ),
)
