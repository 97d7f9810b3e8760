"""Option files for the clients of MariaDB and MySQL."""

from __future__ import annotations

from typing import Any

import pytest

from django_safe_migrate.backups.mysql_client import MySQLClient

BASE = {"NAME": "shop", "USER": "u", "PASSWORD": "", "HOST": "", "PORT": "", "OPTIONS": {}}


def lines(**settings: Any) -> list[str]:
    return MySQLClient({**BASE, **settings}, None, is_mariadb=True).option_file().splitlines()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["[client]", 'user="u"']),
        ({"HOST": "db", "PORT": 3307}, ["[client]", 'user="u"', 'port="3307"', 'host="db"']),
        ({"HOST": "/run/x.sock"}, ["[client]", 'user="u"', 'socket="/run/x.sock"']),
        ({"OPTIONS": {"unix_socket": "/s"}}, ["[client]", 'user="u"', 'socket="/s"']),
        ({"PASSWORD": 'a"b\\c#d\n'}, ["[client]", 'user="u"', 'password="a\\"b\\\\c#d\\n"']),
        (
            {"PASSWORD": "no", "OPTIONS": {"passwd": "yes", "user": "v"}},
            ["[client]", 'user="v"', 'password="yes"'],
        ),
        (
            {"OPTIONS": {"ssl": {"ca": "/ca", "check_hostname": True}}},
            ["[client]", 'user="u"', 'ssl-ca="/ca"'],
        ),
        (
            {"OPTIONS": {"read_default_file": "/etc/my.cnf"}},
            ["!include /etc/my.cnf", "[client]", 'user="u"'],
        ),
    ],
)
def test_where_and_as_whom_to_connect(settings: dict[str, Any], expected: list[str]) -> None:
    assert lines(**settings) == expected


def test_the_kind_of_encryption_is_named_as_the_program_knows_it(tmp_path: Any) -> None:
    for version, mode, expected in [
        ("mysqldump  Ver 8.4.3 for Linux", "VERIFY_CA", ["ssl-mode=VERIFY_CA"]),
        (
            "mariadb-dump 10.19 Distrib 10.11.19-MariaDB",
            "VERIFY_CA",
            ["ssl", "ssl-verify-server-cert"],
        ),
        ("mariadb-dump 10.19 Distrib 10.11.19-MariaDB", "REQUIRED", ["ssl"]),
        ("mariadb-dump 10.19 Distrib 10.11.19-MariaDB", "DISABLED", ["skip-ssl"]),
    ]:
        program = tmp_path / "mariadb-dump"
        program.write_text(f"#!/bin/sh\necho '{version}'\n")
        program.chmod(0o755)
        client = MySQLClient(
            {**BASE, "OPTIONS": {"ssl_mode": mode}}, str(tmp_path), is_mariadb=True
        )
        assert client.option_file().splitlines()[2:] == expected


def test_options_of_mysqls_own_program(tmp_path: Any) -> None:
    program = tmp_path / "mysqldump"
    program.write_text(
        "#!/bin/sh\necho 'mysqldump  Ver 8.4.3 for Linux on x86_64 (MySQL Community Server - GPL)'\n"
    )
    program.chmod(0o755)
    client = MySQLClient(BASE, str(tmp_path), is_mariadb=False)
    arguments = client.dump_arguments("/file", "--shop")
    assert arguments[:2] == [str(program), "--defaults-file=/file"]
    assert "--set-gtid-purged=OFF" in arguments
    assert "--column-statistics=0" in arguments
    assert arguments[-2:] == ["--", "--shop"]
    assert client.description == "mysqldump 8.4.3"
