from __future__ import annotations

from django.db import models
from django.db.migrations import operations

from django_safe_migrate.analysis.hints import code


def test_an_operation_as_a_file_has_it():
    assert code(operations.RemoveField("Order", "note")) == (
        "migrations.RemoveField(\n    model_name='Order',\n    name='note',\n),"
    )


def test_under_another_name_and_indented():
    index = operations.AddIndex("Order", models.Index(fields=["a"], name="i"))
    assert code(index, name="AddIndexConcurrently", indent=2) == (
        "  AddIndexConcurrently(\n      model_name='Order',\n      index=models.Index(fields=['a'], name='i'),\n  ),"
    )


def test_what_cannot_be_written():
    assert code(operations.RunPython(lambda apps, editor: None)) == "migrations.RunPython(...),"
