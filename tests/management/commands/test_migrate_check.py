"""The command `migrate_check`: what it looks at, what it prints, and how it ends."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.management.commands.checked import (
    DROP_MESSAGE,
    INITIAL,
    MODELS_WITHOUT_NOTE,
    committed,
    configure,
    dropping,
    findings,
    git,
    report,
    rules,
    shop,
)
from tests.management.commands.shop import DROP_NOTE
from tests.projects import Project, migration

OFFLINE = {
    "sqlite": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/at/all.sqlite3"},
    "postgresql": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "x",
        "USER": "x",
        "HOST": "203.0.113.1",
    },
    "mysql": {
        "ENGINE": "django.db.backends.mysql",
        "NAME": "x",
        "USER": "x",
        "HOST": "203.0.113.1",
    },
}
#: Every attempt to connect ends the process with a status of its own.
NO_CONNECTION = """
import os
from django.db.backends.base.base import BaseDatabaseWrapper

def refuse(self, *args, **kwargs):
    os._exit(99)

BaseDatabaseWrapper.connect = BaseDatabaseWrapper.ensure_connection = refuse
"""


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("vendor", OFFLINE)
@pytest.mark.parametrize(
    "arguments",
    [[], ["--all"], ["shop"], ["--since", "HEAD"], ["--list-rules"], ["--explain", "SELECT 1"]],
)
def test_offline_opens_no_connection(project: Project, vendor: str, arguments: list[str]) -> None:
    dropping(project)
    committed(project)
    project.add_settings_code(f"DATABASES = {{'default': {OFFLINE[vendor]!r}}}")
    project.add_settings_code(NO_CONNECTION)
    result = project.manage("migrate_check", "--offline", *arguments, check=False)
    expected = 3 if arguments in ([], ["--all"], ["shop"]) else 0
    assert result.returncode == expected, result.stdout + result.stderr


@pytest.mark.vendors("sqlite")
def test_text_for_people(project: Project) -> None:
    dropping(project)
    result = project.manage("migrate_check", "--offline", check=False)
    lines = result.stdout.splitlines()
    assert re.fullmatch(
        r"Checking every migration of the project for SQLite [\d.]+, as linked here; no database was asked\.",
        lines[0],
    )
    assert lines[2:9] == [
        "shop.0002_drop_note  (shop/migrations/0002_drop_note.py)",
        "  Locks the whole database: EXCLUSIVE, blocks reads and writes, while all rows of shop_order are rewritten.",
        "  Destroys column note of shop_order.",
        "  Previous release: breaks (drop_column).",
        "  Going back: column note of shop_order comes back without its values; "
        "RESERVED on the whole database blocks writes for an instant.",
        "  ERROR    [drop_column]  shop/migrations/0002_drop_note.py:8",
        f"           {DROP_MESSAGE}",
    ]
    assert lines[9].startswith("           Hint: ")
    assert lines[-2] == "1 forecast of migrations without findings: see them with --verbosity 2."
    assert "shop.0001_initial" not in result.stdout
    assert lines[-1] == "2 migrations checked: 1 error. 1 blocking."
    assert result.stderr == "CommandError: 1 finding blocks: drop_column.\n"
    assert result.returncode == 3


@pytest.mark.vendors("sqlite")
def test_forecasts_of_a_whole_history_on_demand(project: Project) -> None:
    dropping(project)
    shown = project.manage("migrate_check", "--offline", "--verbosity", "2", check=False).stdout
    assert (
        "shop.0001_initial  (shop/migrations/0001_initial.py)\n  Locks the whole database" in shown
    )
    assert "see them with" not in shown
    since = [one["forecast"] for one in report(project, "--offline")["migrations"]]
    assert [one["migration"] for one in since] == ["shop.0001_initial", "shop.0002_drop_note"]
    assert (
        "forecast"
        not in project.manage(
            "migrate_check", "--offline", "--format", "github", check=False
        ).stdout
    )


def test_the_forecast_of_a_pending_migration(project: Project) -> None:
    shop(project, models="")
    project.manage("migrate", "--verbosity", "0")
    project.sql("INSERT INTO shop_order (number, note) VALUES ('A1', 'keep dry')")
    shop(project, m0002_drop_note=DROP_NOTE)
    lines = project.manage("migrate_check", check=False).stdout.splitlines()
    assert "  Destroys column note of shop_order (1 row with a value)." in lines
    assert "  Previous release: breaks (drop_column)." in lines
    [lock] = [line for line in lines if line.startswith("  Locks ")]
    assert re.search(r"(ACCESS EXCLUSIVE|LOCK=NONE|EXCLUSIVE), blocks ", lock)
    assert any(re.match(r"Longest block: |Nothing is blocked", line) for line in lines)


@pytest.mark.vendors("sqlite")
def test_what_the_settings_leave_out_is_said(project: Project) -> None:
    dropping(project)
    configure(project, APPS={"shop": "off"})
    lines = project.manage("migrate_check", "--offline", "shop", "--verbosity", "2").stdout
    assert "  Not looked at: START_AFTER or APPS of the settings leave it out." in lines


@pytest.mark.vendors("sqlite")
def test_colours_on_demand(project: Project) -> None:
    dropping(project)
    result = project.manage("migrate_check", "--offline", "--force-color", check=False)
    assert "\x1b[1;31m  ERROR    [drop_column]" in result.stdout
    assert "\x1b[" not in project.manage("migrate_check", "--offline", check=False).stdout


def test_pending_migrations_of_a_database(project: Project) -> None:
    shop(project, models="")
    project.manage("migrate", "--verbosity", "0")
    project.sql("INSERT INTO shop_order (number, note) VALUES ('A1', 'keep dry')")
    shop(project, m0002_drop_note=DROP_NOTE)
    found = report(project)
    assert [one["label"] for one in found["migrations"]] == ["shop.0002_drop_note"]
    assert [(one["rule"], one["severity"]) for one in found["findings"]] == [
        ("drop_column", "error")
    ]
    assert found["scope"] == "the pending migrations"
    assert found["offline"] is False
    project.sql("DELETE FROM shop_order")
    assert [(one["rule"], one["severity"]) for one in findings(project)] == [
        ("drop_column", "info")
    ]


@pytest.mark.vendors("sqlite")
def test_tables_that_the_pending_plan_makes_are_new(project: Project) -> None:
    dropping(project)
    assert rules(project, "--pending", "shop") == []


def test_all_looks_at_each_migration_as_if_those_before_it_were_applied(project: Project) -> None:
    dropping(project)
    # Nothing is applied: the table is missing, and at its time it exists all the same.
    found = findings(project, "--all")
    assert [(one["rule"], one["migration"], one["severity"]) for one in found] == [
        ("drop_column", "shop.0002_drop_note", "error")
    ]


@pytest.mark.vendors("sqlite")
def test_all_is_silent_about_tables_made_in_the_same_migration(project: Project) -> None:
    both = INITIAL.replace("    ]\n", '        migrations.RemoveField("order", "note"),\n    ]\n')
    project.write_app("shop", models=MODELS_WITHOUT_NOTE, migrations={"0001_initial": both})
    assert rules(project, "--all", "--offline") == []


@pytest.mark.vendors("sqlite")
def test_all_passes_over_packages_and_what_lies_before_start_after(project: Project) -> None:
    dropping(project)
    labels = {one["label"].partition(".")[0] for one in report(project, "--offline")["migrations"]}
    assert labels == {"shop"}
    configure(project, START_AFTER={"shop": "0001"})
    assert [one["label"] for one in report(project, "--offline")["migrations"]] == [
        "shop.0002_drop_note"
    ]
    # A package is looked at when it is named.
    assert report(project, "--offline", "auth")["migrations"][0]["label"] == "auth.0001_initial"


@pytest.mark.vendors("sqlite")
def test_since_looks_at_changed_and_new_files(project: Project) -> None:
    committed(shop(project, m0002_drop_note=DROP_NOTE))
    assert report(project, "--offline", "--since", "main")["migrations"] == []
    git(project, "checkout", "-q", "-b", "feature")
    drop_number = migration(
        'migrations.RemoveField("order", "number"),', dependencies=[("shop", "0002_drop_note")]
    )
    project.write("shop/migrations/0003_drop_number.py", drop_number)
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "second")
    untracked = migration(
        'migrations.CreateModel("Shelf", [("id", models.BigAutoField(primary_key=True))]),\n'
        'migrations.AddField("shelf", "size", models.IntegerField()),',
        dependencies=[("shop", "0003_drop_number")],
    )
    project.write("shop/migrations/0004_shelf.py", untracked)
    found = report(project, "--offline", "--since", "main", "--allow", "missing_migration")
    assert [one["label"] for one in found["migrations"]] == [
        "shop.0003_drop_number",
        "shop.0004_shelf",
    ]
    about = [one for one in found["findings"] if one["migration"]]
    assert [(one["rule"], one["migration"]) for one in about] == [
        ("drop_column", "shop.0003_drop_number")
    ]


@pytest.mark.vendors("sqlite")
def test_exit_codes(project: Project) -> None:
    shop(project, m0002_drop_note=DROP_NOTE)

    def status(*arguments: str) -> int:
        return project.manage("migrate_check", "--offline", *arguments, check=False).returncode

    assert status() == 3
    assert status("--allow", "drop_column") == 0
    configure(project, rules={"drop_column": "warning"})
    assert status() == 0
    assert status("--fail-on", "warning") == 3
    configure(project, rules={"drop_column": "off"})
    assert status("--fail-on", "warning") == 0


MISTAKES: list[tuple[list[str], str]] = [
    (["nope", "--offline"], "CommandError: No installed app with label 'nope'.\n"),
    (["messages", "--offline"], "CommandError: App 'messages' does not have migrations.\n"),
    (
        ["--pending", "--offline"],
        "CommandError: --pending asks the database what is applied, and --offline forbids it: use one of them.\n",
    ),
    (
        ["--offline", "--baseline", "none.json"],
        "CommandError: --baseline none.json: there is no such file. Write it with --write-baseline.\n",
    ),
    (
        ["--offline", "--baseline", "none.json", "--no-baseline"],
        "CommandError: --baseline and --no-baseline contradict each other: use one of them.\n",
    ),
    (
        ["--list-rules", "--format", "sarif"],
        "CommandError: --list-rules takes --format text or json, not sarif.\n",
    ),
    (
        ["--explain", " "],
        "CommandError: --explain takes SQL, such as 'ALTER TABLE shop_order DROP note'.\n",
    ),
    (
        ["--offline", "--output", "no/such/folder/file"],
        "CommandError: --output no/such/folder/file: cannot be written (No such file or directory). Nothing was checked.\n",
    ),
    (
        ["--offline", "--since", "nope"],
        "CommandError: --since nope: git knows no such commit; give a branch, a tag or a hash, such as origin/main. "
        "A branch of the server has to be fetched first.\nNothing was checked.\n",
    ),
    (
        ["--offline", "--since=--help"],
        "CommandError: --since --help: git knows no such commit; give a branch, a tag or a hash, such as origin/main. "
        "A branch of the server has to be fetched first.\nNothing was checked.\n",
    ),
]


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=lambda one: " ".join(one)[:40])
def test_mistakes_end_with_one_message(
    project: Project, arguments: list[str], message: str
) -> None:
    committed(dropping(project))
    result = project.manage("migrate_check", *arguments, check=False)
    assert (result.stdout, result.stderr, result.returncode) == ("", message, 1)


@pytest.mark.vendors("sqlite")
def test_a_misspelt_rule(project: Project) -> None:
    result = project.manage("migrate_check", "--offline", "--allow", "drop_colum", check=False)
    assert "--allow drop_colum: there is no such rule. Did you mean 'drop_column'?" in result.stderr
    assert result.returncode == 1


@pytest.mark.vendors("sqlite")
def test_since_without_git(project: Project) -> None:
    dropping(project)
    result = project.manage(
        "migrate_check", "--offline", "--since", "main", check=False, env={"PATH": "/nowhere"}
    )
    assert result.stderr == (
        "CommandError: --since main: there is no program git on the PATH.\nNothing was checked.\n"
    )
    result = project.manage(
        "migrate_check", "--offline", "--since", "main", check=False, env={"LC_ALL": "C"}
    )
    assert result.stderr.startswith(
        f"CommandError: --since main: {project.folder} is in no git checkout. Git said: fatal: not a git repository"
    )


@pytest.mark.vendors("sqlite")
def test_since_in_a_shallow_clone(project: Project) -> None:
    committed(dropping(project))
    git(project, "checkout", "-q", "--orphan", "elsewhere")
    git(project, "commit", "-q", "-m", "without a common ancestor")
    result = project.manage("migrate_check", "--offline", "--since", "main", check=False)
    assert result.stderr == (
        "CommandError: --since main: it has no commit in common with HEAD. A shallow clone does not have the commit where they "
        "part: fetch more of the history (GitHub: actions/checkout with fetch-depth: 0; GitLab: GIT_DEPTH: 0).\n"
        "Nothing was checked.\n"
    )


@pytest.mark.vendors("sqlite")
def test_an_unreachable_database(project: Project) -> None:
    dropping(project)
    project.add_settings_code(f"DATABASES = {{'default': {OFFLINE['sqlite']!r}}}")
    result = project.manage("migrate_check", check=False)
    assert (result.stderr, result.returncode) == (
        "CommandError: Database 'default' (/nowhere/at/all.sqlite3) cannot be reached: unable to open database file\n"
        "Nothing was checked.\n"
        "Next: python manage.py migrate_check --offline   (asks no database)\n",
        1,
    )


@pytest.mark.vendors("sqlite")
def test_output_to_a_file(project: Project) -> None:
    dropping(project)
    result = project.manage(
        "migrate_check", "--offline", "--format", "sarif", "--output", "check.sarif", check=False
    )
    assert result.stdout == "2 migrations checked: 1 error. 1 blocking.\nWritten to check.sarif.\n"
    assert json.loads((project.folder / "check.sarif").read_text())["version"] == "2.1.0"
    assert result.returncode == 3


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("output", ["json", "gitlab", "sarif"])
def test_standard_output_holds_the_document_alone(project: Project, output: str) -> None:
    dropping(project)
    result = project.manage("migrate_check", "--offline", "--format", output, check=False)
    json.loads(result.stdout)
    assert result.stderr == "CommandError: 1 finding blocks: drop_column.\n"


@pytest.mark.vendors("sqlite")
def test_annotations_are_relative_to_the_repository(project: Project) -> None:
    dropping(project)
    arguments = ["migrate_check", "--offline", "--format", "github"]
    inside = project.manage(*arguments, check=False).stdout
    assert inside.startswith(
        "::error file=shop/migrations/0002_drop_note.py,line=8,title=drop_column::"
    )
    # The project is in a folder of the repository, as the workspace says.
    workspace = {"GITHUB_WORKSPACE": str(project.folder.parent)}
    outside = project.manage(*arguments, check=False, env=workspace).stdout
    path = f"{project.folder.name}/shop/migrations/0002_drop_note.py"
    assert outside.startswith(f"::error file={path},line=8,")


@pytest.mark.vendors("sqlite")
def test_list_of_rules(project: Project) -> None:
    project.settings(SAFE_MIGRATE={"RULES": {"drop_column": "warning", "ghost_migration": "off"}})
    listed = json.loads(project.manage("migrate_check", "--list-rules", "--format", "json").stdout)
    by_name: dict[str, Any] = {one["name"]: one for one in listed["rules"]}
    assert by_name["drop_column"]["severity"] == "warning"
    assert by_name["ghost_migration"]["severity"] == "off"
    assert by_name["add_index_without_concurrently"]["vendors"] == ["postgresql"]
    assert by_name["reverse_loses_data"]["directions"] == ["backwards"]
    assert all(one["summary"] for one in listed["rules"])
    text = project.manage("migrate_check", "--list-rules").stdout.splitlines()
    assert text[0].split() == ["Rule", "Severity", "Vendors", "Directions", "Harm"]
    assert len(text) == len(by_name) + 1


@pytest.mark.vendors("sqlite")
def test_a_marker_in_the_migration_allows(project: Project) -> None:
    marked = DROP_NOTE.replace(
        "    dependencies",
        '    safe_migrate_allow = {"drop_column": "Unused since 4.2."}\n    dependencies',
    )
    shop(project, m0002_drop_note=marked)
    result = project.manage("migrate_check", "--offline")
    assert (
        "  ERROR    [drop_column] (allowed)  shop/migrations/0002_drop_note.py:9" in result.stdout
    )
    assert result.stdout.splitlines()[-1] == "2 migrations checked: 1 allowed. Nothing blocks."
