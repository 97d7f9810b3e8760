"""Migrations whose files were edited after they were applied."""

from __future__ import annotations

import pytest

from tests.management.commands.checked import MODELS_WITH_COLOUR, findings, rules, shop
from tests.management.commands.shop import ADD_COLOUR
from tests.projects import Project

FILE = "shop/migrations/0002_colour.py"


@pytest.fixture
def applied(project: Project) -> Project:
    shop(project, models=MODELS_WITH_COLOUR, m0002_colour=ADD_COLOUR)
    project.manage("safemigrate", "--noinput")
    assert rules(project) == []
    return project


def edit(project: Project, old: str, new: str) -> None:
    path = project.folder / FILE
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")


def test_an_edit_is_told(applied: Project) -> None:
    edit(applied, "max_length=20", "max_length=20, db_index=True")
    found = [one for one in findings(applied) if one["rule"] == "edited_after_applied"]
    assert [(one["migration"], one["file"], one["severity"]) for one in found] == [
        ("shop.0002_colour", FILE, "warning")
    ]
    assert found[0]["message"].startswith(
        "The file of shop.0002_colour was edited after it was applied to this database on 20"
    )
    assert "edited_after_applied" not in rules(applied, "--offline")


def test_comments_are_no_edit(applied: Project) -> None:
    edit(applied, "class Migration", "# The shop's colours.\nclass Migration")
    assert rules(applied) == []


def test_the_last_time_counts(applied: Project) -> None:
    applied.manage("migrate_rollback", "--to", "shop", "0001", "--force")
    edit(applied, "max_length=20", "max_length=20, default=''")
    assert "edited_after_applied" not in rules(applied)
    applied.manage("safemigrate", "--noinput")
    assert "edited_after_applied" not in rules(applied)


def test_another_tool_leaves_nothing_to_compare(project: Project) -> None:
    shop(project, models=MODELS_WITH_COLOUR, m0002_colour=ADD_COLOUR)
    project.manage("migrate")
    edit(project, "max_length=20", "max_length=20, db_index=True")
    assert "edited_after_applied" not in rules(project)
