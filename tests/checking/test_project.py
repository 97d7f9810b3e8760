"""What is wrong with the migrations of a project as a whole."""

from __future__ import annotations

import pytest

from tests.management.commands.checked import (
    INITIAL,
    MODELS_WITH_COLOUR,
    configure,
    dropping,
    findings,
    rules,
    shop,
)
from tests.management.commands.shop import ADD_COLOUR, DROP_NOTE
from tests.projects import Project, migration

pytestmark = pytest.mark.vendors("sqlite")


def only(project: Project, *arguments: str) -> dict[str, object]:
    """Return the one finding there must be."""
    found = findings(project, *arguments)
    assert len(found) == 1, found
    return found[0]


def test_changes_without_a_migration(project: Project) -> None:
    changed = MODELS_WITH_COLOUR.replace(
        "colour = models.CharField(max_length=20, null=True)", "size = models.IntegerField()"
    )
    shop(project, models=changed)
    found = only(project, "--offline")
    assert found["rule"] == "missing_migration"
    assert (
        found["message"]
        == "The models of shop have changes without a migration: Add field size to order."
    )
    assert found["hint"] == "python manage.py makemigrations shop"
    assert found["file"] == "shop/models.py"
    assert project.manage("makemigrations", "--check", check=False).returncode != 0
    assert not (project.folder / "shop/migrations/0002_order_size.py").exists()


def test_no_changes(project: Project) -> None:
    shop(project, models=MODELS_WITH_COLOUR, m0002_colour=ADD_COLOUR)
    project.manage("makemigrations", "--check")
    assert rules(project, "--offline") == []


def test_the_autodetector_is_the_command_s(project: Project) -> None:
    shop(project, models="")
    project.write("tools/__init__.py", "")
    project.write("tools/management/__init__.py", "")
    project.write("tools/management/commands/__init__.py", "")
    project.write(
        "tools/management/commands/migrate_check.py",
        """
        from django.db.migrations.autodetector import MigrationAutodetector
        from django_safe_migrate.management.commands import migrate_check

        class Blind(MigrationAutodetector):
            def changes(self, *args, **kwargs):
                return {}

        class Command(migrate_check.Command):
            autodetector = Blind
        """,
    )
    assert rules(project, "--offline") == ["missing_migration"]
    project.installed_apps.insert(0, "tools")
    project.write_settings()
    assert rules(project, "--offline") == []


def own_makemigrations(project: Project) -> None:
    project.write("tools/__init__.py", "")
    project.write("tools/management/__init__.py", "")
    project.write("tools/management/commands/__init__.py", "")
    project.write(
        "tools/management/commands/makemigrations.py",
        "from django.core.management.commands.makemigrations import Command",
    )
    project.installed_apps.insert(0, "tools")
    project.write_settings()


def test_changes_that_a_makemigrations_of_the_project_may_leave_out(project: Project) -> None:
    field = "colour = models.CharField(max_length=20, null=True"
    helped = MODELS_WITH_COLOUR.replace(field, f"{field}, help_text='Any', blank=True")
    shop(project, models=helped, m0002_colour=ADD_COLOUR)
    assert only(project, "--offline")["severity"] == "error"
    own_makemigrations(project)
    found = only(project, "--offline")
    assert found["severity"] == "info"
    assert (
        found["message"]
        == "The models of shop have changes that reach no database without a migration: Alter field colour on order."
    )


@pytest.mark.parametrize("change", ["max_length=21", "max_length=20, db_column='tint'"])
def test_changes_that_a_makemigrations_of_the_project_does_not_leave_out(
    project: Project, change: str
) -> None:
    changed = MODELS_WITH_COLOUR.replace("max_length=20, null", f"{change}, null")
    shop(
        project,
        models=f"{changed}    class Meta:\n        ordering = ['colour']\n",
        m0002_colour=ADD_COLOUR,
    )
    own_makemigrations(project)
    found = only(project, "--offline")
    assert found["severity"] == "error"
    assert (
        found["message"]
        == "The models of shop have changes without a migration: Alter field colour on order."
    )


def test_long_lists_of_changes_are_shortened(project: Project) -> None:
    fields = "".join(f"    extra{number:02} = models.IntegerField()\n" for number in range(12))
    shop(project, models=MODELS_WITH_COLOUR + fields, m0002_colour=ADD_COLOUR)
    found = only(project, "--offline")
    assert str(found["message"]).endswith("; Add field extra09 to order; and 2 more.")


