"""A project whose migrations are checked, and a repository of git around it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from django_safe_migrate import conf
from django_safe_migrate.analysis.registry import all_rules
from tests.management.commands import shop as plain_shop
from tests.management.commands.shop import ADD_COLOUR, DROP_NOTE
from tests.projects import Project

#: As makemigrations writes it, or the models would seem to differ.
INITIAL = plain_shop.INITIAL.replace("primary_key=True", "primary_key=True, serialize=False")
MODELS_WITH_COLOUR = """
class Order(models.Model):
    id = models.BigAutoField(primary_key=True)
    number = models.CharField(max_length=20)
    note = models.CharField(max_length=50, null=True)
    colour = models.CharField(max_length=20, null=True)
"""
MODELS_WITHOUT_NOTE = """
class Order(models.Model):
    id = models.BigAutoField(primary_key=True)
    number = models.CharField(max_length=20)
"""
DROP_MESSAGE = "Dropping column note of shop_order deletes its values, and the release that still runs selects it until it is replaced."


def configure(project: Project, rules: dict[str, str] | None = None, **settings: Any) -> None:
    """Set SAFE_MIGRATE, with every rule off but `drop_column`: these tests are about the check, and rules come and go."""
    others = {rule.name: "off" for rule in all_rules(conf.load()) if rule.name != "drop_column"}
    project.settings(SAFE_MIGRATE={"RULES": {**others, **(rules or {})}, **settings})


def shop(project: Project, *, models: str = MODELS_WITHOUT_NOTE, **later: str) -> Project:
    """Write the shop with its first migration and later ones (`m0002_drop=...`); nothing is applied."""
    configure(project)
    migrations = {"0001_initial": INITIAL}
    migrations |= {name.removeprefix("m"): source for name, source in later.items()}
    project.write_app("shop", models=models, migrations=migrations)
    return project


def dropping(project: Project) -> Project:
    """Write the shop with a migration that drops a column."""
    return shop(project, m0002_drop_note=DROP_NOTE)


def forked(project: Project) -> Project:
    """Write the shop with two leaves."""
    models = MODELS_WITH_COLOUR.replace(
        "    note = models.CharField(max_length=50, null=True)\n", ""
    )
    return shop(project, models=models, m0002_colour=ADD_COLOUR, m0002_drop_note=DROP_NOTE)


def findings(project: Project, *arguments: str) -> list[dict[str, Any]]:
    """Return the findings of a check as JSON gives them."""
    return list(report(project, *arguments)["findings"])


def report(project: Project, *arguments: str) -> dict[str, Any]:
    """Return the whole document; standard output must hold nothing else."""
    result = project.manage("migrate_check", "--format", "json", *arguments, check=False)
    assert result.returncode in {0, 3}, result.stderr
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def rules(project: Project, *arguments: str) -> list[str]:
    """Return the names of what a check finds."""
    return [finding["rule"] for finding in findings(project, *arguments)]


def git(project: Project, *arguments: str) -> None:
    """Run git in the project's folder, as somebody, whatever this machine is configured for."""
    identity = [
        "-c",
        "user.name=Dev",
        "-c",
        "user.email=dev@example.com",
        "-c",
        "commit.gpgsign=false",
    ]
    subprocess.run(
        ["git", *identity, *arguments], cwd=project.folder, check=True, capture_output=True
    )


def committed(project: Project) -> Project:
    """Make the project's folder a repository with everything in one commit on main."""
    git(project, "init", "-q", "-b", "main")
    project.write(".gitignore", "__pycache__/\n*.sqlite3\n")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "first")
    return project
