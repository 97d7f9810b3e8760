"""Keep the example shop's DATABASE_URL readable: what is accepted, and what a wrong one is answered with."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

SOURCE = Path(__file__).resolve().parent.parent / "example_project" / "config" / "database_url.py"
ACCEPTED = "accepted schemes are sqlite, postgres, postgresql, mysql, mariadb."
ENCODE = "encode a ':', '/', '?' or '@' in the password as %3A, %2F, %3F or %40."
EXAMPLES = (
    " It should look like sqlite:///shop.sqlite3, postgresql://user:password@host:5432/shop"
    " or mysql://user:password@host:3306/shop."
)


@pytest.fixture
def parse() -> Callable[[str], dict[str, Any]]:
    spec = importlib.util.spec_from_file_location("shop_database_url", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda url: module.parse_database_url(url, Path("/shop"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///shop.sqlite3", {"NAME": Path("/shop/shop.sqlite3")}),
        ("sqlite:////var/my%20shop.sqlite3", {"NAME": Path("/var/my shop.sqlite3")}),
        ("sqlite://:memory:", {"NAME": ":memory:"}),
        (
            "postgresql://me:p%40s%2Fs%3A%25@db.example.com:5433/shop%20one?sslmode=require&connect_timeout=5",
            {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "shop one",
                "USER": "me",
                "PASSWORD": "p@s/s:%",
                "HOST": "db.example.com",
                "PORT": "5433",
                "OPTIONS": {"sslmode": "require", "connect_timeout": 5},
            },
        ),
        ("postgres://me@%2FVar%2Frun/shop", {"HOST": "/Var/run", "PORT": "", "PASSWORD": ""}),
        ("postgres://me@/shop?host=/Var/run", {"HOST": "/Var/run", "OPTIONS": {}}),
        ("postgres://[::1]:5432/shop", {"HOST": "::1", "PORT": "5432", "USER": ""}),
        (
            "mysql://me@db/shop",
            {"ENGINE": "django.db.backends.mysql", "HOST": "db", "OPTIONS": {"charset": "utf8mb4"}},
        ),
        (
            "mariadb://me@/shop?unix_socket=/run/m.sock",
            {"HOST": "/run/m.sock", "OPTIONS": {"charset": "utf8mb4"}},
        ),
    ],
)
def test_database_url_is_read(
    parse: Callable[[str], dict[str, Any]], url: str, expected: dict[str, Any]
) -> None:
    entry = parse(url)
    assert {name: entry[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgrse://me:secret@db/shop", f"has the scheme 'postgrse'; {ACCEPTED}"),
        ("me:secret@db/shop", f"has no scheme; {ACCEPTED}"),
        ("postgresql://me:secret@db", "names no database after the host."),
        ("postgresql://me:secret@db/", "names no database after the host."),
        ("postgresql://me:1234/secret@db/shop", f"has a '/' before the host; {ENCODE}"),
        ("postgresql://me:secret@db:54x2/shop", f"has a port that is not a number; {ENCODE}"),
        (
            "sqlite://shop.sqlite3",
            "names no SQLite file; write three slashes for a relative path and four for an absolute one.",
        ),
        ("sqlite:///shop.sqlite3?mode=ro", "has a query string, which SQLite does not take."),
    ],
)
def test_a_wrong_database_url_is_explained(
    parse: Callable[[str], dict[str, Any]], url: str, problem: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        parse(url)
    assert str(caught.value) == f"DATABASE_URL {problem}{EXAMPLES}"
