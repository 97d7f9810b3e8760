from __future__ import annotations

import dataclasses
import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import migrations, models

from django_safe_migrate.plan import Plan, freeze, source_file
from tests.projects import migration as source

PROGRAM = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
from django_safe_migrate.plan import freeze
first = importlib.import_module("planned.0001_first").Migration("0001_first", "planned")
second = importlib.import_module("planned.0002_second").Migration("0002_second", "planned")
plan = freeze("default", (("planned", "0002_second"),), [(first, False), (second, False)])
print(plan.fingerprint)
"""
TARGETS = (("planned", "0002_second"),)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations `planned.0001_first` and `planned.0002_second`, importable."""
    folder = tmp_path / "planned"
    folder.mkdir()
    (folder / "__init__.py").touch()
    write(folder, "0001_first")
    write(folder, "0002_second", operations="migrations.RunPython(forwards),")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("planned", "planned.0001_first", "planned.0002_second"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return folder


def write(folder: Path, name: str, operations: str = "migrations.RunSQL('SELECT 1'),") -> None:
    code = source(operations, before="def forwards(apps, schema_editor): pass")
    (folder / f"{name}.py").write_text(code)


def load(name: str) -> migrations.Migration:
    module = importlib.import_module(f"planned.{name}")
    return module.Migration(name, "planned")


def plan(
    steps: list[tuple[str, bool]] | None = None, database: str = "default", targets: Any = TARGETS
) -> Plan:
    chosen = steps or [("0001_first", False), ("0002_second", False)]
    return freeze(database, targets, [(load(name), backwards) for name, backwards in chosen])


class TestFingerprint:
    def test_it_is_the_same_for_the_same_plan(self, folder: Path) -> None:
        assert plan().fingerprint == plan().fingerprint
        assert len(plan().fingerprint) == 64

    def test_it_changes_with_a_file(self, folder: Path) -> None:
        before = plan().fingerprint
        write(folder, "0002_second", "migrations.RunSQL('SELECT 2'),")
        assert plan().fingerprint != before

    def test_it_does_not_change_when_a_file_is_only_touched(self, folder: Path) -> None:
        before = plan().fingerprint
        os.utime(folder / "0001_first.py", (0, 0))
        assert plan().fingerprint == before

    @pytest.mark.parametrize(
        "other",
        [
            {"database": "other"},
            {"targets": (("planned", "0001_first"),)},
            {"targets": (("planned", None),)},
            {"steps": [("0002_second", False), ("0001_first", False)]},
            {"steps": [("0001_first", False)]},
            {"steps": [("0001_first", True), ("0002_second", True)]},
        ],
        ids=["database", "target", "zero", "order", "fewer", "direction"],
    )
    def test_it_changes_with(self, folder: Path, other: dict[str, Any]) -> None:
        assert plan(**other).fingerprint != plan().fingerprint

    def test_it_is_the_same_in_every_process(self, folder: Path) -> None:
        """RunPython holds a function, whose address differs; sets differ with the seed of hashes."""
        found = set()
        for seed in ("0", "1", "4711"):
            result = subprocess.run(
                [sys.executable, "-c", PROGRAM, str(folder.parent)],
                env={**os.environ, "PYTHONHASHSEED": seed},
                cwd=Path(__file__).parents[1],
                check=True,
                capture_output=True,
                text=True,
            )
            found.add(result.stdout.strip())
        assert found == {plan().fingerprint}

    def test_without_a_source_it_is_made_of_what_the_operations_say(self) -> None:
        first = in_memory(migrations.RunSQL("SELECT 1"))
        other = in_memory(migrations.DeleteModel("Order"))
        plans = [freeze("default", (), [(one, False)]) for one in (first, other, first)]
        assert plans[0].fingerprint != plans[1].fingerprint
        assert plans[0].fingerprint == plans[2].fingerprint


def in_memory(*operations: Any) -> migrations.Migration:
    """A migration whose class has no source, as of a test or a shell."""
    attributes = {"operations": list(operations), "__module__": "nowhere"}
    return type("Migration", (migrations.Migration,), attributes)("0001_memory", "shop")


class TestSourceFile:
    def test_a_file(self, folder: Path) -> None:
        assert source_file(load("0001_first")) == str(folder / "0001_first.py")

    def test_none(self) -> None:
        assert source_file(in_memory()) == ""

    def test_none_in_a_shell(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "__main__", type(sys)("__main__"))
        made = type("Migration", (migrations.Migration,), {"__module__": "__main__"})
        assert source_file(made("0001_shell", "shop")) == ""


class TestPlan:
    def test_steps_and_operations(self, folder: Path) -> None:
        frozen = plan([("0002_second", True)])
        (step,) = frozen.steps
        assert (step.label, step.direction, step.backwards) == (
            "planned.0002_second",
            "backwards",
            True,
        )
        assert (step.app_label, step.name) == ("planned", "0002_second")
        assert step.file == str(folder / "0002_second.py")
        (operation,) = step.operations
        assert (operation.index, operation.description) == (0, "Raw Python operation")

    def test_a_migration_in_memory(self) -> None:
        field = migrations.AddField("order", "note", models.TextField(null=True))
        (step,) = freeze("default", (), [(in_memory(field), False)]).steps
        assert step.file == ""
        assert step.direction == "forwards"

    def test_what_django_takes(self, folder: Path) -> None:
        frozen = plan()
        assert [(str(one), back) for one, back in frozen.django_plan()] == [
            ("planned.0001_first", False),
            ("planned.0002_second", False),
        ]
        assert frozen.targets == TARGETS
        assert not frozen.backwards
        assert plan([("0001_first", True)]).backwards

    def test_an_empty_plan_is_false(self, folder: Path) -> None:
        assert plan()
        assert not freeze("default", (), [])

    def test_it_is_frozen(self, folder: Path) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            plan().database = "other"  # type: ignore[misc]
