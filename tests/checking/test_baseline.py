"""The baseline: what is in it is not reported, what is not found any more is, and no mistake costs an entry."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.management.commands.checked import configure, dropping, findings, report, rules, shop
from tests.management.commands.shop import DROP_NOTE
from tests.projects import Project, migration

pytestmark = pytest.mark.vendors("sqlite")

NAME = ".safe_migrate_baseline.json"
DROP_NUMBER = migration(
    'migrations.RemoveField("order", "number"),', dependencies=[("shop", "0002_drop_note")]
)


def content(project: Project, name: str = NAME) -> list[dict[str, Any]]:
    """Return the entries of the file."""
    return list(json.loads((project.folder / name).read_text())["findings"])


def test_only_new_findings_are_reported(project: Project) -> None:
    dropping(project)
    result = project.manage("migrate_check", "--offline", "--write-baseline")
    assert result.stdout == f"{project.folder / NAME}: 1 finding in the baseline.\n"
    assert [{**entry, "fingerprint": ""} for entry in content(project)] == [
        {
            "rule": "drop_column",
            "migration": "shop.0002_drop_note",
            "operation": "Remove field note from order",
            "tables": ["shop_order"],
            "fingerprint": "",
        }
    ]
    clean = project.manage("migrate_check", "--offline")
    assert clean.stdout.endswith("2 migrations checked: 1 in the baseline. Nothing blocks.\n")
    assert rules(project, "--offline", "--no-baseline") == ["drop_column"]
    project.write("shop/migrations/0003_drop_number.py", DROP_NUMBER)
    new = [one for one in findings(project, "--offline") if one["rule"] == "drop_column"]
    assert [one["migration"] for one in new] == ["shop.0003_drop_number"]


def test_lines_and_messages_may_change(project: Project) -> None:
    dropping(project)
    project.manage("migrate_check", "--offline", "--write-baseline")
    file = project.folder / "shop/migrations/0002_drop_note.py"
    file.write_text("# A comment.\n\n\n" + file.read_text())
    assert rules(project, "--offline") == []


def test_an_entry_without_a_finding(project: Project) -> None:
    dropping(project)
    project.manage("migrate_check", "--offline", "--write-baseline")
    before = content(project)
    project.write(
        "shop/migrations/0002_drop_note.py", migration("", dependencies=[("shop", "0001_initial")])
    )
    found = findings(project, "--offline", "--allow", "missing_migration")
    unused = [one for one in found if one["rule"] == "baseline_unused"]
    assert [(one["severity"], one["message"], one["file"]) for one in unused] == [
        (
            "info",
            "The baseline has drop_column of shop.0002_drop_note, Remove field note from order, and it is not found any more.",
            NAME,
        )
    ]
    # Looking at another app says nothing about it.
    assert "baseline_unused" not in rules(project, "--offline", "sessions")
    project.manage("migrate_check", "--offline", "sessions", "--write-baseline")
    assert before[0] in content(project)
    result = project.manage(
        "migrate_check", "--offline", "--write-baseline", "--allow", "missing_migration"
    )
    assert result.stdout == f"{project.folder / NAME}: 0 findings in the baseline, 1 removed.\n"
    assert content(project) == []


def test_a_migration_that_is_gone(project: Project) -> None:
    dropping(project)
    project.manage("migrate_check", "--offline", "--write-baseline")
    project.delete_migration("shop", "0002_drop_note")
    assert "baseline_unused" in rules(project, "--offline", "shop")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "{",
            "is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))",
        ),
        ("[]", 'has no list "findings"'),
        ('{"version": 7, "findings": []}', 'has "version" 7, and 1 is known'),
        (
            '{"version": 1, "findings": [{"rule": "drop_column"}]}',
            "has an entry, number 1, without the texts rule, migration, operation, fingerprint",
        ),
    ],
)
def test_a_broken_file_is_left_alone(project: Project, text: str, reason: str) -> None:
    dropping(project)
    (project.folder / NAME).write_text(text)
    for arguments in ([], ["--write-baseline"]):
        result = project.manage("migrate_check", "--offline", *arguments, check=False)
        assert (result.stdout, result.stderr, result.returncode) == (
            "",
            f"CommandError: The baseline {project.folder / NAME} {reason}. Bring it back from version control, or delete it and "
            "write it anew with migrate_check --write-baseline.\nThe file was left as it is.\n",
            1,
        )
    assert (project.folder / NAME).read_text() == text
    assert rules(project, "--offline", "--no-baseline") == ["drop_column"]


def test_the_file_of_the_settings_and_of_the_option(project: Project) -> None:
    dropping(project)
    project.write("ci/.keep", "")
    configure(project, BASELINE="ci/known.json")
    project.manage("migrate_check", "--offline", "--write-baseline")
    assert len(content(project, "ci/known.json")) == 1
    assert rules(project, "--offline") == []
    project.manage("migrate_check", "--offline", "--write-baseline", "--baseline", "other.json")
    configure(project)
    assert rules(project, "--offline") == ["drop_column"]
    assert report(project, "--offline", "--baseline", "other.json")["summary"]["baselined"] == 1


def test_the_file_is_sorted_and_the_same_each_time(project: Project) -> None:
    shop(project, m0002_drop_note=DROP_NOTE, m0003_drop_number=DROP_NUMBER)
    project.manage("migrate_check", "--offline", "--write-baseline")
    first = (project.folder / NAME).read_bytes()
    project.manage("migrate_check", "--offline", "--write-baseline")
    assert (project.folder / NAME).read_bytes() == first
    keys = [(entry["migration"], entry["rule"]) for entry in content(project)]
    assert keys == sorted(keys)
    assert len(keys) == 3
