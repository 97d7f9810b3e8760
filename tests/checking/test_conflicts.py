"""Both ways out of a conflict are right: what the hint says is done here, and the history is one line."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.management.commands.checked import committed, findings, forked, git, rules
from tests.management.commands.shop import ADD_COLOUR
from tests.projects import Project, migration

pytestmark = pytest.mark.vendors("sqlite")

HINT = """\
Either join them with a merge migration, when their order does not matter:
    python manage.py makemigrations --merge shop
It writes shop/migrations/0003_merge_0002_colour_0002_drop_note.py:
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [
            ("shop", "0002_colour"),
            ("shop", "0002_drop_note"),
        ]

        operations = []
Or put 0002_drop_note behind 0002_colour, so that the history is one line:
    git mv shop/migrations/0002_drop_note.py shop/migrations/0003_drop_note.py
In shop/migrations/0003_drop_note.py, write ("shop", "0002_colour") instead of ("shop", "0001_initial") in dependencies."""


def follow(project: Project, hint: str) -> None:
    """Do what the second way of a hint says."""
    for line in hint.splitlines():
        if line.strip().startswith("git mv "):
            source, target = shlex.split(line)[2:]
            (project.folder / source).rename(project.folder / target)
    for file, new, old in re.findall(r"In (\S+), write (\(.*?\)) instead of (\(.*?\)) in", hint):
        path = project.folder / file
        text = path.read_text().replace("'", '"')
        assert old in text
        path.write_text(text.replace(old, new))


def test_the_finding(project: Project) -> None:
    found = findings(forked(project), "--offline", "--allow", "drop_column")
    conflict = found[0]
    assert conflict["rule"] == "conflicting_migrations"
    assert conflict["message"] == (
        "App shop has 2 last migrations, 0002_colour and 0002_drop_note: nothing says which comes first, "
        "so migrate refuses to apply any."
    )
    assert conflict["hint"] == HINT
    assert conflict["file"] == "shop/migrations/0002_drop_note.py"
    assert conflict["blocking"] is True
    # Each branch is looked at all the same.
    assert [one["rule"] for one in found[1:]] == ["drop_column"]


def test_the_new_numbers_make_one_line(project: Project) -> None:
    forked(project)
    follow(project, HINT)
    assert rules(project, "--offline") == ["drop_column"]


def test_the_merge_migration_is_the_one_that_django_writes(project: Project) -> None:
    forked(project)
    project.manage("makemigrations", "--merge", "shop", "--noinput")
    assert (project.folder / "shop/migrations/0003_merge_0002_colour_0002_drop_note.py").exists()
    assert rules(project, "--offline") == ["drop_column"]


def test_longer_branches_and_those_that_depend_on_them(project: Project) -> None:
    forked(project)
    project.write(
        "shop/migrations/0003_drop_number.py",
        migration("", dependencies=[("shop", "0002_drop_note")]),
    )
    project.write_app(
        "stock",
        migrations={"0001_initial": migration("", dependencies=[("shop", "0003_drop_number")])},
    )
    hint = findings(project, "--offline", "shop")[0]["hint"]
    assert hint.partition("Or put ")[2] == (
        "0002_drop_note, 0003_drop_number behind 0002_colour, so that the history is one line:\n"
        "    git mv shop/migrations/0002_drop_note.py shop/migrations/0003_drop_note.py\n"
        "    git mv shop/migrations/0003_drop_number.py shop/migrations/0004_drop_number.py\n"
        'In shop/migrations/0003_drop_note.py, write ("shop", "0002_colour") instead of ("shop", "0001_initial") in dependencies.\n'
        'In shop/migrations/0004_drop_number.py, write ("shop", "0003_drop_note") instead of ("shop", "0002_drop_note") in dependencies.\n'
        'In stock/migrations/0001_initial.py, write ("shop", "0004_drop_number") instead of ("shop", "0003_drop_number") in dependencies.'
    )
    follow(project, hint)
    assert "conflicting_migrations" not in rules(project, "--offline")


def test_what_is_applied_keeps_its_name(project: Project) -> None:
    forked(project)
    (project.folder / "shop/migrations/0002_colour.py").unlink()
    project.manage("migrate", "--verbosity", "0")
    project.write("shop/migrations/0002_colour.py", ADD_COLOUR)
    hint = findings(project)[0]["hint"]
    assert "git mv shop/migrations/0002_colour.py shop/migrations/0003_colour.py\n" in hint
    assert "--fake" not in hint


def test_the_branch_gives_way_to_what_was_there(project: Project) -> None:
    forked(project)
    colour = project.folder / "shop/migrations/0002_colour.py"
    colour.unlink()
    committed(project)
    git(project, "checkout", "-q", "-b", "feature")
    project.write("shop/migrations/0002_colour.py", ADD_COLOUR)
    hint = findings(project, "--offline", "--since", "main")[0]["hint"]
    assert "Or put 0002_colour behind 0002_drop_note" in hint


def test_branches_that_do_not_fit_together(project: Project) -> None:
    """Both drop the same column: the state of both together could not be made."""
    forked(project)
    drop = Path(project.folder / "shop/migrations/0002_drop_note.py").read_text()
    project.write("shop/migrations/0002_colour.py", drop)
    found = findings(project, "--offline")
    assert [(one["rule"], one["migration"]) for one in found] == [
        ("conflicting_migrations", ""),
        ("drop_column", "shop.0002_colour"),
        ("drop_column", "shop.0002_drop_note"),
    ]
