"""What counts as an edit of a migration's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from django_safe_migrate.migration_source import digest

SOURCE = '''
from django.db import migrations


def forwards(apps, schema_editor):
    """Do it."""
    schema_editor.execute(f"SELECT {1 + 1}")


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(forwards)]
'''


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "0002_it.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Do it."""', '"""Do it well."""'),
        ('    """Do it."""\n', ""),
        ('"shop"', "'shop'"),
        ("RunPython(forwards)]", "RunPython(\n        forwards\n    ),  # all rows\n]"),
        ("    operations", '    safe_migrate_allow = {"drop_column": "Unused."}\n    operations'),
        ("    operations", '    safe_migrate_lock_timeout: str = "5s"\n    operations'),
    ],
)
def test_form_does_not_count(written: Path, old: str, new: str) -> None:
    before = digest(str(written))
    assert old in SOURCE
    written.write_text(SOURCE.replace(old, new), encoding="utf-8")
    assert digest(str(written)) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1 + 1", "1 - 1"),
        ("RunPython(forwards)", "RunPython(forwards, elidable=True)"),
        ("0001_initial", "0001_other"),
        ("    operations", "    atomic = False\n    operations"),
        ("{1 + 1}", "{1 + 1!r}"),
    ],
)
def test_what_it_does_counts(written: Path, old: str, new: str) -> None:
    before = digest(str(written))
    assert old in SOURCE
    written.write_text(SOURCE.replace(old, new), encoding="utf-8")
    assert digest(str(written)) != before


def test_every_python_makes_the_same_one(written: Path) -> None:
    assert (
        digest(str(written)) == "6b1cad28a09c8400c572f655d1823f693465cccd8f0eb7a3e8d50a5a17fc1723"
    )


def test_what_is_no_python_has_none(tmp_path: Path) -> None:
    broken = tmp_path / "0001_initial.py"
    broken.write_text("def (", encoding="utf-8")
    assert digest(str(broken)) == digest(str(tmp_path / "gone.py")) == digest("") == ""
