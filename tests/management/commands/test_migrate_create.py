"""The command `migrate_create`: what it writes, says and asks, and that the safer variant ends in the same schema."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.projects import Project
from tests.servers import Server

BEFORE = """
class Order(models.Model):
    number = models.CharField(max_length=20)
    note = models.CharField(max_length=50, null=True)
    total = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["note"], name="order_note_idx")]
"""
ADDED_INDEX = BEFORE.replace(
    "indexes = [", 'indexes = [models.Index(fields=["number"], name="order_number_idx"), '
)
REMOVED_INDEX = BEFORE.replace('models.Index(fields=["note"], name="order_note_idx")', "")
CHECKED = (
    BEFORE
    + """
        constraints = [models.CheckConstraint(condition=models.Q(total__gte=0), name="order_total_positive")]
"""
)
NOT_NULL = BEFORE.replace("max_length=50, null=True", "max_length=50")
FOREIGN_KEY = """
from django.conf import settings
class Order(models.Model):
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE{null})
"""
EVERYTHING = (
    NOT_NULL.replace(
        "number = models.CharField(max_length=20)",
        "number = models.CharField(max_length=30)\n    colour = models.CharField(max_length=9, null=True)",
    ).replace(
        'models.Index(fields=["note"], name="order_note_idx")',
        'models.Index(fields=["colour"], name="order_colour_idx")',
    )
    + """
        constraints = [models.CheckConstraint(condition=models.Q(total__gte=0), name="order_total_positive")]
