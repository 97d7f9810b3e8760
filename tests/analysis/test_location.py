from __future__ import annotations

import pytest

from django_safe_migrate.analysis.location import operation_line

SOURCE = """from django.db import migrations


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.RunSQL("SELECT 1"),
        migrations.RunSQL(
            "SELECT 2",
        ),
        migrations.RunSQL("SELECT 3"),
    ]
"""


def test_lines(tmp_path):
    file = tmp_path / "0001.py"
    file.write_text(SOURCE)
    assert [operation_line(str(file), index) for index in range(4)] == [8, 9, 12, 0]


@pytest.mark.parametrize(
    "source",
    [
        "class Migration:\n    operations = make()\n",
        "class Migration:\n    operations = [*more, one]\n",
        "operations = [one]\n",
        "class Migration(\n",
    ],
)
def test_what_cannot_be_told(tmp_path, source):
    file = tmp_path / "0001.py"
    file.write_text(source)
    assert operation_line(str(file), 0) == 0


def test_no_file(tmp_path):
    assert operation_line("", 0) == 0
    assert operation_line(str(tmp_path / "nothing.py"), 0) == 0
