from __future__ import annotations

from django.db import models
from django.db.migrations import operations

from django_safe_migrate.analysis import recipes


def test_a_field_renamed_in_python():
    field = models.TextField(null=True)
    assert recipes.renamed_in_python("order", "note", "remark", field, "note") == (
        "migrations.AlterField(\n    model_name='order',\n    name='note',\n"
        "    field=models.TextField(db_column='note', null=True),\n),\n"
        "migrations.RenameField(\n    model_name='order',\n    old_name='note',\n    new_name='remark',\n),"
    )
    assert field.db_column is None


def test_a_nullable_field():
    field = models.IntegerField(default=3)
    assert recipes.nullable("order", "number", field) == (
        "migrations.AlterField(\n    model_name='order',\n    name='number',\n"
        "    field=models.IntegerField(default=3, null=True),\n),"
    )
    assert not field.null


def test_state_only():
    assert recipes.in_state_only(operations.DeleteModel("Tag")) == (
        "migrations.SeparateDatabaseAndState(\n    state_operations=[\n"
        "        migrations.DeleteModel(\n            name='Tag',\n        ),\n    ],\n),"
    )


def test_separated():
    assert recipes.separated([recipes.sql("A", "B"), recipes.sql("C")], []) == (
        "migrations.SeparateDatabaseAndState(\n    database_operations=[\n"
        "        migrations.RunSQL(\n            sql='A',\n            reverse_sql='B',\n        ),\n"
        "        migrations.RunSQL(\n            sql='C',\n            reverse_sql='',\n        ),\n"
        "    ],\n),"
    )