"""
)
ROW = "INSERT INTO shop_order (number, note, total) VALUES ('1', 'x', 1)"


def shop(project: Project, models: str = BEFORE) -> Project:
    """Write an app whose table exists and holds a row."""
    project.write_app("shop", models=models)
    project.manage("makemigrations", "shop")
    project.manage("migrate")
    if models == BEFORE:
        project.sql(ROW)
    return project


def change(project: Project, models: str) -> None:
    """Change the models of the app."""
    project.write("shop/models.py", "from django.db import models\n" + models)


def files(project: Project) -> dict[str, str]:
    """Return the migrations of the app after the first, without the comment that has the time."""
    folder = project.folder / "shop" / "migrations"
    return {
        path.stem: path.read_text().partition("\n\n")[2]
        for path in sorted(folder.glob("0*.py"))
        if path.stem != "0001_initial"
    }


def names(project: Project) -> list[str]:
    return list(files(project))


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(
    ("models", "rule", "expected"),
    [
        (ADDED_INDEX, "add_index_without_concurrently", ["0002_order_order_number_idx"]),
        (REMOVED_INDEX, "remove_index_without_concurrently", ["0002_remove_order_order_note_idx"]),
        (
            CHECKED,
            "add_check_validating",
            [
                "0002_order_order_total_positive_not_valid",
                "0003_order_validate_order_total_positive",
            ],
        ),
        (
            NOT_NULL,
            "set_not_null",
            [
                "0002_order_order_note_not_null_not_valid",
                "0003_order_validate_order_note_not_null",
                "0004_alter_order_note_remove_order_order_note_not_null",
            ],
        ),
        (EVERYTHING, "set_not_null", None),
    ],
    ids=["index", "no_index", "check", "not_null", "everything"],
)
def test_safer_variant_is_clean_and_ends_in_the_same_schema(
    postgresql_server: Server,
    make_project: Callable[..., Project],
    models: str,
    rule: str,
    expected: list[str] | None,
) -> None:
    plain, safe = shop(make_project(postgresql_server)), shop(make_project(postgresql_server))
    change(plain, models)
    change(safe, models)
    unsafe = plain.manage("migrate_create", "--noinput", "--no-safe")
    assert f"[{rule}]" in unsafe.stdout
    assert "safer variant" not in unsafe.stdout
    result = safe.manage("migrate_create", "--noinput", "--safe")
    first, written, last = result.stdout.partition("\nWritten instead:\n")
    assert f"[{rule}]" in first
    assert written
    assert f"[{rule}]" not in last
    if expected is not None:
        assert names(safe) == expected
    assert [name[:4] for name in names(safe)] == [f"{n:04}" for n in range(2, 2 + len(names(safe)))]
    assert safe.manage("makemigrations", "--check").stdout == "No changes detected\n"
    checked = safe.manage("migrate_check", check=False).stdout
    assert f"[{rule}]" not in checked
    plain.manage("migrate")
    safe.manage("migrate")
    exclude = ["django_safe_migrate_*", "django_migrations"]
    if expected is not None:
        assert plain.snapshot(exclude=exclude).difference(safe.snapshot(exclude=exclude)) == []
    assert safe.sql("SELECT number, note, total FROM shop_order") == [("1", "x", 1)]
    safe.manage("migrate", "shop", "0001")
    assert safe.manage("migrate_create", "--noinput").stdout.endswith("No changes detected\n")


@pytest.mark.vendors("postgresql")
def test_files_of_not_null(project: Project) -> None:
    shop(project)
    change(project, NOT_NULL)
    project.manage("migrate_create", "--noinput", "--safe", "--name", "note", "--no-header")
    assert names(project) == ["0002_note", "0003_note_2", "0004_note_3"]
    texts = {
        path.stem: path.read_text()
        for path in sorted((project.folder / "shop/migrations").glob("0*_note*.py"))
    }
    assert "AddConstraintNotValid(" in texts["0002_note"]
    assert "('shop', '0001_initial')" in texts["0002_note"]
    assert "ValidateConstraint(" in texts["0003_note_2"]
    assert "('shop', '0002_note')" in texts["0003_note_2"]
    assert "migrations.AlterField(" in texts["0004_note_3"]
    assert "migrations.RemoveConstraint(" in texts["0004_note_3"]
    assert "('shop', '0003_note_2')" in texts["0004_note_3"]


@pytest.mark.vendors("postgresql")
def test_an_index_is_built_outside_of_a_transaction(project: Project) -> None:
    shop(project)
    change(project, ADDED_INDEX)
    project.manage("migrate_create", "--noinput", "--safe", "--no-header")
    text = (project.folder / "shop/migrations/0002_order_order_number_idx.py").read_text()
    assert text.count("\n    atomic = False\n") == 1
    assert "django.contrib.postgres.operations.AddIndexConcurrently(" in text


@pytest.mark.vendors("postgresql")
def test_foreign_key_to_the_user_not_null(project: Project) -> None:
    shop(project, FOREIGN_KEY.format(null=", null=True"))
    change(project, FOREIGN_KEY.format(null=""))
    project.manage("migrate_create", "--noinput", "--safe", "--offline")
    assert len(names(project)) == 3
    assert (
        "migrations.swappable_dependency(settings.AUTH_USER_MODEL)"
        in files(project)[names(project)[0]]
    )
    project.manage("makemigrations", "--check")
    project.manage("migrate")


@pytest.mark.vendors("postgresql")
def test_with_a_default_there_is_no_safer_variant(project: Project) -> None:
    shop(project)
    change(project, BEFORE.replace("max_length=50, null=True", "max_length=50, default=''"))
    result = project.manage("migrate_create", "--noinput", "--safe")
    assert (
        "No safer variant of Alter field note on order: it has a default, with which Django fills the rows that hold NULL in one "
        "statement. Fill them in a migration before, in batches, and leave the default out of this one.\n"
    ) in result.stdout
    assert names(project) == ["0002_alter_order_note"]


@pytest.mark.vendors("mariadb")
def test_one_migration_for_each_operation_without_transactional_ddl(
    mariadb_server: Server, make_project: Callable[..., Project]
) -> None:
    plain, safe = shop(make_project(mariadb_server)), shop(make_project(mariadb_server))
    change(plain, EVERYTHING)
    change(safe, EVERYTHING)
    unsafe = plain.manage("migrate_create", "--noinput", "--no-safe")
    assert "[non_atomic_ddl]" in unsafe.stdout
    safe.manage("migrate_create", "--noinput", "--safe")
    assert [name[:4] for name in names(safe)] == ["0002", "0003", "0004", "0005", "0006", "0007"]
    assert "[non_atomic_ddl]" not in safe.manage("migrate_check", check=False).stdout
    safe.manage("makemigrations", "--check")
    plain.manage("migrate")
    safe.manage("migrate")
    exclude = ["django_safe_migrate_*", "django_migrations"]
    assert plain.snapshot(exclude=exclude).difference(safe.snapshot(exclude=exclude)) == []


@pytest.mark.vendors("postgresql")
def test_later_migrations_of_the_same_call_follow(project: Project) -> None:
    """The first app gets more migrations than Django wrote, and the second depends on the last of them."""
    shop(project)
    project.write_app(
        "post", models="class Parcel(models.Model):\n    weight = models.IntegerField()\n"
    )
    project.manage("makemigrations", "post")
    project.manage("migrate")
    change(
        project,
        CHECKED + "\nclass Label(models.Model):\n    text = models.CharField(max_length=9)\n",
    )
    project.write(
        "post/models.py",
        "from django.db import models\n"
        "class Parcel(models.Model):\n    weight = models.IntegerField()\n"
        "    label = models.ForeignKey('shop.Label', models.CASCADE, null=True)\n",
    )
    project.manage("migrate_create", "--noinput", "--safe")
    last = names(project)[-1]
    assert last.startswith("0004_")
    (second,) = (project.folder / "post/migrations").glob("0002*.py")
    assert f"('shop', '{last}')" in second.read_text()
    project.manage("makemigrations", "--check")
    project.manage("migrate")


@pytest.mark.vendors("postgresql")
def test_nothing_is_changed_without_consent(project: Project) -> None:
    shop(project)
    change(project, CHECKED)
    result = project.manage("migrate_create")
    assert result.stdout.endswith(
        "There is a safer variant:\n"
        "  * Create constraint order_total_positive on model order: added NOT VALID, and validated in the next migration, while others "
        "read and write.\n"
        "To have it, delete what was written, and use migrate_create --safe.\n"
    )
    assert names(project) == ["0002_order_order_total_positive"]


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(
    ("answer", "arguments", "count"), [("yes", [], 2), ("no", [], 1), ("yes", ["--noinput"], 1)]
)
def test_question_at_a_terminal(
    project: Project, answer: str, arguments: list[str], count: int
) -> None:
    shop(project)
    change(project, CHECKED)
    master, slave = pty.openpty()
    os.write(master, f"{answer}\n".encode())
    result = subprocess.run(
        [sys.executable, "manage.py", "migrate_create", *arguments],
        cwd=project.folder,
        env=project.environment(),
        stdin=slave,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    os.close(master)
    os.close(slave)
    assert ("Write it instead? Type 'yes' to do so: " in result.stdout) is not bool(arguments)
    assert len(names(project)) == count


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(("option", "status"), [("--check", 1), ("--dry-run", 0)])
def test_only_looking_writes_nothing(project: Project, option: str, status: int) -> None:
    shop(project)
    change(project, CHECKED)
    result = project.manage("migrate_create", "--safe", option, check=False)
    assert result.returncode == status
    assert names(project) == []


@pytest.mark.vendors("postgresql")
def test_findings_fail_only_when_asked(project: Project) -> None:
    shop(project)
    change(project, CHECKED)
    result = project.manage(
        "migrate_create", "--no-safe", "--offline", "--fail-on", "error", check=False
    )
    assert result.returncode == 3
    assert result.stderr == (
        "CommandError: The migrations were written, and --fail-on error is met: add_check_validating.\n"
    )
    assert names(project) == ["0002_order_order_total_positive"]


@pytest.mark.vendors("postgresql")
def test_scriptable_prints_only_the_paths_that_remain(project: Project) -> None:
    shop(project)
    change(project, CHECKED)
    result = project.manage("migrate_create", "--safe", "--scriptable", "--noinput")
    assert result.stdout.splitlines() == [f"shop/migrations/{name}.py" for name in names(project)]
    assert len(names(project)) == 2


@pytest.mark.vendors("postgresql")
def test_update_is_rewritten_too(project: Project) -> None:
    shop(project)
    change(project, ADDED_INDEX)
    project.manage("migrate_create", "--no-safe")
    change(project, ADDED_INDEX + CHECKED.removeprefix(BEFORE))
    project.manage("migrate_create", "--update", "--safe", "--noinput")
    assert [name[:4] for name in names(project)] == ["0002", "0003", "0004"]
    project.manage("makemigrations", "--check")
    project.manage("migrate")


@pytest.mark.vendors("sqlite")
def test_a_new_table_needs_no_care(project: Project) -> None:
    project.write_app("shop", models=CHECKED)
    result = project.manage("migrate_create", "shop", "--safe")
    assert "safer variant" not in result.stdout
    assert "Checking the migrations just written for database default (SQLite" in result.stdout


@pytest.mark.vendors("sqlite")
def test_without_a_database_it_says_so(project: Project, tmp_path: Path) -> None:
    project.write_app("shop", models=BEFORE)
    nowhere = tmp_path / "none" / "db.sqlite3"
    project.add_settings_code(
        f"DATABASES = {{'default': {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': {str(nowhere)!r}}}}}"
    )
    result = project.manage("migrate_create", "shop")
    assert (
        f"Database 'default' ({nowhere}) cannot be reached, so it is not asked what its tables hold: "
        in result.stdout
    )
    assert "; no database was asked.\n" in result.stdout
    assert (project.folder / "shop/migrations/0001_initial.py").exists()
