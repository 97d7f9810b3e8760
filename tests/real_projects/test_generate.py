"""A generated project is whole, and a wrong request is refused before anything is installed or written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.real_projects.database_url import parse_database_url
from tests.real_projects.environment import environment_requirements
from tests.real_projects.generate import generate

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}


def test_folder_with_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError) as caught:
        generate("wagtail", tmp_path, SQLITE)
    assert (
        str(caught.value)
        == f"{tmp_path} is not empty; a project is generated into an empty folder."
    )
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_requirements_pin_the_project_and_the_django_series_of_this_run() -> None:
    import django

    wagtail, oscar = environment_requirements("wagtail"), environment_requirements("oscar")
    assert wagtail[0] == "wagtail==8.0"
    assert oscar[0] == "django-oscar[sorl-thumbnail]==4.2.1"
    series = f"Django~={django.VERSION[0]}.{django.VERSION[1]}.0"
    assert series in wagtail
    assert series in oscar
    assert "rich>=13" in wagtail


@pytest.mark.real_projects
@pytest.mark.parametrize("name", ["wagtail", "oscar"])
def test_models_and_migrations_of_the_generated_project_agree(name: str, tmp_path: Path) -> None:
    project = generate(
        name, tmp_path / name, {**SQLITE, "NAME": str(tmp_path / "db.sqlite3")}, safe_migrate=False
    )
    finished = project.manage("makemigrations", "--check", "--dry-run")
    assert (finished.returncode, finished.stdout) == (0, "No changes detected\n")


@pytest.mark.real_projects
def test_settings_that_may_hold_a_password_are_for_the_owner_only(tmp_path: Path) -> None:
    generate("oscar", tmp_path / "shop", {**SQLITE, "PASSWORD": "it's"}, safe_migrate=False)
    settings = tmp_path / "shop" / "frobshop" / "settings.py"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert "'PASSWORD': \"it's\"" in settings.read_text()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////srv/a%20b/db.sqlite3", {"NAME": "/srv/a b/db.sqlite3"}),
        (
            "postgresql://ann:p%40ss@db.example.org:5433/shop",
            {
                "NAME": "shop",
                "USER": "ann",
                "PASSWORD": "p@ss",
                "HOST": "db.example.org",
                "PORT": "5433",
            },
        ),
        (
            "postgresql://ann@/shop?host=/run/pg",
            {"NAME": "shop", "USER": "ann", "HOST": "/run/pg", "PORT": ""},
        ),
        (
            "mysql://root@/shop?unix_socket=/run/m.sock",
            {"NAME": "shop", "USER": "root", "HOST": "/run/m.sock"},
        ),
    ],
)
def test_database_url_becomes_an_entry_of_databases(url: str, expected: dict[str, str]) -> None:
    entry = parse_database_url(url)
    assert {key: entry[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "oracle://db/shop",
            "The database URL starts with 'oracle'; accepted are sqlite, postgresql, mysql, mariadb.",
        ),
        ("postgresql://localhost/", "The database URL names no database."),
        (
            "postgresql://localhost/shop?sslmode=require",
            "The database URL has unknown parameters: sslmode.",
        ),
    ],
)
def test_database_url_that_is_not_understood_is_refused(url: str, message: str) -> None:
    with pytest.raises(ValueError, match="database URL") as caught:
        parse_database_url(url)
    assert str(caught.value) == message
