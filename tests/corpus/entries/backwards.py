"""Migrations that are unapplied."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    RemoveConstraint,
    RemoveField,
    RenameField,
    RunPython,
    RunSQL,
)

from tests.corpus.code import careful
from tests.corpus.entry import clean, entry, finds, on
from tests.corpus.shop import big_key

_NUMBER = models.Index(fields=["number"], name="number_idx")
_INDEX = {"A7": "a drop as any other"}

ENTRIES = (
    entry(
        "undo-add-column",
        "A column that was added goes away",
        AddField("Order", "remark", models.TextField(null=True)),
        backwards=True,
        truth=on(every=finds("A6: what was written to it since is lost", {"A1|A6|RL": "error"})),
    ),
    entry(
        "undo-create-table",
        "A table that was made goes away",
        CreateModel("Colour", [("id", big_key())]),
        backwards=True,
        truth=on(every=finds("A6: its rows are lost", {"A2|A6|RL": "error"})),
    ),
    entry(
        "undo-drop-not-null-column",
        "A NOT NULL column without a default comes back",
        RemoveField("Order", "number"),
        backwards=True,
        before=(RemoveConstraint("Order", "number_of_customer"),),
        truth=on(
            every=finds(
                "A7: there is no value for the rows, as B3",
                {"A7|B3|B4|A6": "error"},
                tolerates={"RL": "values do not come back"},
            )
        ),
    ),
    entry(
        "undo-rename-column",
        "A column gets its old name again",
        RenameField("Order", "note", "remark"),
        backwards=True,
        truth=on(every=finds("B1 the other way round", {"B1|A7": "warning"})),
    ),
    entry(
        "undo-remove-check",
        "A CHECK comes back",
        RemoveConstraint("Order", "total_not_negative"),
        backwards=True,
        truth=on(
            postgresql=finds("A7; row 22", {"A7|C9": "warning"}),
            innodb=finds("A7; ADD CHECK is COPY", {"A7|C9": "warning"}),
            sqlite=clean("remake", tolerates={"A7": "fails on rows written since", "C9": "as A7"}),
        ),
    ),
    entry(
        "undo-add-check",
        "A CHECK that was added goes away",
        AddConstraint(
            "Order",
            models.CheckConstraint(condition=models.Q(number__gt=0), name="number_positive"),
        ),
        backwards=True,
        truth=on(every=clean("row 28")),
    ),
    entry(
        "undo-add-index",
        "An index that was built goes away",
        AddIndex("Order", _NUMBER),
        backwards=True,
        truth=on(every=clean("permits writes"), postgresql=finds("row 36", {"C3|A7": "warning"})),
    ),
    entry(
        "undo-add-index-concurrently",
        "An index that was built concurrently goes away likewise",
        AddIndexConcurrently("Order", _NUMBER),
        atomic=False,
        backwards=True,
        truth=on(postgresql=clean("row 36", tolerates=_INDEX)),
    ),
    entry(
        "undo-widen-varchar",
        "A varchar gets its old length again",
        AlterField("Customer", "name", models.CharField(max_length=200)),
        backwards=True,
        truth=on(
            every=finds("C13 the other way round", {"C13|C12|A7|A6": "warning"}),
            sqlite=clean(
                "lengths are not enforced", tolerates={"C13": "longer values", "A7": "as C13"}
            ),
        ),
    ),
    entry(
        "undo-choices",
        "Choices change back",
        AlterField("Order", "state", models.IntegerField(default=0, choices=[(0, "new")])),
        backwards=True,
        truth=on(every=clean("Django: not in the database")),
    ),
    entry(
        "undo-python-noop",
        "A data migration whose reverse does nothing",
        RunPython(careful.fill_notes_in_batches, RunPython.noop),
        backwards=True,
        truth=on(every=clean("nothing is run")),
    ),
    entry(
        "undo-sql-that-drops",
        "SQL whose reverse drops a table",
        RunSQL("CREATE TABLE shop_archive (id bigint PRIMARY KEY)", "DROP TABLE shop_archive"),
        backwards=True,
        truth=on(
            every=finds(
                "A6: its rows are lost", {"A2|A6|RL": "error"}, tolerates={"D10": "no IF EXISTS"}
            )
        ),
    ),
)
