"""The generated projects do what the tests that use them rely on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.projects import Project, migration
from tests.servers import Server

MODELS = """
class Order(models.Model):
    number = models.CharField(max_length=20, unique=True)
    total = models.IntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(total__gte=0), name="total_not_negative")]
"""
INITIAL = migration(
    """
    migrations.CreateModel(
        "Order",
        [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("number", models.CharField(max_length=20, unique=True)),
            ("total", models.IntegerField()),
        ],
        options={
            "constraints": [
                models.CheckConstraint(condition=models.Q(total__gte=0), name="total_not_negative"),
            ],
        },
    ),
    """,
    initial=True,
)


@pytest.fixture
def shop(vendor_server: Server, make_project: Callable[..., Project]) -> Project:
    project = make_project(vendor_server, safe_migrate=False)
    project.remove_app("django.contrib.admin")
    project.write_app("shop", models=MODELS, migrations={"0001_initial": INITIAL})
    project.manage("migrate", "shop")
    return project


def test_a_project_migrates_and_is_in_step_with_its_models(shop: Project) -> None:
    assert shop.applied_migrations() == [("shop", "0001_initial")]
    assert shop.sql("SELECT count(*) FROM shop_order") == [(0,)]
    assert "No changes detected" in shop.manage("makemigrations", "--check", "--dry-run").stdout


def test_equal_databases_have_equal_snapshots(
    shop: Project, make_project: Callable[..., Project]
) -> None:
    other = make_project(shop.server, safe_migrate=False)
    other.remove_app("django.contrib.admin")
    other.write_app("shop", models=MODELS, migrations={"0001_initial": INITIAL})
    other.manage("migrate", "shop")
    assert shop.snapshot().difference(other.snapshot()) == []
    assert shop.snapshot() == other.snapshot()


@pytest.mark.vendors("sqlite")
def test_a_rewritten_file_is_read_again(shop: Project) -> None:
    for answer in ("one", "two"):
        shop.write("shop/apps.py", f"ANSWER = {answer!r}\n")
        assert (
            answer in shop.manage("shell", "-c", "from shop import apps; print(apps.ANSWER)").stdout
        )


@pytest.mark.vendors("sqlite")
def test_a_failed_command_shows_its_output(shop: Project) -> None:
    with pytest.raises(
        AssertionError, match="(?s)ended with status 1.*No installed app with label 'none'"
    ):
        shop.manage("migrate", "none")
    assert shop.manage("migrate", "none", check=False).returncode == 1


@pytest.mark.vendors("sqlite")
def test_settings_are_literals(shop: Project, tmp_path: Path) -> None:
    shop.settings(SAFE_MIGRATE={"JOURNAL_DIR": tmp_path, "COPIES": ["offsite"]})
    shown = shop.manage(
        "shell", "-c", "from django.conf import settings; print(settings.SAFE_MIGRATE)"
    ).stdout
    assert f"{{'COPIES': ['offsite'], 'JOURNAL_DIR': '{tmp_path}'}}" in shown
    with pytest.raises(
        TypeError, match="The setting SAFE_MIGRATE contains <object .*, which is no literal"
    ):
        shop.settings(SAFE_MIGRATE={"CLOCK": object()})


@pytest.mark.vendors("postgresql")
def test_processes_of_a_project_find_the_clients_of_their_server(shop: Project) -> None:
    found = shop.manage("shell", "-c", "import shutil; print(shutil.which('pg_dump'))").stdout
    assert str(shop.server.bin_dir) in found