def test_a_dependency_that_does_not_exist(project: Project) -> None:
    shop(project, m0002_drop_note=DROP_NOTE.replace("0001_initial", "0001_initail"))
    for arguments in (["--offline"], []):
        found = only(project, *arguments)
        assert found["rule"] == "missing_dependency"
        assert found["message"] == (
            "shop.0002_drop_note depends on shop.0001_initail, and there is no such migration: "
            "no migration of the project can be applied."
        )
        assert found["hint"] == (
            "Bring its file back, or write another migration in dependencies, such as ('shop', '0001_initial')."
        )
        assert found["file"] == "shop/migrations/0002_drop_note.py"


def test_a_dependency_on_an_app_that_is_not_there(project: Project) -> None:
    shop(project, m0002_drop_note=DROP_NOTE.replace("[(", "[('stock', '0001_initial'), ("))
    assert only(project, "--offline")["message"] == (
        "shop.0002_drop_note depends on stock.0001_initial, and no installed app stock has migrations: "
        "no migration of the project can be applied."
    )


def test_a_circle(project: Project) -> None:
    shop(project)
    for name, other in (("red", "blue"), ("blue", "red")):
        project.write_app(
            name, migrations={"0001_initial": migration("", dependencies=[(other, "0001_initial")])}
        )
    found = only(project, "--offline")
    assert found["rule"] == "circular_dependency"
    assert str(found["message"]).startswith(
        "Migrations depend on each other in a circle, so that none can be applied: "
    )


def test_what_a_database_has_recorded(project: Project) -> None:
    shop(project, models=MODELS_WITH_COLOUR, m0002_colour=ADD_COLOUR)
    project.manage("migrate", "--verbosity", "0")
    assert rules(project) == []
    project.sql(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0003_gone', '2024-01-01')"
    )
    project.sql("DELETE FROM django_migrations WHERE app = 'shop' AND name = '0001_initial'")
    assert rules(project) == ["inconsistent_history", "ghost_migration"]
    assert rules(project, "--offline") == []


def test_squashed_migrations(project: Project) -> None:
    shop(project, models=MODELS_WITH_COLOUR, m0002_colour=ADD_COLOUR)
    project.manage("migrate", "shop", "0001", "--verbosity", "0")
    squashed = INITIAL.replace(
        "    dependencies",
        "    replaces = [('shop', '0001_initial'), ('shop', '0002_colour')]\n    dependencies",
    ).replace('("note",', '("colour", models.CharField(max_length=20, null=True)),\n("note",')
    project.write("shop/migrations/0001_squashed_0002_colour.py", squashed)
    found = only(project, "shop")
    assert found["rule"] == "partly_applied_squash"
    assert found["message"] == (
        "shop.0001_squashed_0002_colour replaces 2 migrations, and only some are applied here: 0002_colour not yet. "
        "Until they are, those are used instead of it."
    )
    assert found["hint"] == "python manage.py safemigrate shop 0002_colour"
    project.manage("migrate", "--verbosity", "0")
    found = only(project, "shop")
    assert (found["rule"], found["severity"]) == ("replaced_migrations", "info")
    assert found["message"] == (
        "shop.0001_squashed_0002_colour has taken the place of 2 migrations here, and 2 of their files are still there."
    )


def test_max_migration_txt(project: Project) -> None:
    dropping(project)
    file = project.folder / "shop/migrations/max_migration.txt"
    file.write_text("0002_drop_note\n")
    assert rules(project, "--offline") == ["drop_column"]
    file.write_text("0001_initial\n")
    found = findings(project, "--offline")[0]
    assert (found["rule"], found["file"], found["line"]) == (
        "max_migration_outdated",
        "shop/migrations/max_migration.txt",
        1,
    )
    assert found["message"] == (
        "max_migration.txt of shop names 0001_initial, and the last migration is 0002_drop_note."
    )
    assert found["hint"] == "Write 0002_drop_note into it."
    file.write_text("<<<<<<< HEAD\n0002_a\n=======\n0002_b\n>>>>>>> main\n")
    found = findings(project, "--offline")[0]
    assert found["message"] == (
        "max_migration.txt of shop has the marks of a merge conflict, and the last migration is 0002_drop_note."
    )
    assert found["hint"] == "python manage.py rebase_migration shop"


def test_severities_of_the_settings(project: Project) -> None:
    shop(project, models="")
    configure(project, rules={"missing_migration": "warning"})
    assert only(project, "--offline")["severity"] == "warning"
    assert only(project, "--offline", "--allow", "missing_migration")["allowed"] is True
    configure(project, rules={"missing_migration": "off"})
    assert rules(project, "--offline") == []
    assert "safe_migrate.W002" not in project.manage("check").stderr
